//! A made-up version 0.2.0 of the plugin API, in tests only: shows that a further version is one
//! module like this one, and one line in [`crate::version`]. It knows the screening role alone, and
//! asks it in another way than 0.1.0.

mod bindings;

use wasmtime::component::{Instance, InstancePre};
use wasmtime::{Engine, Store};
use waypost_core::decision::{Refusal, Role, Verdict};

use self::bindings::exports::waypost::sms::{configuration, screening};
use crate::fault::{CallError, WrongExport};
use crate::limits::Limits;
use crate::question::{Answer, Binding, Bound, Question};
use crate::state::CallState;
use crate::version::Version;

/// This version, for the engine.
pub(crate) const VERSION: Version = Version { name: "0.2.0", link: |_| Ok(()), bind };

fn bind(pre: InstancePre<CallState>, role: Role) -> wasmtime::Result<Box<dyn Binding>> {
    if role != Role::Screening {
        return Err(WrongExport(format!("version 0.2.0 has no role {role}")).into());
    }
    let configuration = configuration::GuestIndices::new(&pre)?;
    let screening = screening::GuestIndices::new(&pre)?;
    Ok(Box::new(Prepared { pre, configuration, screening }))
}

struct Prepared {
    pre: InstancePre<CallState>,
    configuration: configuration::GuestIndices,
    screening: screening::GuestIndices,
}

impl Binding for Prepared {
    fn engine(&self) -> &Engine {
        self.pre.engine()
    }

    fn instantiate(&self, store: &mut Store<CallState>) -> wasmtime::Result<Box<dyn Bound>> {
        let instance = self.pre.instantiate(&mut *store)?;
        let configuration = self.configuration.load(&mut *store, &instance)?;
        let screening = self.screening.load(&mut *store, &instance)?;
        Ok(Box::new(Running { instance, configuration, screening }))
    }
}

struct Running {
    instance: Instance,
    configuration: configuration::Guest,
    screening: screening::Guest,
}

impl Bound for Running {
    fn instance(&self) -> Instance {
        self.instance
    }

    fn ask(
        &self,
        store: &mut Store<CallState>,
        question: &Question<'_>,
        _limits: &Limits,
    ) -> Result<Answer, CallError> {
        let Question::Screen(draft) = question else { return Err(CallError::WrongRole) };
        let number = draft.to.address.as_str();
        let refused = self.screening.call_screen(store, number, draft.segments)?;
        Ok(Answer::Screen(match refused {
            None => Verdict::Allow,
            Some(reason) => Verdict::Refuse(Refusal { code: "refused".to_owned(), reason }),
        }))
    }

    fn schema(&self, store: &mut Store<CallState>) -> wasmtime::Result<String> {
        self.configuration.call_schema(store)
    }

    fn configure(
        &self,
        store: &mut Store<CallState>,
        settings: &str,
    ) -> wasmtime::Result<Result<(), String>> {
        self.configuration.call_configure(store, settings)
    }
}

mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use waypost_core::message::Draft;
    use waypost_core::number::parse_recipient;
    use waypost_core::text::{Body, Encoding};

    use super::*;
    use crate::{CallContext, EngineOptions, LoadError, LoadRequest, Loaded, NoSecrets, Reuse};

    /// Refuses messages of more than one segment.
    const SHORT_ONLY: &str = r#"(component
        (core module $m
            (memory (export "memory") 1)
            (data (i32.const 8) "\10\00\00\00\02\00\00\00{}")
            (data (i32.const 128) "\01\00\00\00\a0\00\00\00\08\00\00\00")
            (data (i32.const 160) "too long")
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
            (func (export "schema") (result i32) i32.const 8)
            (func (export "configure") (param i32 i32) (result i32) i32.const 64)
            (func (export "screen") (param i32 i32 i32) (result i32)
                i32.const 128 i32.const 64 (i32.gt_u (local.get 2) (i32.const 1)) select))
        (core instance $i (instantiate $m))
        (alias core export $i "memory" (core memory $memory))
        (alias core export $i "realloc" (core func $realloc))
        (func $schema (result string) (canon lift (core func $i "schema") (memory $memory)))
        (func $configure (param "settings-json" string) (result (result (error string)))
            (canon lift (core func $i "configure") (memory $memory) (realloc $realloc)))
        (instance $configuration (export "schema" (func $schema)) (export "configure" (func $configure)))
        (export "waypost:sms/configuration@0.2.0" (instance $configuration))
        (func $screen (param "number" string) (param "segments" u8) (result (option string))
            (canon lift (core func $i "screen") (memory $memory) (realloc $realloc)))
        (instance $screening (export "screen" (func $screen)))
        (export "waypost:sms/screening@0.2.0" (instance $screening)))"#;

    fn load(component: &[u8], settings: serde_json::Value) -> Result<Loaded, LoadError> {
        let engine = crate::Engine::new(&EngineOptions { instances_max: 8, ..Default::default() }).unwrap();
        engine.load(LoadRequest {
            name: Arc::from("test"),
            role: Role::Screening,
            component,
            settings: &settings,
            limits: Limits { wall_ms: 1000, setup_wall_ms: 5000, ..Limits::default() },
            reuse: Reuse::Fresh,
            secrets: Arc::new(NoSecrets),
        })
    }

    fn draft(segments: u8) -> Draft {
        Draft {
            tenant: Arc::from("acme"),
            time_ms: 0,
            to: parse_recipient("+4915112345678", None).unwrap(),
            sender: None,
            body: Body::Text("Hello".to_owned()),
            encoding: Encoding::Gsm7,
            segments,
            priority: 1,
            tags: Vec::new(),
        }
    }

    #[test]
    fn components_of_both_versions_decide_beside_each_other() {
        let context = CallContext { time_ms: 0, seed: 0 };
        let later = load(&wat::parse_str(SHORT_ONLY).unwrap(), json!({})).unwrap();
        assert_eq!(later.info().api, "0.2.0");
        let later = later.screening().unwrap();
        assert_eq!(later.screen(&draft(1), &context).answer, Ok(Verdict::Allow));
        let refusal = Refusal { code: "refused".to_owned(), reason: "too long".to_owned() };
        assert_eq!(later.screen(&draft(2), &context).answer, Ok(Verdict::Refuse(refusal)));

        let released = load(waypost_test_guests::DENY, json!({"countries": ["DE"]})).unwrap();
        assert_eq!(released.info().api, "0.1.0");
        let verdict = released.screening().unwrap().screen(&draft(1), &context).answer;
        assert!(matches!(verdict, Ok(Verdict::Refuse(_))), "{verdict:?}");
    }

    #[test]
    fn a_version_that_nobody_speaks_is_refused_with_those_that_are_spoken() {
        let unknown = SHORT_ONLY.replace("0.2.0", "0.3.0");
        let error = load(&wat::parse_str(unknown).unwrap(), json!({})).err().unwrap();
        assert_eq!(error.code(), "plugin_version_unknown");
        assert!(error.to_string().contains("0.1.0, 0.2.0"), "{error}");
    }
}
