"""TCP segments as bytes and back, and random conversations made of them.

A conversation is a list of steps; each step is one segment, written so that it means the same to two hosts whose
numbers differ: its sequence number is relative to ours, its acknowledgement to what that host has sent.
"""
import random
import struct
from dataclasses import dataclass, field

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128
NAMES = ((SYN, "S"), (FIN, "F"), (RST, "R"), (PSH, "P"), (ACK, "."), (URG, "U"), (ECE, "E"), (CWR, "C"))
FAR = 1 << 31


def checksum(data):
    return 0xffff - (int.from_bytes(data + b"\0" * (len(data) % 2), "big") % 0xffff)


def flags_text(flags):
    return "".join(letter for bit, letter in NAMES if flags & bit) or "-"


@dataclass
class Segment:
    seq: int
    ack: int
    flags: int
    win: int
    payload: bytes = b""
    options: bytes = b""
    ports: tuple = ()

    def packet(self, src, dst):
        """As an IPv4 packet; addresses in four bytes."""
        offset = (20 + len(self.options)) // 4
        tcp = struct.pack(">HHIIBBHHH", *self.ports, self.seq % 2**32, self.ack % 2**32, offset << 4, self.flags,
                          self.win, 0, 0) + self.options + self.payload
        sum_ = checksum(src + dst + struct.pack(">HH", 6, len(tcp)) + tcp)
        tcp = tcp[:16] + struct.pack(">H", sum_) + tcp[18:]
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + src + dst
        return ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + tcp

    @classmethod
    def parse(cls, packet):
        tcp = packet[(packet[0] & 15) * 4:int.from_bytes(packet[2:4], "big")]
        sport, dport, seq, ack, offset, flags, win = struct.unpack_from(">HHIIBBH", tcp)
        at = (offset >> 4) * 4
        return cls(seq, ack, flags, win, tcp[at:], tcp[20:at], (sport, dport))

    def option(self, kind):
        """What stands in an option, None if there is none."""
        rest = self.options
        while rest and rest[0] != 0:
            if rest[0] == 1:
                rest = rest[1:]
                continue
            if rest[0] == kind:
                return rest[2:rest[1]]
            rest = rest[rest[1]:]
        return None


@dataclass
class Step:
    kind: str		# a word for the reader, and for what is known to differ
    flags: int
    at: int = 0		# sequence number, relative to our first byte of data
    size: int = 0	# bytes of the stream from there
    ack: int = 0	# relative to the end of what the host has sent; NONE: zero
    win: int = 1000
    ts: int = 0		# relative to a clock that goes on by a second with each step; NONE: no timestamp
    raw: bytes = b""	# instead of bytes of the stream
    NONE = 1 << 40

    def __str__(self):
        return f"{self.kind}: {flags_text(self.flags)} {self.at}+{self.size} ack {self.ack:+} win {self.win}" + \
            (f" ts {self.ts}" if self.ts else "")


@dataclass
class Talk:
    """A conversation to be: what our SYN offers, what we say, what happens."""
    port: int
    options: tuple		# of the SYN: mss, sack, ts, wscale
    stream: bytes
    steps: list = field(default_factory=list)

    def syn_options(self, ts):
        o = b""
        if "mss" in self.options:
            o += b"\2\4\5\xb4"
        if "sack" in self.options:
            o += b"\1\1\4\2"
        if "ts" in self.options:
            o += b"\1\1\x08\x0a" + struct.pack(">II", ts, 0)
        if "wscale" in self.options:
            o += b"\1\3\3\7"
        return o

    def bytes_at(self, step):
        if step.raw:
            return step.raw
        return bytes(self.stream[i % len(self.stream)] for i in range(step.at, step.at + step.size))


