"""sip.py - SIP over UDP (RFC 3261). Both sides may ask; calls are told apart by their Call-ID."""
import re
from dataclasses import dataclass

from .judge import Malformed, Protocol, Rule

COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "l": "content-length", "m": "contact",
           "c": "content-type", "s": "subject", "k": "supported", "e": "content-encoding"}
NEEDED = ("via", "from", "to", "call-id", "cseq")
LISTS = {"via", "route", "record-route", "contact"}


@dataclass
class Message:
    method: str			# of a request; "" in a response
    status: int			# of a response; 0 in a request
    headers: dict		# lower-case long name -> values
    body: bytes

    def first(self, name):
        values = self.headers.get(name)
        return values[0] if values else ""

    @property
    def cseq(self):
        """(number, method), as text."""
        return tuple(self.first("cseq").split()[:2])


def parse(data):
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        raise Malformed("the headers do not end")
    first, *lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "replace")).split("\r\n")
    response = re.fullmatch(r"SIP/2\.0 (\d\d\d) .*", first)
    request = re.fullmatch(r"(\S+) \S+ SIP/2\.0", first)
    if not response and not request:
        raise Malformed(f"no SIP message begins with {first[:60]!r}")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise Malformed(f"a header without a colon: {line[:60]!r}")
        name = name.strip().lower()
        name = COMPACT.get(name, name)
        values = _split(value) if name in LISTS else [value]
        headers.setdefault(name, []).extend(v.strip() for v in values)
    return Message(request[1] if request else "", int(response[1]) if response else 0, headers, body)


def _split(value):
    """At commas that are outside of quotes and angle brackets."""
    return re.findall(r'(?:"(?:\\.|[^"\\])*"|<[^>]*>|[^,<"])+', value)


def tag(value):
    match = re.search(r";\s*tag\s*=\s*([^;\s]+)", value.rpartition(">")[2])
    return match[1] if match else ""


def _parameter(via, name):
    match = re.search(rf";\s*{name}\s*=\s*([^;\s,]+)", via)
    return match[1] if match else ""


def _same_via(reply, request):
    """received and rport may be added, or rport filled in."""
    def bare(via):
        return re.sub(r"\s+", " ", re.sub(r";\s*(?:received|rport)(?:=[^;]*)?", "", via)).strip()
    return bare(reply) == bare(request)


