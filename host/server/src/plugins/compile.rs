//! One check of one revision: everything that the engine looks at, and the compiler.

use std::sync::Arc;

use waypost_core::decision::{Name, Role};
use waypost_core::registry::{CheckFailure, Plan, RevisionRecord};
use waypost_engine::{Info, Limits, LoadError, LoadRequest, NoSecrets, Reuse};

use super::Plugins;

impl Plugins {
    /// Takes a component through every check. Its code is in the cache afterwards.
    pub(super) async fn compile(
        &self,
        plugin: &str,
        role: Role,
        component: Vec<u8>,
        record: &RevisionRecord,
        plan: &Plan,
    ) -> Result<Info, CheckFailure> {
        let (engine, name) = (self.engine().clone(), Name::from(plugin));
        let (settings, limits) = (record.settings.clone(), Limits::for_plan(plan));
        let loaded = tokio::task::spawn_blocking(move || {
            let (settings, secrets) = (&settings, Arc::new(NoSecrets));
            let reuse = Reuse::Fresh;
            engine.load(LoadRequest { name, role, component: &component, settings, limits, reuse, secrets })
        });
        match loaded.await {
            Ok(Ok(loaded)) => Ok(loaded.info().clone()),
            Ok(Err(error)) => Err(failure(&error)),
            Err(error) => Err(CheckFailure {
                code: "plugin_compile_failed".to_owned(),
                reason: error.to_string(),
                class: None,
                log: Vec::new(),
            }),
        }
    }
}

fn failure(error: &LoadError) -> CheckFailure {
    let log = if let LoadError::Failed { log, .. } = error { log.clone() } else { Vec::new() };
    CheckFailure { code: error.code().to_owned(), reason: error.to_string(), class: Some(error.class()), log }
}
