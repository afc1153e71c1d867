"""smb.py - SMB 1 to 3 on ports 139 and 445 ([MS-CIFS], [MS-SMB], [MS-SMB2], RFC 1002)."""
import struct

from .frames import Frames
from .judge import Protocol, Rule

SMB1, SMB2, TRANSFORM, COMPRESSED = b"\xffSMB", b"\xfeSMB", b"\xfdSMB", b"\xfcSMB"
SESSION_REQUEST, POSITIVE, NEGATIVE, RETARGET, KEEPALIVE = 0x81, 0x82, 0x83, 0x84, 0x85
NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT, LOCKING, NT_CANCEL = 0x72, 0x73, 0x74, 0x75, 0x24, 0xA4
TRANSACTIONS = (0x25, 0x32, 0xA0)	# answered in one packet or several
NO_ANDX = 0xFF
NEGOTIATE2, SESSION_SETUP2, TREE_CONNECT2, CANCEL2, BREAK2 = 0, 1, 3, 12, 18
NOBODY = 0xFFFFFFFFFFFFFFFF
TO_CLIENT, ASYNC, RELATED = 1, 2, 4
PENDING, GOOD = 0x103, (0, 0xC0000016)	# the second: more processing required
WITH_ANDX = {0x24, 0x2D, 0x2E, 0x2F, 0x73, 0x74, 0x75, 0xA2}


def size(data):
    """Of the NetBIOS session packet, or of that which port 445 has in its place."""
    return 4 + (int.from_bytes(data[1:4], "big") if data[0] == 0 else int.from_bytes(data[2:4], "big")) \
        if len(data) >= 4 else None


class Smb(Protocol):
    name = "smb"
    ports = ("tcp/445", "tcp/139")
    rules = {
        "B1": Rule("a session request gets 0x82 or 0x83; else packets have type 0 and their length"),
        "B2": Rule("SMB 1: command, PID and MID are those of a request unanswered"),
        "B3": Rule("SMB 1: the reply flag is set"),
        "B4": Rule("SMB 1: PIDHigh is the request's"),
        "B5": Rule("SMB 1: TID is the request's, unless the reply assigns it"),
        "B6": Rule("SMB 1: UID is the request's, unless the reply assigns it"),
        "B7": Rule("SMB 2 and 3: MessageId and command are those of a request unanswered"),
        "B8": Rule("SMB 2 and 3: the flag for the direction is set"),
        "B8 ids": Rule("SMB 2 and 3: SessionId and TreeId are the request's once assigned, credits are granted",
                       strict=True),
        "B9": Rule("counts and AndX offsets stay inside; the dialect was offered"),
        "B10": Rule("nothing succeeds with a UID or TID the server never gave", strict=True),
    }
    figures = {"only_b2_failed": lambda failed: failed == {"B2"}}

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked, self.said, self.real = Frames(size), Frames(size), Frames(size)
        self.pending = []		# SMB 1 requests: headers unanswered
        self.messages = {}		# SMB 2: MessageId -> header unanswered
        self.dialects = 0		# offered by SMB 1's negotiation
        self.session = False		# a session request waits
        self.uids, self.tids = set(), set()

    # -- client

    def client(self, data, time):
        for frame in self.asked.feed(data):
            if frame[0] == SESSION_REQUEST:
                self.session = True
            elif frame[4:8] == SMB1 and len(frame) >= 36:
                header = Header1(frame[4:])
                if header.command == NEGOTIATE:
                    self.dialects = frame[39:].count(b"\x02")
                if header.command != NT_CANCEL:
                    self.pending.append(header)
            elif frame[4:8] == SMB2:
                for header in headers2(frame[4:]):
                    if header.command != CANCEL2:
                        self.messages[header.message] = header

    def recorded(self, data):
        for frame in self.real.feed(data):
            if frame[4:8] == SMB1 and len(frame) >= 36:
                header = Header1(frame[4:])
                if header.status in GOOD:
                    self.handed_out(header.chain(), header)

    def silence(self):
        self.pending.clear()
        self.messages.clear()
        self.session = False

    # -- server

    def server(self, data, time):
        for frame in self.said.feed(data):
            kind = frame[0]
            if kind == KEEPALIVE:
                continue
            if kind != 0 or self.session:
                self.expect("B1", self.session and kind in (POSITIVE, NEGATIVE, RETARGET), f"type {kind:#x}")
                self.session = False
            elif frame[4:8] == SMB1:
                self.reply1(frame[4:])
            elif frame[4:8] == SMB2:
                self.reply2(frame[4:])
            else:
                self.expect("B1", frame[4:8] in (TRANSFORM, COMPRESSED), f"begins with {frame[4:8].hex()}")

    def end(self):
        self.expect("B1", not self.said.rest, "a packet does not end")

    def reply1(self, data):
        if not self.expect("B9", len(data) >= 35, f"{len(data)} bytes"):
            return
        header = Header1(data)
        said = f"command {header.command:#x}, pid {header.pid}, mid {header.mid}"
        self.expect("B3", header.flags & 0x80, said)
        self.expect("B9", header.fits(), f"{said}: counts")
        if header.command == LOCKING and header.mid == 0xFFFF:
            return				# an oplock break: nobody asked
        request = next((r for r in reversed(self.pending) if r.key() == header.key()), None)
        asked = ", ".join(f"{r.command:#x} {r.pid} {r.mid}" for r in self.pending[-3:])
        if not self.expect("B2", request, f"{said}, unanswered: {asked}"):
            request = next((r for r in self.pending if r.command == header.command), None)
            if request is None:
                return
        if header.command not in TRANSACTIONS:
            self.pending.remove(request)
        self.expect("B4", header.pid_high == request.pid_high, f"{header.pid_high} to {request.pid_high}")
        commands = request.chain() | header.chain()
        if TREE_CONNECT not in commands:
            self.expect("B5", header.tid == request.tid, f"{said}: tid {header.tid} to {request.tid}")
        if SESSION_SETUP not in commands:
            self.expect("B6", header.uid == request.uid, f"{said}: uid {header.uid} to {request.uid}")
        self.given(request, header, commands, said)
        if header.command == NEGOTIATE and header.words and header.status == 0:
            index = struct.unpack_from("<H", data, 33)[0]
            self.expect("B9", index == 0xFFFF or index < self.dialects, f"dialect {index} of {self.dialects}")

    def given(self, request, header, commands, said):
        """UIDs and TIDs the server hands out, and how it takes those the client shows."""
        if header.status not in GOOD:
            return
        self.handed_out(commands, header)
        if TREE_CONNECT in commands:
            self.expect("B10", request.uid in self.uids or SESSION_SETUP in commands, f"{said}: uid {request.uid}")
        elif not commands & {NEGOTIATE, SESSION_SETUP, LOGOFF, 0x2B}:
            self.expect("B10", request.tid in self.tids, f"{said}: tid {request.tid} succeeds")

    def handed_out(self, commands, header):
        if SESSION_SETUP in commands:
            self.uids |= {header.uid}
        if TREE_CONNECT in commands:
            self.tids |= {header.tid}

    def reply2(self, data):
        parts = headers2(data)
        self.expect("B9", parts, "no whole header")
        for header in parts:
            said = f"command {header.command}, message {header.message}"
            self.expect("B8", header.flags & TO_CLIENT, said)
            if header.command == BREAK2 and header.message == NOBODY:
                continue
            request = self.messages.get(header.message)
            if request is None and self.multi(header):
                request = header
            if not self.expect("B7", request is not None and request.command == header.command,
                               f"{said}, unanswered: {sorted(self.messages)[:5]}"):
                continue
            if header.status != PENDING or not header.flags & ASYNC:
                self.messages.pop(header.message, None)
            self.ids(request, header, said)

    def multi(self, header):
        """An SMB 1 negotiation may be answered in SMB 2, as message 0."""
        found = next((r for r in self.pending if r.command == NEGOTIATE), None)
        if found is None or header.command != NEGOTIATE2 or header.message != 0:
            return False
        self.pending.remove(found)
        return True

    def ids(self, request, header, said):
        related = request.flags & RELATED	# takes those of the request before
        if request.session and header.command != SESSION_SETUP2 and not related:
            self.expect("B8 ids", header.session == request.session, f"{said}: session {header.session:#x}")
        assigns = header.command in (TREE_CONNECT2, NEGOTIATE2, SESSION_SETUP2)
        if not (assigns or header.flags & ASYNC or related):
            self.expect("B8 ids", header.tree == request.tree, f"{said}: tree {header.tree} to {request.tree}")


