"""The checker of scripts/lab/charge.py finds every kind of frame that nobody has paid for."""
import ipaddress
import struct
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from lab import charge  # noqa: E402
from lab.charge import ACK, FIN, RST, SYN  # noqa: E402

SENSOR, ROUTER = b"\2\0\0\0\0\2", b"\2\0\0\0\0\1"
LINK, PREFIX = "192.0.2.2", "198.19.0.0/16"
PEER, OWN = "203.0.113.5", "198.19.0.1"


def address(text):
    return ipaddress.ip_address(text).packed


def folded(*parts):
    data = b"".join(parts)
    return 0xffff - (int.from_bytes(data + b"\0" * (len(data) % 2), "big") % 0xffff)


def packet(src, dst, proto, l4, ident=0, frag=0):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(l4), ident, frag, 64, proto, 0) + address(src) + address(dst)
    return head[:10] + struct.pack(">H", folded(head)) + head[12:] + l4


def tcp(src, sport, dst, dport, flags, seq=0, ack=0, payload=b""):
    l4 = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 1000, 0, 0) + payload
    total = folded(address(src), address(dst), struct.pack(">HH", 6, len(l4)), l4)
    return packet(src, dst, 6, l4[:16] + struct.pack(">H", total) + l4[18:])


def udp(src, sport, dst, dport, payload):
    return packet(src, dst, 17, struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload)


def icmp(src, dst, kind, code, rest):
    l4 = struct.pack(">BBH", kind, code, 0) + rest
    return packet(src, dst, 1, l4[:2] + struct.pack(">H", folded(l4)) + l4[4:])


def to_us(ip):
    return SENSOR + ROUTER + b"\x08\0" + ip


def from_us(ip, dmac=ROUTER):
    return dmac + SENSOR + b"\x08\0" + ip


def arp(op, smac, sender, dmac, target):
    return dmac + smac + b"\x08\x06\0\1\x08\0\6\4" + struct.pack(">H", op) + smac + address(sender) + \
        (dmac if op == 2 else bytes(6)) + address(target)


PEER6, OWN6, LINK6, PREFIX6 = "2001:db8:cb00:7100::5", "2001:db8:c613::1", "2001:db8:2::2", "2001:db8:c613::/48"


def packet6(src, dst, proto, l4, before=b"", first=None):
    """first: the kind of what stands before the L4 header."""
    return struct.pack(">IHBB", 6 << 28, len(before) + len(l4), proto if first is None else first, 64) + \
        address(src) + address(dst) + before + l4


def l4_6(src, dst, proto, l4, sum_at):
    total = folded(address(src), address(dst), struct.pack(">II", len(l4), proto), l4)
    return l4[:sum_at] + struct.pack(">H", total) + l4[sum_at + 2:]


def tcp6(src, sport, dst, dport, flags, seq=0, ack=0, payload=b""):
    return l4_6(src, dst, 6, struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 1000, 0, 0) + payload, 16)


def icmp6(src, dst, kind, code, rest):
    return packet6(src, dst, 58, l4_6(src, dst, 58, struct.pack(">BBH", kind, code, 0) + rest, 2))


def to_us6(ip):
    return SENSOR + ROUTER + b"\x86\xdd" + ip


def from_us6(ip):
    return ROUTER + SENSOR + b"\x86\xdd" + ip


SYN6 = tcp6(PEER6, 4000, OWN6, 21, SYN, 7, 0, b"z" * 40)
SYN_ACK6 = from_us6(packet6(OWN6, PEER6, 6, tcp6(OWN6, 21, PEER6, 4000, SYN | ACK, 100, 8)))
OPTIONS = b"\6\0\1\4\0\0\0\0"
DATAGRAM6 = packet6(PEER6, OWN6, 17, l4_6(PEER6, OWN6, 17, struct.pack(">HHHH", 4000, 53, 80, 0) + b"x" * 72, 6))
ASKED = to_us6(icmp6(PEER6, "ff02::1:ff00:2", 135, 0, bytes(4) + address(LINK6)))
ADVERTISED = from_us6(icmp6(LINK6, PEER6, 136, 0, b"\x60\0\0\0" + address(LINK6) + b"\2\1" + SENSOR))


def cut_up6(*cuts):
    return [to_us6(packet6(PEER6, OWN6, 6, SYN6[a:b], struct.pack(">BBHI", 6, 0, a | (b < len(SYN6)), 9), 44))
            for a, b in cuts]


SYN_IN = to_us(tcp(PEER, 4000, OWN, 21, SYN, 7))
SYN_ACK = from_us(tcp(OWN, 21, PEER, 4000, SYN | ACK, 100, 8))
PROOF = to_us(tcp(PEER, 4000, OWN, 21, ACK, 8, 101))
DATA = from_us(tcp(OWN, 21, PEER, 4000, ACK, 101, 8, b"220 hello\r\n"))
RESET = from_us(tcp(OWN, 21, PEER, 4000, RST | ACK, 0, 8))
QUESTION = udp(PEER, 4000, OWN, 53, b"x" * 72)
PING = b"\0\1\0\2payload"
WHO_HAS = arp(1, ROUTER, "192.0.2.1", b"\xff" * 6, LINK)
IS_AT = arp(2, SENSOR, LINK, ROUTER, "192.0.2.1")


