//! A way to Redis that notes what is asked, and fails what a test says.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use waypost_core::redis::{Connection, RedisError, Request, Value};
use waypost_store::redis::Link;

/// The way, and what has gone over it.
pub struct Tap {
    link: Link,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    /// The names of scripts and commands, by round trip.
    asked: Vec<Vec<&'static str>>,
    /// What fails, and how many of them from now on.
    fails: Option<(&'static str, usize)>,
    failed: bool,
}

impl Tap {
    pub fn new(link: Link) -> Self {
        Self { link, notes: Mutex::default() }
    }

    pub fn link(&self) -> Link {
        self.link.clone()
    }

    /// The `nth` request of this name from now on is not sent, and nobody answers it.
    pub fn fail(&self, name: &'static str, nth: usize) {
        self.notes().fails = Some((name, nth));
    }

    /// Whether what was to fail has failed.
    pub fn has_failed(&self) -> bool {
        self.notes().failed
    }

    pub fn forget(&self) {
        self.notes().asked.clear();
    }

    /// What was asked, by round trip.
    pub fn asked(&self) -> Vec<Vec<&'static str>> {
        self.notes().asked.clone()
    }

    /// How often a script or a command was asked.
    pub fn count(&self, name: &str) -> usize {
        self.notes().asked.iter().flatten().filter(|asked| **asked == name).count()
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notes {
    fn is_lost(&mut self, name: &str) -> bool {
        let Some((failing, nth)) = &mut self.fails else { return false };
        if *failing != name {
            return false;
        }
        *nth -= 1;
        let lost = *nth == 0;
        if lost {
            self.fails = None;
            self.failed = true;
        }
        lost
    }
}

#[async_trait]
impl Connection for Tap {
    async fn ask(&self, requests: Vec<Request>) -> Vec<Result<Vec<Value>, RedisError>> {
        let lost: Vec<bool> = {
            let mut notes = self.notes();
            let names: Vec<_> = requests.iter().map(name).collect();
            let lost = names.iter().map(|name| notes.is_lost(name)).collect();
            notes.asked.push(names);
            lost
        };
        let sent = requests.into_iter().zip(&lost).filter(|(_, lost)| !**lost).map(|(request, _)| request);
        let mut answers = self.link.ask(sent.collect()).await.into_iter();
        let nobody = || Err(RedisError::Unreachable("a test says so".to_owned()));
        lost.into_iter()
            .map(|lost| if lost { nobody() } else { answers.next().expect("an answer") })
            .collect()
    }
}

fn name(request: &Request) -> &'static str {
    match request {
        Request::Script { script, .. } => script.name,
        Request::Batch(batch) => batch.script.name,
        Request::Command { name, .. } => name,
    }
}
