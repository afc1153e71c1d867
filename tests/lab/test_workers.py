"""Two workers on one device, which the kernel's fanout divides; and clients that die in the middle."""
import json
import random
import subprocess
import sys
import time
import unittest

from air import on_air
from lab import voices
from lab.lab import addresses

QUIET_PORT, IDLE = 2222, 3	# seconds
FLOWS = 40

# What a client that is killed leaves: a connection in the middle of a word.
CLIENT = "import socket, sys, time; s = socket.create_connection((sys.argv[1], int(sys.argv[2]))); " \
         "s.sendall(b'half a w'); print('here', flush=True); time.sleep(600)"


def two_workers(text):
    edited = text.replace("framecnt=4096", "framecnt=4096,qpairs=2")
    edited = edited.replace("    services:\n", f"    services:\n      - port: tcp/{QUIET_PORT}\n        action: handshake\n")
    return edited + f"worker-threads: 2\nlimits:\n  idle-tcp: {IDLE}\n"


def setUpModule():
    global air
    air = on_air("workers", two_workers)


def flows():
    return json.loads(air.sensor.ctl("--json", "flows"))


class TwoWorkers(unittest.TestCase):
    def test_conversations_are_divided_and_stay_whole(self):
        talks = [voices.Conversation.open(air.lab, a) for a in addresses(random.Random(1), FLOWS)]
        answer = flows()
        listed = {c["own"] for c in answer["conversations"] if c["own_port"] == 21}
        self.assertEqual(listed, {t.address for t in talks})
        self.assertEqual(len(answer["workers"]), 2)
        for worker in answer["workers"]:
            self.assertGreater(worker["flows"], 0, answer["workers"])
        for talk in talks:
            talk.finish()
            self.assertEqual(voices.judge(talk, "vsftpd"), "")

    def test_a_killed_client_that_nobody_hears_of_is_forgotten_when_idle(self):
        address = addresses(random.Random(2), 1)[0]
        argv = air.lab.client([sys.executable, "-c", CLIENT, address, str(QUIET_PORT)])
        client = subprocess.Popen(argv, stdout=subprocess.PIPE)
        self.addCleanup(client.stdout.close)
        self.addCleanup(client.wait)
        self.addCleanup(client.kill)
        self.assertEqual(client.stdout.readline(), b"here\n")
        found = [c for c in flows()["conversations"] if c["own"] == address]
        self.assertEqual([(c["own_port"], c["state"]) for c in found], [(QUIET_PORT, "established")])
        with air.lab.loss(100):		# no FIN, no RST: as if the machine were off
            client.kill()
            client.wait()
            end = time.monotonic() + 10 * IDLE
            while any(c["own"] == address for c in flows()["conversations"]):
                self.assertLess(time.monotonic(), end, "the flow is still there")
                time.sleep(0.1)
        while True:
            lines = air.sensor.records.read_text().splitlines() if air.sensor.records.exists() else []
            ends = [r["mynah"]["end"] for r in map(json.loads, lines)
                    if r["dest_ip"] == address and r["mynah"]["kind"] == "conversation"]
            if ends:
                break
            self.assertLess(time.monotonic(), end, "there is no record")
            time.sleep(0.1)
        self.assertEqual(ends, ["idle"])
