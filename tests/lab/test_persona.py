"""What nmap, p0f and segments made by hand see of the sensor, beside what they see of this kernel's own TCP.

A listener stands in a namespace of its own, behind a veth as the sensor is. Its buffers are of 6 MB, as most
machines have them (window scale 7, the persona "linux"); then of 32 MB, this kernel's default.
"""
import re
import select
import socket
import struct
import sys
import time
import unittest
from itertools import combinations

from air import ROOT, on_air
from lab.process import end, must, start
from segments import ACK, CWR, ECE, FIN, RST, SYN

KERNEL = "198.18.0.10"
LINUX, RECENT, WINDOWS = "198.19.7.9", "198.19.64.5", "198.19.128.7"	# of the three prefixes below
SMALL, LARGE = "4096 131072 6291456", "4096 131072 33554432"
OPEN, CLOSED = 80, 81
SERVICES = f"    services:\n      - port: tcp/{OPEN}\n        action: handshake\n"
LISTENER = f"""
import socket
kept, listener = [], socket.create_server(("{KERNEL}", {OPEN}), backlog=1000)
while True:
    kept.append(listener.accept())
"""

# Fields of nmap's fingerprint that chance decides, or that are not the stack's, and why.
CHANCE = {
    "SEQ.SP": "how random initial sequence numbers look: a hash on both sides",
    "SEQ.ISR": "how fast they grow: the same",
    "SEQ.GCD": "their greatest common divisor, 1 but by chance",
    "SEQ.II": "IP-IDs of echoes: a counter on both sides, which jumps by a part of the time that passed",
    "SEQ.TS": "this kernel gives each connection a clock of its own, which looks like any rate; here each address has one",
}


def configuration(text):
    """Three prefixes, each a machine: the built-in one, it with the scale of larger buffers, that of the example."""
    windows = re.search(r"personas:\n(.*)(?=^prefixes:)", (ROOT / "docs/personas.example.yaml").read_text(), re.S | re.M)
    mine = (f"personas:\n  - name: recent\n    window-scale: 10\n{windows.group(1)}prefixes:\n"
            f"  - prefix: 198.19.0.0/18\n{SERVICES}"
            f"  - prefix: 198.19.64.0/18\n    persona: recent\n{SERVICES}"
            f"  - prefix: 198.19.128.0/17\n    persona: windows\n{SERVICES}")
    return re.sub(r"models:\n.*(?=control-socket)", mine, text, flags=re.S)


def setUpModule():
    global air, kernel
    air = on_air("persona", edit=configuration, services={}, learned=lambda folder: {})
    kernel = unittest.enterModuleContext(air.lab.neighbour("kernel", KERNEL))
    listener = start(kernel([sys.executable, "-c", LISTENER]), air.home / "listener")
    unittest.addModuleCleanup(end, listener)
    buffers(SMALL)
    until = time.monotonic() + 20.0
    with air.lab.socket() as first:
        while first.connect_ex((KERNEL, OPEN)) != 0:
            if time.monotonic() > until:
                raise AssertionError((air.home / "listener").read_text())
            time.sleep(0.1)
    # Our kernel's own resets for what it has no socket of would end the conversations made by hand.
    must(air.lab.client(["nft", "add table ip byhand; add chain ip byhand out { type filter hook output priority 0; }; "
                         f"add rule ip byhand out tcp flags == rst tcp dport {OPEN} drop"]), "nft")


def buffers(size):
    must(kernel(["sysctl", "-qw", f"net.ipv4.tcp_rmem={size}"]), "sysctl")


# ---- nmap ----

def nmap(address):
    """nmap's fingerprint: {"T1.DF": "Y", ...}, and what it says the machine is."""
    done = must(air.lab.client(["nmap", "-n", "-Pn", "-O", "-d", "--max-os-tries", "1", "-p", f"{OPEN},{CLOSED}", address]),
                "nmap -O", timeout=90.0)
    text = "".join(re.findall(r"^OS:(.*)$", done.output, re.M))
    fields = {}
    for test, values in re.findall(r"(\w+)\(([^)]*)\)", text):
        if test != "SCAN":
            fields.update({f"{test}.{name}": value for name, _, value in
                           (field.partition("=") for field in values.split("%"))})
    verdict = re.search(r"^(OS details: .*|No exact OS matches.*?) *(\(|$)", done.output, re.M)
    return fields, verdict.group(1) if verdict else done.output


# ---- p0f ----

