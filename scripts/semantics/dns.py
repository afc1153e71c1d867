"""dns.py - DNS over UDP (RFC 1035, 6891)."""
import struct
from dataclasses import dataclass

from .judge import Malformed, Protocol, Rule

CNAME, OPT, ANY, DNAME, RRSIG = 5, 41, 255, 39, 46
FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 1, 2, 3, 4, 5
AXFR_LIKE = {251, 252, 253, 254, ANY}
WITH_NAMES = {2: 0, 5: 0, 12: 0, 15: 2, 33: 6, 39: 0}		# type -> where in its data a name begins


@dataclass
class Record:
    owner: bytes
    type: int
    target: bytes | None	# of a CNAME


@dataclass
class Message:
    ident: int
    flags: int
    question: bytes		# the section, byte for byte
    names: list			# (name, type) of the questions
    answers: list
    others: list

    @property
    def rcode(self):
        return self.flags & 15


def name_at(data, at):
    """(lower-case wire form of the name at this offset, offset behind it)."""
    labels, behind, limit = [], None, at
    while True:
        if at >= len(data):
            raise Malformed("a name goes beyond the end")
        length = data[at]
        if length >= 192:
            if at + 2 > len(data):
                raise Malformed("a pointer goes beyond the end")
            target = (length & 63) << 8 | data[at + 1]
            behind = at + 2 if behind is None else behind
            if target >= limit:
                raise Malformed("a pointer does not point back")
            at = limit = target
        elif length >= 64:
            raise Malformed("a label has an unknown form")
        elif length == 0:
            return b"".join(labels) + b"\0", at + 1 if behind is None else behind
        else:
            if at + 1 + length > len(data):
                raise Malformed("a label goes beyond the end")
            labels.append(data[at:at + 1 + length].lower())
            at += 1 + length


def _record(data, at):
    owner, at = name_at(data, at)
    if at + 10 > len(data):
        raise Malformed("a record goes beyond the end")
    kind, _, _, length = struct.unpack_from(">HHIH", data, at)
    at += 10
    if at + length > len(data):
        raise Malformed("a record's data goes beyond the end")
    target = None
    if kind in WITH_NAMES and length:
        target, end = name_at(data, at + WITH_NAMES[kind])
        if end > at + length:
            raise Malformed("a name is longer than its record")
    return Record(owner, kind, target), at + length


def parse(data):
    if len(data) < 12:
        raise Malformed("shorter than a header")
    ident, flags, questions, answers, authority, additional = struct.unpack_from(">6H", data)
    at, names = 12, []
    for _ in range(questions):
        name, at = name_at(data, at)
        if at + 4 > len(data):
            raise Malformed("a question goes beyond the end")
        names.append((name, struct.unpack_from(">H", data, at)[0]))
        at += 4
    question, sections = data[12:at], []
    for count in (answers, authority + additional):
        sections.append([])
        for _ in range(count):
            record, at = _record(data, at)
            sections[-1].append(record)
    if at != len(data):
        raise Malformed(f"{len(data) - at} bytes after the last record")
    return Message(ident, flags, question, names, *sections)


class Dns(Protocol):
    name = "dns"
    ports = ("udp/53",)
    rules = {
        "D1": Rule("at least 12 bytes, counts fit the sections, names end inside, pointers point back"),
        "D2": Rule("the id was asked before, and is answered once"),
        "D3": Rule("QR is 1"),
        "D4": Rule("the opcode is the query's"),
        "D5": Rule("RD is the query's"),
        "D6": Rule("the question is the query's, byte for byte"),
        "D7": Rule("the question is missing only with FORMERR, SERVFAIL, NOTIMP or REFUSED"),
        "D8": Rule("answers reach the question and fit its type; NXDOMAIN has none; OPT only if asked with",
                   strict=True),
        "Dc1": Rule("a query has QR 0", client=True),
        "Dc2": Rule("the id is not that of the query before", client=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.pending = {}	# id -> queries not yet answered
        self.last = None	# query of the client

    def client(self, data, time):
        if len(data) < 4:
            return
        ident, flags = struct.unpack_from(">HH", data)
        self.expect("Dc1", not flags & 0x8000, f"flags {flags:04x}")
        self.expect("Dc2", self.last is None or self.last[:2] != data[:2] or self.last == data, f"id {ident:04x} again")
        self.last = data
        self.pending.setdefault(ident, []).append(data)

    def silence(self):
        for queries in self.pending.values():
            queries.clear()

    def server(self, data, time):
        try:
            reply = parse(data)
        except Malformed as error:
            self.expect("D1", False, str(error))
            return
        self.expect("D1", True)
        self.expect("D3", reply.flags & 0x8000, f"flags {reply.flags:04x}")
        queries = self.pending.get(reply.ident)
        if not self.expect("D2", queries, f"id {reply.ident:04x} " +
                           ("was not asked" if queries is None else "is answered again")):
            return
        data = next((q for q in queries if reply.question and q[12:].startswith(reply.question)), queries[0])
        queries.remove(data)
        flags = struct.unpack_from(">H", data, 2)[0]
        self.expect("D4", flags & 0x7800 == reply.flags & 0x7800, f"{reply.flags >> 11 & 15} to {flags >> 11 & 15}")
        self.expect("D5", flags & 0x0100 == reply.flags & 0x0100, f"flags {reply.flags:04x} to {flags:04x}")
        try:
            query = parse(data)
        except Malformed:
            query = None
        if not reply.question:
            self.expect("D7", reply.rcode in (FORMERR, SERVFAIL, NOTIMP, REFUSED) or (query and not query.question),
                        f"rcode {reply.rcode}")
        elif len(data) > 12:
            self.expect("D6", data[12:12 + len(reply.question)] == reply.question,
                        f"{reply.question!r} to {data[12:12 + len(reply.question)]!r}")
        if query is not None and query.names:
            self.strict(query, reply)

    def strict(self, query, reply):
        name, kind = query.names[0]
        chain, change = {name}, True
        while change:
            found = {r.target for r in reply.answers if r.type == CNAME and r.owner in chain} - chain
            chain |= found
            change = bool(found)
        for record in reply.answers:
            self.expect("D8", record.owner in chain or record.type == DNAME, f"an answer about {record.owner!r}")
            self.expect("D8", record.type in (kind, CNAME, DNAME, RRSIG) or kind in AXFR_LIKE,
                        f"type {record.type} to type {kind}")
            self.expect("D8", reply.rcode != NXDOMAIN or record.type in (CNAME, DNAME), "NXDOMAIN with an answer")
        if any(r.type == OPT for r in reply.others):
            self.expect("D8", any(r.type == OPT for r in query.others), "OPT unasked")
