"""scripts/demo says the truth, stays when told to, and leaves nothing behind, also when cut off."""
import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

from air import PROGRAMS, ROOT, why_not
from lab import process

PREFIX = f"mt{os.getpid()}-demo"


def setUpModule():
    reason = why_not()
    if reason:
        raise unittest.SkipTest(reason)


def demo(*args):
    return [sys.executable, "-m", "lab.demo", "--prefix", PREFIX, "--seed", "7",
            "--build", str(PROGRAMS), *args]


ENV = {"PYTHONPATH": str(ROOT / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"}


def left_behind():
    """Namespaces, files and processes that carry our prefix."""
    left = [str(p) for p in Path("/run").glob(f"netns/{PREFIX}*")]
    left += [str(p) for p in Path("/run").glob(f"mynah-{PREFIX}*")]
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"mynahd") and PREFIX.encode() in b" ".join(words):
            left.append(str(line))
    return left


class Demo(unittest.TestCase):
    def setUp(self):
        self.addCleanup(process.run, demo("--stop"), env=ENV)

    def test_everything_shown_is_true_and_it_can_be_kept(self):
        done = process.run(demo("--keep"), timeout=300.0, env=ENV)
        self.assertEqual(done.status, 0, done.output)
        self.assertIn("Everything shown was true.", done.output)
        self.assertTrue([p for p in left_behind() if p.endswith("/cmdline")], "nothing was kept")
        enter = f"--net=/run/netns/{PREFIX}-client"
        ping = process.run(["nsenter", enter, "ping", "-c1", "-W2", "198.19.1.2"])
        self.assertEqual(ping.status, 0, ping.output)
        stopped = process.run(demo("--stop"), env=ENV)
        self.assertEqual((stopped.status, left_behind()), (0, []))

    def test_an_interrupt_leaves_nothing_behind(self):
        child = subprocess.Popen(demo(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                 env={**os.environ, **ENV}, process_group=0)
        try:
            for line in child.stdout:
                if "real clients talk" in line:
                    break
            time.sleep(1.0)
            child.send_signal(signal.SIGINT)
            child.communicate(timeout=60.0)
        finally:
            process.end(child)
        self.assertEqual(child.returncode, 128 + signal.SIGINT)
        self.assertEqual(left_behind(), [])
