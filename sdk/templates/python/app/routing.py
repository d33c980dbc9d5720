"""Makes what the component exports of policy.py. Leave it as it is."""

import json

import policy
import waypost
from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import log
from wit_world.exports import routing
from wit_world.imports.types import Message, Refusal

waypost.Host.write = lambda level, text: log.write(log.Level[level.upper()], text)


class Configuration(exports.Configuration):
    def schema(self) -> str:
        return json.dumps(policy.SCHEMA)

    def configure(self, settings_json: str) -> None:
        wrong = waypost.configure(policy, settings_json)
        if wrong is not None:
            raise Err(wrong)


class Routing(exports.Routing):
    def rank(self, message: Message, candidates: list) -> routing.Ranking:
        offered = [
            waypost.Candidate(it.id, it.price_micros, waypost.name(it.health), it.backlog, it.weight)
            for it in candidates
        ]
        answer = waypost.reported(policy.rank, waypost.message(message), offered)
        if answer.kind == "ranked":
            return routing.Ranking_Ranked(answer.value)
        return routing.Ranking_Refuse(Refusal(*answer.value))
