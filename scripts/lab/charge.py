"""Who pays for what the sensor sends: a capture of both directions, replayed frame by frame.

Every frame that leaves must belong to a TCP conversation whose client has acknowledged our initial
sequence number, or be charged to a frame that was received before it:

    ARP reply           one per request for the sensor's own address
    advertisement       of IPv6, one per solicitation
    echo reply          one per request, with its code and payload
    SYN-ACK             one per SYN; where the server speaks first two more, after 1 and 3 s
    RST                 one per segment of the same addresses and ports
    port unreachable    one per datagram, quoting it
    datagram            to who sent one; per /24 at most three bytes for each received

Over IPv6 a /64 is what a /24 is here. SYN-ACKs and echo replies together stay, per /24, below the bytes received in SYNs, echo requests, and
SLACK per minute and per completed handshake. No SYN without ACK ever leaves, and nothing with
another source than the prefix. A received frame that is malformed pays for nothing.
"""
import collections
import ipaddress
import struct
from dataclasses import dataclass, field

FIN, SYN, RST, ACK = 1, 2, 4, 16
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
ECHO, ECHO_REPLY, PORT_UNREACHABLE = (8, 128), (0, 129), ((3, 3), (1, 4))
SOLICITATION, ADVERTISEMENT = (135, 0), (136, 0)
HOP, ROUTE, FRAGMENT, AUTH, DEST, MOBILITY = 0, 43, 44, 51, 60, 135
SLACK, RATIO, SYN_ACKS, QUOTE, QUOTE6 = 512, 3, 3, 548, 1232
KEPT = 20	# sentences; more help nobody


def sums_to_nothing(*parts):
    """RFC 1071: the one's complement sum is 0xffff."""
    data = b"".join(parts)
    return int.from_bytes(data + b"\0" * (len(data) % 2), "big") % 0xffff == 0


def read_pcap(path):
    """(seconds, frame) of an Ethernet capture."""
    with open(path, "rb") as file:
        head = file.read(24)
        if head[:4] != b"\xd4\xc3\xb2\xa1" or head[20:24] != b"\1\0\0\0":
            raise ValueError(f"{path} is no capture of Ethernet in microseconds")
        while len(head := file.read(16)) == 16:
            seconds, micro, kept, length = struct.unpack("<IIII", head)
            if kept != length:
                raise ValueError(f"{path} has a frame that is cut")
            yield seconds + micro / 1e6, file.read(kept)


@dataclass(slots=True)
class Packet:
    """A well-formed frame; fields of other protocols are absent."""
    dmac: bytes
    smac: bytes
    proto: int		# -1: ARP
    ip: bytes = b""	# the packet, trimmed to its length
    src: int = 0
    dst: int = 0
    fragment: tuple = ()	# (id, offset, more)
    sport: int = 0
    dport: int = 0
    seq: int = 0
    ack: int = 0
    flags: int = 0
    icmp: tuple = ()	# (type, code)
    l4: bytes = b""


def parse_l4(p, check=True):
    """Fills in the L4 fields; False if they are malformed."""
    l4 = p.l4
    six = p.ip[0] >> 4 == 6
    ends = p.ip[8:40] if six else p.ip[12:20]
    pseudo = ends + struct.pack(">II", len(l4), p.proto)
    if p.proto == TCP:
        if len(l4) < 20 or not 20 <= (l4[12] >> 4) * 4 <= len(l4):
            return False
        p.sport, p.dport, p.seq, p.ack = struct.unpack_from(">HHII", l4)
        p.flags = l4[13]
        return sums_to_nothing(pseudo, l4)
    if p.proto == UDP:
        if len(l4) < 8:
            return False
        p.sport, p.dport, length, sum_ = struct.unpack_from(">HHHH", l4)
        if not 8 <= length <= len(l4):
            return False
        p.l4 = l4 = l4[:length]
        return (sum_ == 0 and not six) or sums_to_nothing(ends, struct.pack(">II", length, UDP), l4)
    if p.proto == (ICMP6 if six else ICMP):
        p.icmp = tuple(l4[:2])
        return len(l4) >= 8 and sums_to_nothing(pseudo if six else b"", l4)
    return True


def parse_ip(p, ip):
    if len(ip) < 20 or ip[0] >> 4 != 4:
        return None
    header, (total, ident, frag) = (ip[0] & 15) * 4, struct.unpack_from(">HHH", ip, 2)
    if not 20 <= header <= total <= len(ip) or not sums_to_nothing(ip[:header]):
        return None
    p.ip, p.proto = ip[:total], ip[9]
    p.src, p.dst = struct.unpack_from(">II", ip, 12)
    p.l4 = p.ip[header:]
    if frag & 0x3fff:
        p.fragment = (ident, (frag & 0x1fff) * 8, bool(frag & 0x2000))
        return p
    return p if parse_l4(p) else None


