// Messages for tests, as a policy gets them. Leave it as it is.

import { outgoing } from "./waypost.js";

/** 2026-01-01 09:00 UTC, a Thursday. */
export const TIME_MS = 1_767_258_000_000;

/** A message; what is given takes the place of what is usual. */
export const message = ({ to = "+447400123456", country = "GB", kind = "mobile", ...rest } = {}) => ({
  tenant: "test",
  timeMs: TIME_MS,
  to: { number: to, country, kind },
  text: "Hello",
  encoding: "gsm7",
  segments: 1,
  priority: 1,
  tags: [],
  ...rest,
});

/** A text that came in. */
export const inbound = ({ from = "+447400123456", to = "+447400100001", ...rest } = {}) => ({
  tenant: "test",
  timeMs: TIME_MS,
  provider: "simulator",
  from: { value: from, kind: "international" },
  to: { value: to, kind: "international" },
  text: "Hello",
  hops: 0,
  ...rest,
});

/** Healthy candidates of equal weight. */
export const candidates = (...ids) =>
  ids.map((id) => ({ id, priceMicros: undefined, health: "healthy", backlog: 0, weight: 100 }));

/** What was sent since this was asked last. */
export const sent = () => outgoing.splice(0);
