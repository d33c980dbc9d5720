import unittest

import waypost
from policy import receive
from waypost import Address, Inbound


class Test(unittest.TestCase):
    def test_the_keyword_is_answered(self):
        inbound = Inbound(Address("+4915112345678"), Address("+447400123456"), text="Help!")
        actions = receive(inbound, {"keyword": "help", "answer": "Here.", "inbox": "main"})
        self.assertEqual([action.value for action in actions], ["main"])
        self.assertEqual(waypost.outgoing.pop().text, "Here.")
