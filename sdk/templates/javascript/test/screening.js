import assert from "node:assert/strict";
import { test } from "node:test";
import { screen } from "./policy.js";
import { message } from "./testing.js";

test("the tag decides", () => {
  const settings = { tag: "consent" };
  assert.equal(screen(message({ tags: ["consent"] }), settings).tag, "allow");
  assert.equal(screen(message(), settings).val.code, "tag_missing");
});
