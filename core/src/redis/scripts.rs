//! The scripts. Each begins with what they share.

use super::script::Script;

macro_rules! script {
    ($name:ident, $file:literal, $about:literal) => {
        #[doc = $about]
        pub static $name: Script = Script::new(
            $file,
            concat!(include_str!("lua/common.lua"), include_str!(concat!("lua/", $file, ".lua"))),
        );
    };
}

script!(ACCEPT, "accept", "Takes in requests of one tenant.");
script!(CLAIM, "claim", "Leases messages of one provider and tenant.");
script!(STEP, "step", "Writes steps of one tenant's messages.");
script!(READ, "read", "Messages of one tenant by id.");
script!(DROP, "drop", "Deletes messages of one tenant.");
script!(INBOUND, "inbound", "Puts a message into an inbox.");
script!(PART, "part", "Keeps a part of a long inbound message.");
script!(PARTS_DONE, "parts_done", "Forgets the parts of a message.");
script!(PARTS_OLD, "parts_old", "Closes messages that wait no longer for their parts.");
script!(CALLBACKS, "callbacks", "Callbacks of one tenant that are due.");
script!(CALLBACK_DONE, "callback_done", "Ends a callback or puts it off.");
script!(RATE, "rate", "Takes from a provider's rate.");
script!(BIND, "bind", "Remembers a provider's references.");
script!(ORPHAN, "orphan", "Keeps a receipt that fits no message.");
script!(REGISTER, "register", "Changes something registered.");
script!(HISTORY, "history", "Messages of one tenant as they were taken in.");
script!(OPT, "opt", "A recipient wants no more messages, or messages again.");
script!(COMPONENT, "component", "Gives a component its name.");