def cut_up(ip, *cuts):
    """The packet in fragments whose L4 parts are the given (from, to)."""
    l4 = ip[20:]
    return [to_us(packet(PEER, OWN, ip[9], l4[a:b], 9, a // 8 | (0x2000 if b < len(l4) else 0)))
            for a, b in cuts]


HONEST = {
    "a conversation": [SYN_IN, SYN_ACK, PROOF, DATA, DATA],
    "a greeting that nobody took, said again twice": [SYN_IN, SYN_ACK, SYN_ACK, SYN_ACK],
    "a closed port": [SYN_IN, RESET],
    "ARP": [WHO_HAS, IS_AT],
    "an echo": [to_us(icmp(PEER, OWN, 8, 0, PING)), from_us(icmp(OWN, PEER, 0, 0, PING))],
    "an echo with a code": [to_us(icmp(PEER, OWN, 8, 9, PING)), from_us(icmp(OWN, PEER, 0, 9, PING))],
    "a closed UDP port": [to_us(QUESTION), from_us(icmp(OWN, PEER, 3, 3, bytes(4) + QUESTION))],
    "UDP at three to one": [to_us(QUESTION), from_us(udp(OWN, 53, PEER, 4000, b"y" * 272))],
    "a SYN in fragments": [*cut_up(tcp(PEER, 4000, OWN, 21, SYN, 7, 0, b"z" * 40), (0, 24), (24, 60)), SYN_ACK],
    "fragments that come in disorder": [
        *cut_up(tcp(PEER, 4000, OWN, 21, SYN, 7, 0, b"z" * 40), (24, 60), (0, 24)), SYN_ACK],
    "a fragment again, and a part of it": [
        *cut_up(tcp(PEER, 4000, OWN, 21, SYN, 7, 0, b"z" * 40), (0, 40), (0, 40), (8, 24), (40, 60)), SYN_ACK],
    "with two VLAN tags": [SYN_IN[:12] + b"\x88\xa8\0\7\x81\0\0\x08" + SYN_IN[12:],
                           SYN_ACK[:12] + b"\x88\xa8\0\7\x81\0\0\x08" + SYN_ACK[12:]],
}

HONEST6 = {
    "a SYN behind an extension header": [to_us6(packet6(PEER6, OWN6, 6, SYN6, OPTIONS, 60)), SYN_ACK6],
    "a SYN in fragments": [*cut_up6((24, 60), (0, 24)), SYN_ACK6],
    "an echo": [to_us6(icmp6(PEER6, OWN6, 128, 0, PING)), from_us6(icmp6(OWN6, PEER6, 129, 0, PING))],
    "a closed UDP port": [to_us6(DATAGRAM6), from_us6(icmp6(OWN6, PEER6, 1, 4, bytes(4) + DATAGRAM6))],
    "a neighbour": [ASKED, ADVERTISED],
}

DISHONEST6 = {
    "this SYN-ACK": [*cut_up6((0, 32), (24, 60)), SYN_ACK6],
    "for this SYN-ACK": [to_us6(packet6(PEER6, OWN6, 6, SYN6, OPTIONS[:1] + b"\x40" + OPTIONS[2:], 60)), SYN_ACK6],
    "this echo reply": [from_us6(icmp6(OWN6, PEER6, 129, 0, PING))],
    "this advertisement": [ASKED, ADVERTISED, ADVERTISED],
    "ICMP type 3": [to_us6(DATAGRAM6), from_us6(icmp6(OWN6, PEER6, 3, 0, bytes(4) + DATAGRAM6))],
    "no host of others": [ASKED, from_us6(icmp6(OWN6, "ff02::1", 129, 0, PING))],
    "a source outside the prefix": [from_us6(icmp6("2001:db8:c614::1", PEER6, 129, 0, PING))],
}

DISHONEST = {
    "a SYN that is no SYN-ACK": [SYN_IN, from_us(tcp(OWN, 21, PEER, 4000, SYN, 100, 8))],
    "nothing pays for this SYN-ACK": [SYN_IN, *[SYN_ACK] * 4],
    "pays for this RST": [SYN_IN, SYN_ACK, RESET],
    "a segment with flags 0x10 to a peer that has proven nothing": [SYN_IN, SYN_ACK, DATA],
    "proven nothing": [SYN_IN, SYN_ACK, to_us(tcp(PEER, 4000, OWN, 21, ACK, 8, 102)), DATA],
    "has proven nothing": [SYN_IN, SYN_ACK, to_us(tcp(PEER, 4000, OWN, 21, ACK, 9, 101)), DATA],
    "flags 0x11": [SYN_IN, SYN_ACK, from_us(tcp(OWN, 21, PEER, 4000, FIN | ACK, 101, 8))],
    "nothing pays for this RST": [SYN_IN, RESET, RESET],
    "this ARP reply": [WHO_HAS, IS_AT, IS_AT],
    "no reply for 192.0.2.2": [WHO_HAS, arp(2, SENSOR, OWN, ROUTER, "192.0.2.1")],
    "nothing pays for this echo reply": [
        to_us(icmp(PEER, OWN, 8, 0, PING)), from_us(icmp(OWN, PEER, 0, 0, PING + b"more"))],
    "pays for this echo reply": [
        to_us(icmp(PEER, OWN, 8, 9, PING)), from_us(icmp(OWN, PEER, 0, 8, PING))],
    "nothing pays for this port unreachable": [
        to_us(QUESTION), *[from_us(icmp(OWN, PEER, 3, 3, bytes(4) + QUESTION))] * 2],
    "somebody else than the datagram's sender": [
        to_us(QUESTION), from_us(icmp(OWN, "203.0.113.6", 3, 3, bytes(4) + QUESTION))],
    "about something else": [
        SYN_IN, from_us(icmp(OWN, PEER, 3, 3, bytes(4) + tcp(PEER, 4000, OWN, 21, SYN, 7)))],
    "ICMP type 11": [to_us(QUESTION), from_us(icmp(OWN, PEER, 11, 0, bytes(4) + QUESTION))],
    "bytes for 100 over UDP": [to_us(QUESTION), from_us(udp(OWN, 53, PEER, 4000, b"y" * 273))],
    "to who sent none": [to_us(QUESTION), from_us(udp(OWN, 53, PEER, 4001, b"y"))],
    "a source outside the prefix": [SYN_IN, from_us(tcp("198.20.0.1", 21, PEER, 4000, SYN | ACK, 1, 8))],
    "no host of others": [SYN_IN, from_us(tcp(OWN, 21, "198.19.0.2", 4000, RST, 1, 8))],
    "a group of hosts": [SYN_IN, from_us(tcp(OWN, 21, PEER, 4000, SYN | ACK, 100, 8), b"\xff" * 6)],
    "a malformed frame left": [SYN_IN, SYN_ACK[:-1]],
    "malformed frame left": [SYN_IN, SYN_ACK[:-1] + b"\1"],
    "a fragment": [SYN_IN, from_us(packet(OWN, PEER, 6, bytes(24), 1, 0x2000))],
    "protocol 47": [SYN_IN, from_us(packet(OWN, PEER, 47, bytes(24)))],
    "for this SYN-ACK": [SYN_IN[:-1] + b"\1", SYN_ACK],
    "pays for this SYN-ACK": [
        *cut_up(tcp(PEER, 4000, OWN, 21, SYN, 7, 0, b"z" * 40), (0, 32), (24, 60)), SYN_ACK],
}


class Charge(unittest.TestCase):
    def ledger(self, frames):
        ledger = charge.Ledger(SENSOR, int(ipaddress.ip_address(LINK)), ipaddress.ip_network(PREFIX),
                               int(ipaddress.ip_address(LINK6)), ipaddress.ip_network(PREFIX6))
        for i, frame in enumerate(frames):
            ledger.frame(float(i), frame)
        ledger.close()
        return ledger

    def test_what_is_owed_may_leave(self):
        for what, frames in (HONEST | {f"{k} over IPv6": v for k, v in HONEST6.items()}).items():
            with self.subTest(what):
                self.assertEqual(self.ledger(frames).violations, [])

    def test_what_nobody_paid_for_is_found(self):
        for what, frames in [*DISHONEST.items(), *DISHONEST6.items()]:
            with self.subTest(what):
                ledger = self.ledger(frames)
                found = ledger.violations
                self.assertEqual(len(found), 1, found)
                self.assertEqual(ledger.nviolations, 1)
                self.assertIn(what, found[0])

    def test_more_bytes_than_came_are_found_at_the_end(self):
        many = [to_us(tcp(PEER, 4000 + i, OWN, 21, SYN, 7)) for i in range(20)]
        answers = [from_us(tcp(OWN, 21, PEER, 4000 + i, SYN | ACK, 100, 8, b"x" * 40)) for i in range(20)]
        self.assertIn("towards 203.0.113.0/24", self.ledger(many + answers).violations[0])

    def test_frames_that_end_in_their_tags_are_counted(self):
        tagged = HONEST["with two VLAN tags"][0]
        ledger = self.ledger([tagged[:n] for n in range(14, 30)])
        self.assertEqual((ledger.received, ledger.good, ledger.cut_in_tag), (16, 0, 10))

    def test_a_capture_is_read_as_it_was_written(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\xd4\xc3\xb2\xa1\2\0\4\0" + bytes(8) + b"\xff\xff\0\0\1\0\0\0")
            for i, frame in enumerate(HONEST["a conversation"]):
                file.write(struct.pack("<IIII", 5, i, len(frame), len(frame)) + frame)
            file.flush()
            ledger = charge.audit(file.name, SENSOR, LINK, PREFIX)
        self.assertEqual(ledger.violations, [])
        self.assertEqual(ledger.sent, {"SYN-ACK": 1, "proven conversation": 2})
        self.assertEqual((ledger.received, ledger.good), (2, 2))
