//! The behaviours themselves. A row stands at the index of its suffix.

use crate::script::{Refusal, Reply, Row, Script, Step, Tries, What, When};
use crate::webhook::{Proof, Status};

/// Where the behaviour of all numbers without a row of their own stands: the last.
pub(crate) const DEFAULT: usize = 38;

pub(crate) static ROWS: [Row; DEFAULT + 1] = [
    Row {
        suffix: "000",
        title: "delivered at once",
        meaning: "Taken; the `delivered` receipt leaves in the same moment as the answer and may overtake it.",
        script: taken(&[receipt(When::Taken(0), Status::Delivered)]),
    },
    Row {
        suffix: "001",
        title: "refused: message",
        meaning: "422, class `message`, code `recipient_unreachable`.",
        script: refused(422, "message", "recipient_unreachable", "The number is not in use."),
    },
    Row {
        suffix: "002",
        title: "refused: sender",
        meaning: "422, class `sender`, code `sender_not_registered`, whatever the sender is.",
        script: refused(
            422,
            "sender",
            "sender_not_registered",
            "The sender is not registered for this network.",
        ),
    },
    Row {
        suffix: "003",
        title: "throttled once",
        meaning: "429, class `throttled`, `retry_after_ms` 500 on the first try; later tries are taken and delivered.",
        script: first_try(refused_until(
            429,
            "throttled",
            "too_many_requests",
            "More messages a second than agreed.",
            500,
        )),
    },
    Row {
        suffix: "004",
        title: "transient once",
        meaning: "503, class `transient`, code `network_busy` on the first try; later tries are taken and delivered.",
        script: first_try(refused(503, "transient", "network_busy", "The network is busy.")),
    },
    Row {
        suffix: "005",
        title: "refused: system",
        meaning: "402, class `system`, code `no_credit`: it concerns the account, not the message.",
        script: refused(402, "system", "no_credit", "The account has no credit."),
    },
    Row {
        suffix: "006",
        title: "answer lost, receipt follows",
        meaning: "Taken, then the connection is dropped without an answer; a `delivered` receipt follows.",
        script: Script { reply: Reply::Lost, ..taken(DELIVERED) },
    },
    Row {
        suffix: "007",
        title: "answer lost, no receipt",
        meaning: "Taken, then the connection is dropped without an answer; nothing is ever heard of it.",
        script: Script { reply: Reply::Lost, ..taken(&[]) },
    },
    Row {
        suffix: "008",
        title: "always transient",
        meaning: "503, class `transient`, code `network_down` on every try.",
        script: refused(503, "transient", "network_down", "The network is down."),
    },
    Row {
        suffix: "009",
        title: "undelivered",
        meaning: "Taken; an `undelivered` receipt with code `absent_subscriber`.",
        script: taken(&[ended(0, Status::Undelivered, "absent_subscriber", "The phone is switched off.")]),
    },
    Row {
        suffix: "010",
        title: "expired",
        meaning: "Taken; an `expired` receipt with code `validity_over`.",
        script: taken(&[ended(0, Status::Expired, "validity_over", "The validity of the message is over.")]),
    },
    Row {
        suffix: "011",
        title: "receipt twice",
        meaning: "Taken; the same `delivered` receipt two times, 200 ms apart.",
        script: taken(&[
            receipt(When::Usual(0), Status::Delivered),
            receipt(When::Usual(200), Status::Delivered),
        ]),
    },
    Row {
        suffix: "012",
        title: "late receipt",
        meaning: "Taken; the `delivered` receipt comes 10 s later than usual.",
        script: taken(&[receipt(When::Usual(10_000), Status::Delivered)]),
    },
    Row {
        suffix: "013",
        title: "receipts out of order",
        meaning: "Taken; `delivered`, then 200 ms later `sent`.",
        script: taken(&[receipt(When::Usual(0), Status::Delivered), receipt(When::Usual(200), Status::Sent)]),
    },
    Row {
        suffix: "014",
        title: "no receipt",
        meaning: "Taken; nothing more is heard of it.",
        script: taken(&[]),
    },
    Row {
        suffix: "015",
        title: "slow answer",
        meaning: "Taken; the answer comes after 2 s, the `delivered` receipt after it.",
        script: Script { answer_after_ms: 2_000, ..taken(DELIVERED) },
    },
    Row {
        suffix: "016",
        title: "answer not understandable",
        meaning: "Taken; the answer is 200 with the text `OK` and no reference. A `delivered` receipt follows.",
        script: Script {
            reply: Reply::Raw { status: 200, headers: &[("content-type", "text/plain")], body: "OK" },
            ..taken(DELIVERED)
        },
    },
    Row {
        suffix: "017",
        title: "forged receipt",
        meaning: "Taken; first an `undelivered` receipt with a wrong signature, 200 ms later the genuine `delivered`.",
        script: taken(&[
            proven(Status::Undelivered, Proof::Forged),
            receipt(When::Usual(200), Status::Delivered),
        ]),
    },
    Row {
        suffix: "018",
        title: "taken, but answers 500",
        meaning: "Taken, then answered with 500, code `internal_error` and no known class, so that nobody can tell; a `delivered` receipt follows.",
        script: Script {
            taken: true,
            steps: DELIVERED,
            ..refused(500, "unknown", "internal_error", "Something went wrong.")
        },
    },
    Row {
        suffix: "019",
        title: "rejected",
        meaning: "Taken; a `rejected` receipt with code `blocked_by_network`.",
        script: taken(&[ended(
            0,
            Status::Rejected,
            "blocked_by_network",
            "The network takes no such content.",
        )]),
    },
    Row {
        suffix: "020",
        title: "replies STOP",
        meaning: "Taken and delivered; 200 ms after the receipt the recipient sends `STOP` to the sender.",
        script: taken(&[receipt(When::Usual(0), Status::Delivered), reply(What::Reply { text: "STOP" })]),
    },
    Row {
        suffix: "021",
        title: "connection dropped before taking, once",
        meaning: "The connection is dropped without an answer and the message is not taken on the first try; later tries are taken and delivered.",
        script: first_try(Script { taken: false, reply: Reply::Lost, ..taken(&[]) }),
    },
    Row {
        suffix: "022",
        title: "receipts of each step",
        meaning: "Taken; `accepted`, `sent` and `delivered`, 200 ms apart.",
        script: taken(&[
            receipt(When::Usual(0), Status::Accepted),
            receipt(When::Usual(200), Status::Sent),
            receipt(When::Usual(400), Status::Delivered),
        ]),
    },
    Row {
        suffix: "023",
        title: "receipt before the answer",
        meaning: "Taken; the `delivered` receipt leaves at once, the answer comes after 1 s.",
        script: Script { answer_after_ms: 1_000, ..taken(&[receipt(When::Taken(0), Status::Delivered)]) },
    },
    Row {
        suffix: "024",
        title: "receipts contradict",
        meaning: "Taken; `delivered`, then 200 ms later `undelivered`, both genuine.",
        script: taken(&[
            receipt(When::Usual(0), Status::Delivered),
            ended(200, Status::Undelivered, "absent_subscriber", "The phone is switched off."),
        ]),
    },
    Row {
        suffix: "025",
        title: "unknown",
        meaning: "Taken; a receipt with status `unknown`: the carrier does not know what became of it.",
        script: taken(&[receipt(When::Usual(0), Status::Unknown)]),
    },
    Row {
        suffix: "026",
        title: "failed",
        meaning: "Taken; a `failed` receipt with code `network_failure`.",
        script: taken(&[ended(0, Status::Failed, "network_failure", "The network lost the message.")]),
    },
    Row {
        suffix: "027",
        title: "stale receipt",
        meaning: "Taken; first an `undelivered` receipt whose good signature is an hour old, 200 ms later the genuine `delivered`.",
        script: taken(&[
            proven(Status::Undelivered, Proof::Stale),
            receipt(When::Usual(200), Status::Delivered),
        ]),
    },
    Row {
        suffix: "028",
        title: "unreadable webhook",
        meaning: "Taken; first a webhook with a good signature whose body is no event, 200 ms later the `delivered` receipt.",
        script: taken(&[
            Step { when: When::Usual(0), what: What::Unreadable, proof: Proof::Genuine },
            receipt(When::Usual(200), Status::Delivered),
        ]),
    },
    Row {
        suffix: "029",
        title: "answer after two minutes",
        meaning: "Taken; the `delivered` receipt comes after 1 s, the answer after 120 s: the client has given up by then.",
        script: Script {
            answer_after_ms: 120_000,
            ..taken(&[receipt(When::Taken(1_000), Status::Delivered)])
        },
    },
    Row {
        suffix: "030",
        title: "always throttled",
        meaning: "429, class `throttled`, `retry_after_ms` 1000 on every try.",
        script: refused_until(
            429,
            "throttled",
            "too_many_requests",
            "More messages a second than agreed.",
            1_000,
        ),
    },
    Row {
        suffix: "031",
        title: "proxy's error page, once",
        meaning: "502 with an HTML page and not taken on the first try; later tries are taken and delivered.",
        script: first_try(Script {
            taken: false,
            reply: Reply::Raw {
                status: 502,
                headers: &[("content-type", "text/html")],
                body: "<html><body><h1>502 Bad Gateway</h1></body></html>",
            },
            ..taken(&[])
        }),
    },
    Row {
        suffix: "032",
        title: "receipt of a strange message",
        meaning: "Taken; first a genuine receipt for a message that nobody submitted, 200 ms later the right one.",
        script: taken(&[
            Step { when: When::Usual(0), what: What::StrangeReceipt, proof: Proof::Genuine },
            receipt(When::Usual(200), Status::Delivered),
        ]),
    },
    Row {
        suffix: "033",
        title: "reply reported twice",
        meaning: "Taken and delivered; the recipient sends `Hello`, reported two times under one reference, 200 ms apart.",
        script: taken(&[
            receipt(When::Usual(0), Status::Delivered),
            reply(What::DoubledReply { text: "Hello", again_after_ms: 200 }),
        ]),
    },
    Row {
        suffix: "034",
        title: "reply outside the GSM alphabet",
        meaning: "Taken and delivered; the recipient sends `Děkuji 👍`.",
        script: taken(&[
            receipt(When::Usual(0), Status::Delivered),
            reply(What::Reply { text: "Děkuji 👍" }),
        ]),
    },
    Row {
        suffix: "035",
        title: "binary reply",
        meaning: "Taken and delivered; the recipient sends the octets `00ff10fe`.",
        script: taken(&[
            receipt(When::Usual(0), Status::Delivered),
            reply(What::BinaryReply { data: "00ff10fe" }),
        ]),
    },
    Row {
        suffix: "036",
        title: "answer of 1 MiB",
        meaning: "Taken; the answer is well formed, but stands behind 1 MiB of white space. A `delivered` receipt follows.",
        script: Script { reply: Reply::Oversized, ..taken(DELIVERED) },
    },
    Row {
        suffix: "037",
        title: "sent, and nothing after it",
        meaning: "Taken; a `sent` receipt, which is not final, and no other.",
        script: taken(&[receipt(When::Usual(0), Status::Sent)]),
    },
    Row {
        suffix: "other",
        title: "delivered",
        meaning: "Taken; the `delivered` receipt follows after the configured delay (300 ms unless set otherwise).",
        script: taken(DELIVERED),
    },
];

