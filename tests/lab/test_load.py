"""tests/load and tests/serve, which scripts/bench lab measures with: what goes wrong is told, and as what it was."""
import json
import re
import tempfile
import time
import unittest
from pathlib import Path

from air import PROGRAMS, on_air
from lab.process import end, run, start

LOAD, SERVE = PROGRAMS / "tests/load", PROGRAMS / "tests/serve"
FTP = ("220 ", "USER anonymous", "331 ", "PASS ftp@example.com", "230 ", "QUIT", "221 ")
ENDS = ("finished", "refused", "reset", "wrong", "early", "silent", "local")


def setUpModule():
    if not LOAD.exists():
        raise unittest.SkipTest(f"there is no {LOAD.relative_to(PROGRAMS.parent)}")
    global air
    air = on_air("load")


class Client(unittest.TestCase):
    def load(self, *words, to="198.19.0.0", addresses=65536):
        done = run(air.lab.client([str(LOAD), "--to", to, "--addresses", str(addresses), "--seconds", "1", *words]))
        self.assertEqual(done.status, 0, done.output)
        said = json.loads(done.output)
        self.assertGreater(said["begun"], 0)
        self.assertEqual(sum(said[how] for how in ENDS), said["begun"], said)
        return said

    def all_end(self, said, how):
        self.assertEqual(said[how], said["begun"], said)


class Load(Client):
    def test_a_second_of_conversations_at_once(self):
        said = self.load("--at-once", "16", *FTP)
        self.all_end(said, "finished")
        self.assertEqual((said["connected"], said["greeted"]), (said["begun"], said["begun"]))
        self.assertGreater(said["begun"], 16)
        times = [said["us"][part] for part in ("p5", "p50", "p95", "p99", "worst")]
        self.assertEqual(times, sorted(times))
        self.assertGreater(times[0], 0)
        self.assertGreater(said["user"] + said["sys"], 0)

    def test_a_thousand_conversations_at_once(self):
        said = self.load("--at-once", "1000", "--patience", "20000", *FTP)
        self.all_end(said, "finished")
        self.assertGreaterEqual(said["begun"], 1000)

    def test_a_thousand_connections_of_wrk_are_kept_and_answered(self):
        done = run(air.lab.client(["wrk", "-t", "1", "-c", "1000", "-d", "2s", "--timeout", "20s", "http://198.19.3.4/"]))
        self.assertEqual(done.status, 0, done.output)
        self.assertNotRegex(done.output, "Socket errors|Non-2xx")
        self.assertGreaterEqual(int(re.search(r"(\d+) requests in", done.output)[1]), 1000, done.output)

    def test_a_second_of_conversations_by_the_clock(self):
        said = self.load("--rate", "200", *FTP)
        self.all_end(said, "finished")
        self.assertEqual(said["asked"], 200)
        self.assertLessEqual(said["begun"], 200)

    def test_another_reply_than_expected_is_wrong(self):
        said = self.load("--rate", "50", *("530 " if word == "230 " else word for word in FTP))
        self.all_end(said, "wrong")
        self.assertEqual(said["greeted"], said["begun"])

    def test_a_server_that_does_not_close_is_silent(self):
        self.all_end(self.load("--rate", "50", "--patience", "300", *FTP[:3]), "silent")

    def test_a_close_before_the_last_reply_is_early(self):
        self.all_end(self.load("--rate", "50", *FTP, "NOOP", "200 "), "early")

    def test_a_closed_port_refuses(self):
        said = self.load("--port", "8021", "--rate", "50", *FTP)
        self.all_end(said, "refused")
        self.assertEqual(said["connected"], 0)

    def test_what_is_due_while_too_many_are_open_is_held_back(self):
        said = self.load("--rate", "50", "--most", "3", "--patience", "5000", *FTP[:3])
        self.assertEqual(said["begun"], 3)
        self.assertGreater(said["held_back"], 0)

    def test_wrong_words_are_wrong_usage(self):
        for words in (["--at-once", "1", "220 "], ["--to", "x", "--rate", "1", "220 "], ["--to", "127.0.0.1", "220 "],
                      ["--to", "127.0.0.1", "--rate", "1"], ["--to", "127.0.0.1", "--rate", "1", "220 ", "QUIT"],
                      ["--to", "127.0.0.1", "--rate", "0", "220 "], ["--to", "127.0.0.1", "--rate", "1", "--addresses", "3", "220 "]):
            done = run([str(LOAD), *words])
            self.assertEqual((done.status, done.output.count("\n")), (2, 1), words)


class Serve(Client):
    """The same script with the kernel's server on the client's own loopback."""

    def test_it_says_its_lines_and_closes(self):
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "serve.log"
            child = start(air.lab.client([str(SERVE), "2121", "30", "220 ready", "USER", "331 who", "PASS", "230 in",
                                          "QUIT", "221 bye"]), log)
            try:
                until = time.monotonic() + 10
                while ":0849 00000000:0000 0A" not in run(air.lab.client(["cat", "/proc/net/tcp"])).output:
                    self.assertIsNone(child.poll(), log.read_text())
                    self.assertLess(time.monotonic(), until)
                    time.sleep(0.05)
                here = {"to": "127.0.0.1", "addresses": 1}
                self.all_end(self.load("--port", "2121", "--at-once", "8", *FTP, **here), "finished")
                self.all_end(self.load("--port", "2121", "--rate", "50", "220 ", "HELP", "214 ", **here), "early")
            finally:
                end(child)
