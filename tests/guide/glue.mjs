// Asks plugin.js what the fixtures ask, with the records that componentize-js gives it, and without a
// component: `node glue.mjs ROLE` in the folder of a plugin.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { register } from "node:module";
import { pathToFileURL } from "node:url";

const role = process.argv[2];
const COUNTRIES = { "+44": "GB", "+49": "DE" };
const TIME_MS = 1_767_258_000_000n;

// What the host has, in the place of it.
globalThis.sent = [];
const code = (text) => `data:text/javascript,${encodeURIComponent(text)}`;
const host = code(`export const write = () => {};
export const send = (message) => { globalThis.sent.push(message); };`);
register(
  code(`export const resolve = (name, context, next) =>
  name.startsWith("waypost:sms/") ? { url: ${JSON.stringify(host)}, shortCircuit: true } : next(name, context);`),
);
const plugin = await import(pathToFileURL("plugin.js"));

const read = (path) => readFileSync(path, "utf8");
const address = (value) => ({ value, kind: value.startsWith("+") ? "international" : "alphanumeric" });
const body = (val) => ({ tag: "text", val });

const messageOf = ({ to, from, text, tags = [] }) => ({
  tenant: "test",
  timeMs: TIME_MS,
  to: { number: to, country: COUNTRIES[to.slice(0, 3)], kind: "mobile" },
  sender: from && address(from),
  body: body(text),
  encoding: "gsm7",
  segments: 1,
  priority: 1,
  tags,
});

/** An answer as a fixture has it: `{ tag: "ranked", val: ["a"] }` is `{ ranked: ["a"] }`. */
const plain = ({ tag, val = true }) => ({ [tag.replace("-", "_")]: val.code ?? val.value ?? val });

const ask = {
  screening: ({ message }) => plain(plugin.screening.screen(messageOf(message))),
  "sender-identity": ({ message }) => plain(plugin.senderIdentity.choose(messageOf(message))),
  routing: ({ message, candidates }) => {
    const offered = candidates.map(({ id, health = "healthy" }) => ({ id, health, backlog: 0, weight: 100 }));
    return plain(plugin.routing.rank(messageOf(message), offered));
  },
  receiving: ({ inbound: { from, to, text, hops = 0 } }) => {
    const who = { tenant: "test", timeMs: TIME_MS, provider: "simulator", hops };
    const inbound = { ...who, sender: address(from), to: address(to), body: body(text) };
    const actions = plugin.receiving.receive(inbound).map(plain);
    const sent = globalThis.sent.splice(0).map(({ to, sender, text }) => ({ to, from: sender.value, text }));
    return sent.length === 0 ? { actions } : { actions, sent };
  },
}[role];

plugin.configuration.configure(read("settings.json"));
JSON.parse(plugin.configuration.schema());
const fixtures = readdirSync("fixtures").map((name) => JSON.parse(read(`fixtures/${name}`)));
assert.ok(fixtures.length > 1);
for (const fixture of fixtures) {
  assert.equal(fixture.settings, undefined);
  assert.deepEqual(ask(fixture), fixture.expect, fixture.name);
}
