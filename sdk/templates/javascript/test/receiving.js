import assert from "node:assert/strict";
import { test } from "node:test";
import { receive } from "./policy.js";
import { inbound, sent } from "./testing.js";

test("the keyword is answered", () => {
  const settings = { keyword: "help", answer: "Here.", inbox: "main" };
  assert.deepEqual(receive(inbound({ text: "Help!" }), settings), [{ tag: "inbox", val: "main" }]);
  assert.equal(sent()[0].text, "Here.");
});
