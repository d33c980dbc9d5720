//! What all links of an SMSC share: the script as it is now, who is bound, and what waits for them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::SmscError;
use super::counts::{Counts, add, subtract};
use super::log::{Log, unix_ms};
use super::receipt::Receipt;
use super::script::{Drop, Mode, Script};
use super::status::Status;
use super::write::{Delivery, Malformation};

/// Most systems that are known at a time: those bound, and those that something waits for.
const POSTS_MAX: usize = 10_000;
/// Most orders that wait for a link.
const ORDERS_MAX: usize = 10_000;

pub(crate) struct Hub {
    script: RwLock<Arc<Script>>,
    /// Counts the changes of the script.
    version: AtomicU64,
    pub(crate) counts: Counts,
    pub(crate) log: Option<Log>,
    posts: Mutex<HashMap<Box<str>, Arc<Post>>>,
    links: Mutex<BTreeMap<u64, Arc<Handle>>>,
    next_id: AtomicU64,
    next_reference: AtomicU16,
    next_link: AtomicU64,
    dropped: AtomicU64,
    refused_binds: AtomicU64,
    started: Instant,
    started_unix_ms: u64,
}

/// What waits for one system, and who of it is bound.
pub(crate) struct Post {
    system_id: Box<str>,
    mail: Mutex<Mail>,
    /// How many links are bound, in any mode.
    binds: AtomicU64,
    receivers: Mutex<Vec<Arc<Handle>>>,
}

#[derive(Default)]
struct Mail {
    /// By due time, in milliseconds since the start.
    ticks: BTreeMap<u64, VecDeque<Waiting>>,
    waiting: usize,
}

/// Something that goes out as `deliver_sm` or `data_sm`.
pub(crate) struct Waiting {
    pub content: Content,
    pub tries: u32,
}

pub(crate) enum Content {
    Receipt(Box<Receipt>),
    Message(Box<Delivery>),
}

/// A link as the others see it.
pub(crate) struct Handle {
    pub number: u64,
    pub wake: Notify,
    orders: Mutex<VecDeque<Order>>,
    about: Mutex<Link>,
}

/// Something that a link is told to do.
pub(crate) enum Order {
    Raw(Vec<u8>),
    Malformed(Malformation),
    Drop(Drop),
    EnquireLink,
}

/// A link as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// From 1.
    pub number: u64,
    /// The other side's address.
    pub peer: String,
    /// Who is bound, if anybody.
    pub system_id: Option<String>,
    /// In which mode.
    pub mode: Option<Mode>,
}

impl Hub {
    pub(crate) fn new(script: Script) -> Result<Self, SmscError> {
        let log = Log::open(&script.log)?;
        let started_unix_ms = unix_ms();
        // Twelve bits below the millisecond: ids ascend over restarts, and have 17 digits.
        let first = if script.ids.first > 0 { script.ids.first } else { started_unix_ms << 12 };
        Ok(Self {
            counts: Counts::new(script.log.recipients),
            script: RwLock::new(Arc::new(script)),
            version: AtomicU64::new(0),
            log,
            posts: Mutex::default(),
            links: Mutex::default(),
            next_id: AtomicU64::new(first),
            next_reference: AtomicU16::new(1),
            next_link: AtomicU64::new(1),
            dropped: AtomicU64::new(0),
            refused_binds: AtomicU64::new(0),
            started: Instant::now(),
            started_unix_ms,
        })
    }

    pub(crate) fn script(&self) -> Arc<Script> {
        self.script.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn version(&self) -> u64 {
        self.version.load(Relaxed)
    }

    pub(crate) fn set(&self, script: Script) {
        *self.script.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(script);
        self.version.fetch_add(1, Relaxed);
        for link in lock(&self.links).values() {
            link.wake.notify_one();
        }
    }

    /// Milliseconds since the start.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The time of `now_ms`, for timers.
    pub(crate) fn instant(&self, ms: u64) -> Instant {
        // A day at most: adding much more to an `Instant` overflows.
        let ahead_ms = ms.saturating_sub(self.now_ms()).min(86_400_000);
        self.started + std::time::Duration::from_millis(self.now_ms() + ahead_ms)
    }

    /// Unix time of `now_ms`, in seconds.
    pub(crate) fn unix_s(&self, ms: u64) -> u64 {
        (self.started_unix_ms + ms) / 1_000
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Relaxed)
    }

    pub(crate) fn next_reference(&self) -> u16 {
        self.next_reference.fetch_add(1, Relaxed)
    }

    /// Whether one more link may be broken by the script.
    pub(crate) fn may_drop(&self, times: u64) -> bool {
        times == 0 || self.dropped.fetch_add(1, Relaxed) < times
    }

    /// Whether one more bind is to be refused by the script.
    pub(crate) fn may_refuse(&self, times: u64) -> bool {
        times == 0 || self.refused_binds.fetch_add(1, Relaxed) < times
    }

    pub(crate) fn open(&self, peer: String) -> Arc<Handle> {
        let number = self.next_link.fetch_add(1, Relaxed);
        let about = Mutex::new(Link { number, peer, system_id: None, mode: None });
        let handle = Arc::new(Handle { number, wake: Notify::new(), orders: Mutex::default(), about });
        lock(&self.links).insert(number, handle.clone());
        add(&self.counts.links_opened);
        add(&self.counts.links_open);
        handle
    }

    pub(crate) fn close(&self, handle: &Handle) {
        if lock(&self.links).remove(&handle.number).is_some() {
            subtract(&self.counts.links_open);
        }
    }

    pub(crate) fn links(&self) -> Vec<Link> {
        lock(&self.links).values().map(|handle| lock(&handle.about).clone()).collect()
    }

