import assert from "node:assert/strict";
import { test } from "node:test";
import { rank } from "./policy.js";
import { candidates, message } from "./testing.js";

test("the preferred provider comes first", () => {
  const answer = rank(message(), candidates("second", "first"), { prefer: ["first"] });
  assert.deepEqual(answer.val, ["first", "second"]);
});
