"""Makes what the component exports of policy.py. Leave it as it is."""

import json

import policy
import waypost
from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import log
from wit_world.exports import screening
from wit_world.imports.types import Message, Refusal

waypost.Host.write = lambda level, text: log.write(log.Level[level.upper()], text)


class Configuration(exports.Configuration):
    def schema(self) -> str:
        return json.dumps(policy.SCHEMA)

    def configure(self, settings_json: str) -> None:
        wrong = waypost.configure(policy, settings_json)
        if wrong is not None:
            raise Err(wrong)


class Screening(exports.Screening):
    def screen(self, message: Message) -> screening.Verdict:
        answer = waypost.reported(policy.screen, waypost.message(message))
        if answer.kind == "allow":
            return screening.Verdict_Allow()
        if answer.kind == "hold-until":
            return screening.Verdict_HoldUntil(answer.value)
        return screening.Verdict_Refuse(Refusal(*answer.value))
