"""Makes what the component exports of policy.py. Leave it as it is."""

import json

import policy
import waypost
from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import log
from wit_world.exports import sender_identity
from wit_world.imports.types import Address, AddressKind, Message, Refusal

waypost.Host.write = lambda level, text: log.write(log.Level[level.upper()], text)


class Configuration(exports.Configuration):
    def schema(self) -> str:
        return json.dumps(policy.SCHEMA)

    def configure(self, settings_json: str) -> None:
        wrong = waypost.configure(policy, settings_json)
        if wrong is not None:
            raise Err(wrong)


class SenderIdentity(exports.SenderIdentity):
    def choose(self, message: Message) -> sender_identity.Choice:
        answer = waypost.reported(policy.choose, waypost.message(message))
        if answer.kind == "keep":
            return sender_identity.Choice_Keep()
        if answer.kind == "replace":
            # The host reads the value; the kind does not overrule it.
            return sender_identity.Choice_Replace(Address(answer.value, AddressKind.ALPHANUMERIC))
        return sender_identity.Choice_Refuse(Refusal(*answer.value))
