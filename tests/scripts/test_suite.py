"""scripts/test must not overlook what a sanitizer or a fuzzer says."""
import struct
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import fuzzers	# noqa: E402
import suite	# noqa: E402

LEAK = """
=================================================================
==12==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 7 byte(s) in 1 object(s) allocated from:
"""
CRASH = """#12 NEW    cov: 812 ft: 3100 corp: 9/1Kb
witness: the stack broke a promise: no SYN leaves, but with ACK alone
==9== ERROR: libFuzzer: deadly signal
SUMMARY: libFuzzer: deadly signal
Test unit written to %s/stack-crash-0123
stat::number_of_executed_units: 4711
stat::average_exec_per_sec:     64
"""


class Reports(unittest.TestCase):
    def test_a_report_is_a_failure_though_every_test_passed(self):
        tally = suite.Tally()
        with tempfile.TemporaryDirectory() as name, redirect_stdout(StringIO()) as out:
            (Path(name) / "report.test_x.12").write_text(LEAK)
            suite.reports(Path(name), "asan: ", tally)
        self.assertEqual(tally.failures, ["asan: test_x: LeakSanitizer: detected memory leaks"])
        self.assertIn("Direct leak of 7 byte", out.getvalue())

    def test_no_report_is_no_failure(self):
        tally = suite.Tally()
        with tempfile.TemporaryDirectory() as name:
            suite.reports(Path(name), "asan: ", tally)
        self.assertEqual(tally.failures, [])


class Fuzzers(unittest.TestCase):
    def test_a_failure_names_the_reason_and_the_input(self):
        line, failure = fuzzers.verdict("stack", 77, CRASH % fuzzers.FINDINGS)
        self.assertEqual(line, "fuzz_stack: 4711 inputs, 64 a second, 812 edges covered")
        self.assertEqual(failure, "fuzz_stack: witness: the stack broke a promise: no SYN leaves, "
                         "but with ACK alone; input kept as fuzz-findings/stack-crash-0123")

    def test_what_ended_without_an_input_failed_as_well(self):
        self.assertEqual(fuzzers.verdict("wire", -9, "")[1],
                         "fuzz_wire: ended with -9; no input kept")

    def test_a_good_end_is_no_failure(self):
        self.assertIsNone(fuzzers.verdict("wire", 0, "#9 DONE cov: 5 ft: 6")[1])

    def test_every_fuzzer_has_a_source_and_a_small_corpus(self):
        sources = {p.stem.removeprefix("fuzz_") for p in (ROOT / "tests").glob("fuzz_*.c")}
        self.assertEqual(set(fuzzers.MAX_LEN), sources - {"main", "file"})
        for name in fuzzers.MAX_LEN:
            files = list((ROOT / "tests" / "fuzz" / name).iterdir())
            self.assertGreater(len(files), 10, name)
            for path in files:
                self.assertLessEqual(path.stat().st_size, fuzzers.MAX_LEN[name], path)
        whole = sum(p.stat().st_size for p in (ROOT / "tests" / "fuzz").rglob("*") if p.is_file())
        self.assertLess(whole, 300_000)

    def test_captures_of_either_byte_order_become_frames(self):
        for order, magic in ("<", 0xa1b2c3d4), (">", 0xa1b23c4d):
            with tempfile.TemporaryDirectory() as name:
                path = Path(name) / "x.pcap"
                path.write_bytes(struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, 113) +
                                 struct.pack(order + "IIII", 1, 2, 3, 9) + b"abc" + b"cut")
                self.assertEqual(list(fuzzers.frames(path)), [(2, b"abc")])

    def test_what_is_no_capture_has_no_frames(self):
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "x.pcap"
            path.write_bytes(b"\x0a\x0d\x0d\x0a" * 9)
            self.assertEqual(list(fuzzers.frames(path)), [])


if __name__ == "__main__":
    unittest.main()
