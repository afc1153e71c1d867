"""odd_captures.py NAME OUT.pcap - captures that nobody wishes for, for test_odd_captures.c.

Every function below is one of them. All hold conversations of the same small service, lines in the manner of FTP,
but for what is odd about them.
"""
import random
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "semantics"))

from pcap import ACK, SYN, Capture  # noqa: E402

SERVER, PORT = "198.18.0.10", 21
USERS = ("ann", "bob", "carl", "dora", "emil", "frieda", "gustav")


class Part(Capture):
    """A capture that misses the TCP segments that wanted(source port, flags, payload, how many so far) refuses."""

    wanted = None

    def _packet(self, time, protocol, source, target, header, sum_at, data):
        self.seen = getattr(self, "seen", 0) + 1
        if self.wanted and not self.wanted(source[1], header[13], data, self.seen):
            return 0
        return super()._packet(time, protocol, source, target, header, sum_at, data)


def talk(messages, index, proto="tcp", port=PORT):
    """Messages ("<" or ">" and bytes) as spoken by the index-th client."""
    return {"proto": proto, "server": SERVER, "server_port": port, "client_port": 0,
            "messages": [{"from": "client" if side == ">" else "server", "bytes": data, "time": index * 10.0 + at}
                         for at, (side, data) in enumerate(messages)]}


def login(index):
    user, name = USERS[index % len(USERS)], f"file{index * 7 % 50}.txt"
    return [("<", b"220 hello\r\n"), (">", f"USER {user}\r\n".encode()),
            ("<", f"331 Password required for {user}\r\n".encode()), (">", f"PASS {index}\r\n".encode()),
            ("<", b"230 Logged in\r\n"), (">", f"SIZE {name}\r\n".encode()), ("<", b"213 %d\r\n" % len(name)),
            (">", b"QUIT\r\n"), ("<", b"221 bye\r\n")]


def write(out, talks, wanted=None, proto="tcp", port=PORT):
    capture = Part(out)
    capture.wanted = wanted
    for index, messages in enumerate(talks):
        capture.add(talk(messages, index, proto, port))
    return capture


def logins(out, count=30, wanted=None):
    write(out, map(login, range(count)), wanted).close()


def ten(out):
    logins(out, 10)


def no_handshakes(out):
    logins(out, wanted=lambda port, flags, data, seen: not flags & SYN)


def half_without_handshake(out):
    """Ten have theirs."""
    capture = write(out, map(login, range(10)))
    capture.wanted = lambda port, flags, data, seen: not flags & SYN
    for index in range(10, 20):
        capture.add(talk(login(index), index))
    capture.close()


def gaps(out):
    """The answer to USER is missing in every third conversation."""
    logins(out, wanted=lambda port, flags, data, seen: not (data.startswith(b"331") and data[-4:-2] in (b"nn", b"il")))


def client_only(out):
    logins(out, wanted=lambda port, flags, data, seen: port != PORT)


def server_only(out):
    logins(out, wanted=lambda port, flags, data, seen: port == PORT)


def mixed(out):
    capture = write(out, map(login, range(20)))
    for index in range(20, 40):
        capture.add(talk([(">", b"GET / HTTP/1.0\r\n\r\n"), ("<", b"HTTP/1.0 200 OK\r\n\r\n")], index, port=80))
    capture.close()


def encrypted(out):
    """A banner each, then what nobody can read."""
    chance = random.Random(1)
    write(out, [[("<", b"SSH-2.0-Odd_1.0\r\n"), (">", b"SSH-2.0-client\r\n")] +
                [("><"[k % 2], chance.randbytes(40 + chance.randrange(200))) for k in range(8)]
                for _ in range(40)], port=22).close()


def noise(out):
    """Bytes that are no text and never the same."""
    chance = random.Random(2)
    write(out, [[("><"[k % 2], chance.randbytes(1 + chance.randrange(400))) for k in range(6)]
                for _ in range(40)], proto="udp", port=9999).close()


def identical(out, count=50000):
    write(out, ([(">", b"ping\r\n"), ("<", b"pong\r\n")] for _ in range(count)), proto="udp", port=7).close()


def million(out):
    identical(out, 1000000)


def empty(out):
    """Datagrams without a byte, from both sides, beside some with."""
    capture = write(out, [], proto="udp")

    def datagram(time, source, target, data):
        capture._packet(time, 17, source, target, struct.pack(">HHHH", source[1], target[1], 8 + len(data), 0), 6, data)

    server = (bytes((198, 18, 0, 10)), 7)
    for index in range(30):
        client = (bytes((10, 0, 0, index + 1)), 2000 + index)
        for at, (asked, said) in enumerate([(b"", b""), (b"a", b"b"), (b"", b"again"), (b"c", b"")]):
            datagram(index * 10.0 + at, client, server, asked)
            datagram(index * 10.0 + at + 0.5, server, client, said)
    capture.close()


def only_empty(out):
    capture = write(out, [])
    server = (bytes((198, 18, 0, 10)), 7)
    for index in range(30):
        client = (bytes((10, 0, 0, index + 1)), 2000 + index)
        for at in range(4):
            source, target = (client, server) if at % 2 == 0 else (server, client)
            capture._packet(index * 10.0 + at, 17, source, target,
                            struct.pack(">HHHH", source[1], target[1], 8, 0), 6, b"")
    capture.close()


def nothing_said(out):
    """Handshakes and ends, and nothing between them."""
    write(out, ([] for _ in range(30))).close()


def large(out, size=1 << 20):
    """Replies and questions of 1 MiB and one byte more."""
    write(out, [[("<", b"220 hello\r\n"), (">", b"GET %d\r\n" % index), ("<", b"250 " + b"x" * (size - 5) + b"\r\n"),
                 (">", b"PUT " + b"y" * (size - 6 + index % 2) + b"\r\n"), ("<", b"226 ok\r\n")]
                for index in range(6)]).close()


def main():
    name, out = sys.argv[1:]
    globals()[name](out)


if __name__ == "__main__":
    main()
