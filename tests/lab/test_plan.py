"""Scanners over a whole /16 find what "mynah ctl plan" says, no more and no less.

masscan and zmap send one SYN to each port of each address, 10 000 a second (faster and they lose answers themselves),
from sockets of their own; so nothing of the kernel's TCP helps.
"""
import json
import re
import shutil
import socket
import threading
import unittest
from collections import Counter

from air import on_air
from lab.lab import PREFIX
from lab.process import must

RATE = "10000"
PROFILES = """\
    action: silent
    ping: no
    density: [1, 10, 40]
    profiles:
      - name: files
        share: 3
        services:
          - port: tcp/21
            model: ftp
      - name: doors
        services:
          - port: tcp/20-21
            action: handshake
          - port: tcp/23
            action: silent
"""
air = None


def setUpModule():
    global air
    air = on_air("plan", edit=lambda text: re.sub(r"    action: reset\n    services:\n(      .*\n)*", PROFILES, text),
                 services={"tcp/21": "ftp"})


def planned():
    """(port, address) of all that the plan opens."""
    opened = {}
    for profile in json.loads(air.sensor.ctl("--json", "plan"))["profiles"]:
        opened[profile["profile"]] = [
            port for first, last in re.findall(r"tcp/(\d+)(?:-(\d+))? (?!silent|reset|drop)", profile["ports"])
            for port in range(int(first), int(last or first) + 1)]
    listed = json.loads(air.sensor.ctl("--json", "plan", str(PREFIX)))["addresses"]
    return {(port, row["address"]) for row in listed for port in opened[row["profile"]]}


def memory():
    """What the workers have taken; the heap is the control thread's, which also answers us."""
    return {what: n for what, n in json.loads(air.sensor.ctl("--json", "status"))["memory"].items() if what != "heap"}


class Waker:
    """masscan's end hangs in its capture until another frame comes by; one of these does."""

    def __enter__(self):
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._send, args=(air.lab.socket(socket.SOCK_DGRAM),))
        self.thread.start()

    def _send(self, sender):
        with sender:
            while not self.done.wait(0.5):
                sender.sendto(b"", ("192.0.2.2", 9))

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


def masscan(ports):
    """(port, address) of all that it calls open."""
    out = air.home / "masscan"
    with Waker():
        must(air.lab.client([
            "masscan", "--interface", "veth-c", "--adapter-ip", "192.0.2.1", "--router-mac", "02-00-00-00-00-02",
            "--rate", RATE, "--wait", "3", "-p", ",".join(map(str, ports)), "-oL", str(out), str(PREFIX)]),
             "masscan", timeout=120)
    return {(int(port), address) for port, address in re.findall(r"^open tcp (\d+) (\S+)", out.read_text(), re.M)}


def zmap(ports):
    found = set()
    for port in ports:
        out = air.home / "zmap"
        must(air.lab.client([
            "zmap", "-q", "-v", "0", "-i", "veth-c", "-S", "192.0.2.1", "-G", "02:00:00:00:00:02", "-r", RATE, "-c", "3",
            "-b", "/dev/null", "-p", str(port), "-o", str(out), "--output-fields=saddr",
            "--output-filter=success = 1 && repeat = 0", str(PREFIX)]), "zmap", timeout=120)
        found |= {(port, line) for line in out.read_text().split() if line != "saddr"}
    return found


def scanned(scan, ports, want):
    """What scans find together: a busy machine loses a few answers of each, and a scanner comes again."""
    found = set()
    for _ in range(3):
        found |= scan(ports)
        if found == want:
            break
    return found


class Plan(unittest.TestCase):
    def test_density_differs_from_block_to_block(self):
        blocks = Counter(address.rsplit(".", 1)[0] for port, address in planned() if port == 21)
        sizes = sorted(blocks.values())
        self.assertLess(sizes[len(sizes) // 10], 8)
        self.assertGreater(sizes[-len(sizes) // 10], 70)

    def test_masscan_finds_the_plan(self):
        self.find(masscan)

    def test_zmap_finds_the_plan(self):
        self.find(zmap)

    def find(self, scan):
        if shutil.which(scan.__name__) is None:
            self.skipTest(f"{scan.__name__} is not installed")
        want, before = planned(), memory()
        self.assertGreater(sum(port == 21 for port, _ in want), 5000)
        self.assertGreater(sum(port == 20 for port, _ in want), 1000)
        found = scanned(scan, (20, 21, 22), want)	# the last is open nowhere
        self.assertEqual((found - want, want - found), (set(), set()))
        self.assertEqual(memory(), before)
