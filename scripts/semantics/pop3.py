"""pop3.py - POP3 (RFC 1939, 2449, 5034)."""
import re

from .judge import Protocol, Rule
from .lines import Lines

KNOWN = {"USER", "PASS", "APOP", "QUIT", "STAT", "LIST", "RETR", "DELE", "NOOP", "RSET", "TOP", "UIDL", "CAPA",
         "AUTH", "STLS", "XCLIENT", "LANG", "UTF8", "LAST", "XTND", "RPOP", "ID"}
ANY_TIME = {"USER", "PASS", "APOP", "QUIT", "CAPA", "AUTH", "STLS", "NOOP", "XCLIENT", "LANG", "UTF8", "ID",
            "CREDENTIALS"}


class Pop3(Protocol):
    name = "pop3"
    ports = ("tcp/110",)
    rules = {
        "P1": Rule("every reply begins with +OK, -ERR, or + within AUTH"),
        "P2": Rule("a reply has a pending command"),
        "P3": Rule("the greeting is +OK"),
        "P4": Rule("lines of LIST and UIDL are `n value`"),
        "P5": Rule("STAT is `+OK n octets`, LIST n and UIDL n are `+OK n value`"),
        "P6": Rule("no success in a transaction before the login"),
        "P7": Rule("an unknown command gets -ERR"),
        "P8": Rule("replies of several lines end in a lone dot"),
        "P9": Rule("STAT counts as LIST does; sizes agree; n is the one asked for", strict=True),
        "Pc1": Rule("PASS after USER", client=True),
        "Pc2": Rule("nothing after QUIT", client=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked, self.said = Lines(), Lines()
        self.pending = []		# (verb, argument)
        self.seen = []
        self.greeted = self.logged_in = self.in_auth = False
        self.lines = None		# of the reply that is open, for (verb, argument)
        self.open = None
        self.count, self.sizes = None, {}

    # -- client

    def client(self, data, time):
        for line in self.asked.feed(data):
            text = line.decode("latin-1")
            verb, _, argument = text.partition(" ")
            verb = verb.upper()
            if self.in_auth:
                verb, argument, self.in_auth = "CREDENTIALS", text, False
            self.expect("Pc2", "QUIT" not in self.seen, text)
            if verb == "PASS":
                self.expect("Pc1", "USER" in self.seen, text)
            self.seen.append(verb)
            self.pending.append((verb, argument.strip()))

    def silence(self):
        self.pending.clear()
        self.greeted, self.in_auth, self.lines = True, False, None

    # -- server

    def server(self, data, time):
        if self.lines is not None and self.pending and re.match(rb"\+OK|-ERR", data):
            self.expect("P8", False, f"the reply to {' '.join(self.open)} before")
            self.lines = None
        for line in self.said.feed(data):
            if self.lines is None:
                self.reply(line.decode("latin-1"))
            elif line == b".":
                lines, self.lines = self.lines, None
                self.expect("P8", True)
                self.listed(*self.open, lines)
            else:
                self.lines.append(line.decode("latin-1"))
        self.expect("P1", not self.said.rest or self.lines is not None, "the last line does not end")
        if self.lines is None:
            self.said.rest = b""

    def end(self):
        self.expect("P8", self.lines is None, "no lone dot")

    def reply(self, line):
        match = re.match(r"(\+OK|-ERR)(?: |$)|\+ ", line)
        if not self.expect("P1", match, line):
            return
        if not self.greeted:
            self.expect("P3", match[1] == "+OK", line)
            self.greeted = True
            return
        if not self.pending:
            self.expect("P2", line.startswith("-ERR"), line)	# a server may say goodbye
            return
        verb, argument = self.pending.pop(0)
        said = f"{verb} {argument} -> {line}"
        self.expect("P2", True)
        if match[1] is None:
            self.in_auth = self.expect("P1", verb in ("AUTH", "CREDENTIALS"), said)
            return
        success = match[1] == "+OK"
        if verb not in KNOWN and verb != "CREDENTIALS":
            self.expect("P7", not success, said)
        if not self.logged_in and verb not in ANY_TIME:
            self.expect("P6", not success, said)
        if success:
            self.meaning(verb, argument, line, said)

    def meaning(self, verb, argument, line, said):
        if verb in ("PASS", "APOP", "CREDENTIALS") or (verb == "AUTH" and " " in argument):
            self.logged_in = True
        if verb in ("DELE", "RSET"):
            self.count, self.sizes = None, {}
        if verb == "STAT":
            match = re.match(r"\+OK (\d+) (\d+)", line)
            if self.expect("P5", match, said):
                self.counted(match[1], said)
        elif verb in ("LIST", "UIDL") and argument:
            match = re.match(r"\+OK (\d+) (\S+)", line)
            if self.expect("P5", match, said):
                self.expect("P9", int(match[1]) == int(argument) if argument.isdecimal() else False, said)
                self.sized(verb, match[1], match[2], said)
        elif verb in ("LIST", "UIDL", "CAPA", "RETR", "TOP") or (verb == "AUTH" and not argument):
            self.lines, self.open = [], (verb, argument)

    def listed(self, verb, argument, lines):
        """A reply of several lines is complete."""
        if verb not in ("LIST", "UIDL"):
            return
        for line in lines:
            match = re.fullmatch(r"(\d+) (\S+)", line)
            if self.expect("P4", match, line):
                self.sized(verb, match[1], match[2], line)
        self.counted(str(len(lines)), f"{verb} has {len(lines)} lines")

    def counted(self, count, said):
        self.expect("P9", self.count in (None, count), f"{said}, before {self.count}")
        self.count = count

    def sized(self, verb, number, value, said):
        known = self.sizes.setdefault((verb, number), value)
        self.expect("P9", known == value, f"{said}, before {known}")
