//! What the cases do again and again.

use std::sync::Arc;

use waypost_core::decision::{FailureClass, Name, Outcome, ReceiptStatus};
use waypost_core::id::MessageId;
use waypost_core::message::{Envelope, Progress, State};
use waypost_core::store::{
    Accept, Accepted, Claim, ClaimedMessage, NewMessage, ReceiptResult, Settle, Settled,
};

use super::sample;
use crate::{Store, SweepRules};

/// The store of a case.
pub type Shared = Arc<dyn Store>;

/// Changes a sample's envelope.
pub fn with(mut message: NewMessage, change: impl FnOnce(&mut Envelope)) -> NewMessage {
    change(Arc::make_mut(&mut message.envelope));
    message
}

/// Stores messages without limits.
pub async fn store_all(store: &Shared, messages: Vec<NewMessage>) -> Vec<MessageId> {
    let ids = messages.iter().map(|message| message.envelope.id).collect();
    let tenant = messages.first().map_or_else(|| sample::name(sample::TENANT), tenant_of);
    let accept = Accept { tenant, ..sample::accept(messages) };
    let answer = store.accept(accept).await.expect("an answer");
    assert_eq!(answer, Accepted::Stored);
    ids
}

fn tenant_of(message: &NewMessage) -> Name {
    message.envelope.draft.tenant.clone()
}

/// Stores a message and claims it.
pub async fn claimed(store: &Shared, message: NewMessage) -> ClaimedMessage {
    store_all(store, vec![message]).await;
    claim_one(store, sample::claim()).await
}

/// Claims what has to be one message.
pub async fn claim_one(store: &Shared, claim: Claim) -> ClaimedMessage {
    let mut batch = store.claim(claim).await.expect("a batch").messages;
    assert_eq!(batch.len(), 1, "one message waits");
    batch.remove(0)
}

/// Stores a message and hands it to its provider.
pub async fn submitted(store: &Shared, message: NewMessage) -> ClaimedMessage {
    let claimed = claimed(store, message).await;
    let progress = settle(store, sample::settle(&claimed)).await;
    assert_eq!(progress.state, State::Submitted);
    claimed
}

/// Ends a lease that is not lost.
pub async fn settle(store: &Shared, settle: Settle) -> Progress {
    match store.settle(vec![settle]).await.expect("answers").as_slice() {
        [Settled::Now(progress)] => progress.clone(),
        other => panic!("the lease is good: {other:?}"),
    }
}

/// Stores a message and makes a dead letter of it.
pub async fn dead_letter(store: &Shared, message: NewMessage) -> MessageId {
    let claimed = claimed(store, message).await;
    let outcome: Outcome = sample::failed(FailureClass::Message);
    let progress = settle(store, Settle { outcome, ..sample::settle(&claimed) }).await;
    assert_eq!(progress.state, State::Failed);
    claimed.envelope.id
}

/// The progress of a message that is there.
pub async fn progress_of(store: &Shared, id: MessageId) -> Progress {
    store.message(sample::name(sample::TENANT), id).await.expect("an answer").expect("the message").progress
}

/// The state of a message that is there.
pub async fn state_of(store: &Shared, id: MessageId) -> State {
    progress_of(store, id).await.state
}

/// The sample provider reports on a message by its reference.
pub async fn report(store: &Shared, id: MessageId, status: ReceiptStatus) -> ReceiptResult {
    store.receipt(sample::receipt(&sample::reference(id), status)).await.expect("an answer")
}

/// The same rules for every provider.
pub fn rules() -> SweepRules {
    Arc::new(|_| sample::RULES)
}
