// One-time passwords against marketing: what each may say, and when it goes.
//
// Marketing goes by day only, needs a way out in its text, and never has a priority that would let it
// overtake a one-time password. A one-time password carries a code, and no link: a link in one is how
// phishing looks.

import { allow, holdUntil, log, refuse } from "./waypost.js";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

const clock = { type: "string", pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$" };
const offset = { type: "string", pattern: "^[+-](0[0-9]|1[0-4]):[0-5][0-9]$" };
const words = { type: "array", items: { type: "string", minLength: 1 }, maxItems: 50 };

/** The JSON Schema of the settings. */
export const schema = {
  type: "object",
  properties: {
    otp_tag: { description: "Tag of one-time passwords.", type: "string", default: "otp" },
    marketing_tag: { description: "Tag of marketing.", type: "string", default: "marketing" },
    from: { description: "When marketing may begin, where it goes.", ...clock, default: "09:00" },
    until: { description: "When it has to end.", ...clock, default: "20:00" },
    offsets: {
      description: "Offset from UTC by country of the recipient; summer time is for whoever sets it.",
      type: "object",
      propertyNames: { pattern: "^[A-Z]{2}$" },
      additionalProperties: offset,
    },
    offset: { description: "Offset from UTC for every other country.", ...offset, default: "+00:00" },
    ways_out: {
      description: "Marketing has one of these in its text, in any case.",
      ...words,
      default: ["STOP"],
    },
    marketing_priority_max: {
      description: "Highest priority of marketing, so that one-time passwords go first.",
      type: "integer",
      minimum: 0,
      maximum: 3,
      default: 0,
    },
  },
  additionalProperties: false,
};

const usual = {
  otp_tag: "otp",
  marketing_tag: "marketing",
  from: "09:00",
  until: "20:00",
  offsets: {},
  offset: "+00:00",
  ways_out: ["STOP"],
  marketing_priority_max: 0,
};

/** What the schema cannot say. */
export function check(given) {
  const { from, until } = { ...usual, ...given };
  return minutes(from) < minutes(until) ? undefined : "`from` has to be before `until`";
}

export function screen(message, given) {
  const settings = { ...usual, ...given };
  const isOtp = message.tags.includes(settings.otp_tag);
  const isMarketing = message.tags.includes(settings.marketing_tag);
  if (isOtp && isMarketing) return refuse("otp_and_marketing", "a message is either a one-time password or marketing");
  if (isOtp) return screenOtp(message);
  return isMarketing ? screenMarketing(message, settings) : allow();
}

function screenOtp({ text = "" }) {
  if (!/\d{4,8}/.test(text)) return refuse("otp_without_code", "a one-time password carries a code of 4 to 8 digits");
  if (/https?:\/\/|www\./i.test(text)) return refuse("otp_with_link", "a one-time password carries no link");
  return allow();
}

function screenMarketing({ text = "", priority, timeMs, to }, settings) {
  const upper = text.toUpperCase();
  if (!settings.ways_out.some((word) => upper.includes(word.toUpperCase()))) {
    return refuse("marketing_without_way_out", "marketing says how to stop it");
  }
  if (priority > settings.marketing_priority_max) {
    const reason = `marketing has at most priority ${settings.marketing_priority_max}`;
    return refuse("marketing_priority", reason);
  }
  const zone = settings.offsets[to.country] ?? settings.offset;
  const offsetMinutes = (zone.startsWith("-") ? -1 : 1) * minutes(zone.slice(1));
  const local = Math.floor(timeMs / MINUTE_MS) + offsetMinutes;
  const now = local % DAY_MINUTES;
  const [from, until] = [minutes(settings.from), minutes(settings.until)];
  if (now >= from && now < until) return allow();
  log.info("night where it goes");
  const wait = (from - now + DAY_MINUTES) % DAY_MINUTES;
  return holdUntil((local + wait - offsetMinutes) * MINUTE_MS);
}

function minutes(time) {
  const [hours, rest] = time.split(":").map(Number);
  return hours * 60 + rest;
}