def parse_ip6(p, ip):
    """The same of IPv6, behind its extension headers."""
    if len(ip) < 40 or ip[0] >> 4 != 6 or 40 + int.from_bytes(ip[4:6], "big") > len(ip):
        return None
    p.ip = ip = ip[:40 + int.from_bytes(ip[4:6], "big")]
    p.src, p.dst = int.from_bytes(ip[8:24], "big"), int.from_bytes(ip[24:40], "big")
    p.proto, at = ip[6], 40
    while p.proto in (HOP, ROUTE, FRAGMENT, AUTH, DEST, MOBILITY):
        if at + 8 > len(ip):
            return None
        kind, p.proto, length = p.proto, ip[at], ip[at + 1]
        if kind == FRAGMENT:
            offset, ident = struct.unpack_from(">HI", ip, at + 2)
            if offset & 0xfff9:
                p.fragment, p.l4 = (ident, offset & 0xfff8, bool(offset & 1)), ip[at + 8:]
                return p
            length = 0
        at += (length + 2) * 4 if kind == AUTH else (length + 1) * 8
        if at > len(ip):
            return None
    p.l4 = ip[at:]
    return p if parse_l4(p) else None


def parse(frame):
    """A Packet, or None if the frame is malformed or neither IP nor ARP."""
    at = 12
    while at <= 16 and frame[at:at + 2] in (b"\x81\0", b"\x88\xa8", b"\x91\0"):
        at += 4
    kind, p = frame[at:at + 2], Packet(frame[:6], frame[6:12], -1)
    if kind == b"\x08\x06":
        p.l4 = frame[at + 2:at + 30]
        return p if len(p.l4) == 28 and p.l4[:6] == b"\0\1\x08\0\6\4" else None
    if kind == b"\x86\xdd":
        return parse_ip6(p, frame[at + 2:])
    return parse_ip(p, frame[at + 2:]) if kind == b"\x08\0" else None


def network(address):
    """What limits are counted for: a /24, of IPv6 a /64."""
    return address >> 8 if address < 2**32 else address >> 64


def ends_in_tag(frame):
    """Would a kernel that takes VLAN tags off find no protocol behind them? It drops such frames."""
    tags = (b"\x81\0", b"\x88\xa8")
    return frame[12:14] in tags and (len(frame) < 20 or (frame[16:18] in tags and len(frame) < 24))


class Fragments:
    """Puts datagrams together, as generously as anybody between the cable and the stack does.

    A fragment inside of what is there is a repetition (Linux; the stack refuses all but the same
    again), one that overlaps otherwise spoils what is there.
    """

    def __init__(self):
        self.parts = {}

    @staticmethod
    def runs(parts):
        """The ranges that are there without a gap, parts being in order."""
        runs = []
        for offset, _, data, *_ in parts:
            if runs and runs[-1][1] == offset:
                runs[-1][1] += len(data)
            else:
                runs.append([offset, offset + len(data)])
        return runs

    def whole(self, p):
        """The packet that p completes, or None."""
        ident, offset, more = p.fragment
        six = p.ip[0] >> 4 == 6
        key = (p.src, p.dst, None if six else p.proto, ident)
        parts, end = self.parts.setdefault(key, []), offset + len(p.l4)
        runs = self.runs(parts)
        if any(a <= offset and end <= b for a, b in runs):
            return None
        if any(a < end and offset < b for a, b in runs):
            del self.parts[key]
            return None
        parts.append((offset, more, p.l4, p.ip, p.proto))
        parts.sort(key=lambda part: part[0])
        runs, last = self.runs(parts), [i for i, part in enumerate(parts) if not part[1]]
        if len(runs) > 1 or runs[0][0] != 0 or last != [len(parts) - 1]:
            return None
        del self.parts[key]
        if six:		# headers before the fragment header are not in it
            data, head = b"".join(data for _, _, data, *_ in parts), parts[0][3][:40]
            return parse_ip6(Packet(p.dmac, p.smac, -1), head[:4] + struct.pack(">HB", len(data), parts[0][4]) +
                             head[7:] + data)
        p.l4, p.fragment = b"".join(data for _, _, data, *_ in parts), ()
        header = bytearray(parts[0][3][:(parts[0][3][0] & 15) * 4])
        struct.pack_into(">H", header, 2, len(header) + len(p.l4))
        header[6:8] = header[10:12] = b"\0\0"
        struct.pack_into(">H", header, 10, 0xffff - int.from_bytes(header, "big") % 0xffff)
        p.ip = bytes(header) + p.l4
        return p if parse_l4(p) else None


