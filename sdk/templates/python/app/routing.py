"""Makes what the component exports of policy.py. Leave it as it is."""

import policy
import waypost
from configuration import Configuration  # exported
from wit_world import exports
from wit_world.exports import routing
from wit_world.imports.types import Message, Refusal


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
