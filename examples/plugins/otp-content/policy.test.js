import assert from "node:assert/strict";
import { test } from "node:test";
import { check, screen } from "./policy.js";
import { message, TIME_MS } from "./testing.js";

const HOUR_MS = 3_600_000;
const marketing = (rest) => message({ text: "Half price. STOP to stop", tags: ["marketing"], priority: 0, ...rest });

test("marketing waits for the morning", () => {
  assert.equal(screen(marketing(), {}).tag, "allow");
  const held = screen(marketing({ timeMs: TIME_MS - HOUR_MS }), {});
  assert.deepEqual(held, { tag: "hold-until", val: BigInt(TIME_MS) });
  const evening = screen(marketing({ timeMs: TIME_MS + 12 * HOUR_MS }), {});
  assert.equal(evening.val, BigInt(TIME_MS + 24 * HOUR_MS));
});

test("windows are checked", () => {
  assert.equal(check({}), undefined);
  assert.match(check({ from: "20:00", until: "08:00" }), /before/);
});
