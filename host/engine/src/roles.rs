//! Typed handles: what a loaded component can be asked in its role.

use std::sync::Arc;

use waypost_core::decision::{
    Candidate, Choice, DecisionRecord, Failure, FaultClass, Outcome, Ranking, Role, Verdict,
};
use waypost_core::inbound::{Inbound, Reception};
use waypost_core::message::Draft;
use waypost_core::provider::{
    Description, HttpRequest, HttpResponse, Submission, WebhookRequest, WebhookResult,
};

use crate::fault::Fault;
use crate::plugin::{Decision, Info, Plugin};
use crate::question::{Answer, Question};
use crate::state::CallContext;

/// A loaded component in its role. Cheap to clone; calls run on the caller's thread, any number
/// at a time.
#[derive(Clone)]
pub enum Loaded {
    /// Plays `screening`.
    Screening(Screening),
    /// Plays `sender-identity`.
    SenderIdentity(SenderIdentity),
    /// Plays `routing`.
    Routing(Routing),
    /// Plays `provider`.
    Provider(Provider),
    /// Plays `receiving`.
    Receiving(Receiving),
}

impl Loaded {
    pub(crate) fn new(plugin: Plugin) -> Self {
        let role = plugin.info.role;
        let plugin = Arc::new(plugin);
        match role {
            Role::Screening => Self::Screening(Screening(plugin)),
            Role::SenderIdentity => Self::SenderIdentity(SenderIdentity(plugin)),
            Role::Routing => Self::Routing(Routing(plugin)),
            Role::Provider => Self::Provider(Provider(plugin)),
            Role::Receiving => Self::Receiving(Receiving(plugin)),
        }
    }

    /// What is known of the component.
    #[must_use]
    pub fn info(&self) -> &Info {
        match self {
            Self::Screening(it) => it.info(),
            Self::SenderIdentity(it) => it.info(),
            Self::Routing(it) => it.info(),
            Self::Provider(it) => it.info(),
            Self::Receiving(it) => it.info(),
        }
    }
}

/// Declares a handle, and the way to it from [`Loaded`].
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident, $method:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Arc<Plugin>);

        impl $name {
            /// What is known of the component.
            #[must_use]
            pub fn info(&self) -> &Info {
                &self.0.info
            }
        }

        impl Loaded {
            /// The handle, if the component was loaded in this role.
            #[must_use]
            pub fn $method(self) -> Option<$name> {
                if let Self::$name(it) = self { Some(it) } else { None }
            }
        }
    };
}

handle!(
    /// Says whether a message may go.
    Screening, screening
);
handle!(
    /// Says under which sender a message goes.
    SenderIdentity, sender_identity
);
handle!(
    /// Says by which providers a message goes, and in which order.
    Routing, routing
);
handle!(
    /// Says how one provider is spoken to.
    Provider, provider
);
handle!(
    /// Says what an inbound message leads to.
    Receiving, receiving
);

/// Asks, and takes the answer of the question's kind.
macro_rules! ask {
    ($self:ident, $context:ident, $kind:ident $(($($argument:expr),+))?) => {{
        let (answer, record) = $self.0.ask(&Question::$kind $(($($argument),+))?, $context);
        match answer {
            Ok(Answer::$kind(answer)) => Decision { answer: Ok(answer), record },
            Ok(_) => mismatched(record),
            Err(fault) => Decision { answer: Err(fault), record },
        }
    }};
}

impl Screening {
    /// May this message go?
    #[must_use]
    pub fn screen(&self, draft: &Draft, context: &CallContext) -> Decision<Verdict> {
        ask!(self, context, Screen(draft))
    }
}

impl SenderIdentity {
    /// Under which sender does it go?
    #[must_use]
    pub fn choose(&self, draft: &Draft, context: &CallContext) -> Decision<Choice> {
        ask!(self, context, Choose(draft))
    }
}

impl Routing {
    /// By which providers, in which order? Each is one of `candidates`, and none comes twice.
    #[must_use]
    pub fn rank(&self, draft: &Draft, candidates: &[Candidate], context: &CallContext) -> Decision<Ranking> {
        ask!(self, context, Rank(draft, candidates))
    }
}

impl Provider {
    /// What the component says of itself.
    #[must_use]
    pub fn describe(&self, context: &CallContext) -> Decision<Description> {
        ask!(self, context, Describe)
    }

    /// The request that hands a message to the provider, or why the message cannot be put in the
    /// provider's terms.
    #[must_use]
    pub fn submit_request(
        &self,
        submission: Submission<'_>,
        context: &CallContext,
    ) -> Decision<Result<HttpRequest, Failure>> {
        ask!(self, context, SubmitRequest(submission))
    }

    /// What the provider's answer to that request means.
    #[must_use]
    pub fn read_response(&self, response: &HttpResponse, context: &CallContext) -> Decision<Outcome> {
        ask!(self, context, ReadResponse(response))
    }

    /// What a webhook says.
    #[must_use]
    pub fn read_webhook(&self, request: &WebhookRequest, context: &CallContext) -> Decision<WebhookResult> {
        ask!(self, context, ReadWebhook(request))
    }
}

impl Receiving {
    /// What an inbound message leads to.
    #[must_use]
    pub fn receive(&self, inbound: &Inbound, context: &CallContext) -> Decision<Reception> {
        ask!(self, context, Receive(inbound))
    }
}

/// A binding that answers another question than it was asked is broken; the message takes the way
/// of every other fault.
fn mismatched<T>(record: DecisionRecord) -> Decision<T> {
    let fault = Fault::new(FaultClass::InvalidOutput, "the answer is not one to this question");
    Decision {
        record: DecisionRecord { fault: Some(fault.class), result: fault.message.clone(), ..record },
        answer: Err(fault),
    }
}