class Header1:
    """Of SMB 1."""

    def __init__(self, data):
        (self.command, self.status, self.flags, self.pid_high, self.tid, self.pid, self.uid,
         self.mid) = struct.unpack_from("<4xBIB2xH10xHHHH", data)
        self.words = data[32] if len(data) > 32 else 0
        self.data = data

    def key(self):
        return self.command, self.pid, self.mid

    def chain(self):
        """Commands of the whole AndX chain; what leaves the packet ends it."""
        found, at, command = {self.command}, 32, self.command
        while command in WITH_ANDX and len(self.data) > at + 5 and self.data[at] >= 2:
            command, offset = self.data[at + 1], struct.unpack_from("<H", self.data, at + 3)[0]
            if command == NO_ANDX or offset <= at or offset >= len(self.data):
                break
            found.add(command)
            at = offset
        return found

    def fits(self):
        """Whether WordCount, ByteCount and the offsets of AndX stay inside."""
        at, command = 32, self.command
        while True:
            if at >= len(self.data):
                return False
            end = at + 1 + 2 * self.data[at]
            if end + 2 > len(self.data):
                return False
            if end + 2 + struct.unpack_from("<H", self.data, end)[0] > len(self.data):
                return False
            if command not in WITH_ANDX or self.data[at] < 2:
                return True
            command, offset = self.data[at + 1], struct.unpack_from("<H", self.data, at + 3)[0]
            if command == NO_ANDX:
                return True
            if offset <= at:
                return False
            at = offset


class Header2:
    """Of SMB 2 and 3."""

    def __init__(self, data):
        self.status, self.command, self.credits, self.flags, self.next, self.message = \
            struct.unpack_from("<8xIHHIIQ", data)
        self.tree, self.session = struct.unpack_from("<4xIQ", data, 32)


def headers2(data):
    """Of all parts of a compound; those that are whole."""
    found, at = [], 0
    while data[at:at + 4] == SMB2 and len(data) >= at + 64:
        header = Header2(data[at:])
        found.append(header)
        if header.next < 64:
            break
        at += header.next
    return found
