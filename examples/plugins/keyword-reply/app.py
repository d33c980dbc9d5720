"""Makes what the component exports of policy.py. Leave it as it is."""

import policy
import waypost
from configuration import Configuration  # exported
from wit_world import exports
from wit_world.exports import receiving
from wit_world.imports import messaging
from wit_world.imports.types import Address, AddressKind

waypost.Host.send = lambda message: messaging.send(
    messaging.Outgoing(message.to, sender(message.sender), message.text)
)


def sender(given):
    return given and Address(given.value, AddressKind[given.kind.upper().replace("-", "_")])


class Receiving(exports.Receiving):
    def receive(self, inbound: receiving.Inbound) -> list:
        given = waypost.Inbound(
            sender=waypost.address(inbound.sender),
            to=waypost.address(inbound.to),
            provider=inbound.provider,
            time_ms=inbound.time_ms,
            hops=inbound.hops,
            tenant=inbound.tenant,
            **waypost.content(inbound.body),
        )
        return [action(answer) for answer in waypost.reported(policy.receive, given)]


def action(answer):
    if answer.kind == "inbox":
        return receiving.Action_Inbox(answer.value)
    if answer.kind == "opt-out":
        return receiving.Action_OptOut()
    if answer.kind == "opt-in":
        return receiving.Action_OptIn()
    return receiving.Action_Drop()
