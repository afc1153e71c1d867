"""nbns.py - NetBIOS name service, UDP 137 (RFC 1002)."""
import struct

from .dns import name_at
from .judge import Malformed, Protocol, Rule

REGISTRATION, WACK, REFRESHES = 5, 7, (8, 9)
NODE_STATUS, STATISTICS = 0x21, 46


class Nbns(Protocol):
    name = "nbns"
    ports = ("udp/137",)
    rules = {
        "N1": Rule("a header of 12 bytes"),
        "N2": Rule("the transaction id is a request's"),
        "N3": Rule("the response bit is set and the opcode the request's"),
        "N4": Rule("the encoded name is the request's"),
        "N5": Rule("a node status has as many names as it says, and the statistics", strict=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked = {}		# transaction id -> requests

    def client(self, data, time):
        if len(data) >= 12:
            self.asked.setdefault(data[:2], []).append(data)

    def server(self, data, time):
        if not self.expect("N1", len(data) >= 12, f"{len(data)} bytes"):
            return
        requests = self.asked.get(data[:2])
        if not self.expect("N2", requests, data[:2].hex()):
            return
        opcode = data[2] >> 3 & 15
        fits = [r for r in requests if self.answers(opcode, r[2] >> 3 & 15)]
        self.expect("N3", data[2] & 0x80 and fits, f"flags {data[2:4].hex()} to {requests[-1][2:4].hex()}")
        names = [self.wire_name(r) for r in requests]
        said = self.wire_name(data)
        self.expect("N4", said is not None and said in names, f"{said!r} to {names!r}")
        if said is not None:
            self.node_status(data, 12 + len(said))

    @staticmethod
    def answers(reply, request):
        return reply in (request, WACK) or (request in REFRESHES and reply in (REGISTRATION, *REFRESHES))

    @staticmethod
    def wire_name(data):
        """As it stands in the packet, or None."""
        try:
            _, end = name_at(data, 12)
            return data[12:end]
        except Malformed:
            return None

    def node_status(self, data, at):
        if len(data) < at + 10:
            return
        kind, _, _, length = struct.unpack_from(">HHIH", data, at)
        if kind != NODE_STATUS or struct.unpack_from(">H", data, 6)[0] == 0:
            return
        body = data[at + 10:]
        names = body[0] if body else 0
        self.expect("N5", len(body) == length and length >= 1 + 18 * names + STATISTICS,
                    f"{names} names in {len(body)} bytes")
