"""ntp.py - NTP (RFC 5905, 9327; mode 7 as ntpd had it)."""
import struct

from .judge import Protocol, Rule

ACTIVE, PASSIVE, CLIENT, SERVER, CONTROL, PRIVATE = 1, 2, 3, 4, 6, 7
UNIX_EPOCH = 2208988800
NEAR = 60	# seconds


class Ntp(Protocol):
    name = "ntp"
    ports = ("udp/123",)
    rules = {
        "T1": Rule("a reply was asked for before"),
        "T2": Rule("mode 4 to mode 3; control and private replies to their like"),
        "T3": Rule("the version is the request's"),
        "T4": Rule("the origin is the request's transmit timestamp"),
        "T5": Rule("receive and transmit are in order, and near now", strict=True),
        "T6": Rule("control and private replies have R set, and sequence and opcode of a request", strict=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked = []

    def client(self, data, time):
        if len(data) >= 4:
            self.asked.append(data)

    def server(self, data, time):
        if not self.expect("T1", self.asked, "unasked"):
            return
        mode = data[0] & 7
        fitting = [r for r in self.asked if self.answers(mode, r[0] & 7)]
        if not self.expect("T2", fitting, f"mode {mode} to {self.asked[-1][0] & 7}"):
            return
        version = data[0] >> 3 & 7
        self.expect("T3", any(r[0] >> 3 & 7 == version for r in fitting), f"version {version}")
        if mode == SERVER:
            if not self.expect("T4", len(data) >= 48 and any(data[24:32] == r[40:48] for r in fitting),
                               f"{data[24:32].hex()} to {fitting[-1][40:48].hex()}"):
                return
            received, sent = struct.unpack_from(">QQ", data, 32)
            now = int((time + UNIX_EPOCH) * (1 << 32))
            near = all(abs(t - now) < NEAR << 32 for t in (received, sent))
            self.expect("T5", received <= sent and near, f"{received / 2 ** 32:.3f} {sent / 2 ** 32:.3f}")
        elif mode == CONTROL:
            self.expect("T6", len(data) >= 12 and data[1] & 0x80 and
                        any(r[1] & 31 == data[1] & 31 and r[2:4] == data[2:4] for r in fitting), data[:4].hex())
        elif mode == PRIVATE:
            self.expect("T6", len(data) >= 8 and data[0] & 0x80 and any(r[3:4] == data[3:4] for r in fitting),
                        data[:4].hex())

    @staticmethod
    def answers(mode, asked):
        """Before version 2 (and in some old programs) a client has mode 0."""
        if mode == SERVER:
            return asked in (CLIENT, 0)
        return mode == asked and mode in (CONTROL, PRIVATE) or (mode, asked) == (PASSIVE, ACTIVE)
