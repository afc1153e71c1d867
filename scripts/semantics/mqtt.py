"""mqtt.py - MQTT 3.1, 3.1.1 and 5."""
from .frames import Framed
from .judge import Malformed, Rule

(CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ,
 PINGRESP, DISCONNECT, AUTH) = range(1, 16)
ANSWERS = {PUBACK: PUBLISH, PUBREC: PUBLISH, PUBCOMP: PUBREL, SUBACK: SUBSCRIBE, UNSUBACK: UNSUBSCRIBE}
OWED = {CONNECT, SUBSCRIBE, UNSUBSCRIBE, PINGREQ}


def size(data):
    """Of the packet that data begins with; None if too little is there."""
    length, shift = 0, 0
    for at in range(1, 5):
        if at >= len(data):
            return None
        length |= (data[at] & 127) << shift
        shift += 7
        if data[at] < 128:
            return at + 1 + length
    raise Malformed("a length of more than four bytes")


def split(frame):
    """(type, flags, body)"""
    at = 1
    while frame[at] & 128:
        at += 1
    return frame[0] >> 4, frame[0] & 15, frame[at + 1:]


def varint(data, at):
    """(value, offset behind it) of MQTT 5's lengths."""
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at
    raise Malformed("a length does not end")


def word(data, at):
    if at + 2 > len(data):
        raise Malformed("too short")
    return int.from_bytes(data[at:at + 2], "big")


class Mqtt(Framed):
    name = "mqtt"
    ports = ("tcp/1883",)
    WHOLE, ANSWERED = "Q5", "Q6"
    size = staticmethod(size)
    rules = {
        "Q1": Rule("PUBACK, PUBREC, PUBCOMP, SUBACK, UNSUBACK carry a packet id of the client's"),
        "Q2": Rule("CONNACK only to CONNECT, PINGRESP only to PINGREQ, as many as asked for"),
        "Q3": Rule("SUBACK has a code per filter"),
        "Q4": Rule("nothing before CONNACK, and it comes once"),
        "Q5": Rule("packets are whole, of a type a server sends and with its flags"),
        "Q6": Rule("CONNECT, SUBSCRIBE, UNSUBSCRIBE and PINGREQ are answered"),
        "Q7": Rule("a PUBLISH is on a topic the client subscribed to", strict=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.version = 4
        self.pending = []		# types the server owes an answer
        self.ids = set()		# (type of the client's packet, packet id)
        self.filters = {}		# packet id -> number of filters
        self.topics = []		# filters subscribed to
        self.connected = False

    # -- client

    def request(self, frame):
        kind, flags, body = split(frame)
        if kind == CONNECT:
            self.version = body[2 + word(body, 0)] if 2 + word(body, 0) < len(body) else 0
        if kind in OWED:
            self.pending.append(kind)
        if kind == PUBLISH and flags & 6:
            self.ids.add((kind, word(body, 2 + word(body, 0))))
        elif kind in (PUBREL, SUBSCRIBE, UNSUBSCRIBE):
            self.ids.add((kind, word(body, 0)))
        if kind == DISCONNECT:
            self.broken = True
        if kind in (SUBSCRIBE, UNSUBSCRIBE):
            self.subscribe(kind, body)

    def subscribe(self, kind, body):
        at, count = 2, 0
        if self.version == 5:
            length, at = varint(body, at)
            at += length
        while at < len(body):
            length = word(body, at)
            if kind == SUBSCRIBE:
                self.topics.append(body[at + 2:at + 2 + length])
            at += 2 + length + (kind == SUBSCRIBE)
            count += 1
        self.filters[word(body, 0)] = count

    # -- server

    def reply(self, frame):
        kind, flags, body = split(frame)
        said = f"type {kind}"
        wanted = {PUBLISH: flags, PUBREL: 2}.get(kind, 0)
        server_side = kind in (CONNACK, PUBLISH, PUBREL, PINGRESP, DISCONNECT, AUTH) or kind in ANSWERS
        if not self.expect("Q5", server_side and flags == wanted and flags & 6 != 6, f"{said}, flags {flags}"):
            return
        self.expect("Q4", self.connected != (kind == CONNACK), said)
        if kind == CONNACK:
            self.expect("Q2", self.take(CONNECT), said)
            self.expect("Q5", len(body) >= 2, said)
            self.connected = True
        elif kind == PINGRESP:
            self.expect("Q2", self.take(PINGREQ), said)
        elif kind in ANSWERS:
            ident = word(body, 0)
            self.expect("Q1", (ANSWERS[kind], ident) in self.ids, f"{said}, id {ident}")
            if kind in (SUBACK, UNSUBACK):
                self.take(ANSWERS[kind])
            if kind == SUBACK and ident in self.filters:
                at = 2
                if self.version == 5:
                    length, at = varint(body, at)
                    at += length
                self.expect("Q3", len(body) - at == self.filters[ident], f"{len(body) - at} codes")
        elif kind == PUBLISH:
            topic = body[2:2 + word(body, 0)]
            self.expect("Q7", any(covers(f, topic) for f in self.topics), f"{topic!r}")

    def take(self, kind):
        """Whether an answer to this was owed; it no longer is."""
        if kind not in self.pending:
            return False
        self.pending.remove(kind)
        return True


def covers(pattern, topic):
    """Whether a filter of a subscription has this topic."""
    if pattern.startswith(b"$share/"):
        pattern = b"/".join(pattern.split(b"/")[2:])
    wanted, given = pattern.split(b"/"), topic.split(b"/")
    for at, level in enumerate(wanted):
        if level == b"#":
            return True
        if at >= len(given) or level not in (b"+", given[at]):
            return False
    return len(wanted) == len(given)
