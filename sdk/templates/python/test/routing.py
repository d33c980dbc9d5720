import unittest

from policy import rank
from waypost import Candidate, Message


class Test(unittest.TestCase):
    def test_the_preferred_provider_comes_first(self):
        offered = [Candidate("second"), Candidate("first")]
        answer = rank(Message("+447400123456"), offered, {"prefer": ["first"]})
        self.assertEqual(answer.value, ["first", "second"])
