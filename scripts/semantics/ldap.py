"""ldap.py - LDAP (RFC 4511)."""
from . import ber
from .frames import Framed
from .judge import Malformed, Rule

UNBIND, ABANDON, INTERMEDIATE, REFERENCE, ENTRY, DONE = 0x42, 0x50, 0x79, 0x73, 0x64, 0x65
SEARCH, EXTENDED, EXTENDED_REPLY = 0x63, 0x77, 0x78
ANSWERS = {0x60: {0x61}, SEARCH: {ENTRY, DONE, REFERENCE, INTERMEDIATE}, 0x66: {0x67}, 0x68: {0x69}, 0x4A: {0x6B},
           0x6C: {0x6D}, 0x6E: {0x6F}, EXTENDED: {EXTENDED_REPLY, INTERMEDIATE}}
NOT_LAST = {ENTRY, REFERENCE, INTERMEDIATE}


def parse(data):
    """(messageID, tag of the operation, its content)"""
    parts = ber.elements(ber.only(data, 0x30))
    if len(parts) < 2 or parts[0][0] != 2:
        raise Malformed("no messageID and operation")
    return ber.number(parts[0][1]), parts[1][0], parts[1][1]


class Ldap(Framed):
    name = "ldap"
    ports = ("tcp/389",)
    WHOLE, ANSWERED = "L2", "L3"
    size = staticmethod(ber.size)
    rules = {
        "L1": Rule("the messageID is a request's, and the operation answers it"),
        "L2": Rule("BER lengths fit"),
        "L3": Rule("one last answer per request; none to unbind and abandon"),
        "L4": Rule("results have a code, a name and a text; entries are below the base of the search", strict=True),
        "Lc1": Rule("a messageID is not used twice", client=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.requests = {}		# messageID -> (operation, content)
        self.pending = set()

    def request(self, frame):
        ident, operation, content = parse(frame)
        self.expect("Lc1", ident not in self.requests, f"{ident}")
        self.requests[ident] = (operation, content)
        if operation not in (UNBIND, ABANDON):
            self.pending.add(ident)

    def reply(self, frame):
        ident, operation, content = parse(frame)
        self.expect("L2", True)
        said = f"{operation:#x} of {ident}"
        if ident == 0:				# the server says goodbye
            self.expect("L1", operation == EXTENDED_REPLY, said)
            return
        if not self.expect("L1", ident in self.requests, said):
            return
        asked, request = self.requests[ident]
        self.expect("L1", operation in ANSWERS.get(asked, ()), f"{said} to {asked:#x}")
        self.expect("L3", ident in self.pending, f"{said}, already answered")
        if operation not in NOT_LAST:
            self.pending.discard(ident)
        try:
            self.content(asked, request, operation, content, said)
        except (Malformed, IndexError) as error:
            self.expect("L4", False, f"{said}: {error}")

    def content(self, asked, request, operation, content, said):
        parts = ber.elements(content)
        if operation == ENTRY and asked == SEARCH:
            base = ber.elements(request)[0][1].lower().replace(b" ", b"")
            self.expect("L4", parts[0][1].lower().replace(b" ", b"").endswith(base), f"{said}: {parts[0][1]!r}")
        elif operation not in NOT_LAST:
            self.expect("L4", [tag for tag, _ in parts[:3]] == [0x0A, 4, 4], said)
