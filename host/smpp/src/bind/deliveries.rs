//! Deliveries that are being worked on, and their answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::codec::CommandStatus;
use crate::incoming::{Delivery, Incoming};

/// What to answer to a delivery. Its place is free for the next one when this is dropped.
#[derive(Debug)]
pub(super) struct Answer {
    /// Of the request.
    pub(super) command: u32,
    pub(super) sequence: u32,
    pub(super) status: CommandStatus,
    _place: OwnedSemaphorePermit,
}

/// Works on the deliveries of one session, side by side.
#[derive(Debug)]
pub(super) struct Deliveries {
    places: Arc<Semaphore>,
    answers: mpsc::Sender<Answer>,
    /// Deliveries whose answers have not been taken.
    pub(super) in_flight: usize,
}

/// Sends the answer when it is dropped, so that even a panic leaves no delivery without one.
struct Answering {
    answer: Option<Answer>,
    answers: mpsc::Sender<Answer>,
}

impl Drop for Answering {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take() {
            // There is as much room as there are places. Where the session has ended nobody listens.
            let _ = self.answers.try_send(answer);
        }
    }
}

impl Deliveries {
    pub(super) fn new(places: Arc<Semaphore>, places_max: usize) -> (Self, mpsc::Receiver<Answer>) {
        let (answers, taken) = mpsc::channel(places_max.clamp(1, Semaphore::MAX_PERMITS));
        (Self { places, answers, in_flight: 0 }, taken)
    }

    /// A place for one more, if there is one.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Hands the delivery over, for at most `limit`.
    pub(super) fn begin(
        &mut self,
        incoming: Arc<dyn Incoming>,
        delivery: Delivery,
        request: (u32, u32),
        limit: Duration,
        place: OwnedSemaphorePermit,
    ) {
        self.in_flight += 1;
        let (command, sequence) = request;
        let answer = Answer { command, sequence, status: CommandStatus::RSYSERR, _place: place };
        let mut answering = Answering { answer: Some(answer), answers: self.answers.clone() };
        tokio::spawn(async move {
            let status = match tokio::time::timeout(limit, incoming.deliver(delivery)).await {
                Ok(Ok(())) => CommandStatus::ROK,
                // An error that says all is well would lose the message.
                Ok(Err(status)) if status.is_ok() => CommandStatus::RSYSERR,
                Ok(Err(status)) => status,
                Err(_) => CommandStatus::RX_T_APPN,
            };
            if let Some(answer) = &mut answering.answer {
                answer.status = status;
            }
        });
    }
}
