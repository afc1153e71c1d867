"""ssh.py - SSH up to the end of the key exchange (RFC 4253, 5656, 8731)."""
import re

from .judge import Protocol, Rule

KEXINIT, NEWKEYS, KEX_FIRST, KEX_REPLY, GROUP, GEX_REPLY = 20, 21, 30, 31, 31, 33
LISTS = 10
POINT = {"curve25519-sha256": 32, "curve25519-sha256@libssh.org": 32, "ecdh-sha2-nistp256": 65,
         "ecdh-sha2-nistp384": 97, "ecdh-sha2-nistp521": 133, "sntrup761x25519-sha512@openssh.com": 1071}


def packet(data):
    """(payload, bytes used, what is wrong) of the binary packet data begins with; payload None if it goes on."""
    if len(data) < 6:
        return None, 0, ""
    length, padding = int.from_bytes(data[:4], "big"), data[4]
    if length > 35000 or length < padding + 2:
        return b"", len(data), f"a packet of {length} bytes, {padding} of padding"
    if len(data) < 4 + length:
        return None, 0, ""
    wrong = "" if (4 + length) % 8 == 0 and padding >= 4 else f"{padding} bytes of padding to {length}"
    return data[5:4 + length - padding], 4 + length, wrong


def strings(payload, at, count):
    """count strings of the payload, or None if they do not fit."""
    found = []
    for _ in range(count):
        end = at + 4 + int.from_bytes(payload[at:at + 4], "big")
        if at + 4 > len(payload) or end > len(payload):
            return None
        found.append(payload[at + 4:end])
        at = end
    return found


def agreed(client, server):
    """First name of the client's list that is in the server's."""
    known = server.split(b",")
    return next((name.decode("latin-1") for name in client.split(b",") if name in known), "")


class Side:
    """One direction: the identification line, then packets."""

    def __init__(self):
        self.rest, self.line, self.encrypted = b"", None, False
        self.kexinit = None		# its ten lists


class Ssh(Protocol):
    name = "ssh"
    ports = ("tcp/22",)
    rules = {
        "K1": Rule("an identification line SSH-2.0-, at most 255 bytes, CR LF"),
        "K2": Rule("packets have a padding that fits"),
        "K3": Rule("KEXINIT is the first packet and has ten lists"),
        "K4": Rule("KEXINIT has a cookie no other connection had", strict=True),
        "K5": Rule("a reply of the key exchange only after its beginning, with key and signature of the kind agreed on",
                   strict=True),
        "K6": Rule("a public value of the key exchange that no other connection had", strict=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked, self.said = Side(), Side()
        self.exchange = False		# the client began the key exchange
        self.garbage = False		# what the client said is not SSH 2

    def client(self, data, time):
        side = self.asked
        side.rest += data
        if side.line is None:
            line, found, rest = side.rest.partition(b"\n")
            if not found:
                return
            side.line, side.rest = line, rest
            self.garbage = not re.match(rb"SSH-(?:2\.0|1\.99)-", line)
        while side.rest and not side.encrypted and not self.garbage:
            payload, used, wrong = packet(side.rest)
            if payload is None:
                return
            side.rest = side.rest[used:]
            if wrong or not payload:
                self.garbage = True
            elif payload[0] == KEXINIT:
                side.kexinit = strings(payload, 17, LISTS)
            elif payload[0] >= KEX_FIRST:
                self.exchange = True
            elif payload[0] == NEWKEYS:
                side.encrypted = True

    def server(self, data, time):
        side = self.said
        side.rest += data
        if side.line is None:
            line, found, rest = side.rest.partition(b"\n")
            if not found:
                return
            side.rest = rest
            side.line = line
            self.expect("K1", re.match(rb"SSH-(?:2\.0|1\.99)-[!-~]", line) and line.endswith(b"\r") and len(line) < 255,
                        repr(line[:80]))
        while side.rest and not side.encrypted:
            if self.garbage and re.fullmatch(rb"[ -~]+\r?\n?", side.rest):
                side.rest = b""			# "Invalid SSH identification string."
                return
            payload, used, wrong = packet(side.rest)
            if payload is None:
                return
            side.rest = side.rest[used:]
            if not self.expect("K2", not wrong and payload, wrong or "empty"):
                return
            self.packet(payload)

    def end(self):
        self.expect("K1", self.said.line is not None or not self.said.rest, "the first line does not end")
        if not self.said.encrypted and self.said.line is not None:
            self.expect("K2", not self.said.rest, "a packet does not end")

    def packet(self, payload):
        kind = payload[0]
        if kind == KEXINIT:
            lists = strings(payload, 17, LISTS)
            if self.expect("K3", lists is not None and lists[0] and lists[1], "no ten lists"):
                self.said.kexinit = lists
            self.fresh("K4", "cookie", payload[1:17])
        elif kind > 4:
            self.expect("K3", self.said.kexinit, f"type {kind} before KEXINIT")
        if kind == NEWKEYS:
            self.said.encrypted = True
        elif kind in (KEX_REPLY, GEX_REPLY):
            self.expect("K5", self.exchange, f"type {kind} unasked")
            self.reply(payload)

    def reply(self, payload):
        if not self.said.kexinit or not self.asked.kexinit:
            return
        method, key = (agreed(c, s) for c, s in zip(self.asked.kexinit[:2], self.said.kexinit[:2]))
        if method.startswith("diffie-hellman-group-exchange") and payload[0] == GROUP:
            return
        fields = strings(payload, 1, 3)
        if not self.expect("K5", fields, "no key, value and signature"):
            return
        blob, value, signature = fields
        kinds = [(strings(field, 0, 1) or [b""])[0].decode("latin-1") for field in (blob, signature)]
        family = "ssh-rsa" if key.startswith("rsa-sha2") else key
        self.expect("K5", kinds == [family, key], f"{kinds} for {key}")
        if method in POINT:
            wanted = POINT[method]
            self.expect("K5", len(value) == wanted, f"{len(value)} bytes for {method}")
        self.fresh("K6", "value", value)

    def fresh(self, rule, what, value):
        seen = self.common.setdefault(what, set())
        self.expect(rule, value not in seen, f"{what} {value[:16].hex()} again")
        seen.add(value)
