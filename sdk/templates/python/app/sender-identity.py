"""Makes what the component exports of policy.py. Leave it as it is."""

import policy
import waypost
from configuration import Configuration  # exported
from wit_world import exports
from wit_world.exports import sender_identity
from wit_world.imports.types import Address, AddressKind, Message, Refusal


class SenderIdentity(exports.SenderIdentity):
    def choose(self, message: Message) -> sender_identity.Choice:
        answer = waypost.reported(policy.choose, waypost.message(message))
        if answer.kind == "keep":
            return sender_identity.Choice_Keep()
        if answer.kind == "replace":
            # The host reads the value; the kind does not overrule it.
            return sender_identity.Choice_Replace(Address(answer.value, AddressKind.ALPHANUMERIC))
        return sender_identity.Choice_Refuse(Refusal(*answer.value))
