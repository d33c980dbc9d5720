//! The carrier: takes submits, answers as the script of the recipient says, and plans webhooks.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::counts::{Counts, Report};
use crate::journal::{Journal, JournalError};
use crate::protocol::{Invalid, Submit, acceptance, is_hex, is_number, is_url, read, refusal};
use crate::rows::{DEFAULT, ROWS};
use crate::scheduler::Plans;
use crate::script::{Reply, Script, Step, Tries, What, When, index_of};
use crate::webhook::{Content, Event, Planned, Proof, Status};

/// The address that a reply goes to where the message had no sender.
pub const DEFAULT_SENDER: &str = "10000";

/// How much white space stands before the answer that is too large, in bytes.
const OVERSIZED_BYTES: usize = 1024 * 1024;

/// Name of a message that nobody submitted.
const STRANGE: &str = "sim-0000000000000000";

/// How a carrier behaves.
#[derive(Clone)]
pub struct Options {
    /// Usual time between answer and receipt, in milliseconds.
    pub delay_ms: u64,
    /// All other times of the scripts, in percent of what the table says: tests shorten them.
    pub waits_percent: u32,
    /// Asked for as `Authorization: Bearer …` where set.
    pub api_key: Option<String>,
    /// Most message ids that are remembered, at 16 bytes each.
    pub ids_max: usize,
    /// File that each taken message is written to; read at the start.
    pub journal: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { delay_ms: 300, waits_percent: 100, api_key: None, ids_max: 5_000_000, journal: None }
    }
}

/// What the carrier answers to a submit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: &'static [(&'static str, &'static str)],
    /// Usually JSON.
    pub body: Vec<u8>,
    /// How long the caller is to be kept waiting for it.
    pub delay: Option<Duration>,
    /// The answer is lost on its way: the caller sees a dropped connection instead.
    pub lost: bool,
}

/// A carrier. All calls are short, do no network I/O, and may come from any thread.
pub struct Carrier {
    options: Options,
    plans: Arc<dyn Plans>,
    counts: Counts,
    journal: Option<Journal>,
    next_reference: AtomicU64,
}

impl Carrier {
    /// A carrier that hands its webhooks to `plans`.
    ///
    /// # Errors
    /// Where the journal cannot be used.
    pub fn new(options: Options, plans: Arc<dyn Plans>) -> Result<Self, JournalError> {
        let counts = Counts::new(options.ids_max);
        let journal = match &options.journal {
            Some(path) => Some(Journal::open(path, |id| counts.take(id))?),
            None => None,
        };
        // Twenty bits below the millisecond of the start: references ascend over restarts as long
        // as fewer than 2^20 messages are taken in a millisecond.
        let next_reference = AtomicU64::new(unix_ms() << 20);
        Ok(Self { options, plans, counts, journal, next_reference })
    }

    /// Reads a submit and does with it what its recipient asks for. `authorization` is the header
    /// of that name.
    pub fn submit(&self, authorization: Option<&str>, body: &[u8]) -> Answer {
        if !self.is_authorized(authorization) {
            return Answer::unauthorized();
        }
        match read(body) {
            Ok(submit) => self.perform(&submit),
            Err(invalid) => invalid.into(),
        }
    }

    /// Has an inbound message (MO) reported to `url`, and gives its reference.
    ///
    /// # Errors
    /// What is wrong with the arguments.
    pub fn inbound(&self, url: &str, from: &str, to: &str, content: Content) -> Result<String, Invalid> {
        if !is_url(url) {
            return Err(Invalid::request("`url` is not an http or https URL of at most 2048 bytes".into()));
        }
        if !is_number(from) {
            return Err(Invalid::request("`from` is not an international number of 3 to 15 digits".into()));
        }
        if to.is_empty() || to.len() > 32 {
            return Err(Invalid::request("`to` is not 1 to 32 bytes".into()));
        }
        if matches!(&content, Content::Data(data) if !is_hex(data)) {
            return Err(Invalid::request("`data` is not hexadecimal".into()));
        }
        let reference = self.reference();
        let event =
            Event::Inbound { reference: reference.clone(), from: from.into(), to: to.into(), content };
        self.plans.plan(Planned { after: Duration::ZERO, url: url.into(), event, proof: Proof::Genuine });
        Ok(reference)
    }

    /// Whether the header `Authorization` carries the API key, or none is asked for.
    pub fn is_authorized(&self, authorization: Option<&str>) -> bool {
        let Some(api_key) = &self.options.api_key else {
            return true;
        };
        authorization.and_then(|value| value.strip_prefix("Bearer ")) == Some(api_key)
    }

    /// What was taken so far.
    pub fn report(&self) -> Report {
        self.counts.report()
    }

    /// How many times this message was taken; 255 means that often or more.
    pub fn taken(&self, id: &str) -> u8 {
        self.counts.of(id)
    }

