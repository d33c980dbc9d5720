"""Prefers some providers over the others."""

from typing import List

from waypost import Answer, Candidate, Message, ranked

# The JSON Schema of the settings.
SCHEMA = {
    "type": "object",
    "properties": {
        "prefer": {"description": "Providers, best first.", "type": "array", "items": {"type": "string"}},
    },
    "required": ["prefer"],
    "additionalProperties": False,
}

HEALTH = ["healthy", "recovering", "down"]


def rank(message: Message, candidates: List[Candidate], settings: dict) -> Answer:
    prefer = settings["prefer"]

    def order(candidate: Candidate):
        place = prefer.index(candidate.id) if candidate.id in prefer else len(prefer)
        return (HEALTH.index(candidate.health), place)

    return ranked([candidate.id for candidate in sorted(candidates, key=order)])
