//! What `bindgen!` makes of the made-up version.
#![allow(unsafe_code, reason = "written by bindgen!: lifting and lowering of records")]

wasmtime::component::bindgen!({
    path: "tests/wit/0.2.0",
    inline: "
        package waypost:engine;

        world everything {
            export waypost:sms/configuration@0.2.0;
            export waypost:sms/screening@0.2.0;
        }
    ",
    world: "waypost:engine/everything",
    ownership: Borrowing { duplicate_if_necessary: true },
});
