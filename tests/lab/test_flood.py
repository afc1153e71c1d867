"""hping3 floods from random sources, and in the name of one victim, while real clients are served.

What the sensor sent is judged by the ledger (scripts/lab/charge.py); to the victim went no more than came in its name, for
datagrams three bytes for one.
"""
import random
import shutil
import unittest

from air import on_air
from sniff import Capture
from lab import charge, clients
from lab.lab import addresses
from lab.process import end, start

SENSOR = b"\2\0\0\0\0\2"
VICTIM = "203.0.113.77"
QUESTION = b"\0\7\1\0\0\1\0\0\0\0\0\0\x08avatar59\4test\0\0\1\0\1"	# for an address, which has an answer
PACKETS, APART = 8000, "u250"	# of each flood: 2 s
ATTACKS = {	# what hping3 is told, whose name it takes
    "SYNs from anywhere": ["--rand-source", "-S", "-p", "21"],
    "ACKs from anywhere": ["--rand-source", "-A", "-p", "80"],
    "datagrams from anywhere": ["--rand-source", "-2", "-p", "53", "-d", "40"],
    "SYNs of the victim": ["-a", VICTIM, "-S", "-p", "21"],
    "SYNs of the victim to a closed port": ["-a", VICTIM, "-S", "-p", "81"],
    "SYN-ACKs of the victim": ["-a", VICTIM, "-S", "-A", "-p", "80"],
    "datagrams of the victim": ["-a", VICTIM, "-2", "-p", "53", "-d", str(len(QUESTION)), "-E", "{home}/question"],
    "pings of the victim": ["-a", VICTIM, "-1", "-d", "500"],
}


def setUpModule():
    global air
    if shutil.which("hping3") is None:
        raise unittest.SkipTest("hping3 is not installed")
    air = on_air("flood")


class Floods(unittest.TestCase):
    def attack(self, rng):
        """All of ATTACKS beside each other; the visits of real clients meanwhile."""
        (air.home / "question").write_bytes(QUESTION)
        floods = [start(air.lab.client(["timeout", "60", "hping3", "-q", "-n", "-c", str(PACKETS), "-i", APART,
                                        *(word.format(home=air.home) for word in words), addresses(rng, 1)[0]]),
                        air.home / "hping3.log") for words in ATTACKS.values()]
        visits = []
        try:
            while any(flood.poll() is None for flood in floods):
                client = (clients.HTTP, clients.DIG, *clients.FTP)[len(visits) % (2 + len(clients.FTP))]
                visits.append(clients.visit(air.lab, client, addresses(rng, 1)[0], rng, air.home))
        finally:
            for flood in floods:
                end(flood)
        return visits

    def test_a_victim_gets_no_more_than_came_in_its_name_and_clients_are_served(self):
        capture = Capture(air.lab, air.home)
        visits = self.attack(random.Random(5))
        self.assertEqual(capture.stop(), 0, "frames were not captured")
        ledger = charge.audit(capture.path, SENSOR, "192.0.2.2", "198.19.0.0/16")
        self.assertEqual(ledger.violations, [], f"{ledger.nviolations} violations")
        self.assertGreater(ledger.received, len(ATTACKS) * PACKETS // 2)
        came, went = self.bytes_of_victim(capture.path)
        for what in ("TCP", "UDP", "ICMP"):
            self.assertGreater(came[what], PACKETS * 10, "or the flood never came")
            self.assertLessEqual(went[what], (3 if what == "UDP" else 1) * came[what] + charge.SLACK)
            self.assertGreater(went[what], 0, "or nothing was limited")
        self.assertGreater(len(visits), 3)
        self.assertEqual([f"{v.client}: {v.why}" for v in visits if v.why], [])
        print(f"      {ledger.received} frames received, {len(visits)} visits, to the victim {went} bytes for {came}")

    def bytes_of_victim(self, path):
        """Bytes of IP that came in its name and that went to it, by protocol."""
        names = {charge.TCP: "TCP", charge.UDP: "UDP", charge.ICMP: "ICMP"}
        victim = int.from_bytes(bytes(map(int, VICTIM.split("."))), "big")
        came, went = dict.fromkeys(names.values(), 0), dict.fromkeys(names.values(), 0)
        for _, frame in charge.read_pcap(path):
            p = charge.parse(frame)
            if p is not None and victim in (p.src, p.dst):
                (came if p.src == victim else went)[names[p.proto]] += len(p.ip)
        return came, went


if __name__ == "__main__":
    unittest.main()
