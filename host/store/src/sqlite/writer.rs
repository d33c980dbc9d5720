//! The one thread that writes. Operations that wait are run together in one transaction and share
//! its fsync; while the disk works, the next group gathers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::OpenMode;
use super::checkpoint::Checkpointer;
use super::failure::{Failure, corrupt, unavailable};
use super::schema;
use super::session::Session;
use crate::StoreError;

/// Most operations of one transaction: bounds what a failure makes the writer do again, and how
/// long the first of them waits for the last.
const GROUP_MAX: usize = 512;
/// Most operations that wait; callers beyond that wait for a place.
const WAITING_MAX: usize = 4_096;

/// An operation that can be run again after a rollback.
trait Job: Send {
    /// Runs it, and keeps what it gave.
    fn run(&mut self, session: &mut Session<'_>) -> Result<(), Failure>;
    /// Tells the caller: what it gave, or why the transaction failed.
    fn answer(self: Box<Self>, outcome: Result<(), Failure>);
}

struct Operation<F, T> {
    work: F,
    result: Option<T>,
    reply: oneshot::Sender<(Result<T, Failure>, F)>,
}

impl<F, T> Job for Operation<F, T>
where
    F: FnMut(&mut Session<'_>) -> Result<T, Failure> + Send,
    T: Send,
{
    fn run(&mut self, session: &mut Session<'_>) -> Result<(), Failure> {
        self.result = Some((self.work)(session)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), Failure>) {
        let Self { work, result, reply } = *self;
        let answer = outcome.and_then(|()| result.ok_or_else(|| unavailable("the operation was not run")));
        // The caller gets its work back and frees it, on a thread of its own. One that has gone away
        // does not want to know.
        let _ = reply.send((answer, work));
    }
}

/// The way to the writer. When it is dropped, the writer finishes what waits, and ends.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Opens the database for writing and starts the thread. Gives errors of opening.
    pub(super) fn start(path: &Path, mode: OpenMode) -> Result<Self, Failure> {
        let path = path.to_owned();
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let (ready, opened) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&path, mode, waiting, &ready))
            .map_err(|error| unavailable(error.to_string()))?;
        opened.recv().unwrap_or_else(|_| Err(unavailable("the writer did not start")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Runs an operation in the next group. Its effect is on disk when this answers `Ok`.
    pub(super) async fn call<F, T>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnMut(&mut Session<'_>) -> Result<T, Failure> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Operation { work, result: None, reply });
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(job).await.map_err(|_| stopped())?;
        let (answer, _work) = answer.await.map_err(|_| stopped())?;
        Ok(answer?)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // Panics of operations are caught in the thread.
            let _ = thread.join();
        }
    }
}

fn stopped() -> Failure {
    unavailable("the store has stopped")
}

fn run(
    path: &Path,
    mode: OpenMode,
    mut waiting: mpsc::Receiver<Box<dyn Job>>,
    ready: &std::sync::mpsc::Sender<Result<(), Failure>>,
) {
    let mut conn = match schema::open_writer(path) {
        Ok(conn) => conn,
        Err(error) => return drop(ready.send(Err(error))),
    };
    let mut checkpointer = match Checkpointer::start(path, &mut conn) {
        Ok(checkpointer) => checkpointer,
        Err(error) => return drop(ready.send(Err(error))),
    };
    let mut session = match Session::new(&conn, mode) {
        Ok(session) => session,
        Err(error) => return drop(ready.send(Err(error))),
    };
    let _ = ready.send(Ok(()));
    let mut group = Vec::with_capacity(GROUP_MAX);
    while waiting.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
        run_group(&mut session, &mut group);
        checkpointer.after_commit(&conn);
    }
}

/// Runs operations in one transaction; where one of them fails, each again in its own, so that it
/// fails alone.
fn run_group(session: &mut Session<'_>, group: &mut Vec<Box<dyn Job>>) {
    let Err(error) = transact(session, group) else {
        for job in group.drain(..) {
            job.answer(Ok(()));
        }
        return;
    };
    if group.len() == 1 {
        return group.drain(..).for_each(|job| job.answer(Err(error.clone())));
    }
    tracing::warn!(%error, operations = group.len(), "a group of operations failed; each is run alone");
    for mut job in group.drain(..) {
        let outcome = transact(session, std::slice::from_mut(&mut job));
        job.answer(outcome);
    }
}

fn transact(session: &mut Session<'_>, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        session.begin()?;
        for job in &mut *jobs {
            job.run(session)?;
        }
        session.commit()
    }))
    .unwrap_or_else(|_| Err(corrupt("an operation panicked; this is a bug, please report it")));
    let Err(error) = outcome else { return Ok(()) };
    // What the session remembers may be wrong now. If even this fails, the next `begin` says so.
    if let Err(error) = session.roll_back() {
        tracing::error!(%error, "a transaction could not be rolled back");
    }
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_bad_operation_fails_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let writer =
            std::sync::Arc::new(Writer::start(&dir.path().join("w.db"), OpenMode::Host).expect("a writer"));
        let calls: Vec<_> = (0..60_u32)
            .map(|n| {
                let writer = writer.clone();
                tokio::spawn(async move {
                    writer
                        .call(move |session| {
                            session.ping()?;
                            assert!(n % 20 != 7, "a bug in operation {n}");
                            if n % 20 == 9 { Err(corrupt("poison")) } else { Ok(n) }
                        })
                        .await
                })
            })
            .collect();
        for (n, call) in calls.into_iter().enumerate() {
            let answer = call.await.expect("an answer");
            assert_eq!(answer.is_err(), matches!(n % 20, 7 | 9), "{n}: {answer:?}");
        }
        let pings = writer.call(|session| session.pings()).await.expect("a count");
        assert_eq!(pings, 54, "what failed has left nothing, and what did not is there once");
    }
}
