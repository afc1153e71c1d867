"""snmp.py - SNMP versions 1, 2c and, as far as the discovery goes, 3 (RFC 1157, 3416, 3412)."""
from dataclasses import dataclass

from . import ber
from .judge import Malformed, Protocol, Rule

GET, GETNEXT, RESPONSE, SET, BULK, REPORT = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA8
V3 = 3
END_OF_VIEW = 0x82


@dataclass
class Message:
    version: int
    community: bytes
    kind: int = 0
    ident: int = 0		# request-id; of v3 the msgID
    status: int = 0
    index: int = 0
    names: list = None		# OIDs of the varbinds, as tuples
    kinds: list = None		# tags of their values


def oid(content):
    if not content:
        raise Malformed("an empty OID")
    parts, value = [], 0
    for byte in content:
        value = value << 7 | byte & 127
        if not byte & 128:
            parts.append(value)
            value = 0
    return (*divmod(parts[0], 40), *parts[1:]) if parts and parts[0] < 80 else tuple(parts)


def parse(data):
    parts = ber.elements(ber.only(data, 0x30))
    if len(parts) < 3 or parts[0][0] != 2:
        raise Malformed("no version, community and PDU")
    version = ber.number(parts[0][1])
    if version == V3:
        header = ber.elements(parts[1][1])
        if len(parts) != 4 or len(header) != 4:
            raise Malformed("no header of version 3")
        kind = 0
        if parts[3][0] == 0x30:			# not encrypted
            scoped = ber.elements(parts[3][1])
            kind = scoped[2][0] if len(scoped) == 3 else 0
        return Message(version, b"", kind, ber.number(header[0][1]))
    if len(parts) != 3 or parts[1][0] != 4:
        raise Malformed("no version, community and PDU")
    kind, body = parts[2]
    fields = ber.elements(body)
    if len(fields) != 4 or [tag for tag, _ in fields] != [2, 2, 2, 0x30]:
        raise Malformed("a PDU of unknown form")
    ident, status, index = (ber.number(content) for _, content in fields[:3])
    names, kinds = [], []
    for tag, content in ber.elements(fields[3][1]):
        pair = ber.elements(content)
        if tag != 0x30 or len(pair) != 2 or pair[0][0] != 6:
            raise Malformed("a varbind of unknown form")
        names.append(oid(pair[0][1]))
        kinds.append(pair[1][0])
    return Message(version, parts[1][1], kind, ident, status, index, names, kinds)


class Snmp(Protocol):
    name = "snmp"
    ports = ("udp/161",)
    rules = {
        "G1": Rule("BER lengths fit"),
        "G2": Rule("the request id is a request's"),
        "G3": Rule("version and community are the request's"),
        "G4": Rule("a response is 0xA2, in version 3 a report too"),
        "G5": Rule("to GET and SET the same OIDs, to GETNEXT as many and greater ones; the error index is in range",
                   strict=True),
        "G6": Rule("the bulk's OIDs are greater than those asked for", strict=True),
        "Gc1": Rule("the request id is not that of the request before", client=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked = {}			# request id -> requests
        self.last = None

    def client(self, data, time):
        try:
            request = parse(data)
        except Malformed:
            return
        self.expect("Gc1", self.last is None or self.last != request.ident or
                    request in self.asked[request.ident], f"{request.ident}")
        self.last = request.ident
        self.asked.setdefault(request.ident, []).append(request)

    def server(self, data, time):
        try:
            reply = parse(data)
        except Malformed as error:
            self.expect("G1", False, str(error))
            return
        self.expect("G1", True)
        requests = self.asked.get(reply.ident)
        if not self.expect("G2", requests, f"{reply.ident}"):
            return
        request = requests[-1]
        self.expect("G3", any((reply.version, reply.community) == (r.version, r.community) for r in requests),
                    f"{reply.community!r} to {request.community!r}")
        self.expect("G4", reply.kind == RESPONSE or (reply.version == V3 and reply.kind in (REPORT, 0)),
                    f"{reply.kind:#x}")
        if reply.version != V3 and request.version != V3:
            self.varbinds(request, reply)

    def varbinds(self, request, reply):
        asked, given = request.names, reply.names
        said = f"{given} to {asked}"
        self.expect("G5", 0 <= reply.index <= len(asked), f"error index {reply.index} of {len(asked)}")
        if reply.status or request.kind in (GET, SET):
            self.expect("G5", asked == given or (reply.status == 1 and not given), said)
        elif request.kind == GETNEXT:
            self.expect("G5", len(asked) == len(given) and
                        all(b > a or k == END_OF_VIEW for a, b, k in zip(asked, given, reply.kinds)), said)
        elif request.kind == BULK and asked:
            self.expect("G6", given and all(name > min(asked) or kind == END_OF_VIEW
                                            for name, kind in zip(given, reply.kinds)), said)
