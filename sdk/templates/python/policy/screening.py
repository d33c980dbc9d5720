"""Lets only messages pass that carry a certain tag."""

from waypost import Answer, Message, allow, log, refuse

# The JSON Schema of the settings.
SCHEMA = {
    "type": "object",
    "properties": {"tag": {"description": "The tag.", "type": "string", "minLength": 1}},
    "required": ["tag"],
    "additionalProperties": False,
}


def screen(message: Message, settings: dict) -> Answer:
    if settings["tag"] in message.tags:
        return allow()
    log.info(f"{len(message.tags)} tags, none of them the one")
    return refuse("tag_missing", f"the message does not carry the tag {settings['tag']}")
