"""A million malformed frames at a sensor that talks to real clients, its models swapped meanwhile.

setUpModule() lets it happen; the tests say what must be true of it. The frames come from
tests/storm_send, half of them aimed at conversations that are open. Both directions are captured on
the clients' side of the cable, and mynahd runs with tests/alloc_count.c preloaded.
"""
import ctypes
import json
import random
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from air import PROGRAMS, on_air
from lab import charge, clients, voices
from lab.lab import addresses
from lab.process import end, must, run
from sniff import Capture

FRAMES, PER_SECOND, SEED = 1_000_000, 40_000, 1
HELD = 24			# conversations open meanwhile
SWAP_EVERY, DRAIN = 1.0, 3.0	# seconds
SENSOR = b"\2\0\0\0\0\2"
PREFIX6, LINK6 = "2001:db8:c613::/48", "2001:db8:c000:200::c000:202"	# where tests/storm.c has them
WORKER, KINDS, NAME, FIRST = "rte-worker", 27, 24, 256	# tests/alloc_count.h


class Counts(ctypes.Structure):
    _fields_ = [("worker", ctypes.c_uint64 * KINDS), ("other", ctypes.c_uint64 * KINDS),
                ("name", ctypes.c_char * NAME * KINDS), ("first", ctypes.c_char * FIRST)]


class Allocations:
    """What was counted until now, by function."""

    def __init__(self, path):
        data = path.read_bytes()
        assert len(data) == ctypes.sizeof(Counts), "tests/alloc_count.h has changed"
        counts = Counts.from_buffer_copy(data)
        names = [bytes(name).rstrip(b"\0").decode() for name in counts.name]
        self.worker = dict(zip(names, counts.worker))
        self.other = dict(zip(names, counts.other))
        self.first = counts.first.decode()


def cable():
    """The kernel's counts of the sensor's end."""
    text = must(air.lab.sensor(["ip", "-j", "-s", "link", "show", "dev", "veth-s"]), "ip link").output
    return json.loads(text)[0]["stats64"]


def arrivals():
    """Frames that the kernel had for mynahd, by its own counts."""
    text = must(air.lab.sensor(["cat", "/proc/net/snmp"]), "cat /proc/net/snmp").output
    names, values = [line.split() for line in text.splitlines() if line.startswith("Ip:")]
    ip = dict(zip(names, values))
    # For af_packet it puts fragments together: those it asked for are kept, those made whole come.
    return cable()["rx"]["packets"] - int(ip["ReasmReqds"]) + int(ip["ReasmOKs"])


def passed(now):
    """Frames that the stack sent, by the kernel's counts: those that crossed the cable, and those that were lost."""
    tx = cable()["tx"]
    return tx["packets"] + tx["dropped"] + sum(w["tx_dropped"] for w in now["workers"])


def counters():
    return json.loads(air.sensor.ctl("--json", "counters"))


