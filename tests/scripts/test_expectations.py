"""What scripts/lab/clients.py expects is what the real servers of the captures said.

A small reader of its own: the captures in tests/data are clean (no loss), so a stream is its
segments in the order of their sequence numbers.
"""
import collections
import gzip
import re
import struct
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from lab import clients, voices  # noqa: E402


def frames(name):
    """(source, source port, destination, destination port, protocol, sequence, payload)"""
    data = gzip.decompress((ROOT / "tests/data" / name).read_bytes())
    at = 24
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        ip, at = data[at + 30:at + 16 + length], at + 16 + length
        proto, header = ip[9], (ip[0] & 15) * 4
        sport, dport, seq = struct.unpack_from(">HHI", ip, header)
        skip = header + ((ip[header + 12] >> 4) * 4 if proto == 6 else 8)
        total = struct.unpack_from(">H", ip, 2)[0]
        yield ip[12:16], sport, ip[16:20], dport, proto, seq, ip[skip:total]


def conversations(name, port):
    """Lists of (from_client, bytes) of each TCP conversation, in the order they were sent."""
    talks, due = collections.OrderedDict(), {}
    for src, sport, dst, dport, proto, seq, payload in frames(name):
        if proto != 6 or port not in (sport, dport) or not payload:
            continue
        up = dport == port
        key = (src, sport) if up else (dst, dport)
        if (seq - due.get((key, up), seq)) % 2**32 < 2**31:	# not sent before
            due[key, up] = (seq + len(payload)) % 2**32
            talks.setdefault(key, []).append((up, payload))
    return talks.values()


def ftp_replies(name):
    """(user or "", directories entered since login, line, code) of all requests."""
    for talk in conversations(name, 21):
        user = claimed = ""
        inside, lines, begun = [], collections.deque(), False
        for up, payload in talk:
            if up:
                lines.extend(payload.decode("latin-1").splitlines())
                continue
            for code in re.findall(r"^(\d{3}) ", payload.decode("latin-1"), re.M):
                if not begun or not lines:
                    begun = True
                    continue
                line = lines.popleft()
                yield user, tuple(inside), line, code
                verb, _, name = line.partition(" ")
                if verb == "USER":
                    claimed = name
                elif verb == "PASS" and code == "230":
                    user, inside = claimed, []
                elif verb in ("CWD", "CDUP") and code == "250":
                    inside.append(name)


def as_on_an_errand(user, inside, line):
    """Whether a capture's client stands where an errand of clients.py may stand: an errand
    enters one directory at most, and what a name means depends on where one is."""
    if line.startswith("MKD "):
        return not inside or (len(inside) == 1
                              and inside[0] in clients.ACCOUNTS[user]["directories"])
    return True


class Expectations(unittest.TestCase):
    def test_ftp_codes_are_those_of_vsftpd(self):
        said = collections.defaultdict(collections.Counter)
        for user, inside, line, code in ftp_replies("ftp-vsftpd.pcap.gz"):
            if user in clients.ACCOUNTS and as_on_an_errand(user, inside, line):
                verb = line if line.startswith(("CWD", "TYPE")) else line.partition(" ")[0]
                said[user, verb][code] += 1
        for user, account in clients.ACCOUNTS.items():
            expected = {"SYST": "215", "PWD": "257", "MKD": account["MKD"], "TYPE I": "200",
                        **{"CWD " + name: "250" for name in account["directories"]}}
            for verb, code in expected.items():
                counts = said[user, verb]
                self.assertGreater(counts[code], 0, f"{user} {verb}: {counts}")
                # Twice a directory was there already; else the server is of one mind.
                self.assertGreaterEqual(counts[code], 0.9 * sum(counts.values()),
                                        f"{user} {verb}: {counts}")
        everyone = collections.Counter()
        for (_, verb), counts in said.items():
            everyone.update({(verb, code): n for code, n in counts.items()})
        for verb in clients.UNKNOWN[1:]:
            self.assertNotIn(verb, {v for v, _ in everyone})
        for verb, code in (("XYZZY", "500"), ("QUIT", "221"), ("FEAT", "211"), ("HELP", "214"),
                           ("CLNT", "500")):
            self.assertGreater(everyone[verb, code], 0, f"{verb} {code}")

    def test_the_two_ftp_servers_are_told_apart_by_every_voice(self):
        for name, voice, other in (("ftp-vsftpd.pcap.gz", voices.VSFTPD, voices.PROFTPD),
                                   ("ftp-proftpd.pcap.gz", voices.PROFTPD, voices.VSFTPD)):
            mine = 0
            for talk in conversations(name, 21):
                for up, payload in talk:
                    for line in payload.splitlines() if not up else ():
                        self.assertIsNone(other.match(line), line)
                        mine += voice.match(line) is not None
            self.assertGreater(mine, 1000)

    def test_http_codes_are_those_of_nginx(self):
        said = collections.defaultdict(collections.Counter)
        for talk in conversations("http-nginx.pcap.gz", 80):
            for (up, request), (down, reply) in zip(talk, talk[1:]):
                path = re.match(rb"GET (\S+) HTTP/1\.1\r\n", request)
                code = re.match(rb"HTTP/1\.1 (\d{3})", reply)
                plain = b"\nHost: " in request and request.count(b"HTTP/1") == 1 and \
                    not re.search(rb"\n(Authorization|Range|If-|Cookie)", request)
                if up and not down and path and code and plain:
                    said[path[1].decode("latin-1")][code[1].decode()] += 1
        for path, code in clients.PAGES:
            self.assertEqual(set(said[path]), {code}, path)

    def test_dns_answers_are_those_of_the_capture(self):
        said = collections.defaultdict(set)
        for _, sport, _, _, proto, _, message in frames("dns-dnsmasq.pcap.gz"):
            if proto != 17 or sport != 53 or len(message) < 12 or message[6:8] != b"\0\1":
                continue
            labels, at = [], 12
            while message[at]:
                labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
                at += 1 + message[at]
            if message[at + 1:at + 5] == b"\0\1\0\1" and message[at + 7:at + 9] == b"\0\1":
                said[".".join(labels).lower()].add(".".join(map(str, message[at + 17:at + 21])))
        for name, address in clients.NAMES.items():
            self.assertEqual(said[name], {address}, name)
