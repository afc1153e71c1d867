"""imap.py - IMAP (RFC 3501)."""
import re

from .judge import Protocol, Rule

LITERAL = re.compile(rb"\{(\d+)(\+?)\}$")
AUTHENTICATED = {"SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "LIST", "LSUB",
                 "STATUS", "APPEND", "NAMESPACE", "IDLE"}
SELECTED = {"CHECK", "CLOSE", "EXPUNGE", "SEARCH", "FETCH", "STORE", "COPY", "UID", "MOVE", "UNSELECT"}


class Replies:
    """What the server says, cut into lines; a literal {n} and what follows belongs to its line."""

    def __init__(self):
        self.rest = b""

    def feed(self, data):
        """The lines that are whole now."""
        self.rest += data
        lines, at = [], 0
        while (end := self.rest.find(b"\n", at)) >= 0:
            match = LITERAL.search(self.rest[at:end].rstrip(b"\r"))
            at = end + 1 + (int(match[1]) if match else 0)
            if not match:
                lines.append(self.rest[:end].rstrip(b"\r"))
                self.rest, at = self.rest[end + 1:], 0
            elif at > len(self.rest):
                break
        return lines


class Imap(Protocol):
    name = "imap"
    ports = ("tcp/143",)
    rules = {
        "I1": Rule("a tagged completion bears a tag that was sent, once per tag"),
        "I2": Rule("untagged lines begin with `* `, literals have their length"),
        "I3": Rule("commands succeed only when authenticated, or a mailbox is selected"),
        "I4": Rule("the greeting is * OK, * PREAUTH or * BYE"),
        "I5": Rule("an unknown command gets BAD or NO", strict=True),
        "I6": Rule("untagged data is what the commands asked for: FETCH, SEARCH, LIST, STATUS, CAPABILITY",
                   strict=True),
        "Ic1": Rule("a tag is not used twice", client=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked, self.said = b"", Replies()
        self.pending = {}		# tag -> command
        self.tags = set()
        self.greeted = self.logged_in = self.selected = False
        self.literal = None		# bytes the client wants to send after a +
        self.owed = 0			# bytes of a literal on their way
        self.continued = False		# the next line goes on with a command

    # -- client

    def client(self, data, time):
        self.asked += data
        while self.asked:
            used = min(self.owed, len(self.asked))
            self.asked, self.owed = self.asked[used:], self.owed - used
            line, found, rest = self.asked.partition(b"\n")
            if not found:
                return
            self.asked = rest
            match = LITERAL.search(line.rstrip(b"\r"))
            if not self.continued:
                self.command(line.rstrip(b"\r").decode("latin-1"))
            self.continued = False
            if match and match[2]:
                self.owed, self.continued = int(match[1]), True
            else:
                self.literal = int(match[1]) if match else None

    def command(self, text):
        tag, _, rest = text.partition(" ")
        words = rest.upper().split()
        verb = words[0] if words else ""
        if not tag:
            return
        self.expect("Ic1", tag not in self.tags, text)
        self.tags.add(tag)
        self.pending.setdefault(tag, []).append(" ".join(words[:2]) if verb == "UID" else verb)

    def silence(self):
        self.pending.clear()
        self.greeted, self.continued, self.literal = True, False, None

    # -- server

    def server(self, data, time):
        for line in self.said.feed(data):
            self.line(line.decode("latin-1"))

    def end(self):
        self.expect("I2", not self.said.rest, "a line or a literal does not end")

    def line(self, line):
        if not self.greeted:
            self.greeted = True
            self.logged_in = line.startswith("* PREAUTH")
            self.expect("I4", re.match(r"\* (?:OK|PREAUTH|BYE)\b", line), line)
        elif line.startswith("+"):
            self.expect("I2", re.match(r"\+(?: |$)", line), line)
            self.expect("I1", self.pending, line)
            self.continued = True
            self.owed, self.literal = self.literal or 0, None
        elif line.startswith("*"):
            self.expect("I2", line.startswith("* ") and len(line) > 2, line)
            self.untagged(line)
        else:
            self.completion(line)

    def untagged(self, line):
        commands = {verb.split(" ")[-1] for verbs in self.pending.values() for verb in verbs}
        match = re.match(r"\* (?:\d+ )?([A-Z]+)", line)
        word = match[1] if match else ""
        if word == "FETCH":
            flags_only = re.match(r"\* \d+ FETCH \(FLAGS \([^()]*\)\)$", line)	# may come at any time
            self.expect("I6", flags_only or "FETCH" in commands, line)
            self.expect("I3", self.selected or commands & {"SELECT", "EXAMINE"}, line)
        elif word == "SEARCH":
            self.expect("I6", "SEARCH" in commands, line)
        elif word in ("LIST", "LSUB", "STATUS", "NAMESPACE"):
            self.expect("I6", commands & {word, "LIST"}, line)
        elif word == "CAPABILITY":
            self.expect("I6", commands & {"CAPABILITY", "LOGIN", "AUTHENTICATE"}, line)

    def completion(self, line):
        tag, _, rest = line.partition(" ")
        status = rest.split(" ")[0]
        if not self.expect("I1", status in ("OK", "NO", "BAD") and self.pending.get(tag), line):
            return
        self.continued, self.literal = False, None
        verb = self.pending[tag].pop(0)
        if not self.pending[tag]:
            del self.pending[tag]
        said = f"{verb} -> {rest}"
        if status != "OK":
            if verb in ("SELECT", "EXAMINE"):
                self.selected = False
            return
        first = verb.split(" ")[0]
        if first in AUTHENTICATED:
            self.expect("I3", self.logged_in, said)
        elif first in SELECTED:
            self.expect("I3", self.selected, said)
        if first in ("LOGIN", "AUTHENTICATE"):
            self.logged_in = True
        elif first in ("SELECT", "EXAMINE"):
            self.selected = True
        elif first in ("CLOSE", "UNSELECT"):
            self.selected = False
        known = AUTHENTICATED | SELECTED | {"LOGIN", "AUTHENTICATE", "LOGOUT", "CAPABILITY", "NOOP", "STARTTLS",
                                            "ID", "ENABLE", "SORT", "THREAD"}
        self.expect("I5", first in known, said)
