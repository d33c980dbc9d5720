//! Keys that were found good lately.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use waypost_api::{Problem, key};
use waypost_core::decision::Name;
use waypost_core::store::ApiKey;
use waypost_store::StoreError;

/// How long a good key is trusted without asking the store: a revoked one works this long.
const TRUSTED_MS: u64 = 5_000;
/// Most keys that are remembered.
const KEYS_MAX: usize = 10_000;
/// Most texts at once that are looked up without having been good lately, so that guessing costs
/// the store no more than this.
const LOOKUPS_MAX: usize = 8;
/// How long such a text waits for its turn.
const TURN_MAX: Duration = Duration::from_secs(2);

/// Good keys by the hash of their text. Only the whole text of a good key is ever found here, so a
/// key that is unknown, wrong or revoked takes the same way to the store each time and nothing
/// can be told from how long that takes.
pub struct KeyCache {
    known: RwLock<HashMap<[u8; 32], Arc<Known>>>,
    lookups: Semaphore,
    start: Instant,
}

/// When a key is checked: by the clock, and since the cache was made, which never jumps.
#[derive(Clone, Copy)]
struct Moment {
    now_ms: u64,
    age_ms: u64,
}

struct Known {
    key: Arc<ApiKey>,
    /// When the store last confirmed it, in milliseconds since the cache was made.
    confirmed_ms: AtomicU64,
    /// When it was used last, in Unix milliseconds, where the store has not been told yet; else 0.
    used_ms: AtomicU64,
}

impl Default for KeyCache {
    fn default() -> Self {
        Self { known: RwLock::default(), lookups: Semaphore::new(LOOKUPS_MAX), start: Instant::now() }
    }
}

impl KeyCache {
    /// The key of that text. `now_ms` is the time in Unix milliseconds, by which keys end; `lookup` finds
    /// a key by its id in the store.
    ///
    /// # Errors
    /// `key_expired` for a key whose time is over, also while it is trusted; `key_invalid` for whatever
    /// else is not a good key; `store_unavailable` where nobody can say.
    pub async fn check<F, L>(&self, text: &str, now_ms: u64, lookup: F) -> Result<Arc<ApiKey>, Problem>
    where
        F: FnOnce(String) -> L,
        L: Future<Output = Result<Option<ApiKey>, StoreError>>,
    {
        self.check_at(text, Moment { now_ms, age_ms: self.age_ms() }, lookup).await
    }

    /// The keys that were used since this was asked last, each with the time in Unix milliseconds.
    pub fn take_uses(&self) -> Vec<(Name, u64)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let uses =
            known.values().map(|known| (known.key.id.clone(), known.used_ms.swap(0, Ordering::Relaxed)));
        uses.filter(|(_, used_ms)| *used_ms > 0).collect()
    }

    /// Forgets a key that has just been revoked.
    pub fn forget(&self, id: &Name) {
        self.write().retain(|_, known| known.key.id != *id);
    }

    async fn check_at<F, L>(&self, text: &str, at: Moment, lookup: F) -> Result<Arc<ApiKey>, Problem>
    where
        F: FnOnce(String) -> L,
        L: Future<Output = Result<Option<ApiKey>, StoreError>>,
    {
        let Some(id) = key::id_of(text) else { return Err(Problem::key_invalid()) };
        let hash = key::hash(text);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned();
        let found = match known {
            Some(known) => match Confirmation::begin(&known, at.age_ms) {
                None if key::has_expired(&known.key, at.now_ms) => return Err(Problem::key_expired()),
                None => {
                    known.used_ms.store(at.now_ms, Ordering::Relaxed);
                    return Ok(known.key.clone());
                }
                Some(confirmation) => {
                    let found = lookup(id.to_owned()).await?;
                    confirmation.done();
                    found
                }
            },
            None => {
                let turn = tokio::time::timeout(TURN_MAX, self.lookups.acquire()).await;
                let Ok(Ok(_turn)) = turn else { return Err(Problem::store_unavailable()) };
                lookup(id.to_owned()).await?
            }
        };
        match key::check(found, &hash, at.now_ms) {
            Ok(key) => Ok(self.remember(hash, key, at)),
            Err(problem) => {
                self.write().remove(&hash);
                Err(problem)
            }
        }
    }

    fn remember(&self, hash: [u8; 32], key: ApiKey, at: Moment) -> Arc<ApiKey> {
        let key = Arc::new(key);
        let known = Known {
            key: key.clone(),
            confirmed_ms: AtomicU64::new(at.age_ms),
            used_ms: AtomicU64::new(at.now_ms),
        };
        let mut all = self.write();
        if all.len() >= KEYS_MAX {
            all.retain(|_, known| known.age_ms(at.age_ms) < TRUSTED_MS);
        }
        if all.len() < KEYS_MAX {
            all.insert(hash, Arc::new(known));
        }
        key
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<[u8; 32], Arc<Known>>> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Known {
    fn age_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.confirmed_ms.load(Ordering::Relaxed))
    }
}

