//! Puts a tenant's plugins into its stages.

use waypost_core::config::OnFailure;
use waypost_core::decision::{Name, Role};
use waypost_core::registry::{Binding, PluginRecord};
use waypost_engine::Loaded;

use super::activity::{Activity, Part};
use super::budget::Budget;
use super::watch::{Shadow, Watch};
use super::{Plugins, catalog::Registered};
use crate::clock;
use crate::pipeline::{Bound, Deciding, Stages, Tenant};

use std::sync::Arc;

/// What a plugin in a stage was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitting {
    /// The plugin's name.
    pub plugin: String,
    /// The part that it plays.
    pub role: Role,
    /// How it is bound.
    pub binding: Binding,
    /// The revision that decides.
    pub active: Option<String>,
    /// The revision that is asked beside it.
    pub shadow: Option<String>,
}

/// Everything that one place needs, loaded.
struct Loads {
    fitting: Fitting,
    active: Option<Result<Loaded, ()>>,
    shadow: Option<Loaded>,
    active_seen: Option<Arc<Activity>>,
    shadow_seen: Option<Arc<Activity>>,
    budget: Budget,
}

/// What the plugins of a tenant are to be fitted from, in the order in which they are asked.
pub fn wanted(registered: &Registered) -> Vec<Fitting> {
    let used =
        registered.plugins.iter().filter(|(_, plugin)| plugin.active.is_some() || plugin.shadow.is_some());
    let mut fittings: Vec<Fitting> = used.map(|(name, plugin)| fitting(name, plugin)).collect();
    fittings.sort_by(|a, b| (a.binding.order, &a.plugin).cmp(&(b.binding.order, &b.plugin)));
    fittings
}

fn fitting(name: &str, plugin: &PluginRecord) -> Fitting {
    Fitting {
        plugin: name.to_owned(),
        role: plugin.role,
        binding: plugin.binding,
        active: plugin.active.clone(),
        shadow: plugin.shadow.clone(),
    }
}

impl Plugins {
    /// The tenant with these plugins. What cannot be loaded fails as its binding says; the second value
    /// names what that is.
    pub(super) async fn fit(&self, tenant: &Tenant, fittings: Vec<Fitting>) -> (Tenant, Vec<String>) {
        let mut stages = tenant.configured().clone();
        let mut missing = Vec::new();
        for fitting in &fittings {
            let loads = self.loads(tenant, fitting, &mut missing).await;
            place(self, &mut stages, loads);
        }
        (tenant.fitted(stages, fittings), missing)
    }

    async fn loads(&self, tenant: &Tenant, fitting: &Fitting, missing: &mut Vec<String>) -> Loads {
        let mut loads = Loads {
            fitting: fitting.clone(),
            active: None,
            shadow: None,
            active_seen: None,
            shadow_seen: None,
            budget: tenant.budget.clone(),
        };
        let name = &tenant.terms.name;
        let seen = |revision: &str, part| {
            let per_minute = tenant.plan.log_lines_per_minute;
            self.activities.of(name, &fitting.plugin, revision, part, per_minute, clock::now_ms())
        };
        if let Some(revision) = &fitting.active {
            let loaded = self.load(tenant, &fitting.plugin, fitting.role, revision, fitting.binding).await;
            loads.active_seen = Some(seen(revision, Part::Active));
            loads.active = Some(loaded.map_err(|error| {
                missing.push(format!("{name}: {} {revision}: {error}", fitting.plugin));
            }));
        }
        if let Some(revision) = &fitting.shadow {
            match self.load(tenant, &fitting.plugin, fitting.role, revision, fitting.binding).await {
                Ok(loaded) => {
                    loads.shadow_seen = Some(seen(revision, Part::Shadow));
                    loads.shadow = Some(loaded);
                }
                Err(error) => missing.push(format!("{name}: {} {revision}: {error}", fitting.plugin)),
            }
        }
        loads
    }
}

/// Sender and routing have one place; the operator's own keeps it.
fn place(plugins: &Plugins, stages: &mut Stages, loads: Loads) {
    let role = loads.fitting.role;
    match role {
        Role::Screening => {
            let bound = bound(plugins, loads, Loaded::screening);
            add(&mut stages.screening, &mut stages.onlookers, bound);
        }
        Role::SenderIdentity => {
            fill(&mut stages.sender, bound(plugins, loads, Loaded::sender_identity));
        }
        Role::Routing => fill(&mut stages.routing, bound(plugins, loads, Loaded::routing)),
        Role::Receiving => {
            let bound = bound(plugins, loads, Loaded::receiving);
            add(&mut stages.receiving, &mut stages.inbound_onlookers, bound);
        }
        // Tenants bring none.
        Role::Provider => {}
    }
}

fn add<C>(deciding: &mut Vec<Bound<C>>, onlookers: &mut Vec<Bound<C>>, bound: Bound<C>) {
    if matches!(bound.component, Deciding::Nobody) { onlookers.push(bound) } else { deciding.push(bound) }
}

/// Who decides keeps the place; a shadow without one looks on where the place has none yet.
fn fill<C>(place: &mut Option<Bound<C>>, bound: Bound<C>) {
    match place {
        None => *place = Some(bound),
        Some(there) if matches!(there.component, Deciding::Nobody) => *place = Some(bound),
        Some(there) if there.watch.as_ref().is_none_or(|watch| watch.shadow.is_none()) => {
            let Some(looking) = bound.watch else { return };
            match &mut there.watch {
                Some(watch) => watch.shadow = looking.shadow,
                None => there.watch = Some(Watch { active: None, ..looking }),
            }
        }
        Some(_) => {}
    }
}

fn bound<C>(plugins: &Plugins, loads: Loads, handle: impl Fn(Loaded) -> Option<C>) -> Bound<C> {
    let Loads { fitting, active, shadow, active_seen, shadow_seen, budget } = loads;
    let component = match (active, &fitting.active) {
        (Some(Ok(loaded)), _) => handle(loaded).map(Deciding::Loaded),
        (Some(Err(())), Some(revision)) => Some(missing(&fitting, revision)),
        _ => None,
    };
    let shadow = shadow.and_then(handle).zip(shadow_seen);
    let shadow =
        shadow.map(|(component, activity)| Shadow { component, activity, shadows: plugins.shadows.clone() });
    Bound {
        component: component.unwrap_or(Deciding::Nobody),
        on_failure: on_failure(&fitting),
        watch: Some(Watch { active: active_seen, shadow, budget }),
    }
}

fn missing<C>(fitting: &Fitting, revision: &str) -> Deciding<C> {
    Deciding::Missing {
        name: Name::from(fitting.plugin.as_str()),
        revision: revision.into(),
        role: fitting.role,
    }
}

/// A binding of another role than it was made for refuses.
fn on_failure(fitting: &Fitting) -> OnFailure {
    if fitting.binding.fits(fitting.role) { fitting.binding.on_failure } else { OnFailure::Refuse }
}
