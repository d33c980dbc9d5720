"""Keywords that came in: STOP takes a number off the list, START puts it back, HELP is answered.

The first word of a message decides. STOP and START are what the host keeps: from then on messages of
this number to whoever wrote STOP are refused as `opted_out`, whoever sends them. Where the same keyword
comes twice, the answer is sent twice: a component remembers nothing.
"""

from typing import List

from waypost import Answer, Inbound, drop, inbox, log, opt_in, opt_out, reply

KEYWORDS = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 20}, "maxItems": 50}
TEXT = {"type": "string", "minLength": 1, "maxLength": 459}

# The JSON Schema of the settings.
SCHEMA = {
    "type": "object",
    "properties": {
        "stop": {"description": "Keywords that opt out.", **KEYWORDS},
        "start": {"description": "Keywords that opt in.", **KEYWORDS},
        "stop_text": {"description": "The answer to the first; none: no answer.", **TEXT},
        "start_text": {"description": "The answer to the second; none: no answer.", **TEXT},
        "answers": {
            "description": "Further keywords, and what they are answered.",
            "type": "object",
            "propertyNames": {"minLength": 1, "maxLength": 20},
            "additionalProperties": TEXT,
        },
        "inbox": {"description": "Where everything else goes; none: it is dropped.", "type": "string"},
    },
    "additionalProperties": False,
}

# What CTIA, the association of the carriers of the United States, asks senders to understand.
STOP = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"]
START = ["START", "UNSTOP", "YES"]


def check(settings: dict):
    """What the schema cannot say."""
    twice = set(stop(settings)) & set(start(settings))
    twice |= (set(stop(settings)) | set(start(settings))) & set(answers(settings))
    return f"`{sorted(twice)[0]}` stands in two lists" if twice else None


def receive(inbound: Inbound, settings: dict) -> List[Answer]:
    keyword = inbound.keyword()
    if keyword in stop(settings):
        answer(inbound, settings.get("stop_text"))
        return [opt_out()]
    if keyword in start(settings):
        answer(inbound, settings.get("start_text"))
        return [opt_in()]
    if keyword in answers(settings):
        answer(inbound, answers(settings)[keyword])
        return [drop()]
    return [inbox(settings["inbox"])] if "inbox" in settings else [drop()]


def answer(inbound: Inbound, text) -> None:
    # Two machines that answer each other would never stop.
    if text is None or inbound.hops > 0:
        return
    log.info("answered")
    reply(inbound, text)


def stop(settings: dict) -> List[str]:
    return [word.upper() for word in settings.get("stop", STOP)]


def start(settings: dict) -> List[str]:
    return [word.upper() for word in settings.get("start", START)]


def answers(settings: dict) -> dict:
    return {word.upper(): text for word, text in settings.get("answers", {}).items()}