def p0f(address):
    """The signature that p0f gives the SYN-ACK which answers this kernel's connect()."""
    capture = air.home / "syn-ack.pcap"
    with air.lab.socket(socket.SOCK_RAW, socket.AF_PACKET, socket.htons(3)) as wire, air.lab.socket() as client:
        client.settimeout(5.0)
        client.connect((address, OPEN))
        time.sleep(0.2)
        frames = []
        while select.select([wire], [], [], 0)[0]:
            frames.append(wire.recv(2048))
    with open(capture, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i, frame in enumerate(frames):
            file.write(struct.pack("<IIII", i, 0, len(frame), len(frame)) + frame)
    done = must(["p0f", "-r", str(capture)], "p0f")
    return re.search(r"-\[ .*? \(syn\+ack\) \]-.*?\| os +=(.*?)\n.*?\| raw_sig += (\S+)", done.output, re.S).groups()


# ---- by hand ----

def checksum(data):
    total = sum(struct.unpack(f">{len(data + b'0') // 2}H", data + b"\0" * (len(data) % 2)))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


OPTIONS = {"mss": b"\2\4\5\xb4", "sok": b"\4\2", "ts": b"\x08\x0a\x11\x22\x33\x44\0\0\0\0", "ws": b"\3\3\7"}


class Hand:
    """Segments, datagrams and echoes to an address, and what comes back as a dict of what is not chance."""

    port = 30000
    patience = 0.2	# seconds for an answer

    def __init__(self, address, dport=OPEN):
        self.address, self.dport = address, dport
        self.own = "198.18.0.1" if address == KERNEL else "192.0.2.1"
        Hand.port += 1
        self.sport = Hand.port

    def ask(self, proto, data, tos=0):
        with air.lab.socket(socket.SOCK_RAW, proto=proto) as out, \
                air.lab.socket(socket.SOCK_RAW, proto=socket.IPPROTO_ICMP) as errors:
            out.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
            out.sendto(data, (self.address, 0))
            until = time.monotonic() + Hand.patience
            while (left := until - time.monotonic()) > 0:
                for ready in select.select([out, errors], [], [], left)[0]:
                    packet = ready.recv(4096)
                    if packet[12:16] == socket.inet_aton(self.address) and (answer := self.read(packet, data)):
                        return answer
        return None

    def read(self, packet, asked):
        l4 = packet[(packet[0] & 15) * 4:]
        ip = {"ttl": packet[8], "tos": packet[1], "df": packet[6] >> 6 & 1}
        if packet[9] == socket.IPPROTO_TCP and struct.unpack_from(">HH", l4) == (self.dport, self.sport):
            return ip | self.read_tcp(packet, l4)
        if packet[9] == socket.IPPROTO_ICMP and l4[0] != 8:
            return ip | {"icmp": l4[:2].hex(), "rest": l4[4:8].hex(), "data": len(l4) - 8,
                         "same": asked[8:] in l4[8:] if l4[0] == 0 else l4[36:36 + 8] == asked[:8]}
        return None

    def read_tcp(self, packet, l4):
        seq, ack, offset, flags, window = struct.unpack_from(">IIBBH", l4, 4)
        options = l4[20:(offset >> 4) * 4]
        self.theirs, self.stamp = seq, b""
        if (at := options.find(b"\x08\x0a")) >= 0:
            self.stamp = options[at + 2:at + 6]
            options = options.replace(self.stamp, b"val.")
        syn_or_reset = flags & (SYN | RST)
        return {"flags": flags | (offset & 15) << 8, "ack": ack, "window": window, "options": options,
                "seq": None if not flags & RST else seq, "ip-id": packet[4:6].hex() if syn_or_reset else None}

    def segment(self, flags, seq=1000, ack=0, options=b"", data=b"", tos=0):
        options += b"\1" * (-len(options) % 4)
        tcp = struct.pack(">HHIIBBHHH", self.sport, self.dport, seq, ack & 0xffffffff, (20 + len(options)) // 4 << 4, flags,
                          1024, 0, 0) + options + data
        pseudo = socket.inet_aton(self.own) + socket.inet_aton(self.address) + struct.pack(">HH", 6, len(tcp))
        return self.ask(socket.IPPROTO_TCP, tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:], tos)

    def echo(self, code, size, tos=0):
        icmp = struct.pack(">BBHHH", 8, code, 0, self.sport, 1) + bytes(range(size))
        answer = self.ask(socket.IPPROTO_ICMP, icmp[:2] + struct.pack(">H", checksum(icmp)) + icmp[4:], tos)
        return answer and {name: value for name, value in answer.items() if name != "rest"}

    def datagram(self, size):
        return self.ask(socket.IPPROTO_UDP, struct.pack(">HHHH", self.sport, self.dport, 8 + size, 0) + b"C" * size)


def subsets():
    for n in range(len(OPTIONS) + 1):
        yield from combinations(OPTIONS, n)


class Machine(unittest.TestCase):
    """Both ask and compare; what they ask has a name, which a difference is told by."""

    def alike(self, what, ask, ours=LINUX):
        with self.subTest(asked=what):
            for Hand.patience in (0.2, 2.0):	# on a busy machine an answer may take longer
                theirs, mine = ask(KERNEL), ask(ours)
                if mine == theirs:
                    break
            self.assertEqual(mine, theirs)
            return theirs


