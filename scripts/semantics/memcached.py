"""memcached.py - memcached's text protocol over TCP and UDP."""
import re

from .judge import Protocol, Rule

STORES = {"set", "add", "replace", "append", "prepend", "cas"}
GETS = {"get", "gets", "gat", "gats"}
KNOWN = STORES | GETS | {"delete", "incr", "decr", "touch", "stats", "version", "flush_all", "verbosity", "quit",
                         "slabs", "lru", "lru_crawler", "watch", "cache_memlimit", "shutdown", "mg", "ms", "md", "ma",
                         "mn", "me", "misbehave", "extstore", "refresh_certs"}
WORDS = {"get": 2, "gets": 2, "delete": 2, "incr": 3, "decr": 3, "touch": 3, "version": 1}	# from these on it is no ERROR
FAULT = rb"(?:ERROR|CLIENT_ERROR .*|SERVER_ERROR .*)"
ANSWERS = {
    **{verb: rb"STORED|NOT_STORED|EXISTS|NOT_FOUND" for verb in STORES},
    "delete": rb"DELETED|NOT_FOUND", "incr": rb"\d+ *|NOT_FOUND", "decr": rb"\d+ *|NOT_FOUND",
    "touch": rb"TOUCHED|NOT_FOUND", "version": rb"VERSION \S+", "flush_all": rb"OK", "verbosity": rb"OK",
}
NAMES = {**{verb: "C1" for verb in STORES}, "delete": "C3", "incr": "C4", "decr": "C4"}


