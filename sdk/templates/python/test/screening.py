import unittest

from policy import screen
from waypost import Message


class Test(unittest.TestCase):
    def test_the_tag_decides(self):
        settings = {"tag": "consent"}
        self.assertEqual(screen(Message("+447400123456", tags=["consent"]), settings).kind, "allow")
        self.assertEqual(screen(Message("+447400123456"), settings).value[0], "tag_missing")
