"""Captures made out of the shipped ones: some of their conversations, or all their answers spoiled.

Ethernet, IPv4 and TCP in pcap, as tests/data has them.
"""
import gzip
import struct

HEADER = 24


def _packets(data):
    at = HEADER
    while at + 16 <= len(data):
        n = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at:at + 16], data[at + 16:at + 16 + n]
        at += 16 + n


def _client(frame, port):
    """(address, port) of the client of a TCP segment, and whether the server sent it."""
    ip = 14
    tcp = ip + 4 * (frame[ip] & 15)
    source, destination = struct.unpack_from(">HH", frame, tcp)
    if source == port:
        return (frame[ip + 16:ip + 20], destination), True
    return (frame[ip + 12:ip + 16], source), False


def _sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _spoil(frame, copy, server):
    """Another client's frame; what the server says in it is garbage. Checksums are right."""
    f = bytearray(frame)
    ip, tcp = 14, 14 + 4 * (frame[14] & 15)
    end = ip + struct.unpack_from(">H", frame, ip + 2)[0]
    f[ip + (17 if server else 13)] ^= copy + 1	# second byte of the client's address
    f[ip + 10:ip + 12] = b"\0\0"
    f[ip + 10:ip + 12] = struct.pack(">H", _sum(bytes(f[ip:tcp])))
    said = tcp + 4 * (f[tcp + 12] >> 4)
    if server and end > said:
        f[said:end] = (b"owned %n " * (end - said) + b"\r\n")[-(end - said):]
    f[tcp + 16:tcp + 18] = b"\0\0"
    pseudo = bytes(f[ip + 12:ip + 20]) + struct.pack(">HH", 6, end - tcp)
    f[tcp + 16:tcp + 18] = struct.pack(">H", _sum(pseudo + bytes(f[tcp:end])))
    return bytes(f)


def part(capture, to, first, n, port=21):
    """Conversations first .. first + n - 1 of a capture, in the order in which they begin."""
    data = gzip.decompress(capture.read_bytes())
    seen, out = {}, [data[:HEADER]]
    for head, frame in _packets(data):
        client, _ = _client(frame, port)
        if first <= seen.setdefault(client, len(seen)) < first + n:
            out += [head, frame]
    to.write_bytes(b"".join(out))
    return to


def poison(capture, to, copies, port=21):
    """A capture's conversations many times over, each time of other clients, the answers garbage."""
    data = capture.read_bytes()
    out = [data[:HEADER]]
    for copy in range(copies):
        for head, frame in _packets(data):
            _, server = _client(frame, port)
            out += [head, _spoil(frame, copy, server)]
    to.write_bytes(b"".join(out))
    return to
