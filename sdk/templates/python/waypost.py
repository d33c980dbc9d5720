"""What a policy needs: messages, answers, a log. Leave it as it is."""

import json
import sys
from dataclasses import dataclass, field
from typing import Any, Callable, List, Optional


@dataclass
class Address:
    """A number, a short code or a name."""

    value: str
    kind: str = "international"


@dataclass
class Message:
    """A message on its way out, as a decision sees it."""

    to: str
    country: Optional[str] = None
    number_kind: str = "mobile"
    text: Optional[str] = None
    data: Optional[bytes] = None
    sender: Optional[Address] = None
    # When Waypost took it, in Unix milliseconds.
    time_ms: int = 1_767_258_000_000
    encoding: str = "gsm7"
    segments: int = 1
    priority: int = 1
    tags: List[str] = field(default_factory=list)
    tenant: str = "test"


@dataclass
class Candidate:
    """A provider that may be chosen."""

    id: str
    price_micros: Optional[int] = None
    # healthy, recovering or down.
    health: str = "healthy"
    backlog: int = 0
    weight: int = 100


@dataclass
class Inbound:
    """A message that came in."""

    sender: Address
    to: Address
    text: Optional[str] = None
    data: Optional[bytes] = None
    provider: str = "simulator"
    time_ms: int = 1_767_258_000_000
    # How many messages led to this one; 0 for one from a telephone.
    hops: int = 0
    tenant: str = "test"

    def keyword(self) -> str:
        """The first word in capitals and without punctuation around it: `STOP` of ` stop! please`."""
        for word in (self.text or "").split():
            start, end = 0, len(word)
            while start < end and not word[start].isalnum():
                start += 1
            while end > start and not word[end - 1].isalnum():
                end -= 1
            if start < end:
                return word[start:end].upper()
        return ""


@dataclass
class Answer:
    """What a policy answers. The functions below make one."""

    kind: str
    value: Any = None


def allow() -> Answer:
    """The message may go."""
    return Answer("allow")


def refuse(code: str, reason: str) -> Answer:
    """No. `code` is stable and snake_case, `reason` is for people; whoever sent the message sees both."""
    return Answer("refuse", (code, reason))


def hold_until(time_ms: int) -> Answer:
    """Not before this time, in Unix milliseconds."""
    return Answer("hold-until", int(time_ms))


def keep() -> Answer:
    """The sender stays."""
    return Answer("keep")


def replace(sender: str) -> Answer:
    """This sender: a number in E.164, a short code, or a name of at most 11 characters."""
    return Answer("replace", sender)


def ranked(ids: List[str]) -> Answer:
    """Ids of candidates, best first."""
    return Answer("ranked", list(ids))


def inbox(name: str) -> Answer:
    """Put an inbound message into this inbox."""
    return Answer("inbox", name)


def opt_out() -> Answer:
    """The sender of an inbound message wants nothing more."""
    return Answer("opt-out")


def opt_in() -> Answer:
    """The sender of an inbound message wants messages again."""
    return Answer("opt-in")


def drop() -> Answer:
    """Forget an inbound message."""
    return Answer("drop")


@dataclass
class Outgoing:
    """A message that a policy asked to send."""

    to: str
    text: str
    sender: Optional[Address] = None


# Where a policy runs in a test: what it sent.
outgoing: List[Outgoing] = []


class Host:
    """What the component has of the host. In a test: standard error, and the list above."""

    write: Callable[[str, str], None] = staticmethod(lambda level, text: print(f"{level}: {text}", file=sys.stderr))
    send: Callable[[Outgoing], None] = staticmethod(outgoing.append)


class log:
    """Notes for the trace of a message, 1 KiB a call. Put no number and no text of a message into them."""

    @staticmethod
    def debug(text: str) -> None:
        Host.write("debug", text)

    @staticmethod
    def info(text: str) -> None:
        Host.write("info", text)

    @staticmethod
    def warn(text: str) -> None:
        Host.write("warn", text)


def send(to: str, text: str, sender: Optional[Address] = None) -> None:
    """Asks the host to send a message; for the role `receiving`, at most four in a call."""
    Host.send(Outgoing(to, text, sender))


def reply(inbound: Inbound, text: str) -> None:
    """Answers whoever sent an inbound message, from the number that it was sent to."""
    send(inbound.sender.value, text, inbound.to)


class Settings:
    """The settings that the component was configured with."""

    current: dict = {}


def configure(policy: Any, settings_json: str) -> Optional[str]:
    """Takes settings; what is wrong with them, where something is. For configuration.py."""
    settings = json.loads(settings_json)
    check = getattr(policy, "check", None)
    wrong = check(settings) if check else None
    if wrong is None:
        Settings.current = settings
    return wrong


def reported(ask: Callable[..., Any], *given: Any) -> Any:
    """An exception is a fault either way; this way the log says which. For app.py."""
    try:
        return ask(*given, Settings.current)
    except Exception as error:
        log.warn(f"{type(error).__name__}: {error}")
        raise


def name(case: Any) -> str:
    """`fixed-line` of the case FIXED_LINE of an enumeration. For app.py."""
    return case.name.lower().replace("_", "-")


def address(given: Any) -> Optional[Address]:
    """From the record of the bindings. For app.py."""
    return None if given is None else Address(given.value, name(given.kind))


def content(body: Any) -> dict:
    """The text or the bytes of a body of the bindings. For app.py."""
    return {"text": body.value} if isinstance(body.value, str) else {"data": body.value}


def message(given: Any) -> Message:
    """From the record of the bindings. For app.py."""
    return Message(
        to=given.to.number,
        country=given.to.country,
        number_kind=name(given.to.kind),
        sender=address(given.sender),
        time_ms=given.time_ms,
        encoding=name(given.encoding),
        segments=given.segments,
        priority=given.priority,
        tags=given.tags,
        tenant=given.tenant,
        **content(given.body),
    )
