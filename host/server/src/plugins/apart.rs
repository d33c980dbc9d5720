//! Work of tenants' components that takes long, kept apart from the threads that serve everybody: on threads
//! of low priority, which get what the others leave over.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::nice;
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;

/// Niceness (sched(7)) of calls that somebody waits for: a tenth of a processor where all are busy.
const CALL_NICENESS: i32 = 10;
/// Niceness of what nobody waits for within a request: shadows, backtests, fixtures.
const IDLE_NICENESS: i32 = 19;

/// Lets calls through one by one.
#[derive(Debug, Default)]
pub struct Gate(Mutex<()>);

/// Runs a call on a thread of its own, when no other of the gate runs, and waits for it without holding up
/// other requests. The second value is the processor time that it took.
pub fn call<T: Send>(gate: &Gate, question: impl FnOnce() -> T + Send) -> (T, Duration) {
    let in_turn = || {
        let _one_by_one = gate.0.lock().unwrap_or_else(PoisonError::into_inner);
        call_and_wait(question)
    };
    // Waiting for the gate may take long, too.
    beside(in_turn)
}

/// Runs something that takes long on this thread, which other requests leave before that.
pub fn beside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => {
            tokio::task::block_in_place(work)
        }
        _ => work(),
    }
}

fn call_and_wait<T: Send>(question: impl FnOnce() -> T + Send) -> (T, Duration) {
    let question = Mutex::new(Some(question));
    let answered = Mutex::new(None);
    let run = || {
        let asked = question.lock().unwrap_or_else(PoisonError::into_inner).take();
        let answer = asked.map(timed);
        *answered.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("slow-plugin".to_owned());
        let started = thread.spawn_scoped(scope, || {
            lower(CALL_NICENESS);
            run();
        });
        // A system without another thread: here, then.
        if started.is_err() {
            run();
        }
    });
    // Whoever took the question has left the answer, or the scope has passed its panic on.
    let answer = answered.into_inner().unwrap_or_else(PoisonError::into_inner);
    answer.unwrap_or_else(|| unreachable!("a call has ended without an answer"))
}

/// Runs something on this thread. The second value is the processor time that it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let before = thread_time();
    let done = work();
    (done, thread_time().saturating_sub(before))
}

/// Runs something that takes long on a thread of the lowest priority. The answer is an error where it
/// panics.
///
/// # Errors
/// The system has no thread for it.
pub fn idle<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<oneshot::Receiver<T>> {
    let (done, answer) = oneshot::channel();
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        lower(IDLE_NICENESS);
        // Nobody waits any more where the receiver is gone.
        let _ = done.send(work());
    })?;
    Ok(answer)
}

/// This thread gives way to all others from now on.
pub fn give_way() {
    lower(IDLE_NICENESS);
}

/// Linux keeps a niceness for each thread, other systems for the process.
fn lower(niceness: i32) {
    if cfg!(target_os = "linux") {
        // Lowering is always allowed; where it is not, the thread goes on as it is.
        let _ = nice(niceness);
    }
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn niceness_of_this_thread() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        // proc(5): field 19, counted from the state behind the name.
        let after_name = stat.rsplit(')').next().unwrap();
        after_name.split_whitespace().nth(16).unwrap().parse().unwrap()
    }

    #[test]
    fn a_call_has_a_thread_of_its_own_and_leaves_this_one_as_it_was() {
        let before = niceness_of_this_thread();
        let words = "borrowed".to_owned();
        let ((length, niceness), _) = call(&Gate::default(), || (words.len(), niceness_of_this_thread()));
        assert_eq!((length, niceness), (8, (before + CALL_NICENESS).min(19)));
        assert_eq!(niceness_of_this_thread(), before);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn other_tasks_go_on_while_calls_run_and_wait_for_each_other() {
        let gate = std::sync::Arc::new(Gate::default());
        let waiting = [(); 3].map(|()| {
            let (gate, (go, wait)) = (gate.clone(), std::sync::mpsc::channel());
            (go, tokio::spawn(async move { call(&gate, move || wait.recv().unwrap()).0 }))
        });
        // With one worker this only runs while the calls wait.
        for (go, _) in &waiting {
            let go = go.clone();
            tokio::spawn(async move { go.send(5).unwrap() }).await.unwrap();
        }
        for (_, task) in waiting {
            assert_eq!(task.await.unwrap(), 5);
        }
    }

    #[tokio::test]
    async fn idle_work_gives_way() {
        let before = niceness_of_this_thread();
        let niceness = idle("test", niceness_of_this_thread).unwrap().await.unwrap();
        assert_eq!(niceness, (before + IDLE_NICENESS).min(19));
    }
}