class Author:
    """Makes conversations up. nxt is where in the stream an honest client would go on."""

    def __init__(self, rng, lines):
        self.rng, self.lines = rng, lines

    def stream(self):
        return b"".join(self.rng.choices(self.lines, [8, 2, 1, 1], k=40))

    def talk(self, ports, length):
        rng = self.rng
        options = ("mss", "sack", "ts", "wscale")
        if rng.random() < 0.5:
            options = tuple(o for o in options if rng.random() < 0.5)
        t = Talk(rng.choice(ports), options, self.stream())
        self.t, self.nxt, self.fin = t, 0, False
        t.steps.append(Step("SYN", SYN, at=-1, ack=Step.NONE))
        if rng.random() < 0.15:
            t.steps.append(self.odd_opening())
        if rng.random() < 0.85:
            t.steps.append(Step("handshake", ACK))
        while len(t.steps) < length:
            t.steps.append(self.step())
        return t

    def odd_opening(self):
        return self.rng.choice([
            Step("SYN again", SYN, at=-1, ack=Step.NONE),
            Step("RST of SYN-RECEIVED", RST, at=0, ack=Step.NONE),
            Step("SYN-RECEIVED, ack beyond", ACK, ack=5),
            Step("SYN-RECEIVED, no flags", 0),
            Step("SYN-RECEIVED, SYN-ACK", SYN | ACK),
        ])

    def whole_lines(self, at, lines):
        end, s = at, self.t.stream
        for _ in range(lines):
            end = s.find(b"\n", end % len(s)) + 1 + end // len(s) * len(s)
        return end - at

    def step(self):
        kinds = [self.next_lines] * 6 + [self.part, self.gap, self.overlap, self.again, self.old, self.beyond,
                 self.pure, self.pure, self.window, self.fin_now, self.fin_ahead, self.reset, self.syn, self.keepalive,
                 self.odd, self.paws, self.urgent]
        return self.rng.choice(kinds)()

    def after_fin(self, word):
        return word + " after FIN" if self.fin else word

    def next_lines(self):
        at, n = self.nxt, self.whole_lines(self.nxt, self.rng.choice([1, 1, 1, 2, 3]))
        self.nxt += n
        return Step(self.after_fin("data"), ACK | PSH, at + self.fin, n)

    def part(self):
        at, n = self.nxt, self.rng.randrange(1, 6)
        self.nxt += n
        return Step(self.after_fin("part of a line"), ACK | PSH, at + self.fin, n)

    def gap(self):
        ahead = self.rng.choice([1, 5, 10])
        return Step(self.after_fin("data ahead"), ACK | PSH, self.nxt + ahead + self.fin, self.rng.choice([1, 5, 10]))

    def overlap(self):
        back, n = min(self.nxt, self.rng.choice([1, 5, 9])), self.whole_lines(self.nxt, 1)
        self.nxt += n
        return Step(self.after_fin("data that overlaps"), ACK | PSH, self.nxt - n - back + self.fin, n + back)

    def again(self):
        n = min(self.nxt, self.rng.choice([1, 5, 10]))
        return Step("old data" if n else "pure ACK", ACK | PSH if n else ACK, self.nxt - n + self.fin, n)

    def old(self):
        return Step("very old data", ACK | PSH, self.nxt - self.rng.choice([70000, 3000000]), self.rng.choice([0, 5]))

    def beyond(self):
        return Step("data beyond the window", ACK | PSH, self.nxt + self.rng.choice([100000, 900000]), self.rng.choice([0, 5]))

    def pure(self):
        ack = self.rng.choice([0, 0, -1, -4, 1, 1000, 100000, -70000, FAR])
        return Step("pure ACK" if ack <= 0 else "ACK of the unsent", ACK, self.nxt + self.fin, ack=ack)

    def window(self):
        return Step("zero window", ACK, self.nxt + self.fin, win=0)

    def fin_now(self):
        n = self.rng.choice([0, 0, self.whole_lines(self.nxt, 1), 3])
        at, self.nxt = self.nxt + self.fin, self.nxt + n
        word, self.fin = self.after_fin("FIN with data" if n else "FIN"), True
        return Step(word, ACK | FIN, at, n)

    def fin_ahead(self):
        return Step("FIN ahead", ACK | FIN, self.nxt + self.fin + 5, self.rng.choice([0, 4]))

    def reset(self):
        where = self.rng.choice([0, 0, 1, 100, -1, 100000])
        word = "RST" if where == 0 else "RST in the window" if 0 < where < 1000 else "RST outside"
        return Step(word, self.rng.choice([RST, RST | ACK]), self.nxt + self.fin + where)

    def syn(self):
        where = self.rng.choice([-1 - self.nxt, 0, 100, 100000, -70000])
        return Step("SYN", SYN, self.nxt + self.fin + where, ack=Step.NONE) if self.rng.random() < 0.7 else \
            Step("SYN-ACK", SYN | ACK, self.nxt + self.fin + where)

    def keepalive(self):
        return Step("keepalive", ACK, self.nxt + self.fin - 1, self.rng.choice([0, 0 if self.fin else 1]))

    def odd(self):
        flags = self.rng.choice([0, FIN, PSH, URG, FIN | PSH | URG, SYN | FIN, SYN | RST, SYN | FIN | PSH | URG,
                                 FIN | RST, PSH | ACK | ECE | CWR])
        return Step("odd flags", flags, self.nxt + self.fin, 0 if flags & ACK else self.rng.choice([0, 5]))

    def paws(self):
        return Step("old timestamp", ACK | PSH, self.nxt + self.fin, self.rng.choice([0, 5]), ts=-100000) \
            if self.rng.random() < 0.6 else Step("no timestamp", ACK, self.nxt + self.fin, ts=Step.NONE)

    def urgent(self):
        at, n = self.nxt, self.whole_lines(self.nxt, 1)
        self.nxt += n
        return Step(self.after_fin("urgent"), ACK | PSH | URG, at + self.fin, n)


def authors(seed, lines, ports, n, length):
    author = Author(random.Random(seed), lines)
    return [author.talk(ports, length) for _ in range(n)]
