import unittest

import waypost
from policy import check, receive
from waypost import Address, Inbound


def received(text: str, settings: dict, hops: int = 0):
    inbound = Inbound(Address("+4915112345678"), Address("+447400123456"), text=text, hops=hops)
    kinds = [action.kind for action in receive(inbound, settings)]
    sent = [message.text for message in waypost.outgoing]
    waypost.outgoing.clear()
    return kinds, sent


class Test(unittest.TestCase):
    def test_keywords(self):
        settings = {"stop_text": "Bye.", "answers": {"help": "Call us."}, "inbox": "main"}
        for text, kinds, sent in [
            ("Stop!", ["opt-out"], ["Bye."]),
            ("start", ["opt-in"], []),
            ("HELP me", ["drop"], ["Call us."]),
            ("please stop", ["inbox"], []),
            ("", ["inbox"], []),
        ]:
            self.assertEqual(received(text, settings), (kinds, sent), text)
        self.assertEqual(received("stop", settings, hops=1), (["opt-out"], []))

    def test_a_keyword_stands_once(self):
        self.assertIsNone(check({}))
        self.assertIn("STOP", check({"answers": {"stop": "No."}}))
