// Answers a keyword, and puts everything into an inbox.

import { inbox, keyword, reply } from "./waypost.js";

/** The JSON Schema of the settings. */
export const schema = {
  type: "object",
  properties: {
    keyword: { description: "The first word of a message that is answered.", type: "string" },
    answer: { description: "The answer.", type: "string" },
    inbox: { description: "Where messages go.", type: "string" },
  },
  required: ["keyword", "answer", "inbox"],
  additionalProperties: false,
};

export function receive(inbound, settings) {
  // Two machines that answer each other would never stop.
  if (inbound.hops === 0 && keyword(inbound) === settings.keyword.toUpperCase()) {
    reply(inbound, settings.answer);
  }
  return [inbox(settings.inbox)];
}