const DELIVERED: &[Step] = &[receipt(When::Usual(0), Status::Delivered)];

const fn taken(steps: &'static [Step]) -> Script {
    Script { tries: Tries::All, taken: true, reply: Reply::Reference, answer_after_ms: 0, steps }
}

const fn refused(status: u16, class: &'static str, code: &'static str, reason: &'static str) -> Script {
    let refusal = Refusal { status, class, code, reason, retry_after_ms: None };
    Script { tries: Tries::All, taken: false, reply: Reply::Refusal(refusal), answer_after_ms: 0, steps: &[] }
}

const fn refused_until(
    status: u16,
    class: &'static str,
    code: &'static str,
    reason: &'static str,
    retry_after_ms: u64,
) -> Script {
    let refusal = Refusal { status, class, code, reason, retry_after_ms: Some(retry_after_ms) };
    Script { tries: Tries::All, taken: false, reply: Reply::Refusal(refusal), answer_after_ms: 0, steps: &[] }
}

const fn first_try(script: Script) -> Script {
    Script { tries: Tries::First, ..script }
}

const fn receipt(when: When, status: Status) -> Step {
    Step { when, what: What::Receipt { status, code: None, reason: None }, proof: Proof::Genuine }
}

const fn ended(after_ms: u64, status: Status, code: &'static str, reason: &'static str) -> Step {
    Step {
        when: When::Usual(after_ms),
        what: What::Receipt { status, code: Some(code), reason: Some(reason) },
        proof: Proof::Genuine,
    }
}

const fn proven(status: Status, proof: Proof) -> Step {
    Step { when: When::Usual(0), what: What::Receipt { status, code: None, reason: None }, proof }
}

const fn reply(what: What) -> Step {
    Step { when: When::Usual(200), what, proof: Proof::Genuine }
}
