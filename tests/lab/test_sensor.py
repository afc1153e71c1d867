"""What an operator sees of a running sensor: records, refusals, rest."""
import base64
import hashlib
import json
import os
import random
import signal
import socket
import struct
import time
import unittest

from air import on_air
from lab import clients, voices
from lab.lab import addresses
from lab.process import Failed

TICK = 1 / os.sysconf("SC_CLK_TCK")	# seconds


def setUpModule():
    global air
    air = on_air("sensor")


def until(answer, seconds=10.0):
    """The first true answer, or the last false one when the time is over."""
    end = time.monotonic() + seconds
    while not (got := answer()) and time.monotonic() < end:
        time.sleep(0.05)
    return got


def records():
    if not air.sensor.records.exists():
        return []
    lines = air.sensor.records.read_bytes().split(b"\n")
    return [json.loads(line) for line in lines[:-1]]	# what follows the last newline is not done


def community_id(record):
    """Version 1, seed 0, of a TCP or UDP conversation."""
    ends = sorted([(socket.inet_aton(record["src_ip"]), struct.pack(">H", record["src_port"])),
                   (socket.inet_aton(record["dest_ip"]), struct.pack(">H", record["dest_port"]))])
    proto = bytes([{"TCP": 6, "UDP": 17}[record["proto"]]])
    flow = b"\0\0" + ends[0][0] + ends[1][0] + proto + b"\0" + ends[0][1] + ends[1][1]
    return "1:" + base64.b64encode(hashlib.sha1(flow).digest()).decode()


def converse(address):
    talk = voices.Conversation.open(air.lab, address)
    talk.finish()
    return voices.judge(talk, "vsftpd")


class Records(unittest.TestCase):
    def test_a_conversation_leaves_one_line(self):
        address = addresses(random.Random(1), 1)[0]
        self.assertEqual(converse(address), "")
        found = until(lambda: [r for r in records() if r.get("dest_ip") == address])
        self.assertEqual(len(found), 1)
        record = found[0]
        self.assertEqual((record["src_ip"], record["dest_port"], record["proto"]),
                         ("192.0.2.1", 21, "TCP"))
        self.assertEqual(record["community_id"], community_id(record))

    def test_a_moved_file_is_opened_again(self):
        moved = air.home / "records.1"
        air.sensor.records.rename(moved)
        os.kill(air.sensor.pid, signal.SIGHUP)
        self.assertTrue(until(air.sensor.records.exists))
        address = addresses(random.Random(2), 1)[0]
        self.assertEqual(converse(address), "")
        self.assertTrue(until(lambda: [r for r in records() if r.get("dest_ip") == address]))


class Questions(unittest.TestCase):
    def ask(self, what):
        return json.loads(air.sensor.ctl("--json", what))

    def open_to(self, address):
        return [c for c in self.ask("flows")["conversations"] if c["own"] == address]

    def test_a_conversation_is_listed_while_it_lasts(self):
        address = addresses(random.Random(11), 1)[0]
        talk = voices.Conversation.open(air.lab, address)
        talk.step()
        found = self.open_to(address)
        self.assertEqual(len(found), 1)
        told = {key: found[0][key] for key in ("peer", "peer_port", "own_port", "service", "state", "turns")}
        self.assertEqual(told, {"peer": "192.0.2.1", "peer_port": talk.sock.getsockname()[1],
                                "own_port": 21, "service": "ftp", "state": "established", "turns": 2})
        talk.finish()
        self.assertEqual(talk.trouble, "")
        talk.sock.close()
        self.assertTrue(until(lambda: not self.open_to(address)))

    def test_memory_is_told_by_what_flows_have_taken(self):
        address = addresses(random.Random(12), 1)[0]
        talk = voices.Conversation.open(air.lab, address)
        memory = self.ask("status")["memory"]
        most = {"idle": 80, "talk": 144, "arena": 272}	# docs/architecture.md
        for line in memory["flow_classes"]:
            self.assertLessEqual(line["bytes"], most.pop(line["class"]))
        self.assertEqual(most, {})
        self.assertGreater(sum(line["flows"] for line in memory["flow_classes"]), 0)
        self.assertEqual({p["part"]: p["used"] for p in memory["parts"]}["flows"],
                         sum(line["flows"] for line in memory["flow_classes"]))
        talk.finish()


class Refusals(unittest.TestCase):
    """A bad image changes nothing on air and says why in one line."""

    def refused(self, content):
        bad = air.home / "bad.mynah"
        bad.write_bytes(content)
        before = air.sensor.ctl("models")
        with self.assertRaises(Failed) as refusal:
            air.sensor.load(bad)
        self.assertIn("bad.mynah", str(refusal.exception))
        self.assertEqual(air.sensor.ctl("models"), before)
        self.assertEqual(converse(addresses(random.Random(3), 1)[0]), "")

    def test_an_empty_image(self):
        self.refused(b"")

    def test_half_an_image(self):
        image = air.models["ftp"].read_bytes()
        self.refused(image[:len(image) // 2])

    def test_an_image_with_one_bit_flipped(self):
        image = bytearray(air.models["ftp"].read_bytes())
        image[len(image) // 3] ^= 4
        self.refused(bytes(image))

    def test_garbage_on_the_control_socket(self):
        rng = random.Random(4)
        for _ in range(20):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(5.0)
                sock.connect(str(air.sensor.socket))
                try:
                    sock.sendall(rng.randbytes(rng.randrange(1, 20000)) + b"\n")
                    sock.recv(65536)
                except OSError:	# it may have closed on us
                    pass
        air.sensor.ctl("status")
        self.assertEqual(converse(addresses(random.Random(5), 1)[0]), "")


class Rest(unittest.TestCase):
    def test_an_idle_sensor_does_not_burn_a_core(self):
        def cpu_seconds():
            with open(f"/proc/{air.sensor.pid}/stat") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) * TICK

        time.sleep(1.0)
        began, before = time.monotonic(), cpu_seconds()
        time.sleep(3.0)
        self.assertLess((cpu_seconds() - before) / (time.monotonic() - began), 0.5)

    def test_a_client_is_answered_after_the_rest(self):
        time.sleep(1.0)
        outcome = clients.visit(air.lab, clients.PING, addresses(random.Random(6), 1)[0],
                                random.Random(6), air.home)
        self.assertEqual(outcome.why, "")