    fn perform(&self, submit: &Submit<'_>) -> Answer {
        let index = index_of(&submit.to);
        self.counts.submit(index);
        let mut script = &ROWS[index].script;
        if script.tries == Tries::First && !self.counts.is_first_try(&submit.id) {
            script = &ROWS[DEFAULT].script;
        }
        let reference = self.reference();
        if script.taken {
            if let Err(answer) = self.take(submit) {
                return answer;
            }
            for step in script.steps {
                self.plan(submit, &reference, script, step);
            }
        }
        self.answer(script, &reference, submit.segments)
    }

    /// A message that cannot be written down is not taken.
    fn take(&self, submit: &Submit<'_>) -> Result<(), Answer> {
        if let Some(journal) = &self.journal
            && let Err(error) = journal.append(&submit.id, submit.attempt, unix_ms())
        {
            tracing::error!(%error, "the journal cannot be written");
            return Err(refused(503, "transient", "journal_failed", "the journal cannot be written", None));
        }
        self.counts.take(&submit.id);
        Ok(())
    }

    fn plan(&self, submit: &Submit<'_>, reference: &str, script: &Script, step: &Step) {
        let answer_ms = self.wait_ms(script.answer_after_ms);
        let after_ms = match step.when {
            When::Taken(ms) => self.wait_ms(ms),
            When::Usual(ms) => {
                self.wait_ms(ms).saturating_add(answer_ms).saturating_add(self.options.delay_ms)
            }
        };
        let mut planned = Planned {
            after: Duration::from_millis(after_ms),
            url: submit.receipt_url.as_ref().into(),
            event: self.event(submit, reference, &step.what),
            proof: step.proof,
        };
        if let What::DoubledReply { again_after_ms, .. } = step.what {
            self.plans.plan(planned.clone());
            planned.after += Duration::from_millis(self.wait_ms(again_after_ms));
        }
        self.plans.plan(planned);
    }

    fn event(&self, submit: &Submit<'_>, reference: &str, what: &What) -> Event {
        match *what {
            What::Receipt { status, code, reason } => Event::Receipt {
                reference: reference.to_owned(),
                message_id: submit.id.clone().into_owned(),
                status,
                code,
                reason,
            },
            What::StrangeReceipt => Event::Receipt {
                reference: STRANGE.to_owned(),
                message_id: "no-such-message".to_owned(),
                status: Status::Delivered,
                code: None,
                reason: None,
            },
            What::Unreadable => Event::Unreadable,
            What::Reply { text } | What::DoubledReply { text, .. } => {
                self.reply(submit, Content::Text(text.to_owned()))
            }
            What::BinaryReply { data } => self.reply(submit, Content::Data(data.to_owned())),
        }
    }

    fn reply(&self, submit: &Submit<'_>, content: Content) -> Event {
        let to = submit.from.as_deref().unwrap_or(DEFAULT_SENDER);
        Event::Inbound {
            reference: self.reference(),
            from: submit.to.clone().into_owned(),
            to: to.to_owned(),
            content,
        }
    }

    fn answer(&self, script: &Script, reference: &str, parts: u32) -> Answer {
        let mut answer = match &script.reply {
            Reply::Reference | Reply::Lost => accepted(reference, parts),
            Reply::Oversized => {
                let answer = accepted(reference, parts);
                Answer { body: [vec![b' '; OVERSIZED_BYTES], answer.body].concat(), ..answer }
            }
            Reply::Refusal(no) => refused(no.status, no.class, no.code, no.reason, no.retry_after_ms),
            Reply::Raw { status, headers, body } => {
                Answer { status: *status, headers, body: body.as_bytes().to_vec(), delay: None, lost: false }
            }
        };
        answer.lost = matches!(script.reply, Reply::Lost);
        if script.answer_after_ms > 0 {
            answer.delay = Some(Duration::from_millis(self.wait_ms(script.answer_after_ms)));
        }
        answer
    }

    fn wait_ms(&self, ms: u64) -> u64 {
        ms.saturating_mul(u64::from(self.options.waits_percent)) / 100
    }

    fn reference(&self) -> String {
        format!("sim-{:016x}", self.next_reference.fetch_add(1, Relaxed))
    }
}

impl Answer {
    /// The API key is missing or wrong.
    pub fn unauthorized() -> Self {
        refused(401, "system", "unauthorized", "`Authorization` is not `Bearer` and the API key", None)
    }
}

impl From<Invalid> for Answer {
    fn from(invalid: Invalid) -> Self {
        refused(invalid.status, invalid.class, invalid.code, &invalid.reason, None)
    }
}

fn accepted(reference: &str, parts: u32) -> Answer {
    let (headers, body) = acceptance(reference, parts);
    Answer { status: 201, headers, body, delay: None, lost: false }
}

fn refused(status: u16, class: &str, code: &str, reason: &str, retry_after_ms: Option<u64>) -> Answer {
    let (headers, body) = refusal(class, code, reason, retry_after_ms);
    Answer { status, headers, body, delay: None, lost: false }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
