import unittest

from policy import choose
from waypost import Message


class Test(unittest.TestCase):
    def test_the_country_decides(self):
        settings = {"by_country": {"DE": "Shop"}}
        self.assertEqual(choose(Message("+4915112345678", country="DE"), settings).value, "Shop")
        self.assertEqual(choose(Message("+447400123456", country="GB"), settings).kind, "keep")
