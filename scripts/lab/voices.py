"""FTP conversations held by this process, and which of two servers speaks in each.

Two models are told apart by what only one of them ever says, so a conversation that mixes them
is seen at the reply where it happens.
"""
import re
import socket
import time
from dataclasses import dataclass, field

# What only this server says. Replies that match neither ("215 UNIX Type: L8") tell nothing.
VSFTPD = re.compile(rb"220 \(vsFTPd|331 Please specify|230 Login successful|250 Directory success"
                    rb"|200 Switching to|200 NOOP ok|500 Unknown command\.|530 Please login with USER and PASS\.")
PROFTPD = re.compile(rb"220 ProFTPD|331 (Password required for|Anonymous login ok)|230 (User |Anony)"
                     rb"|250 C\w+ command successful|200 Type set|200 NOOP command|500 \w+ not under")

VOICES = {"vsftpd": VSFTPD, "proftpd": PROFTPD}
LINES = ["USER anonymous", "PASS ftp@example.com", "TYPE I", "SYST", "CWD /pub", "NOOP", "TYPE A",
         "XYZZY", "QUIT"]


@dataclass
class Conversation:
    """One FTP conversation, taken a line at a time."""
    address: str
    sock: socket.socket
    heard: list = field(default_factory=list)	# the replies, greeting first
    trouble: str = ""		# reset, silence, or an end that nobody asked for
    _rest: bytes = b""

    @classmethod
    def open(cls, lab, address, patience=10.0):
        sock = lab.socket()
        sock.settimeout(patience)
        talk = cls(address, sock)
        try:
            sock.connect((address, 21))
        except OSError as err:
            talk.trouble = f"connect: {err}"
            return talk
        talk.listen("the greeting")
        return talk

    def listen(self, after):
        """Takes one reply, all its lines."""
        try:
            while True:
                while b"\n" not in self._rest:
                    more = self.sock.recv(4096)
                    if not more:
                        raise OSError("closed by the server")
                    self._rest += more
                line, self._rest = self._rest.split(b"\n", 1)
                if re.match(rb"\d{3} ", line):
                    self.heard.append(line.rstrip(b"\r"))
                    return
        except OSError as err:
            self.trouble = f"after {after}: {err}"

    def say(self, line):
        if self.trouble:
            return
        try:
            self.sock.sendall(line.encode() + b"\r\n")
        except OSError as err:
            self.trouble = f"sending {line}: {err}"
            return
        self.listen(line)

    @property
    def next_line(self):
        """What comes after what was heard so far, None at the end."""
        return LINES[len(self.heard) - 1] if 0 < len(self.heard) <= len(LINES) else None

    def step(self):
        if self.next_line:
            self.say(self.next_line)

    def finish(self):
        while self.next_line and not self.trouble:
            self.step()
        self.sock.close()

    def voices(self):
        """Who spoke, as far as the replies tell."""
        return {name for name, says in VOICES.items() for reply in self.heard if says.match(reply)}


def judge(talk, voice, whole=True):
    """One sentence if the conversation was not all of that voice; empty if it was."""
    if talk.trouble:
        return f"{talk.address}: {talk.trouble}"
    if talk.voices() != {voice}:
        said = ", ".join(reply.decode("utf-8", "replace") for reply in talk.heard)
        return f"{talk.address}: {voice} expected, heard {said}"
    if whole and len(talk.heard) != len(LINES) + 1:
        return f"{talk.address}: ended after {len(talk.heard)} replies"
    return ""


def sweep(lab, targets, port=21, in_flight=128, patience=5.0, deadline=120.0):
    """Connects to every address and takes the greeting; returns {address: greeting or b""}."""
    import selectors
    greetings, waiting = {}, list(reversed(targets))
    poll, end = selectors.DefaultSelector(), time.monotonic() + deadline
    try:
        while (waiting or poll.get_map()) and time.monotonic() < end:
            while waiting and len(poll.get_map()) < in_flight:
                address = waiting.pop()
                sock = lab.socket()
                sock.setblocking(False)
                sock.connect_ex((address, port))
                poll.register(sock, selectors.EVENT_READ, (address, time.monotonic()))
            for key, _ in poll.select(0.2):
                try:
                    greetings[key.data[0]] = key.fileobj.recv(512)
                except OSError:
                    greetings[key.data[0]] = b""
                poll.unregister(key.fileobj)
                key.fileobj.close()
            late = time.monotonic() - patience
            for key in [k for k in poll.get_map().values() if k.data[1] < late]:
                greetings[key.data[0]] = b""
                poll.unregister(key.fileobj)
                key.fileobj.close()
    finally:
        for key in list(poll.get_map().values()):
            key.fileobj.close()
        poll.close()
    return greetings
