// Lets only messages pass that carry a certain tag.

import { allow, log, refuse } from "./waypost.js";

/** The JSON Schema of the settings. */
export const schema = {
  type: "object",
  properties: {
    tag: { description: "The tag.", type: "string", minLength: 1 },
  },
  required: ["tag"],
  additionalProperties: false,
};

export function screen(message, settings) {
  if (message.tags.includes(settings.tag)) return allow();
  log.info(`${message.tags.length} tags, none of them the one`);
  return refuse("tag_missing", `the message does not carry the tag ${settings.tag}`);
}