class Memcached(Protocol):
    name = "memcached"
    ports = ("tcp/11211", "udp/11211")
    rules = {
        "C1": Rule("a store gets STORED, NOT_STORED, EXISTS or NOT_FOUND"),
        "C2": Rule("get: VALUE blocks of the length they tell, of keys asked for, then END"),
        "C3": Rule("delete gets DELETED or NOT_FOUND"),
        "C4": Rule("incr and decr get a number or NOT_FOUND"),
        "C5": Rule("an unknown command gets ERROR, and a whole one does not"),
        "C6": Rule("one answer per command that wants one"),
        "C7": Rule("UDP: the request id is copied, the datagrams are numbered"),
        "C8": Rule("other commands get their own answers: TOUCHED, VERSION, OK, STAT"),
        "C9": Rule("get after set of a key in one conversation returns the value", strict=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked, self.said = b"", b""
        self.pending = []		# (verb, words, value)
        self.store = None		# a store whose data is to come: (verb, words, length)
        self.values = {}
        self.answering = False
        self.ids = set()		# request ids of the datagrams
        self.more = False		# the last datagram announced others, which may be lost

    # -- client

    def client(self, data, time):
        self.answering = False
        if self.transport == "udp":
            if len(data) < 8:
                return
            self.ids.add(data[:2])
            self.asked, self.store = b"", None
            data = data[8:]
        self.asked += data
        while self.asked and self.take():
            pass

    def take(self):
        """Takes one command off what was asked; False if it is not whole."""
        if self.store is not None:
            verb, words, length = self.store
            if len(self.asked) < length + 2:
                return False
            value, end = self.asked[:length], self.asked[length:length + 2]
            if end == b"\r\n":
                self.asked = self.asked[length + 2:]
            else:
                rest = self.asked[length:].find(b"\n")
                if rest < 0:
                    return False
                self.asked, value = self.asked[length + rest + 1:], None
            self.store = None
            self.pending.append((verb, words, value))
            return True
        line, found, rest = self.asked.partition(b"\n")
        if not found:
            return False
        self.asked = rest
        words = line.split()
        verb = words[0].decode("latin-1") if words else ""
        if verb in STORES and len(words) >= 5 and re.fullmatch(rb"\d{1,9}", words[4]) and len(words[1]) <= 250 and \
                re.fullmatch(rb"\d+", words[2]) and re.fullmatch(rb"-?\d+", words[3]):
            self.store = (verb, words, int(words[4]))
        else:
            self.pending.append((verb, words, None))
        return True

    def silence(self):
        self.pending.clear()

    # -- server

    def server(self, data, time):
        self.answering = True
        if self.transport == "udp":
            number, total = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:6], "big")
            if not self.expect("C7", len(data) >= 8 and data[:2] in self.ids and
                               (number < total or len(data) == 8), data[:8].hex()):
                return
            self.more = number + 1 < total
            data = data[8:]
        self.said += data
        while self.said:
            while self.pending and (self.pending[0][0] == "quit" or b"noreply" in self.pending[0][1][-1:]) and \
                    not self.said.startswith((b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR")):
                self.remember(*self.pending.pop(0), b"STORED")
            line, found, _ = self.said.partition(b"\n")
            if not found:
                return
            line = line.rstrip(b"\r")
            if not self.pending:
                self.expect("C6", re.fullmatch(FAULT, line), repr(line[:60]))
                self.said = b""
                return
            used = self.answer(line, *self.pending[0])
            if used is None:
                return
            self.said = self.said[used:]

    def end(self):
        self.expect("C2", self.more or not self.said, f"an answer does not end: {self.said[:60]!r}")
        left = [verb for verb, words, _ in self.pending if verb not in ("quit", "watch", "shutdown") and
                b"noreply" not in words[-1:]]
        if self.answering and self.transport == "tcp":
            self.expect("C6", not left, f"{len(left)} unanswered")

    def answer(self, line, verb, words, value):
        """Judges the answer that begins with line; its length, or None if it goes on."""
        said, used = f"{b' '.join(words)[:60]!r} -> {line[:60]!r}", self.said.find(b"\n") + 1
        self.expect("C6", True)
        if re.fullmatch(FAULT, line):
            known = verb in KNOWN
            self.expect("C5", line != b"ERROR" or not known or len(words) < WORDS.get(verb, 9), said)
        elif verb in GETS or verb == "stats":
            used = self.blocks(verb, words, said)
            if used is None:
                return None
        elif verb in ANSWERS:
            self.expect(NAMES.get(verb, "C8"), re.fullmatch(ANSWERS[verb], line), said)
            self.remember(verb, words, value, line)
        elif verb not in KNOWN:
            self.expect("C5", False, said)
        self.pending.pop(0)
        return used

    def remember(self, verb, words, value, line):
        if len(words) > 1 and verb in STORES | {"delete", "incr", "decr", "flush_all"}:
            self.values.pop(words[1], None)
            if verb == "set" and line == b"STORED" and value is not None and words[3] == b"0":
                self.values[words[1]] = value
        if verb == "flush_all":
            self.values.clear()

    def blocks(self, verb, words, said):
        """Bytes of the blocks up to END (or RESET), None if they go on."""
        at, asked = 0, words[1:] if verb in ("get", "gets") else words[2:]
        while True:
            end = self.said.find(b"\n", at)
            if end < 0:
                return None
            line = self.said[at:end].rstrip(b"\r")
            at = end + 1
            if line == b"END" or (verb == "stats" and line in (b"RESET", b"OK")):
                self.expect("C2" if verb in GETS else "C8", True)
                return at
            if verb == "stats":
                if not self.expect("C8", line.startswith((b"STAT ", b"PREFIX ")), said):
                    return at
                continue
            match = re.fullmatch(rb"VALUE (\S+) \d+ (\d{1,9})(?: \d+)?", line)
            if not self.expect("C2", match and match[1] in asked, f"{said}: {line[:60]!r}"):
                return at
            length = int(match[2])
            if len(self.said) < at + length + 2:
                return None
            value = self.said[at:at + length]
            if not self.expect("C2", self.said[at + length:at + length + 2] == b"\r\n", f"{said}: not {length} bytes"):
                return len(self.said)
            if match[1] in self.values:
                self.expect("C9", value == self.values[match[1]], f"{said}: {value[:40]!r}")
            at += length + 2