    /// Gives an order to one link, or to all; says to how many.
    pub(crate) fn order(&self, link: Option<u64>, mut order: impl FnMut() -> Order) -> usize {
        let links = lock(&self.links);
        let chosen = links.values().filter(|handle| link.is_none_or(|number| number == handle.number));
        chosen.filter(|handle| handle.order(order())).count()
    }

    /// Registers a bind.
    ///
    /// # Errors
    /// The status that refuses it.
    pub(crate) fn bind(
        &self,
        handle: &Arc<Handle>,
        system_id: &str,
        password: &[u8],
        mode: Mode,
    ) -> Result<Arc<Post>, Status> {
        let script = self.script();
        let mut binds_max = 0;
        if !script.systems.is_empty() {
            let known = script.systems.iter().find(|system| system.system_id == system_id);
            let system = known.ok_or(Status::RINVSYSID)?;
            if system.password.as_ref().is_some_and(|known| known.as_bytes() != password) {
                return Err(Status::RINVPASWD);
            }
            if !system.modes.contains(&mode) {
                return Err(Status::RBINDFAIL);
            }
            binds_max = system.binds_max;
        }
        let post = self.post(system_id).ok_or(Status::RBINDFAIL)?;
        if post.binds.fetch_add(1, Relaxed) >= binds_max as u64 && binds_max > 0 {
            post.binds.fetch_sub(1, Relaxed);
            return Err(Status::RBINDFAIL);
        }
        if mode.receives() {
            lock(&post.receivers).push(handle.clone());
        }
        {
            let mut about = lock(&handle.about);
            about.system_id = Some(system_id.to_owned());
            about.mode = Some(mode);
        }
        add(self.bound(mode));
        Ok(post)
    }

    pub(crate) fn unbind(&self, handle: &Handle, post: &Post, mode: Mode) {
        post.binds.fetch_sub(1, Relaxed);
        subtract(self.bound(mode));
        {
            let mut receivers = lock(&post.receivers);
            receivers.retain(|receiver| receiver.number != handle.number);
        }
        {
            let mut about = lock(&handle.about);
            about.system_id = None;
            about.mode = None;
        }
        post.wake();
    }

    /// Puts something into the mail of a system, or of the first that is bound to receive. False: there
    /// is none.
    pub(crate) fn send(&self, system_id: Option<&str>, due: Vec<(u64, Waiting)>) -> bool {
        let post = match system_id {
            Some(system_id) => self.post(system_id),
            None => lock(&self.posts).values().find(|post| !lock(&post.receivers).is_empty()).cloned(),
        };
        let Some(post) = post else {
            return false;
        };
        self.put(&post, due);
        post.wake();
        true
    }

    /// Puts something into the mail of a system without waking anybody.
    pub(crate) fn put(&self, post: &Post, due: impl IntoIterator<Item = (u64, Waiting)>) {
        let waiting_max = self.script().deliver.waiting_max;
        let mut mail = lock(&post.mail);
        for (due_ms, waiting) in due {
            if mail.waiting >= waiting_max && mail.pop(u64::MAX).is_some() {
                add(&self.counts.delivers_dropped);
                subtract(&self.counts.delivers_waiting);
            }
            mail.ticks.entry(due_ms).or_default().push_back(waiting);
            mail.waiting += 1;
            add(&self.counts.delivers_waiting);
        }
    }

    /// Takes what is due, at most so many; then says when the next one is.
    pub(crate) fn take(
        &self,
        post: &Post,
        now_ms: u64,
        room: usize,
        mut taken: impl FnMut(Waiting),
    ) -> Option<u64> {
        let mut mail = lock(&post.mail);
        for _ in 0..room {
            let Some(waiting) = mail.pop(now_ms) else { break };
            subtract(&self.counts.delivers_waiting);
            taken(waiting);
        }
        mail.ticks.first_key_value().map(|(due_ms, _)| *due_ms)
    }

    fn post(&self, system_id: &str) -> Option<Arc<Post>> {
        let mut posts = lock(&self.posts);
        if let Some(post) = posts.get(system_id) {
            return Some(post.clone());
        }
        if posts.len() >= POSTS_MAX {
            posts.retain(|_, post| post.binds.load(Relaxed) > 0 || lock(&post.mail).waiting > 0);
        }
        if posts.len() >= POSTS_MAX {
            return None;
        }
        let post = Arc::new(Post {
            system_id: system_id.into(),
            mail: Mutex::default(),
            binds: AtomicU64::new(0),
            receivers: Mutex::default(),
        });
        posts.insert(post.system_id.clone(), post.clone());
        Some(post)
    }

    fn bound(&self, mode: Mode) -> &AtomicU64 {
        match mode {
            Mode::Transmitter => &self.counts.bound_transmitters,
            Mode::Receiver => &self.counts.bound_receivers,
            Mode::Transceiver => &self.counts.bound_transceivers,
        }
    }
}

impl Post {
    /// Has all receivers look at the mail.
    pub(crate) fn wake(&self) {
        for receiver in lock(&self.receivers).iter() {
            receiver.wake.notify_one();
        }
    }
}

impl Mail {
    fn pop(&mut self, until_ms: u64) -> Option<Waiting> {
        let mut tick = self.ticks.first_entry().filter(|tick| *tick.key() <= until_ms)?;
        let first = tick.get_mut().pop_front();
        if tick.get().is_empty() {
            tick.remove();
        }
        self.waiting -= usize::from(first.is_some());
        first
    }
}

impl Handle {
    fn order(&self, order: Order) -> bool {
        let mut orders = lock(&self.orders);
        let has_room = orders.len() < ORDERS_MAX;
        if has_room {
            orders.push_back(order);
            self.wake.notify_one();
        }
        has_room
    }

    pub(crate) fn next_order(&self) -> Option<Order> {
        lock(&self.orders).pop_front()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
