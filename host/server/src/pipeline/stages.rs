//! The components of a tenant in the order in which they are asked: the operator's own first, then
//! the tenant's plugins.

use waypost_core::config::OnFailure;
use waypost_core::decision::{DecisionRecord, FaultClass, Name, Role};
use waypost_core::flow::{Asked, Decision, Fault};
use waypost_core::id::MessageId;
use waypost_engine::{Receiving, Routing, Screening, SenderIdentity};

use crate::clock;
use crate::plugins::{About, Budget, Watch};
use crate::provider::decision;

/// Components by the part that they play.
#[derive(Clone, Default)]
pub struct Stages {
    /// Asked in order.
    pub screening: Vec<Bound<Screening>>,
    /// Shadows of plugins that have nobody who decides yet; asked about what all others have let go.
    pub onlookers: Vec<Bound<Screening>>,
    /// At most one decides.
    pub sender: Option<Bound<SenderIdentity>>,
    /// At most one decides.
    pub routing: Option<Bound<Routing>>,
    /// Asked in order about inbound messages.
    pub receiving: Vec<Bound<Receiving>>,
    /// Shadows of receiving plugins that have nobody who decides yet.
    pub inbound_onlookers: Vec<Bound<Receiving>>,
}

/// A component in its place, with what happens when it fails.
#[derive(Clone)]
pub struct Bound<C> {
    /// Who decides.
    pub component: Deciding<C>,
    /// What a failure leads to.
    pub on_failure: OnFailure,
    /// Who looks on, where it is a tenant's plugin.
    pub watch: Option<Watch<C>>,
}

/// Who decides at a place.
#[derive(Clone)]
pub enum Deciding<C> {
    /// A component.
    Loaded(C),
    /// A component that should be there and could not be loaded: every call fails, so that what its
    /// binding says of failures holds.
    Missing {
        /// The plugin.
        name: Name,
        /// The revision that cannot be loaded.
        revision: Name,
        /// The part that it plays.
        role: Role,
    },
    /// Nobody yet: only a shadow is asked.
    Nobody,
}

impl Stages {
    /// True where one of these components decides in a role that has one place only.
    pub fn has_taken(&self, role: Role) -> bool {
        match role {
            Role::SenderIdentity => self.sender.as_ref().is_some_and(Bound::decides),
            Role::Routing => self.routing.as_ref().is_some_and(Bound::decides),
            _ => false,
        }
    }
}

impl<C> Bound<C> {
    fn decides(&self) -> bool {
        !matches!(self.component, Deciding::Nobody)
    }

    /// A component of the configuration.
    pub fn configured(component: C, on_failure: OnFailure) -> Self {
        Self { component: Deciding::Loaded(component), on_failure, watch: None }
    }

    /// True where somebody is asked beside whoever decides.
    pub fn has_shadow(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch.shadow.is_some())
    }

    /// Asks whoever decides. None: nobody does.
    pub fn ask<T>(
        &self,
        id: MessageId,
        question: impl FnOnce(&C) -> waypost_engine::Decision<T> + Send,
    ) -> Option<Asked<T>>
    where
        C: Sync,
        T: Send,
    {
        let decision = match &self.component {
            Deciding::Loaded(component) => decision(match self.own_budget() {
                Some(budget) => budget.ask(clock::now_ms(), || question(component)),
                None => question(component),
            }),
            Deciding::Missing { name, revision, role } => missing(name, revision, *role),
            Deciding::Nobody => return None,
        };
        if let Some(watch) = &self.watch {
            watch.decided(&decision.record, id);
        }
        Some(Asked { decision, on_failure: self.on_failure })
    }

    /// Of the tenant, where its own plugin decides: the time of the operator's components is not the
    /// tenant's.
    fn own_budget(&self) -> Option<&Budget> {
        self.watch.as_ref().filter(|watch| watch.active.is_some()).map(|watch| &watch.budget)
    }
}

impl<C: Clone + Send + 'static> Bound<C> {
    /// Lets the shadow of this place, if it has one, answer the same question. `was` is what was decided,
    /// in words; None where that cannot be compared.
    pub fn ask_shadow<Q>(&self, about: About, was: Option<&str>, question: impl FnOnce() -> Q)
    where
        Q: FnOnce(&C) -> DecisionRecord + Send + 'static,
    {
        if let Some(watch) = &self.watch {
            watch.ask_shadow(about, was, question);
        }
    }
}

fn missing<T>(name: &Name, revision: &Name, role: Role) -> Decision<T> {
    let fault = Fault::new(FaultClass::Unavailable, "the revision could not be loaded on this host");
    let record = DecisionRecord {
        role,
        component: name.clone(),
        revision: revision.clone(),
        result: fault.message.clone(),
        fault: Some(fault.class),
        fuel: 0,
        memory_bytes: 0,
        time_ns: 0,
        log: Vec::new(),
        given: None,
    };
    Decision { answer: Err(fault), record }
}
