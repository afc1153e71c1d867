"""pcap.py - conversations as a capture: Ethernet, IPv4, TCP with all its segments, or UDP."""
import socket
import struct

MSS = 1460
SYN, ACK, PUSH, FIN = 2, 16, 8, 1
TARGET, SOURCE = b"\x02\0\0\0\0\1", b"\x02\0\0\0\0\2"	# hardware addresses, for all the same
TCP, UDP = 6, 17


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Capture:
    """Writes a file; frames tells which frames (from 1) carry message j of the i-th conversation."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        self.count, self.conversations, self.ident = 0, 0, 0
        self.frames = {}

    def close(self):
        self.file.close()

    def add(self, conversation):
        """Each conversation has a client port of its own, so that none is taken for another's rest."""
        index, self.conversations = self.conversations, self.conversations + 1
        client = (socket.inet_aton(f"10.{index >> 14 & 255}.{index >> 6 & 255}.{index & 63 | 64}"),
                  conversation["client_port"] or 1024)
        server = (socket.inet_aton(conversation["server"]), conversation["server_port"])
        write = self._datagrams if conversation["proto"] == "udp" else self._segments
        write(index, conversation["messages"], client, server)

    def _datagrams(self, index, messages, client, server):
        for position, message in enumerate(messages):
            data, (source, target) = message["bytes"], self._ends(message, client, server)
            if not data:
                self.frames[index, position] = ()
                continue
            header = struct.pack(">HHHH", source[1], target[1], 8 + len(data), 0)
            self.frames[index, position] = (self._packet(message["time"], UDP, source, target, header, 6, data),)

    @staticmethod
    def _ends(message, client, server):
        return (client, server) if message["from"] == "client" else (server, client)

    def _segments(self, index, messages, client, server):
        following = {client: 1000, server: 5000}	# sequence number of the next byte

        def segment(time, source, target, flags, data=b""):
            acknowledged = following[target] if flags & ACK else 0
            header = struct.pack(">HHIIBBHHH", source[1], target[1], following[source], acknowledged,
                                 5 << 4, flags, 65535, 0, 0)
            following[source] += len(data) + bool(flags & (SYN | FIN))
            return self._packet(time, TCP, source, target, header, 16, data)

        time = messages[0]["time"] if messages else 0.0
        segment(time, client, server, SYN)
        segment(time, server, client, SYN | ACK)
        segment(time, client, server, ACK)
        for position, message in enumerate(messages):
            data, (source, target) = message["bytes"], self._ends(message, client, server)
            time = max(time, message["time"])
            self.frames[index, position] = [
                segment(time, source, target, ACK | PUSH, data[at:at + MSS]) for at in range(0, len(data), MSS)]
            segment(time, target, source, ACK)
        segment(time, client, server, FIN | ACK)
        segment(time, server, client, FIN | ACK)
        segment(time, client, server, ACK)

    def _packet(self, time, protocol, source, target, header, sum_at, data):
        """Writes one packet with its checksums; its frame number."""
        length = len(header) + len(data)
        pseudo = source[0] + target[0] + struct.pack(">BBH", 0, protocol, length)
        total = checksum(pseudo + header + data) or 0xFFFF
        header = header[:sum_at] + struct.pack(">H", total) + header[sum_at + 2:]
        self.ident = (self.ident + 1) & 0xFFFF
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + length, self.ident, 0, 64, protocol, 0, source[0], target[0])
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        frame = TARGET + SOURCE + b"\x08\x00" + ip + header + data
        seconds = int(time)
        self.file.write(struct.pack("<IIII", seconds, int((time - seconds) * 1e6), len(frame), len(frame)) + frame)
        self.count += 1
        return self.count
