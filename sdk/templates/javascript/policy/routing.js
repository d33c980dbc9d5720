// Prefers some providers over the others.

import { ranked } from "./waypost.js";

/** The JSON Schema of the settings. */
export const schema = {
  type: "object",
  properties: {
    prefer: { description: "Providers, best first.", type: "array", items: { type: "string" } },
  },
  required: ["prefer"],
  additionalProperties: false,
};

const HEALTH = ["healthy", "recovering", "down"];

export function rank(message, candidates, settings) {
  const place = ({ id }) => (settings.prefer.includes(id) ? settings.prefer.indexOf(id) : Infinity);
  const better = (one, two) =>
    HEALTH.indexOf(one.health) - HEALTH.indexOf(two.health) || (place(one) < place(two) ? -1 : place(one) > place(two) ? 1 : 0);
  return ranked(candidates.toSorted(better).map(({ id }) => id));
}
