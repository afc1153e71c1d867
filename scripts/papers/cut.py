"""cut.py - a capture in two: its first conversations, and the others."""
import gzip
import struct

TCP, UDP = 6, 17
LENGTHS = {1: 14, 101: 0, 113: 16}	# link type: bytes before the IP header


class NoCapture(ValueError):
    pass


def _packets(data):
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}.get(data[:4])
    if order is None:
        raise NoCapture("is no pcap file with microseconds")
    at = 24
    while at + 16 <= len(data):
        size, = struct.unpack_from(order + "I", data, at + 8)
        yield data[at:at + 16 + size]
        at += 16 + size


def _ends(packet, link):
    """Both ends of a packet and its protocol, or None."""
    ip = packet[16 + LENGTHS[link]:]
    if len(ip) < 20 or ip[0] >> 4 != 4 or ip[9] not in (TCP, UDP):
        return None
    head = 4 * (ip[0] & 15)
    if len(ip) < head + 4:
        return None
    source, target = struct.unpack_from(">HH", ip, head)
    return ip[9], frozenset({(ip[12:16], source), (ip[16:20], target)})


def cut(capture, first, rest, n, service):
    """Writes the first n conversations of a service (tcp/445) into one file, the others into another."""
    data = capture.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    link = data[20] if data[:1] == b"\xd4" else data[23]
    if link not in LENGTHS:
        raise NoCapture(f"has link type {link}")
    proto, port = service.split("/")
    wanted, seen = (TCP if proto == "tcp" else UDP, int(port)), {}
    parts = ([data[:24]], [data[:24]])
    for packet in _packets(data):
        ends = _ends(packet, link)
        if ends is None or ends[0] != wanted[0] or wanted[1] not in {port for _, port in ends[1]}:
            continue
        parts[seen.setdefault(ends[1], len(seen)) >= n].append(packet)
    first.write_bytes(b"".join(parts[0]))
    rest.write_bytes(b"".join(parts[1]))
    return len(seen)
