//! Submits that wait for a bind. All binds of a provider take from one queue, so a bind that is
//! slow, full or gone holds up nothing.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::outcome::{NotSent, Reply, Submitted};

/// A submit that waits.
#[derive(Debug)]
pub(crate) struct Job {
    /// `submit_sm`, its sequence number yet to be set.
    pub(crate) pdu: Vec<u8>,
    pub(crate) reply: Reply,
    pub(crate) since: Instant,
}

/// The queue of a provider.
#[derive(Debug)]
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    /// Told when something waits.
    pub(crate) ready: Notify,
    jobs_max: usize,
}

#[derive(Debug)]
struct Inner {
    jobs: VecDeque<Job>,
    /// Binds that can send now.
    senders: usize,
    stopping: bool,
}

impl Queue {
    pub(crate) fn new(jobs_max: usize) -> Self {
        let inner = Inner { jobs: VecDeque::new(), senders: 0, stopping: false };
        Self { inner: Mutex::new(inner), ready: Notify::new(), jobs_max }
    }

    /// Adds a submit.
    ///
    /// # Errors
    /// Why it cannot wait.
    pub(crate) fn push(&self, job: Job) -> Result<(), NotSent> {
        {
            let mut inner = self.lock();
            if inner.stopping {
                return Err(NotSent::Stopping);
            }
            if inner.senders == 0 {
                return Err(NotSent::NotBound);
            }
            if inner.jobs.len() >= self.jobs_max {
                return Err(NotSent::QueueFull);
            }
            inner.jobs.push_back(job);
        }
        self.ready.notify_one();
        Ok(())
    }

    /// Takes for a bind with so many free places, while it has not taken `octets_max` octets. Of what
    /// waits it takes no more than its part, as the free places of all binds are, rounded up.
    pub(crate) fn take(&self, free: usize, octets_max: usize, free_of_others: usize) -> Vec<Job> {
        let mut inner = self.lock();
        let waiting = inner.jobs.len();
        let share = (waiting * free).div_ceil((free + free_of_others).max(1)).min(free);
        let mut taken = Vec::with_capacity(share);
        let mut octets = 0;
        while taken.len() < share && octets < octets_max {
            let Some(job) = inner.jobs.pop_front() else { break };
            // Nobody waits for it any more.
            if !job.reply.is_closed() {
                octets += job.pdu.len();
                taken.push(job);
            }
        }
        let more = !inner.jobs.is_empty();
        drop(inner);
        if more && !taken.is_empty() {
            self.ready.notify_one();
        }
        taken
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// A bind can send.
    pub(crate) fn sender_came(&self) {
        self.lock().senders += 1;
    }

    /// Puts to the front again what a bind had taken and will not send.
    pub(crate) fn give_back(&self, unsent: Vec<Job>) {
        let mut inner = self.lock();
        if inner.stopping {
            drop(inner);
            return refuse(unsent, NotSent::Stopping);
        }
        put_first(&mut inner.jobs, unsent);
        drop(inner);
        self.ready.notify_one();
    }

    /// A bind cannot send any more. What it had taken and not sent goes to the front again, for the
    /// others; where there are none, all that waits is not sent.
    pub(crate) fn sender_went(&self, unsent: Vec<Job>) {
        let mut inner = self.lock();
        inner.senders = inner.senders.saturating_sub(1);
        put_first(&mut inner.jobs, unsent);
        let why = if inner.stopping { NotSent::Stopping } else { NotSent::NotBound };
        let refused = if inner.senders == 0 || inner.stopping {
            std::mem::take(&mut inner.jobs)
        } else {
            VecDeque::new()
        };
        let more = !inner.jobs.is_empty();
        drop(inner);
        refuse(refused, why);
        if more {
            self.ready.notify_one();
        }
    }

    /// Refuses what has waited for longer.
    pub(crate) fn refuse_older(&self, than: Duration) {
        let mut old = Vec::new();
        {
            let mut inner = self.lock();
            while inner.jobs.front().is_some_and(|job| job.since.elapsed() >= than) {
                old.extend(inner.jobs.pop_front());
            }
        }
        refuse(old, NotSent::WaitedTooLong);
    }

    /// Refuses what waits and whatever comes.
    pub(crate) fn stop(&self) {
        let waiting = {
            let mut inner = self.lock();
            inner.stopping = true;
            std::mem::take(&mut inner.jobs)
        };
        refuse(waiting, NotSent::Stopping);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics half-way.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put_first(jobs: &mut VecDeque<Job>, unsent: Vec<Job>) {
    for job in unsent.into_iter().rev() {
        jobs.push_front(job);
    }
}

fn refuse(jobs: impl IntoIterator<Item = Job>, why: NotSent) {
    for job in jobs {
        // Whoever has gone does not care.
        let _ = job.reply.send(Submitted::NotSent(why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    fn job(name: u8) -> (Job, oneshot::Receiver<Submitted>) {
        let (reply, outcome) = oneshot::channel();
        (Job { pdu: vec![name], reply, since: Instant::now() }, outcome)
    }

    fn names(jobs: &[Job]) -> Vec<u8> {
        jobs.iter().map(|job| job.pdu[0]).collect()
    }

    #[test]
    fn nothing_waits_without_a_sender() {
        let queue = Queue::new(10);
        assert_eq!(queue.push(job(1).0), Err(NotSent::NotBound));
        queue.sender_came();
        let (one, mut outcome) = job(1);
        assert_eq!(queue.push(one), Ok(()));
        queue.sender_went(Vec::new());
        assert_eq!(outcome.try_recv(), Ok(Submitted::NotSent(NotSent::NotBound)));
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn each_takes_its_share_and_what_it_did_not_send_is_first_again() {
        let queue = Queue::new(10);
        queue.sender_came();
        queue.sender_came();
        let outcomes: Vec<_> = (0..6)
            .map(|name| {
                let (one, outcome) = job(name);
                queue.push(one).unwrap();
                outcome
            })
            .collect();
        let taken = queue.take(10, 1_000, 20);
        assert_eq!(names(&taken), [0, 1]);
        queue.sender_went(taken);
        assert_eq!(names(&queue.take(3, 1_000, 0)), [0, 1, 2]);
        // Each has one octet.
        assert_eq!(names(&queue.take(10, 2, 0)), [3, 4]);
        assert_eq!(outcomes.len(), 6);
    }

    #[test]
    fn what_nobody_waits_for_is_not_sent() {
        let queue = Queue::new(10);
        queue.sender_came();
        queue.push(job(1).0).unwrap();
        let (two, _outcome) = job(2);
        queue.push(two).unwrap();
        assert_eq!(names(&queue.take(9, 1_000, 0)), [2]);
    }

    #[test]
    fn too_many_too_old_and_stopped() {
        let queue = Queue::new(1);
        queue.sender_came();
        let (one, mut outcome) = job(1);
        queue.push(one).unwrap();
        assert_eq!(queue.push(job(2).0), Err(NotSent::QueueFull));
        queue.refuse_older(Duration::from_secs(60));
        assert!(outcome.try_recv().is_err());
        queue.refuse_older(Duration::ZERO);
        assert_eq!(outcome.try_recv(), Ok(Submitted::NotSent(NotSent::WaitedTooLong)));
        queue.stop();
        assert_eq!(queue.push(job(3).0), Err(NotSent::Stopping));
    }
}
