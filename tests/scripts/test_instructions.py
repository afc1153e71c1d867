"""The hot paths do not cost more instructions than the last time somebody looked."""
import json
import shutil
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from benchmarks import instructions     # noqa: E402  pylint: disable=wrong-import-position

PROFILE = """\
fn=(1) main
cfi=(2) hot.c
cfn=(7) hot_syn
calls=2 40
50 1000
cfn=(8) puts
calls=1 0
51 70
fn=(7)
12 3
cfn=(9) stack_burst
calls=2 9
13 990
fn=(1)
cfn=(7)
calls=1 40
52 500
"""


class Reading(unittest.TestCase):
    def test_calls_of_hot_functions_are_added_up_with_what_they_call(self):
        self.assertEqual(instructions.costs(PROFILE), {"hot_syn": 1500})

    def test_only_what_moved_by_more_than_a_twentieth_is_named(self):
        def counts(each):
            return {"syn": {"unit": "packet", "each": each}}
        stored = counts(1000.0)
        for each, words in ((1000.0, None), (1050.0, None), (950.0, None),
                            (1051.0, "1051.0 instructions per packet instead of 1000.0 (+5.1%)"),
                            (949.0, "renew the file")):
            found = list(instructions.differences(stored, counts(each)))
            self.assertEqual(len(found), words is not None, found)
            if words:
                self.assertIn(words, found[0])
        self.assertEqual(len(list(instructions.differences(stored, {}))), 1)
        self.assertEqual(len(list(instructions.differences({}, stored))), 1)


class HotPaths(unittest.TestCase):
    def test_instructions_per_packet_are_within_a_twentieth_of_the_stored_ones(self):
        if shutil.which("valgrind") is None:
            self.skipTest("valgrind is not installed")
        stored = json.loads(instructions.STORED.read_text(encoding="utf-8"))
        now = instructions.tools()
        different = [f"{what} {now[what]} instead of {was}" for what, was in
                     stored["built_with"].items() if now.get(what) != was]
        if different:
            self.skipTest(f"counted with others: {'; '.join(different)}")
        found = list(instructions.differences(stored["instructions"], instructions.measure()))
        self.assertEqual(found, [], "\n" + "\n".join(found))


if __name__ == "__main__":
    unittest.main()
