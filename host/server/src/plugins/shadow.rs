//! Shadows are asked beside the path of messages: by one thread with a bounded queue. Where it cannot
//! keep up, messages are left out and counted; nothing waits for it.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use super::apart;

/// Most questions that wait. Each holds a copy of its message.
const WAITING_MAX: usize = 2048;

/// What a shadow is asked.
pub type Question = Box<dyn FnOnce() + Send>;

/// The thread that asks shadows. It ends with the last of its handles.
#[derive(Clone)]
pub struct Shadows {
    questions: SyncSender<Question>,
}

impl Shadows {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start() -> std::io::Result<Self> {
        let (questions, asked) = sync_channel(WAITING_MAX);
        std::thread::Builder::new().name("shadows".to_owned()).spawn(move || ask(&asked))?;
        Ok(Self { questions })
    }

    /// Asks when there is time. False: there is none.
    pub fn ask(&self, question: Question) -> bool {
        match self.questions.try_send(question) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

fn ask(questions: &Receiver<Question>) {
    apart::give_way();
    while let Ok(question) = questions.recv() {
        question();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_slow_shadow_holds_up_nobody() {
        let shadows = Shadows::start().unwrap();
        let (go, wait) = channel::<()>();
        assert!(shadows.ask(Box::new(move || {
            let _ = wait.recv();
        })));
        let taken = (0..WAITING_MAX + 10).filter(|_| shadows.ask(Box::new(|| {}))).count();
        // The first may still be among those that wait.
        assert!((WAITING_MAX - 1..WAITING_MAX + 2).contains(&taken), "{taken}");
        drop(go);
        let (done, ended) = channel();
        while !shadows.ask(Box::new({
            let done = done.clone();
            move || {
                let _ = done.send(());
            }
        })) {
            std::thread::yield_now();
        }
        ended.recv().unwrap();
    }
}
