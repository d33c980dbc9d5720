//! One check of one revision: everything that the engine looks at, and the compiler, in a child
//! process with limits of its own.

use std::sync::Arc;

use waypost_core::decision::{Name, Role};
use waypost_core::registry::{CheckFailure, Plan, RevisionRecord};
use waypost_engine::compile::CompileError;
use waypost_engine::{Info, Limits, LoadRequest, NoSecrets, Reuse, Step};

use super::Plugins;

impl Plugins {
    /// Takes a component through every check. Its code is in the cache afterwards.
    pub(super) async fn compile(
        self: &Arc<Self>,
        plugin: &str,
        role: Role,
        component: Vec<u8>,
        record: &RevisionRecord,
        plan: &Plan,
    ) -> Result<Info, CheckFailure> {
        let (this, name) = (self.clone(), Name::from(plugin));
        let (settings, limits) = (record.settings.clone(), Limits::for_plan(plan));
        let loaded = tokio::task::spawn_blocking(move || {
            let (settings, secrets) = (&settings, Arc::new(NoSecrets));
            let reuse = Reuse::Fresh;
            let request = LoadRequest { name, role, component: &component, settings, limits, reuse, secrets };
            this.compiler.load(this.engine(), request, &mut |step: Step| this.queue.step(step.as_str()))
        });
        match loaded.await {
            Ok(Ok((loaded, _))) => Ok(loaded.info().clone()),
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

fn failure(error: &CompileError) -> CheckFailure {
    CheckFailure {
        code: error.code().to_owned(),
        reason: error.to_string(),
        class: Some(error.class()),
        log: error.log().to_vec(),
    }
}
