"""mysql.py - MySQL's and MariaDB's protocol, version 10."""
import re

from .frames import Frames
from .judge import Malformed, Protocol, Rule

QUIT, INIT_DB, QUERY, FIELD_LIST, PING = 1, 2, 3, 4, 14
OK, LOCAL_INFILE, EOF, ERROR = 0x00, 0xFB, 0xFE, 0xFF
NO_ANSWER = {QUIT, 0x19, 0x18}		# also: statement close, long data
HEADER = 4


def size(data):
    return HEADER + int.from_bytes(data[:3], "little") if len(data) >= HEADER else None


def text_of(body):
    return body.decode("latin-1")


class Mysql(Protocol):
    name = "mysql"
    ports = ("tcp/3306",)
    rules = {
        "Y1": Rule("the greeting has sequence 0 and protocol 10, or is an error"),
        "Y2": Rule("the sequence number is the client's plus one, and counts on"),
        "Y3": Rule("an error has # and five characters of SQLSTATE, except for the first packet"),
        "Y4": Rule("a result has as many columns as it says, rows of as many values, and ends"),
        "Y5": Rule("a command gets an answer of its kind, QUIT none"),
        "Y6": Rule("the challenge and the thread id are no other connection's", strict=True),
        "Y7": Rule("an error names the user, the table, the database or the text of the request", strict=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked, self.said = Frames(size), Frames(size)
        self.greeted = self.logged_in = self.aside = False
        self.next = 0			# sequence number the server's next packet has
        self.command, self.query, self.user = None, "", ""
        self.stage = None		# of a result: "columns", "after columns", "rows"
        self.columns = 0
        self.left = 0
        self.owed = False		# an answer is due

    # -- client

    def client(self, data, time):
        if not self.aside:
            for frame in self.asked.feed(data):
                self.request(frame[3], frame[HEADER:])

    def request(self, number, body):
        self.next, self.owed = (number + 1) & 255, True
        if not self.logged_in:
            self.login(body)
            return
        self.command = body[0] if body else None
        self.query = text_of(body[1:])
        self.stage = None
        if self.command in NO_ANSWER:
            self.owed = False

    def login(self, body):
        capabilities = int.from_bytes(body[:4], "little")
        if len(body) == 32 and capabilities & 0x800:
            self.aside = True			# TLS begins
        at = 32 if capabilities & 0x200 else 5
        if not self.user and len(body) > at:
            self.user = text_of(body[at:].split(b"\0")[0])
            self.query = text_of(body)

    def silence(self):
        self.greeted, self.owed, self.stage = True, False, None

    # -- server

    def server(self, data, time):
        if self.aside:
            return
        for frame in self.said.feed(data):
            number, body = frame[3], frame[HEADER:]
            said = f"packet {number}, {body[:1].hex()}"
            if not self.expect("Y5", body, f"{said}: empty"):
                continue
            if not self.greeted:
                self.greeted = True
                self.greeting(number, body, said)
                continue
            if body[0] == ERROR and not self.owed and not self.stage:
                self.error(body, said)		# it hangs up, unasked: a time out
                continue
            self.expect("Y2", number == self.next, f"{said}, expected {self.next}")
            self.next = (self.next + 1) & 255
            self.expect("Y5", self.owed or self.stage, f"{said}: unasked")
            try:
                self.reply(body, said)
            except (Malformed, IndexError) as error:
                self.expect("Y4", False, f"{said}: {error}")
                self.stage = None

    def end(self):
        self.expect("Y4", not self.said.rest and not self.stage, "a packet or a result does not end")

    def greeting(self, number, body, said):
        if body[0] == ERROR:
            self.expect("Y1", number == 0, said)
            return
        version, found, rest = body[1:].partition(b"\0")
        if not self.expect("Y1", number == 0 and body[0] == 10 and version and found and len(rest) >= 31, said):
            return
        thread, challenge = rest[:4], rest[4:12] + rest[31:43]
        for what, value in (("thread id", thread), ("challenge", challenge)):
            seen = self.common.setdefault(what, set())
            self.expect("Y6", value not in seen, f"{what} {value.hex()} again")
            seen.add(value)

    def reply(self, body, said):
        kind = body[0]
        if kind == ERROR:
            self.stage, self.owed = None, False
            self.error(body, said)
        elif self.stage:
            self.result(kind, body, said)
        elif not self.logged_in:
            self.expect("Y5", kind in (OK, 1, EOF), f"{said} to the login")
            self.logged_in, self.owed = kind == OK, False
        elif self.command in (INIT_DB, PING):
            self.expect("Y5", kind == OK, f"{said} to command {self.command}")
            self.owed = False
        elif self.command == QUERY and kind not in (OK, LOCAL_INFILE):
            self.owed, self.stage = False, "columns"
            self.columns = self.left = length_coded(body, 0)[0]
            # MariaDB adds a byte: whether the columns are described again
            self.expect("Y4", len(body) - length_coded(body, 0)[1] in (0, 1), said)
            if self.columns == 1:
                self.selects(said)
        elif self.command == FIELD_LIST:
            if kind == EOF and len(body) < 9:
                self.owed = False
        elif self.command == QUERY:
            word = self.query.lstrip().split(None, 1)[:1]
            self.expect("Y5", not word or word[0].upper() not in ("SELECT", "SHOW", "DESCRIBE", "EXPLAIN") or
                        "INTO" in self.query.upper(), f"{said} to {self.query[:60]!r}")
            self.owed = False
        else:
            self.owed = False

    def selects(self, said):
        """A query that returns rows begins with a word for that."""
        word = self.query.lstrip(" (").split(None, 1)[:1]
        self.expect("Y5", word and word[0].upper().strip(";") in (
            "SELECT", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "ANALYZE", "CHECK", "WITH", "CALL", "VALUES", "CHECKSUM"),
            f"{said}: rows to {self.query[:60]!r}")

    def result(self, kind, body, said):
        ends = kind == EOF and len(body) < 9
        if self.stage == "columns":
            values = coded_values(body)
            self.expect("Y4", not ends and values >= 6, f"{said}: no column, {self.left} to come")
            self.left -= 1
            if self.left == 0:
                self.stage = "after columns"
        elif self.stage == "after columns":
            self.expect("Y4", ends, f"{said}: more than {self.columns} columns")
            self.stage = "rows"
        elif ends:
            self.stage = None
        else:
            values = coded_values(body)
            self.expect("Y4", values == self.columns, f"{said}: a row of {values}, not {self.columns}")

    def error(self, body, said):
        text = text_of(body[9:])
        stated = len(body) >= 9 and re.match(rb"#[0-9A-Z]{5}", body[3:9])
        self.expect("Y3", stated or not (self.logged_in or self.user), f"{said}: {text_of(body[3:60])}")
        match = re.search(r"Access denied for user '([^']*)'@", text)
        if match and not self.logged_in:
            self.expect("Y7", match[1] == self.user, f"{text}, user {self.user}")
        match = re.search(r"(?:Unknown database|Unknown column|Table|FUNCTION|near) '(.+?)'(?: |$)", text, re.S)
        if match:
            name = match[1].rpartition(".")[2] if "near" not in match[0] else match[1][:40]
            self.expect("Y7", name.lower() in self.query.lower(), f"{text[:90]}, asked {self.query[:60]!r}")


def length_coded(data, at):
    """(value, offset behind it); None as value is NULL."""
    if at >= len(data):
        raise Malformed("too short")
    first = data[at]
    if first < 0xFB:
        return first, at + 1
    if first == 0xFB:
        return None, at + 1
    width = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first)
    if width is None or at + 1 + width > len(data):
        raise Malformed("a length of unknown form")
    return int.from_bytes(data[at + 1:at + 1 + width], "little"), at + 1 + width


def coded_values(body):
    """How many length-coded strings the body is made of."""
    at = count = 0
    while at < len(body):
        length, at = length_coded(body, at)
        at += length or 0
        count += 1
        if at > len(body):
            raise Malformed("a value goes beyond the end")
    return count
