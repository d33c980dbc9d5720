"""Gives messages the sender of their country."""

from waypost import Answer, Message, keep, replace

# The JSON Schema of the settings.
SCHEMA = {
    "type": "object",
    "properties": {
        "by_country": {
            "description": "Sender by country of the recipient.",
            "type": "object",
            "propertyNames": {"pattern": "^[A-Z]{2}$"},
            "additionalProperties": {"type": "string"},
        },
    },
    "required": ["by_country"],
    "additionalProperties": False,
}


def choose(message: Message, settings: dict) -> Answer:
    sender = settings["by_country"].get(message.country)
    return keep() if sender is None else replace(sender)
