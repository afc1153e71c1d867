"""tftp.py - TFTP (RFC 1350, 2347-2349). The transcript tells the server's first port only."""
import struct

from .judge import Malformed, Protocol, Rule

RRQ, WRQ, DATA, ACK, ERROR, OACK = 1, 2, 3, 4, 5, 6


def strings(data):
    if not data.endswith(b"\0"):
        raise Malformed("a string does not end")
    return data[:-1].split(b"\0") if data != b"\0" else []


def options(words):
    return {words[i].lower(): words[i + 1] for i in range(0, len(words) - 1, 2)}


class Tftp(Protocol):
    name = "tftp"
    ports = ("udp/69",)
    rules = {
        "X1": Rule("RRQ gets DATA, ERROR or OACK"),
        "X2": Rule("the first DATA is block 1, or follows ACK 0"),
        "X3": Rule("WRQ gets ACK 0, OACK or ERROR"),
        "X4": Rule("the block after an ACK is the next one"),
        "X5": Rule("an ACK repeats the block of DATA"),
        "X6": Rule("a packet is whole: an opcode, a block of at most blksize bytes, strings that end"),
        "X7": Rule("nothing after the last block or an ERROR but what was asked for again"),
        "X8": Rule("OACK has only options that were offered"),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.request = None		# RRQ or WRQ
        self.offered, self.agreed, self.blksize = {}, {}, 512
        self.last = None		# (opcode, block) of the client's last packet
        self.final = None		# number of the block that ended it
        self.sent = 0			# highest block the server sent

    def client(self, data, time):
        if len(data) < 4:
            self.last = None
            return
        opcode, block = struct.unpack_from(">HH", data)
        self.last = (opcode, block)
        if opcode in (RRQ, WRQ):
            self.request, self.final, self.sent, self.blksize = opcode, None, 0, 512
            try:
                self.offered = options(strings(data[2:])[2:])
            except Malformed:
                self.offered = {}

    def server(self, data, time):
        if not self.expect("X6", len(data) >= 4 and DATA <= data[1] <= OACK and data[0] == 0, data[:4].hex()):
            return
        opcode, block = struct.unpack_from(">HH", data)
        if opcode == ERROR:
            self.expect("X6", data.endswith(b"\0") and len(data) > 4, "no text")
            return
        if opcode == OACK:
            self.accepted(data)
            return
        asked = self.last[0] if self.last else None
        said = f"{opcode} {block} to {self.last}"
        if asked == RRQ:
            if self.expect("X1", opcode == DATA, said):
                self.expect("X2", block == 1, said)
        elif asked == WRQ:
            self.expect("X3", opcode == ACK and block == 0, said)
        elif asked == ACK:
            wanted = (self.last[1] + 1) & 0xFFFF
            self.expect("X2" if self.last[1] == 0 else "X4", opcode == DATA and block == wanted, said)
        elif asked == DATA:
            self.expect("X5", opcode == ACK and block == self.last[1], said)
        elif asked != ERROR:			# what was on its way when the client gave up may still come
            self.expect("X7", False, said)
        if opcode == DATA:
            self.expect("X6", len(data) <= 4 + self.blksize, f"{len(data) - 4} bytes in a block of {self.blksize}")
            self.expect("X7", self.final is None or block <= self.final, f"{said} after {self.final}")
            if len(data) < 4 + self.blksize:
                self.final = block

    def accepted(self, data):
        said = f"OACK to {self.last}"
        if self.last and self.last[0] in (RRQ, WRQ):
            self.expect("X1" if self.last[0] == RRQ else "X3", True)
        else:
            self.expect("X7", False, said)
        try:
            agreed = options(strings(data[2:]))
        except Malformed as error:
            self.expect("X6", False, str(error))
            return
        self.expect("X8", agreed and set(agreed) <= set(self.offered), f"{sorted(agreed)} of {sorted(self.offered)}")
        size = agreed.get(b"blksize", b"512")
        if self.expect("X6", size.isdigit(), f"blksize {size!r}"):
            self.blksize = int(size)
