//! What `bindgen!` makes of the plugin API. One world with everything, so that each type exists
//! once; a component exports the configuration and one or more of the roles.
#![allow(unsafe_code, reason = "written by bindgen!: lifting and lowering of records")]

wasmtime::component::bindgen!({
    path: "../../wit/0.1.0",
    inline: "
        package waypost:engine;

        world everything {
            import waypost:sms/log@0.1.0;
            import waypost:sms/messaging@0.1.0;
            import waypost:sms/signing@0.1.0;
            export waypost:sms/configuration@0.1.0;
            export waypost:sms/screening@0.1.0;
            export waypost:sms/sender-identity@0.1.0;
            export waypost:sms/routing@0.1.0;
            export waypost:sms/provider@0.1.0;
            export waypost:sms/receiving@0.1.0;
        }
    ",
    world: "waypost:engine/everything",
    ownership: Borrowing { duplicate_if_necessary: true },
});
