// Gives messages the sender of their country.

import { keep, replace } from "./waypost.js";

/** The JSON Schema of the settings. */
export const schema = {
  type: "object",
  properties: {
    by_country: {
      description: "Sender by country of the recipient.",
      type: "object",
      propertyNames: { pattern: "^[A-Z]{2}$" },
      additionalProperties: { type: "string" },
    },
  },
  required: ["by_country"],
  additionalProperties: false,
};

export function choose(message, settings) {
  const sender = settings.by_country[message.to.country];
  return sender === undefined ? keep() : replace(sender);
}
