//! Version 0.1.0 of the plugin API: its bindings, and the conversions between its records and the
//! types of the domain. Nothing outside of this module names a record of this version.

mod bindings;
mod host;
mod input;
mod output;
mod provider;

use wasmtime::component::{HasSelf, Instance, InstancePre, Linker};
use wasmtime::{Engine, Store};
use waypost_core::check::Checker;
use waypost_core::decision::Role;

use self::bindings::exports::waypost::sms as exports;
use self::bindings::waypost::sms as imports;
use crate::fault::{CallError, WrongExport};
use crate::limits::Limits;
use crate::question::{Answer, Binding, Bound, Question};
use crate::state::CallState;
use crate::version::Version;

/// This version, for the engine.
pub(crate) const VERSION: Version = Version { name: "0.1.0", link, bind };

fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    imports::types::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    imports::log::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    imports::messaging::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    imports::signing::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)
}

fn bind(pre: InstancePre<CallState>, role: Role) -> wasmtime::Result<Box<dyn Binding>> {
    let configuration = exports::configuration::GuestIndices::new(&pre)?;
    let role = match role {
        Role::Screening => Indices::Screening(exports::screening::GuestIndices::new(&pre)?),
        Role::SenderIdentity => Indices::SenderIdentity(exports::sender_identity::GuestIndices::new(&pre)?),
        Role::Routing => Indices::Routing(exports::routing::GuestIndices::new(&pre)?),
        Role::Provider => Indices::Provider(exports::provider::GuestIndices::new(&pre)?),
        Role::Receiving => Indices::Receiving(exports::receiving::GuestIndices::new(&pre)?),
    };
    Ok(Box::new(Prepared { pre, configuration, role }))
}

/// Where the exports of one role are.
enum Indices {
    Screening(exports::screening::GuestIndices),
    SenderIdentity(exports::sender_identity::GuestIndices),
    Routing(exports::routing::GuestIndices),
    Provider(exports::provider::GuestIndices),
    Receiving(exports::receiving::GuestIndices),
}

/// The functions of one role in an instance.
enum Guest {
    Screening(exports::screening::Guest),
    SenderIdentity(exports::sender_identity::Guest),
    Routing(exports::routing::Guest),
    Provider(exports::provider::Guest),
    Receiving(exports::receiving::Guest),
}

struct Prepared {
    pre: InstancePre<CallState>,
    configuration: exports::configuration::GuestIndices,
    role: Indices,
}

impl Binding for Prepared {
    fn engine(&self) -> &Engine {
        self.pre.engine()
    }

    fn instantiate(&self, store: &mut Store<CallState>) -> wasmtime::Result<Box<dyn Bound>> {
        let instance = self.pre.instantiate(&mut *store)?;
        let guest = self.role.load(store, &instance).map_err(wrong_export)?;
        Ok(Box::new(Running { instance, configuration: self.configuration.clone(), guest }))
    }
}

impl Indices {
    /// Looks at the types of the functions, too.
    fn load(&self, store: &mut Store<CallState>, instance: &Instance) -> wasmtime::Result<Guest> {
        Ok(match self {
            Self::Screening(indices) => Guest::Screening(indices.load(store, instance)?),
            Self::SenderIdentity(indices) => Guest::SenderIdentity(indices.load(store, instance)?),
            Self::Routing(indices) => Guest::Routing(indices.load(store, instance)?),
            Self::Provider(indices) => Guest::Provider(indices.load(store, instance)?),
            Self::Receiving(indices) => Guest::Receiving(indices.load(store, instance)?),
        })
    }
}

fn wrong_export(error: wasmtime::Error) -> wasmtime::Error {
    WrongExport(format!("{error:#}")).into()
}

struct Running {
    instance: Instance,
    configuration: exports::configuration::GuestIndices,
    guest: Guest,
}

impl Bound for Running {
    fn instance(&self) -> Instance {
        self.instance
    }

    fn ask(
        &self,
        store: &mut Store<CallState>,
        question: &Question<'_>,
        limits: &Limits,
    ) -> Result<Answer, CallError> {
        let mut checker = Checker::new(limits.output_bytes_max, limits.http_body_bytes_max);
        match (question, &self.guest) {
            (Question::Screen(draft), Guest::Screening(guest)) => {
                let tags = input::tags(draft);
                let verdict = guest.call_screen(store, input::message(draft, &tags))?;
                Ok(Answer::Screen(output::verdict(&mut checker, verdict)?))
            }
            (Question::Choose(draft), Guest::SenderIdentity(guest)) => {
                let tags = input::tags(draft);
                let choice = guest.call_choose(store, input::message(draft, &tags))?;
                Ok(Answer::Choose(output::choice(&mut checker, choice)?))
            }
            (Question::Rank(draft, candidates), Guest::Routing(guest)) => {
                let tags = input::tags(draft);
                let offered: Vec<_> = candidates.iter().map(input::candidate).collect();
                let ranking = guest.call_rank(store, input::message(draft, &tags), &offered)?;
                Ok(Answer::Rank(output::ranking(&mut checker, ranking, candidates)?))
            }
            (question, Guest::Provider(guest)) => provider::ask(guest, store, question, limits),
            (Question::Receive(inbound), Guest::Receiving(guest)) => {
                let actions = guest.call_receive(&mut *store, input::inbound(inbound))?;
                let outgoing = std::mem::take(&mut store.data_mut().outgoing);
                Ok(Answer::Receive(output::reception(&mut checker, actions, outgoing)?))
            }
            _ => Err(CallError::WrongRole),
        }
    }

    fn schema(&self, store: &mut Store<CallState>) -> wasmtime::Result<String> {
        let guest = self.configuration.load(&mut *store, &self.instance).map_err(wrong_export)?;
        guest.call_schema(store)
    }

    fn configure(
        &self,
        store: &mut Store<CallState>,
        settings: &str,
    ) -> wasmtime::Result<Result<(), String>> {
        let guest = self.configuration.load(&mut *store, &self.instance).map_err(wrong_export)?;
        guest.call_configure(store, settings)
    }
}
