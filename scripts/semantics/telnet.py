"""telnet.py - Telnet (RFC 854, 855, 857) with a login behind it."""
import re

from .judge import Malformed, Protocol, Rule

SE, SB, WILL, WONT, DO, DONT, IAC = 240, 250, 251, 252, 253, 254, 255
ECHO = 1
PROMPTS = re.compile(rb"(?P<login>(?:^|[\r\n ])(?:login|username|user): ?(?!incorrect))|(?P<password>^password: ?)|"
                     rb"(?P<command>[$#>%] ?\Z)", re.I | re.M)


class Stream:
    """One direction: text and what is negotiated."""

    def __init__(self):
        self.rest = b""

    def feed(self, data):
        """(text, [(verb, option), ...]); raises Malformed after an IAC that means nothing."""
        data, at, text, verbs = self.rest + data, 0, bytearray(), []
        self.rest = b""
        while at < len(data):
            if data[at] != IAC:
                text.append(data[at])
                at += 1
                continue
            code = data[at + 1] if at + 1 < len(data) else None
            if code is None or (code in (WILL, WONT, DO, DONT) and at + 2 >= len(data)):
                self.rest = data[at:]
                break
            if code == IAC:
                text.append(IAC)
                at += 2
            elif code == SB:
                end = data.find(bytes((IAC, SE)), at)
                if end < 0:
                    self.rest = data[at:]
                    break
                at = end + 2
            elif code in (WILL, WONT, DO, DONT):
                verbs.append((code, data[at + 2]))
                at += 3
            elif code >= 236:
                at += 2
            else:
                raise Malformed(f"IAC {code}")
        return bytes(text), verbs


class Telnet(Protocol):
    name = "telnet"
    ports = ("tcp/23",)
    rules = {
        "V1": Rule("no option that is agreed on is acknowledged again"),
        "V2": Rule("IAC is doubled in text, negotiations are whole"),
        "V3": Rule("login: comes before Password:, this before a prompt of the shell"),
        "V4": Rule("a password is not echoed"),
        "V5": Rule("other input is echoed if ECHO was agreed", strict=True),
        "Vc1": Rule("no option that is agreed on is acknowledged again", client=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked, self.said = Stream(), Stream()
        self.options = {}		# (side, WILL or DO, option) -> whether it holds
        self.asking = None		# what the last prompt wants: "login", "password", "command"
        self.waiting = False		# the prompt is the last that was said
        self.typed = b""

    def negotiate(self, side, rule, verbs):
        for verb, option in verbs:
            kind, on = (WILL, verb == WILL) if verb in (WILL, WONT) else (DO, verb == DO)
            if on:
                self.expect(rule, not self.options.get((side, kind, option)), f"{verb} {option} again")
            self.options[side, kind, option] = on

    def client(self, data, time):
        try:
            text, verbs = self.asked.feed(data)
        except Malformed:
            return
        self.negotiate("client", "Vc1", verbs)
        self.typed += text

    def silence(self):
        self.typed = b""

    def server(self, data, time):
        try:
            text, verbs = self.said.feed(data)
        except Malformed as error:
            self.expect("V2", False, str(error))
            return
        self.expect("V2", True)
        self.negotiate("server", "V1", verbs)
        if text:
            self.echo(text)
            self.order(text)

    def end(self):
        self.expect("V2", not self.said.rest, "a negotiation does not end")

    def echo(self, text):
        typed = re.split(rb"[\r\n\0]", self.typed, maxsplit=1)[0]
        if not self.waiting:			# typed ahead
            self.typed = b""
            return
        if len(typed) < 3:
            return
        if self.asking == "password":
            first = PROMPTS.search(text)
            self.expect("V4", typed not in text[:first.start() if first else len(text)], f"{typed!r} was the password")
        elif self.options.get(("server", WILL, ECHO)) and self.options.get(("client", DO, ECHO)):
            self.expect("V5", typed[:40] in text or typed.startswith(b"\x1b"), f"{typed!r} is missing")
        self.typed = b""

    def order(self, text):
        self.waiting = False
        for match in PROMPTS.finditer(text):
            kind, before = match.lastgroup, self.asking
            if kind == "login":
                self.expect("V3", before != "command", "login: after a prompt of the shell")
            elif kind == "password":
                self.expect("V3", before == "login", "Password: without login:")
            else:
                self.expect("V3", before in ("password", "command"), "a prompt of the shell without a login")
            self.asking, self.waiting = kind, match.end() == len(text)