class HeldClient:
    """tnftp in the middle of a conversation; what it says afterwards is judged by its own words."""

    def __init__(self, address):
        self.child = subprocess.Popen(air.lab.client(["tnftp", "-i", "-n", "-v", address]), text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        unittest.addModuleCleanup(self.child.kill)
        self.say("user anonymous ftp@example.com")

    def say(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def finish(self):
        output, _ = self.child.communicate("quote SYST\nquote PWD\nbye\n", timeout=60)
        return self.child.returncode, output


class Storm:
    """What happened."""

    def __init__(self, rng):
        capture = Capture(air.lab, air.home)
        self.before, self.arrived = counters(), -arrivals()
        self.passed = -passed(self.before)
        self.held = [voices.Conversation.open(air.lab, a) for a in addresses(rng, HELD)]
        for i, talk in enumerate(self.held):
            for _ in range(i % (len(voices.LINES) - 3)):
                talk.step()
        self.threads = {task.read_text().strip() for task in Path(f"/proc/{air.sensor.pid}/task").glob("*/comm")}
        self.real = [HeldClient(a) for a in addresses(rng, 3)]
        self.alloc_before = Allocations(air.home / "allocations")
        self.visits, self.swaps = [], 0
        self.attack(rng)
        for talk in self.held:
            talk.finish()
        self.finished = [real.finish() for real in self.real]
        time.sleep(DRAIN)	# SYN-ACKs are said again until 3 s after their SYN
        self.alloc_after = Allocations(air.home / "allocations")
        self.after = counters()
        self.arrived += arrivals()
        self.passed += passed(self.after)
        self.uncaptured = capture.stop()
        self.ledger = charge.audit(capture.path, SENSOR, "192.0.2.2", "198.19.0.0/16", LINK6, PREFIX6)
        capture.path.unlink()

    def attack(self, rng):
        targets = ["{}:{}:{}:21".format(*talk.sock.getsockname(), talk.address) for talk in self.held]
        argv = [str(PROGRAMS / "tests/storm_send"), "veth-c", str(SEED), str(FRAMES), str(PER_SECOND), *targets]
        images, due, turn = [air.models["ftp-other"], air.models["ftp"]], time.monotonic(), 0
        with tempfile.TemporaryFile("w+") as said:
            sender = subprocess.Popen(air.lab.client(argv), stdout=said, stderr=said)
            try:
                while sender.poll() is None:
                    self.meanwhile(rng, turn)
                    turn += 1
                    if time.monotonic() >= due:
                        air.sensor.load(images[self.swaps % 2])
                        self.swaps, due = self.swaps + 1, due + SWAP_EVERY
            finally:
                end(sender)
            said.seek(0)
            text = said.read()
        if sender.returncode != 0:
            raise AssertionError(f"storm_send: {text}")
        self.sent = json.loads(text)

    def meanwhile(self, rng, turn):
        """Clients and scanners between the frames; a held conversation says a line now and then."""
        address = addresses(rng, 1)[0]
        if turn % 8 == 0:
            run(air.lab.client(["nmap", "-n", "-Pn", "-sS", "-T5", "--max-retries", "0", "-p", "1-300", address]))
        elif turn % 8 == 4:
            voices.sweep(air.lab, addresses(rng, 64), patience=2.0, deadline=5.0)
        elif turn % 3 == 1:
            talk = self.held[rng.randrange(HELD)]
            if talk.next_line != "QUIT":
                talk.step()
        else:
            client = clients.DIG if turn % 3 else clients.HTTP
            self.visits.append(clients.visit(air.lab, client, address, rng, air.home))


def edit(text):
    """The same services over IPv6."""
    services = text.split("    services:\n")[1].split("control-socket:")[0]
    return (text.replace("link-address: 192.0.2.2", f"link-address: 192.0.2.2\n    link-address-ipv6: {LINK6}")
            .replace("control-socket:", f"  - prefix: {PREFIX6}\n    action: reset\n    services:\n{services}control-socket:"))


def setUpModule():
    global air, storm
    library = PROGRAMS / "tests/liballoc_count.so"
    if not library.exists():
        raise unittest.SkipTest(f"there is no {library.name} in {PROGRAMS.name}/tests")
    with tempfile.NamedTemporaryFile(prefix="mynah-alloc-", delete=False) as file:
        counted = Path(file.name)
    unittest.addModuleCleanup(counted.unlink)
    air = on_air("storm", edit, environment={"LD_PRELOAD": library, "ALLOC_COUNT": counted})
    (air.home / "allocations").symlink_to(counted)
    storm = Storm(random.Random(7))


class Storms(unittest.TestCase):
    def dropped(self):
        return {name: n - storm.before["drop"][name] for name, n in storm.after["drop"].items()}

    def delta(self, name):
        return storm.after[name] - storm.before[name]

    def test_conversations_held_open_go_on_and_finish(self):
        for talk in storm.held:
            with self.subTest(talk.address):
                self.assertEqual(voices.judge(talk, "vsftpd"), "")
        for status, output in storm.finished:
            self.assertEqual(status, 0, output)
            for code in ("230 ", "215 ", "257 ", "221 "):
                self.assertRegex(output, f"(?m)^{code}", output)

    def test_new_clients_are_served_meanwhile(self):
        self.assertGreater(len(storm.visits), 5)
        self.assertEqual([f"{v.client}: {v.why}" for v in storm.visits if v.why], [])

    def test_every_frame_is_accounted(self):
        received, refused = self.delta("frames_in"), sum(self.dropped().values())
        missed = sum(p["rx_missed"] for p in storm.after["ports"])
        lost = storm.arrived - received - missed
        print(f"      {storm.arrived} frames for mynahd, {received} received, {refused} of them refused, {missed} missed")
        self.assertEqual(storm.sent["sent"], FRAMES)
        self.assertGreater(received, FRAMES // 2)	# the kernel keeps the fragments
        self.assertGreaterEqual(lost, 0)
        self.assertLessEqual(lost, storm.ledger.cut_in_tag)	# most of these the kernel drops itself
        self.assertEqual(sum(p["rx"] for p in storm.after["ports"]), storm.after["frames_in"])
        # A frame that was used was good; one that nobody may take was refused.
        self.assertLessEqual(received - refused, storm.ledger.good)
        self.assertGreaterEqual(refused, storm.sent["certain"] - lost)
        self.assertGreater(storm.sent["certain"], FRAMES // 4)
        self.assertEqual(self.dropped()["no-frame"], 0)

    def test_workers_allocate_nothing(self):
        self.assertGreater(storm.swaps, 5)
        self.assertIn(WORKER + "-1", storm.threads)	# or nobody was watched
        for name in ("malloc", "calloc", "realloc", "free", "mmap", "rte_malloc_socket"):
            self.assertGreater(storm.alloc_after.other[name], 0, f"{name} is not counted")
        for name in ("malloc", "free"):	# control has worked meanwhile
            self.assertGreater(storm.alloc_after.other[name], storm.alloc_before.other[name] + 100)
        self.assertEqual(storm.alloc_after.worker, dict.fromkeys(storm.alloc_after.worker, 0),
                         f"first: {storm.alloc_after.first}")

    def test_everything_sent_is_paid_for(self):
        ledger = storm.ledger
        self.assertEqual(storm.uncaptured, 0)
        self.assertEqual(ledger.violations, [], f"{ledger.nviolations} violations")
        # The kernel counts every frame that leaves; dumpcap is shown all but about ten of a hundred thousand.
        self.assertEqual(storm.passed, self.delta("frames_out"))
        missed = storm.passed - sum(ledger.sent.values())
        self.assertGreaterEqual(missed, 0)
        self.assertLess(missed, storm.passed // 1000)
        for what in ("proven conversation", "SYN-ACK", "RST", "echo reply", "ARP reply", "datagram",
                     "port unreachable", "advertisement"):
            self.assertGreater(ledger.sent[what], 0, ledger.sent)
        print(f"      {ledger.received} frames received, sent: {dict(ledger.sent)}, {missed} not captured")
