"""What every component exports besides its role. Leave it as it is."""

import json

import policy
import waypost
from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import log

waypost.Host.write = lambda level, text: log.write(log.Level[level.upper()], text)


class Configuration(exports.Configuration):
    def schema(self) -> str:
        return json.dumps(policy.SCHEMA)

    def configure(self, settings_json: str) -> None:
        wrong = waypost.configure(policy, settings_json)
        if wrong is not None:
            raise Err(wrong)