class Sip(Protocol):
    name = "sip"
    ports = ("udp/5060",)
    rules = {
        "S1": Rule("Via, From, To, Call-ID and CSeq are there; Content-Length is the body's"),
        "S2": Rule("a response's Call-ID was sent in a request"),
        "S2 CSeq": Rule("a response's CSeq, number and method, was sent in a request of this call"),
        "S3": Rule("the tag of From is the request's"),
        "S3 text": Rule("all of From is the request's"),
        "S4": Rule("a tag in the request's To is unchanged"),
        "S5": Rule("a 2xx has a To tag"),
        "S6": Rule("all Via of the request return in order, the branch first"),
        "S7": Rule("final responses to one transaction carry one To tag"),
        "S8": Rule("provisional before final; one final to a request that is no INVITE; no response to ACK; "
                   "CANCEL gets 200 or 481; 401 and 407 have a challenge"),
        "Sc1": Rule("CSeq rises by one within a dialog; ACK and CANCEL use the INVITE's", client=True),
        "Sc2": Rule("Max-Forwards is there", client=True),
        "Sc3": Rule("the branch begins with z9hG4bK and is new per transaction", client=True),
    }
    # PRISMA's own check of 2012: Call-ID, From tag and To tag kept.
    figures = {"call_id_and_tags_kept": lambda failed: not failed & {"S1", "S2", "S3", "S4", "S7", "no reply"}}

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.requests = {}	# (Call-ID, CSeq) -> requests of the client, oldest first
        self.finals = {}	# (Call-ID, CSeq, branch) -> (final status, To tag)
        self.numbers = {}	# Call-ID -> CSeq number of the client's last request
        self.branches = {}	# branch -> (Call-ID, CSeq number)

    def client(self, data, time):
        try:
            request = parse(data)
        except Malformed:
            return
        if not request.method or len(request.cseq) != 2:
            return
        call = request.first("call-id")
        self.requests.setdefault((call, request.cseq), []).append(request)
        self.habits(request, call)

    def habits(self, request, call):
        number, before = request.cseq[0], self.numbers.get(call)
        if before is not None and number.isdecimal() and before.isdecimal():
            step = int(number) - int(before)
            repeated = len(self.requests[call, request.cseq]) > 1
            allowed = (0,) if request.method in ("ACK", "CANCEL") else (1,)
            self.expect("Sc1", repeated or step in allowed, f"{request.method} {before} -> {number}")
        self.numbers[call] = number
        self.expect("Sc2", "max-forwards" in request.headers, request.method)
        branch = _parameter(request.first("via"), "branch")
        used = self.branches.setdefault(branch, (call, number))
        self.expect("Sc3", branch.startswith("z9hG4bK") and used == (call, number), branch)

    def server(self, data, time):
        if not data.strip(b"\r\n\0"):
            return				# keeps a hole in an address translator open
        try:
            message = parse(data)
        except Malformed as error:
            self.expect("S1", False, str(error))
            return
        missing = [name for name in NEEDED if not message.first(name)]
        self.expect("S1", not missing and len(message.cseq) == 2, "without " + ", ".join(missing))
        length = message.first("content-length")
        if length:
            self.expect("S1", length.isdecimal() and int(length) == len(message.body),
                        f"Content-Length {length}, body {len(message.body)}")
        if message.status and not missing:
            self.response(message)

    def response(self, reply):
        call = reply.first("call-id")
        key, said = (call, reply.cseq), f"{reply.status} {' '.join(reply.cseq)}"
        asked_in_call = [r for (known, _), asked in self.requests.items() if known == call for r in asked]
        if not self.expect("S2", asked_in_call, f"{said} {call}"):
            return
        requests = self.requests.get(key)
        self.expect("S2 CSeq", requests, f"{said} {call}")
        requests = requests or asked_in_call
        branch = _parameter(reply.first("via"), "branch")
        request = next((r for r in requests if _parameter(r.first("via"), "branch") == branch), requests[-1])
        source, wanted = reply.first("from"), request.first("from")
        self.expect("S3", tag(source) == tag(wanted), f"{source} to {wanted}")
        self.expect("S3 text", source == wanted, f"{source} to {wanted}")
        asked, given = tag(request.first("to")), tag(reply.first("to"))
        if asked:
            self.expect("S4", asked == given, f"{given} to {asked}")
        if 200 <= reply.status < 300:
            self.expect("S5", given, said)
        vias, wanted = reply.headers["via"], request.headers.get("via", [])
        self.expect("S6", len(vias) == len(wanted) and all(map(_same_via, vias, wanted)), f"{vias} to {wanted}")
        if request.cseq == reply.cseq:
            self.order(reply, request, (*key, branch), given, said)

    def order(self, reply, request, key, given, said):
        final = self.finals.get(key)
        self.expect("S8", request.method != "ACK", said)
        if reply.status < 200:
            self.expect("S8", final is None or self.resent(request), f"{said} after {final}")
            return
        if final is not None:
            self.expect("S7", given == final[1], f"{said}: {given} after {final[1]}")
            if request.method != "INVITE":
                self.expect("S8", self.resent(request), f"{said} after {final[0]}")
        self.finals[key] = (reply.status, given)
        if request.method == "CANCEL":
            self.expect("S8", reply.status in (200, 481), said)
        if reply.status in (401, 407):
            field = "www-authenticate" if reply.status == 401 else "proxy-authenticate"
            self.expect("S8", "nonce=" in reply.first(field), f"{said} without {field}")

    def resent(self, request):
        return len(self.requests[request.first("call-id"), request.cseq]) > 1