/// One request asks the store again about a key that has grown old; the others go on meanwhile.
struct Confirmation<'k> {
    known: &'k Known,
    before_ms: u64,
    is_done: bool,
}

impl<'k> Confirmation<'k> {
    /// None: the key is fresh, or somebody else is asking.
    fn begin(known: &'k Known, now_ms: u64) -> Option<Self> {
        if known.age_ms(now_ms) < TRUSTED_MS {
            return None;
        }
        let before_ms = known.confirmed_ms.load(Ordering::Relaxed);
        let asked =
            known.confirmed_ms.compare_exchange(before_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        asked.is_ok().then_some(Self { known, before_ms, is_done: false })
    }

    fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Confirmation<'_> {
    /// A request that ended without an answer has confirmed nothing.
    fn drop(&mut self) {
        if !self.is_done {
            self.known.confirmed_ms.store(self.before_ms, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use waypost_core::store::Scope;

    use super::*;
    use waypost_api::Code;

    struct Books {
        key: std::sync::Mutex<Result<Option<ApiKey>, StoreError>>,
        asked: AtomicUsize,
    }

    impl Books {
        fn with(key: ApiKey) -> Self {
            Self { key: std::sync::Mutex::new(Ok(Some(key))), asked: AtomicUsize::new(0) }
        }

        async fn check(&self, cache: &KeyCache, text: &str, now_ms: u64) -> Result<Name, Code> {
            let lookup = |id: String| async move {
                self.asked.fetch_add(1, Ordering::Relaxed);
                let answer = self.key.lock().unwrap().clone();
                answer.map(|key| key.filter(|key| *key.id == *id))
            };
            let checked = cache.check_at(text, moment(now_ms), lookup).await;
            checked.map(|key| key.id.clone()).map_err(|problem| problem.code())
        }

        fn asked(&self) -> usize {
            self.asked.swap(0, Ordering::Relaxed)
        }
    }

    /// The clock shows what the cache's does.
    fn moment(now_ms: u64) -> Moment {
        Moment { now_ms, age_ms: now_ms }
    }

    fn key() -> (ApiKey, String) {
        crate::api_key::new_key("acme".into(), "shop".to_owned(), vec![Scope::Send], 0)
    }

    #[tokio::test]
    async fn a_good_key_is_asked_for_once_in_five_seconds() {
        let (key, text) = key();
        let (id, books, cache) = (key.id.clone(), Books::with(key), KeyCache::default());
        for (now_ms, asked) in [(0, 1), (1, 0), (4_999, 0), (5_000, 1), (9_999, 0), (10_000, 1)] {
            assert_eq!(books.check(&cache, &text, now_ms).await, Ok(id.clone()));
            assert_eq!(books.asked(), asked, "at {now_ms} ms");
        }
    }

    #[tokio::test]
    async fn what_is_not_good_is_asked_for_each_time_and_answered_the_same() {
        let (good, text) = key();
        let cache = KeyCache::default();
        let (_, unknown) = key();
        let wrong = format!("{}A", &text[..text.len() - 1]);
        let wrong = if wrong == text { format!("{}B", &text[..text.len() - 1]) } else { wrong };
        let books = Books::with(good.clone());
        assert!(books.check(&cache, &text, 0).await.is_ok());
        books.asked();
        for text in [&unknown, &wrong] {
            for _ in 0..2 {
                assert_eq!(books.check(&cache, text, 1).await, Err(Code::KeyInvalid));
                assert_eq!(books.asked(), 1);
            }
        }
        assert_eq!(books.check(&cache, "wp_nonsense", 1).await, Err(Code::KeyInvalid));
        assert_eq!(books.asked(), 0);
    }

    #[tokio::test]
    async fn a_revoked_key_ends_when_its_trust_does_or_at_once_here() {
        let (good, text) = key();
        let (books, cache) = (Books::with(good.clone()), KeyCache::default());
        assert!(books.check(&cache, &text, 0).await.is_ok());
        *books.key.lock().unwrap() = Ok(Some(ApiKey { revoked_ms: Some(1), ..good.clone() }));
        assert!(books.check(&cache, &text, 4_999).await.is_ok());
        assert_eq!(books.check(&cache, &text, 5_000).await, Err(Code::KeyInvalid));

        *books.key.lock().unwrap() = Ok(Some(good.clone()));
        assert!(books.check(&cache, &text, 5_001).await.is_ok());
        *books.key.lock().unwrap() = Ok(Some(ApiKey { revoked_ms: Some(1), ..good.clone() }));
        cache.forget(&good.id);
        assert_eq!(books.check(&cache, &text, 5_002).await, Err(Code::KeyInvalid));
    }

    #[tokio::test]
    async fn a_key_expires_while_it_is_trusted() {
        let (good, text) = key();
        let ending = ApiKey { expires_ms: Some(1_000), ..good.clone() };
        let (books, cache) = (Books::with(ending), KeyCache::default());
        assert!(books.check(&cache, &text, 999).await.is_ok());
        books.asked();
        assert_eq!(books.check(&cache, &text, 1_000).await, Err(Code::KeyExpired));
        assert_eq!(books.asked(), 0, "the store was not asked for that");
        assert_eq!(books.check(&cache, &text, 6_000).await, Err(Code::KeyExpired));
        let wrong = if text.ends_with('A') { 'B' } else { 'A' };
        let wrong = format!("{}{wrong}", &text[..text.len() - 1]);
        assert_eq!(books.check(&cache, &wrong, 6_000).await, Err(Code::KeyInvalid));
        *books.key.lock().unwrap() = Ok(Some(ApiKey { expires_ms: Some(9_000), ..good }));
        assert!(books.check(&cache, &text, 6_001).await.is_ok(), "it was prolonged");
    }

    #[tokio::test]
    async fn the_last_use_is_told_once() {
        let (good, text) = key();
        let (id, books, cache) = (good.id.clone(), Books::with(good), KeyCache::default());
        for now_ms in [1_000, 2_000] {
            assert!(books.check(&cache, &text, now_ms).await.is_ok());
        }
        assert_eq!(cache.take_uses(), [(id.clone(), 2_000)]);
        assert_eq!(cache.take_uses(), []);
        assert!(books.check(&cache, &text, 9_000).await.is_ok(), "confirmed again by the store");
        assert_eq!(cache.take_uses(), [(id, 9_000)]);
    }

    #[tokio::test]
    async fn a_store_that_is_down_confirms_nothing() {
        let (good, text) = key();
        let (books, cache) = (Books::with(good.clone()), KeyCache::default());
        assert!(books.check(&cache, &text, 0).await.is_ok());
        *books.key.lock().unwrap() = Err(StoreError::Unavailable("locked".to_owned()));
        for now_ms in [5_000, 5_001] {
            assert_eq!(books.check(&cache, &text, now_ms).await, Err(Code::StoreUnavailable));
        }
        *books.key.lock().unwrap() = Ok(Some(good));
        assert!(books.check(&cache, &text, 5_002).await.is_ok());
    }

    #[tokio::test]
    async fn others_go_on_while_one_asks_again() {
        let (good, text) = key();
        let (books, cache) = (Books::with(good), KeyCache::default());
        assert!(books.check(&cache, &text, 0).await.is_ok());
        books.asked();
        let slow = cache.check_at(&text, moment(6_000), |_| std::future::pending());
        tokio::select! {
            biased;
            _ = slow => unreachable!("the store does not answer"),
            checked = books.check(&cache, &text, 6_000) => assert!(checked.is_ok()),
        }
        assert_eq!(books.asked(), 0);
        // The slow one was given up, so the next one asks.
        assert!(books.check(&cache, &text, 6_001).await.is_ok());
        assert_eq!(books.asked(), 1);
    }
}
