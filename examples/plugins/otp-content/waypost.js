// What a policy needs: answers, a log, and the way between the component and policy.js. Leave it as
// it is.

const host = {
  write: (level, text) => console.error(`${level}: ${text}`),
  send: (message) => outgoing.push(message),
};

/** What was sent, where a policy runs in a test. */
export const outgoing = [];

/** Notes for the trace of a message, 1 KiB a call. Put no number and no text of a message into them. */
export const log = {
  debug: (text) => host.write("debug", String(text)),
  info: (text) => host.write("info", String(text)),
  warn: (text) => host.write("warn", String(text)),
};

/** The message may go. */
export const allow = () => ({ tag: "allow" });

/** No. `code` is stable and snake_case, `reason` is for people; whoever sent the message sees both. */
export const refuse = (code, reason) => ({ tag: "refuse", val: { code, reason } });

/** Not before this time, in Unix milliseconds. */
export const holdUntil = (timeMs) => ({ tag: "hold-until", val: BigInt(Math.round(timeMs)) });

/** The sender stays. */
export const keep = () => ({ tag: "keep" });

/** This sender: a number in E.164, a short code, or a name of at most 11 characters. */
export const replace = (sender) => ({ tag: "replace", val: { value: sender, kind: "alphanumeric" } });

/** Ids of candidates, best first. */
export const ranked = (ids) => ({ tag: "ranked", val: [...ids] });

/** Put an inbound message into this inbox. */
export const inbox = (name) => ({ tag: "inbox", val: name });

/** The sender of an inbound message wants nothing more, or messages again. */
export const optOut = () => ({ tag: "opt-out" });
export const optIn = () => ({ tag: "opt-in" });

/** Forget an inbound message. */
export const drop = () => ({ tag: "drop" });

/** Asks the host to send a message; for the role `receiving`, at most four in a call. */
export const send = ({ to, from, text }) => host.send({ to, sender: from, text });

/** Answers whoever sent an inbound message, from the number that it was sent to. */
export const reply = (inbound, text) => send({ to: inbound.from.value, from: inbound.to, text });

// By hand: a call compiles every regular expression that it uses, and one that knows all letters in
// both cases uses up its fuel. What is above U+00BF counts as a letter.
const isOfWord = (code) =>
  code >= 0xc0 || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);

/** The first word in capitals and without punctuation around it: `STOP` of ` stop! please`. */
export const keyword = (inbound) => {
  for (const word of (inbound.text ?? "").split(/\s+/)) {
    let [start, end] = [0, word.length];
    while (start < end && !isOfWord(word.charCodeAt(start))) start += 1;
    while (end > start && !isOfWord(word.charCodeAt(end - 1))) end -= 1;
    if (start < end) return word.slice(start, end).toUpperCase();
  }
  return "";
};

/** What the component of a policy exports. For plugin.js. */
export function component(role, policy, { write, send }) {
  host.write = write;
  if (send !== undefined) host.send = send;
  let settings = {};
  const configuration = {
    schema: () => JSON.stringify(policy.schema),
    configure: (json) => {
      settings = JSON.parse(json);
      const wrong = policy.check?.(settings);
      // What is thrown with a payload is the error of the call, and no fault.
      if (wrong) throw Object.assign(new Error(wrong), { payload: wrong });
    },
  };
  const ask = {
    screening: () => ({ screen: (message) => policy.screen(messageOf(message), settings) }),
    "sender-identity": () => ({ choose: (message) => policy.choose(messageOf(message), settings) }),
    routing: () => ({
      rank: (message, candidates) => policy.rank(messageOf(message), candidates.map(candidateOf), settings),
    }),
    receiving: () => ({ receive: (inbound) => policy.receive(inboundOf(inbound), settings) }),
  };
  const functions = Object.entries(ask[role]()).map(([name, answer]) => [name, reported(answer)]);
  return { configuration, role: Object.fromEntries(functions) };
}

/** An exception is a fault either way; this way the log says which. */
const reported = (answer) => (...given) => {
  try {
    return answer(...given);
  } catch (error) {
    log.warn(error?.stack ? `${error}\n${error.stack}` : error);
    throw error;
  }
};

const messageOf = ({ timeMs, body, sender, ...rest }) => ({
  ...rest,
  timeMs: Number(timeMs),
  from: sender?.value,
  sender,
  ...contentOf(body),
});

const candidateOf = ({ priceMicros, ...rest }) => ({
  ...rest,
  priceMicros: priceMicros === undefined ? undefined : Number(priceMicros),
});

const inboundOf = ({ timeMs, body, sender, ...rest }) => ({
  ...rest,
  timeMs: Number(timeMs),
  from: sender,
  ...contentOf(body),
});

const contentOf = (body) => (body.tag === "text" ? { text: body.val } : { data: body.val });