@dataclass
class Budget:	# of a /24, bytes of IP
    received: int = 0
    sent: int = 0
    proofs: int = 0


@dataclass
class Ledger:
    mac: bytes		# the sensor's
    link: int		# its own address, for ARP
    prefix: ipaddress.IPv4Network
    link6: int = 0	# the same for IPv6; 0: none
    prefix6: ipaddress.IPv6Network = ipaddress.ip_network("::/128")
    good: int = 0	# received frames that are well formed, fragments not put together included
    received: int = 0
    cut_in_tag: int = 0	# of those received
    sent: collections.Counter = field(default_factory=collections.Counter)	# by what paid
    violations: list = field(default_factory=list)
    nviolations: int = 0

    def __post_init__(self):
        self.fragments = Fragments()
        self.paid = collections.Counter()	# what may still be answered, by what answers it
        self.syns, self.syn_acks = collections.Counter(), collections.Counter()
        self.offered = {}			# conversation, our ISN -> what the client must say
        self.proven = set()
        self.one_to_one = collections.defaultdict(Budget)
        self.udp = collections.defaultdict(Budget)
        self.talked = set()
        self.first = self.last = None

    def ours(self, address):
        prefix = self.prefix if address < 2**32 else self.prefix6
        bits = prefix.max_prefixlen - prefix.prefixlen
        return address >> bits == int(prefix.network_address) >> bits

    def violation(self, what, p=None):
        self.nviolations += 1
        if len(self.violations) < KEPT:
            who = f" ({ipaddress.ip_address(p.src)}:{p.sport} to {ipaddress.ip_address(p.dst)}:{p.dport})" \
                if p and p.proto >= 0 else ""
            self.violations.append(f"at {self.last - self.first:.6f} s: {what}{who}")

    def frame(self, seconds, data):
        self.first = seconds if self.first is None else self.first
        self.last = seconds
        p = parse(data)
        if data[6:12] == self.mac:
            if p is None:
                self.violation(f"a malformed frame left: {data[:60].hex()}")
            elif p.dmac[0] & 1:
                self.violation("a frame to a group of hosts", p)
            elif p.proto < 0:
                self.send_arp(p)
            else:
                self.send(p)
            return
        self.received += 1
        self.cut_in_tag += ends_in_tag(data)
        if p is not None and (p.dmac == self.mac or p.proto < 0 or p.icmp == SOLICITATION):
            self.good += 1
            self.receive(p)

    # ---- received ----

    def receive(self, p):
        if p.proto < 0:
            if p.l4[6:8] == b"\0\1" and p.l4[24:28] == self.link.to_bytes(4, "big"):
                self.paid["arp", p.smac, p.l4[8:18]] += 1
            return
        if p.icmp == SOLICITATION:
            self.paid["advertisement", p.src, p.l4[8:24]] += 1
        if not self.ours(p.dst):
            return
        if p.fragment:
            p = self.fragments.whole(p)
        if p is None:
            return
        if p.proto == TCP:
            self.receive_segment(p)
        elif p.proto == UDP:
            self.talked.add((p.src, p.sport, p.dst, p.dport))
            self.udp[network(p.src)].received += len(p.ip)
            self.paid["quote", p.ip[:QUOTE if p.src < 2**32 else QUOTE6]] += 1
        elif p.icmp and p.icmp[0] in ECHO:
            self.one_to_one[network(p.src)].received += len(p.ip)
            self.paid["echo", p.src, p.dst, p.icmp[1], p.l4[4:]] += 1

    def receive_segment(self, p):
        key = (p.src, p.sport, p.dst, p.dport)
        self.paid["segment", key] += 1
        if p.flags & (FIN | SYN | RST | ACK) == SYN:
            self.syns[key, p.seq] += 1
            self.one_to_one[network(p.src)].received += len(p.ip)
        elif p.flags & ACK and self.offered.get((key, (p.ack - 1) & 0xffffffff)) == p.seq:
            self.one_to_one[network(p.src)].proofs += key not in self.proven
            self.proven.add(key)

    # ---- sent ----

    def spend(self, key, name, p):
        if self.paid[key] <= 0:
            self.violation(f"nothing pays for this {name}", p)
        else:
            self.paid[key] -= 1
            self.sent[name] += 1

    def send_arp(self, p):
        if p.l4[6:18] != b"\0\2" + self.mac + self.link.to_bytes(4, "big"):
            self.violation(f"an ARP packet that is no reply for {ipaddress.ip_address(self.link)}")
            return
        self.spend(("arp", p.dmac, p.l4[18:28]), "ARP reply", p)

    def send(self, p):
        if not self.ours(p.src) and not (p.icmp == ADVERTISEMENT and p.src == self.link6):
            self.violation("a source outside the prefix", p)
        elif self.ours(p.dst) or p.dst >> 24 in (0, 127) or p.dst >> 28 in (14, 15) or p.dst >> 120 == 0xff:
            self.violation("a destination that is no host of others", p)
        elif p.fragment:
            self.violation("a fragment", p)
        elif p.proto == TCP:
            self.send_segment(p)
        elif p.proto == UDP:
            self.send_datagram(p)
        elif p.icmp:
            self.send_icmp(p)
        else:
            self.violation(f"protocol {p.proto}", p)

    def send_segment(self, p):
        key = (p.dst, p.dport, p.src, p.sport)
        if p.flags & SYN:
            self.send_syn_ack(p, key)
        elif key in self.proven:
            self.sent["proven conversation"] += 1
        elif p.flags & RST:
            self.spend(("segment", key), "RST", p)
        else:
            self.violation(f"a segment with flags {p.flags:#x} to a peer that has proven nothing", p)

    def send_syn_ack(self, p, key):
        syn = (key, (p.ack - 1) & 0xffffffff)
        if not p.flags & ACK or p.flags & (FIN | RST):
            self.violation("a SYN that is no SYN-ACK", p)
            return
        self.syn_acks[syn] += 1
        if self.syn_acks[syn] > SYN_ACKS * self.syns[syn]:
            self.violation("nothing pays for this SYN-ACK", p)
            return
        if self.syn_acks[syn] <= self.syns[syn]:
            self.paid["segment", key] -= 1	# a SYN gets a SYN-ACK or a RST
        self.offered[key, p.seq] = p.ack
        self.one_to_one[network(p.dst)].sent += len(p.ip)
        self.sent["SYN-ACK"] += 1

    def send_datagram(self, p):
        budget = self.udp[network(p.dst)]
        budget.sent += len(p.ip)
        if (p.dst, p.dport, p.src, p.sport) not in self.talked:
            self.violation("a datagram to who sent none", p)
        elif budget.sent > RATIO * budget.received:
            self.violation(f"{budget.sent} bytes for {budget.received} over UDP", p)
        else:
            self.sent["datagram"] += 1

    def send_icmp(self, p):
        quote, six = p.l4[8:], p.proto == ICMP6
        ends = quote[8:40] if six else quote[12:20]
        back = p.ip[24:40] + p.ip[8:24] if six else p.ip[16:20] + p.ip[12:16]
        if p.icmp[0] in ECHO_REPLY:
            self.one_to_one[network(p.dst)].sent += len(p.ip)
            self.spend(("echo", p.dst, p.src, p.icmp[1], p.l4[4:]), "echo reply", p)
        elif p.icmp == ADVERTISEMENT:
            self.spend(("advertisement", p.dst, quote[:16]), "advertisement", p)
        elif p.icmp not in PORT_UNREACHABLE:
            self.violation(f"ICMP type {p.icmp[0]} code {p.icmp[1]}", p)
        elif not six and quote[9:10] != bytes([UDP]):
            self.violation("an ICMP error about something else than a datagram", p)
        elif ends != back:
            self.violation("an ICMP error to somebody else than the datagram's sender", p)
        else:
            self.spend(("quote", quote), "port unreachable", p)

    # ---- at the end ----

    def close(self):
        """All violations, the budgets' among them."""
        minutes = int(((self.last or 0) - (self.first or 0)) // 60) + 1
        for net, b in self.one_to_one.items():
            if b.sent > b.received + SLACK * (minutes + b.proofs):
                whom = f"{ipaddress.ip_address(net << 8)}/24" if net < 2**24 else f"{ipaddress.ip_address(net << 64)}/64"
                self.violation(f"{b.sent} bytes for {b.received} in SYN-ACKs and echo replies towards {whom}")
        return self.violations


def audit(path, mac, link, prefix, link6="::", prefix6="::/128"):
    """The Ledger of a capture, closed."""
    ledger = Ledger(mac, int(ipaddress.ip_address(link)), ipaddress.ip_network(prefix),
                    int(ipaddress.ip_address(link6)), ipaddress.ip_network(prefix6))
    for seconds, data in read_pcap(path):
        ledger.frame(seconds, data)
    ledger.close()
    return ledger
