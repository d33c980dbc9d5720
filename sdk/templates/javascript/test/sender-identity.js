import assert from "node:assert/strict";
import { test } from "node:test";
import { choose } from "./policy.js";
import { message } from "./testing.js";

test("the country decides", () => {
  const settings = { by_country: { DE: "Shop" } };
  assert.equal(choose(message({ country: "DE" }), settings).val.value, "Shop");
  assert.equal(choose(message({ country: "GB" }), settings).tag, "keep");
});
