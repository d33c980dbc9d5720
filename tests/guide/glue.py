"""Asks app.py what the fixtures ask, with the records that componentize-py makes of the WIT files, and
without a component: `python3 glue.py ROLE` in the folder of a plugin with these bindings in `bindings`.
"""

import json
import pathlib
import sys

sys.path[:0] = [".", "bindings"]

import app
from wit_world.imports import log, types

ROLE = sys.argv[1]
HERE = pathlib.Path(".")
COUNTRIES = {"+44": "GB", "+49": "DE"}
TIME_MS = 1_767_258_000_000

log.write = lambda level, text: None
sent = []
if ROLE == "receiving":
    from wit_world.imports import messaging

    messaging.send = sent.append


def address(value):
    kind = types.AddressKind.INTERNATIONAL if value.startswith("+") else types.AddressKind.ALPHANUMERIC
    return types.Address(value, kind)


def message(given):
    to = given["to"]
    return types.Message(
        tenant="test",
        time_ms=TIME_MS,
        to=types.Recipient(to, COUNTRIES[to[:3]], types.NumberKind.MOBILE),
        sender=address(given["from"]) if "from" in given else None,
        body=types.Body_Text(given["text"]),
        encoding=types.Encoding.GSM7,
        segments=1,
        priority=1,
        tags=given.get("tags", []),
    )


def plain(answer):
    """An answer as a fixture has it: `Ranking_Ranked(["a"])` is `{"ranked": ["a"]}`."""
    name = type(answer).__name__.split("_", 1)[1]
    key = "".join("_" + c.lower() if c.isupper() else c for c in name).strip("_")
    value = getattr(answer, "value", True)
    return {key: getattr(value, "code", getattr(value, "value", value))}


def ask(fixture):
    if ROLE == "screening":
        return plain(app.Screening().screen(message(fixture["message"])))
    if ROLE == "sender-identity":
        return plain(app.SenderIdentity().choose(message(fixture["message"])))
    if ROLE == "routing":
        from wit_world.exports.routing import Candidate, Health

        offered = [
            Candidate(it["id"], None, Health[it.get("health", "healthy").upper()], 0, 100)
            for it in fixture["candidates"]
        ]
        return plain(app.Routing().rank(message(fixture["message"]), offered))
    from wit_world.exports.receiving import Inbound

    given = fixture["inbound"]
    sender, to, text = address(given["from"]), address(given["to"]), types.Body_Text(given["text"])
    inbound = Inbound("test", TIME_MS, "simulator", sender, to, text, given.get("hops", 0))
    sent.clear()
    answer = {"actions": [plain(action) for action in app.Receiving().receive(inbound)]}
    if sent:
        answer["sent"] = [{"to": it.to, "from": it.sender.value, "text": it.text} for it in sent]
    return answer


app.Configuration().configure((HERE / "settings.json").read_text())
json.loads(app.Configuration().schema())
fixtures = [json.loads(path.read_text()) for path in sorted((HERE / "fixtures").glob("*.json"))]
assert len(fixtures) > 1
for fixture in fixtures:
    assert "settings" not in fixture
    answer = ask(fixture)
    assert answer == fixture["expect"], f"{fixture['name']}: {answer}"
