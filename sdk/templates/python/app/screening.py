"""Makes what the component exports of policy.py. Leave it as it is."""

import policy
import waypost
from configuration import Configuration  # exported
from wit_world import exports
from wit_world.exports import screening
from wit_world.imports.types import Message, Refusal


class Screening(exports.Screening):
    def screen(self, message: Message) -> screening.Verdict:
        answer = waypost.reported(policy.screen, waypost.message(message))
        if answer.kind == "allow":
            return screening.Verdict_Allow()
        if answer.kind == "hold-until":
            return screening.Verdict_HoldUntil(answer.value)
        return screening.Verdict_Refuse(Refusal(*answer.value))
