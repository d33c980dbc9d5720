"""Answers a keyword, and puts everything into an inbox."""

from typing import List

from waypost import Answer, Inbound, inbox, reply

# The JSON Schema of the settings.
SCHEMA = {
    "type": "object",
    "properties": {
        "keyword": {"description": "The first word of a message that is answered.", "type": "string"},
        "answer": {"description": "The answer.", "type": "string"},
        "inbox": {"description": "Where messages go.", "type": "string"},
    },
    "required": ["keyword", "answer", "inbox"],
    "additionalProperties": False,
}


def receive(inbound: Inbound, settings: dict) -> List[Answer]:
    # Two machines that answer each other would never stop.
    if inbound.hops == 0 and inbound.keyword() == settings["keyword"].upper():
        reply(inbound, settings["answer"])
    return [inbox(settings["inbox"])]
