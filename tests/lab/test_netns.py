"""scripts/netns-lab builds what it promises, twice, side by side, and takes it down."""
import os
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PREFIXES = [f"nl{os.getpid()}a", f"nl{os.getpid()}b"]


def netns_lab(*args):
    return subprocess.run([ROOT / "scripts/netns-lab", *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)


def ip(namespace, *args):
    return subprocess.run(["nsenter", f"--net=/run/netns/{namespace}", "ip", *args],
                          capture_output=True, text=True, check=True, timeout=10).stdout


@unittest.skipUnless(os.geteuid() == 0, "network namespaces need root")
class NetnsLab(unittest.TestCase):
    def setUp(self):
        for prefix in PREFIXES:
            self.addCleanup(netns_lab, "-p", prefix, "down")

    def test_up_twice_side_by_side_and_down(self):
        for prefix in PREFIXES + PREFIXES:
            done = netns_lab("-p", prefix, "up")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        for prefix in PREFIXES:
            self.assertEqual(netns_lab("-p", prefix, "status").returncode, 0)
            self.assertEqual(self.addresses(prefix + "-client"), {"127.0.0.1/8", "192.0.2.1/30"})
            self.assertEqual(self.addresses(prefix + "-sensor"), set())
            routes = ip(prefix + "-client", "route").split("\n")
            self.assertTrue(any(r.startswith("198.19.0.0/16 via 192.0.2.2") for r in routes))
        self.assertEqual(netns_lab("-p", PREFIXES[0], "down").returncode, 0)
        self.assertEqual(netns_lab("-p", PREFIXES[0], "down").returncode, 0)
        self.assertEqual(netns_lab("-p", PREFIXES[0], "status").returncode, 1)
        self.assertEqual(netns_lab("-p", PREFIXES[1], "status").returncode, 0)

    def addresses(self, namespace):
        words = ip(namespace, "-o", "addr").split()
        return {words[i + 1] for i, word in enumerate(words) if word in ("inet", "inet6")}

    def test_a_prefix_that_is_no_name_is_wrong_usage(self):
        for prefix in ("", "-x", "a b", "a/b", "../x"):
            self.assertEqual(netns_lab("-p", prefix, "up").returncode, 2)