class Linux(Machine):
    def compare_nmap(self, ours):
        (kernel_says, verdict), (sensor_says, ours_verdict) = nmap(KERNEL), nmap(ours)
        self.assertGreater(len(kernel_says), 60)
        different = {name: (kernel_says.get(name), sensor_says.get(name)) for name in kernel_says.keys() | sensor_says.keys()
                     if name not in CHANCE and kernel_says.get(name) != sensor_says.get(name)}
        self.assertEqual(different, {}, "field: (kernel, sensor)")
        for says in (kernel_says, sensor_says):
            self.assertIn(int(says["SEQ.SP"], 16), range(0xf0, 0x120))
            self.assertIn(int(says["SEQ.ISR"], 16), range(0xf0, 0x120))
            self.assertLessEqual(int(says["SEQ.GCD"], 16), 6)
        self.assertEqual(sensor_says["SEQ.TS"], "A", "a clock of 1000 Hz")
        return verdict, ours_verdict

    def test_nmap_sees_the_kernel(self):
        _, ours = self.compare_nmap(LINUX)
        self.assertIn("Linux", ours)

    def test_nmap_sees_a_recent_kernel_with_its_larger_buffers(self):
        buffers(LARGE)
        self.addCleanup(buffers, SMALL)
        self.compare_nmap(RECENT)

    def test_p0f_sees_the_kernel(self):
        theirs = self.alike("connect", p0f)
        self.assertIn(":mss,sok,ts,nop,ws:", theirs[1])

    def test_every_set_of_options_is_answered_alike(self):
        for offered in subsets():
            for flags in (SYN, SYN | ECE | CWR):
                self.alike((offered, flags), lambda address: Hand(address).segment(
                    flags, options=b"".join(OPTIONS[o] for o in offered)))

    def test_what_asks_for_ecn_only_by_half_is_answered_alike(self):
        for flags, tos in ((SYN | ECE, 0), (SYN | CWR, 0), (SYN | ECE | CWR, 1), (SYN | ECE | CWR, 2), (SYN | ECE | CWR, 0xe0)):
            self.alike((flags, tos), lambda address: Hand(address).segment(flags, options=OPTIONS["mss"], tos=tos))

    def test_odd_options_are_answered_alike(self):
        for offered in (b"\3\3\x0f", b"\2\4\0\1", b"\2\4\xff\xff", b"\x22\2", b"\x22\x0a" + b"c" * 8, b"\xfd\4\1\2\2\4\5\xb4",
                        b"\2\4\5\xb4\0\3\3\7", b"\2\4\5", b"\4\3\1\1"):
            self.alike(offered.hex(), lambda address: Hand(address).segment(SYN, options=offered))

    def test_every_set_of_flags_is_answered_alike(self):
        for port in (OPEN, CLOSED):
            for flags in (flags for flags in range(64) if flags != RST):	# nothing answers that, and none leaves
                if flags & (SYN | ACK | RST) == SYN | ACK or (port == OPEN and flags & (SYN | ACK | RST | FIN) == ACK | FIN):
                    continue	# docs/stack.md says why nothing answers these
                self.alike((port, flags), lambda address: Hand(address, port).segment(flags, ack=7))

    def test_echoes_are_answered_alike(self):
        for code, size, tos in ((0, 0, 0), (0, 56, 0), (9, 120, 0), (0, 150, 4), (255, 1, 0xe0)):
            self.alike((code, size, tos), lambda address: Hand(address).echo(code, size, tos))

    def test_closed_udp_ports_quote_alike(self):
        for size in (0, 300, 520, 1000):
            time.sleep(1.1)	# one error in a second is told
            self.alike(size, lambda address: Hand(address, CLOSED).datagram(size))

    def test_a_conversation_begins_alike(self):
        """Its acknowledgement of an old number says the window and what goes with it, whatever the listener reads."""
        def talk(address, offered):
            h = Hand(address)
            h.segment(SYN, options=b"".join(OPTIONS[o] for o in offered))
            back = h.theirs + 1
            options = b"\1\1\x08\x0a\x11\x22\x33\x45" + h.stamp if h.stamp else b""
            h.segment(ACK, 1001, back, options)
            return h.segment(ACK, 1000, back, options)

        for offered in subsets():
            self.alike(offered, lambda address: talk(address, offered))


class Windows(unittest.TestCase):
    """Another machine of the configuration, without a line of code."""

    def test_nmap_takes_it_for_what_it_says(self):
        done = must(air.lab.client(["nmap", "-n", "-Pn", "-O", "--osscan-guess", "-p", f"{OPEN},{CLOSED}", WINDOWS]),
                    "nmap -O", timeout=90.0)
        guesses = re.search(r"(?:OS details|Aggressive OS guesses|OS guess(?:es)?): (.*)", done.output)
        self.assertIsNotNone(guesses, done.output)
        self.assertRegex(guesses.group(1), "^Microsoft Windows")

    def test_p0f_takes_it_for_what_it_says(self):
        _, signature = p0f(WINDOWS)
        self.assertIn(":128+0:0:1460:65535,8:mss,nop,ws,sok,ts:", signature)


if __name__ == "__main__":
    unittest.main()
