"""http.py - HTTP/1.x (RFC 9110, 9112)."""
import re
from dataclasses import dataclass

from .judge import Malformed, Protocol, Rule

REQUEST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) +(\S+)(?: +HTTP/(\d\.\d))?[ \t]*\r?\n")
REDIRECTS = (301, 302, 303, 307, 308)
TYPES = {"html": "text/html", "css": "text/css", "png": "image/png", "jpg": "image/jpeg", "txt": "text/plain",
         "gif": "image/gif", "js": "javascript", "json": "application/json", "pdf": "application/pdf", "xml": "xml"}
CONDITIONS = ("if-none-match", "if-modified-since")


@dataclass
class Request:
    method: str			# "" if nobody can tell
    target: str
    version: str		# "" for HTTP/0.9
    headers: dict


@dataclass
class Response:
    status: int
    version: str
    headers: dict
    length: int			# of all its bytes
    body: bytes

    def closes(self):
        kept = self.headers.get("connection", "").lower()
        return "close" in kept or (self.version == "1.0" and "keep-alive" not in kept)


def headers(block):
    """Lower-case names -> values of a header block without its empty line."""
    found = {}
    for line in re.split(rb"\r?\n(?![ \t])", block):
        if line:
            name, colon, value = line.partition(b":")
            if not colon or not name.strip():
                raise Malformed(f"a header without a colon: {line[:60]!r}")
            found[name.strip().lower().decode("latin-1")] = value.strip().decode("latin-1")
    return found


def chunked(data):
    """(body, bytes used), or None if more must come."""
    at, body = 0, []
    while True:
        end = data.find(b"\n", at)
        if end < 0:
            return None
        size = data[at:end].split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size):
            raise Malformed(f"no chunk size: {size[:20]!r}")
        at, size = end + 1, int(size, 16)
        if size == 0:
            trailer = re.compile(rb"(?:[^\r\n]+\r?\n)*\r?\n").match(data, at)
            return (b"".join(body), trailer.end()) if trailer else None
        if len(data) < at + size + 2:
            return None
        if data[at + size:at + size + 2] != b"\r\n":
            raise Malformed("a chunk is longer or shorter than its size")
        body.append(data[at:at + size])
        at += size + 2


def head_end(data):
    """(end of the header block, begin of the body), or None."""
    match = re.search(rb"\r?\n\r?\n", data)
    return (match.start(), match.end()) if match else None


class Http(Protocol):
    name = "http"
    ports = ("tcp/80", "tcp/8080")
    rules = {
        "H1": Rule("a status line, except to an HTTP/0.9 request"),
        "H2": Rule("the headers end in an empty line and each has a colon"),
        "H3": Rule("chunk sizes parse and end in 0"),
        "H4": Rule("the body is Content-Length bytes; none to HEAD and with 1xx, 204, 304"),
        "H5": Rule("401 has WWW-Authenticate"),
        "H6": Rule("a redirect has Location"),
        "H7": Rule("206 has Content-Range or is multipart/byteranges"),
        "H7 416": Rule("416 has Content-Range `bytes */n`", strict=True),
        "H8": Rule("responses are as many as requests, in their order"),
        "H9": Rule("nothing after a response that closes"),
        "H10": Rule("304 only to a condition, 206 and 416 only to Range; one path keeps its ETag and Last-Modified",
                    strict=True),
        "H10 broken": Rule("what is no request is refused", strict=True),
        "H10 type": Rule("a file's content type is that of its name", strict=True),
        "H10 echo": Rule("a redirect's query, a JSON id or url are those of the request", strict=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked, self.said = b"", b""
        self.pending = []
        self.closed = self.answering = False	# answering: the server spoke last
        self.known = {}		# path -> (ETag, Last-Modified)
        self.owed, self.chunks = 0, False	# bytes of a request's body to come, or chunks

    # -- client

    def client(self, data, time):
        self.answering = False
        self.asked += data
        while self.asked and self.body():
            request = self.request()
            if request is None:
                return
            self.pending.append(request)

    def body(self):
        """Takes the body of the request before off what was asked; True if it is all there."""
        if self.chunks:
            try:
                found = chunked(self.asked)
            except Malformed:
                found = (b"", len(self.asked))
            if found is None:
                return False
            self.chunks, self.owed = False, found[1]
        used = min(self.owed, len(self.asked))
        self.asked, self.owed = self.asked[used:], self.owed - used
        return self.owed == 0

    def request(self):
        """Takes the head of one request off what was asked, or None; its body may come after the answer."""
        self.asked = self.asked.lstrip(b"\r\n")
        match = REQUEST.match(self.asked)
        if not match:
            if not self.asked or (b"\n" not in self.asked and self.asked.isascii()):
                return None
            self.asked = b""
            return Request("", "", "", {})
        method, target, version = (g.decode("latin-1") if g else "" for g in match.groups())
        if not version:
            self.asked = self.asked[match.end():]
            return Request(method, target, "", {})
        ends = head_end(self.asked)
        if ends is None:
            return None
        try:
            fields = headers(self.asked[match.end():max(ends[0], match.end())])
        except Malformed:
            fields = {}
        self.asked = self.asked[ends[1]:]
        self.chunks = fields.get("transfer-encoding", "").lower() == "chunked"
        if not self.chunks and fields.get("content-length", "").isdecimal():
            self.owed = int(fields["content-length"])
        return Request(method, target, version, fields)

    def silence(self):
        self.pending.clear()

    # -- server

    def server(self, data, time):
        self.answering = True
        self.expect("H9", not self.closed, "the connection should be closed")
        self.said += data
        while self.said:
            request = self.pending[0] if self.pending else None
            if request is not None and request.method and not request.version:
                self.pending.pop(0)		# HTTP/0.9: all that comes is the answer
                self.said, self.closed = b"", True
                return
            try:
                response = self.response(request)
            except Malformed:
                self.said = b""
                return
            if response is None:
                return
            self.said = self.said[response.length:]
            self.judge(request, response)

    def response(self, request):
        """Takes one response, or None if more must come."""
        match = re.match(rb"HTTP/(1\.[01]) (\d\d\d)(?: [^\r\n]*)?\r?\n", self.said)
        if not self.expect("H1", match, repr(self.said[:60])):
            raise Malformed
        ends = head_end(self.said)
        if ends is None:
            return None
        try:
            fields = headers(self.said[match.end():max(ends[0], match.end())])
        except Malformed as error:
            self.expect("H2", False, str(error))
            raise
        self.expect("H2", True)
        status, body = int(match[2]), self.said[ends[1]:]
        if status < 200 or status in (204, 304) or (request and request.method == "HEAD"):
            used = 0
        elif fields.get("transfer-encoding", "").lower() == "chunked":
            try:
                found = chunked(body)
            except Malformed as error:
                self.expect("H3", False, str(error))
                raise
            if found is None:
                return None
            self.expect("H3", True)
            body, used = found
        elif "content-length" in fields:
            if not self.expect("H4", fields["content-length"].isdecimal(), fields["content-length"]):
                raise Malformed
            used = int(fields["content-length"])
            if used > len(body):
                return None
        else:
            used = len(body)		# until the connection ends
        return Response(status, match[1].decode(), fields, ends[1] + used, body[:used] if used <= len(body) else body)

    def judge(self, request, response):
        status, said = response.status, f"{response.status}"
        if request is None:			# only a request that does not end may be refused early
            self.expect("H8", status in (400, 408, 413, 414, 431, 100) and (self.asked or status == 408), said)
        else:
            said = f"{request.method} {request.target} -> {status}"
            self.expect("H8", True)
        if status == 401:
            self.expect("H5", "www-authenticate" in response.headers, said)
        if status in REDIRECTS:
            self.expect("H6", response.headers.get("location"), said)
        if status == 206:
            self.expect("H7", "content-range" in response.headers or
                        response.headers.get("content-type", "").startswith("multipart/byteranges"), said)
        if status == 416:
            self.expect("H7 416", re.fullmatch(r"bytes \*/\d+", response.headers.get("content-range", "")), said)
        self.closed = self.closed or response.closes()
        if status >= 200 and request is not None:
            self.pending.pop(0)
            self.strict(request, response, said)

    def strict(self, request, response, said):
        status, asked = response.status, request.headers
        if status == 304:
            self.expect("H10", any(c in asked for c in CONDITIONS), said)
        if status in (206, 416):
            self.expect("H10", "range" in asked, said)
        if status in (200, 206, 304) and request.method in ("GET", "HEAD") and request.target:
            marks = (response.headers.get("etag"), response.headers.get("last-modified"))
            known = self.known.setdefault((request.target, response.headers.get("content-encoding")), marks)
            for one, other in zip(marks, known):
                self.expect("H10", one is None or other is None or one.removeprefix("W/") == other.removeprefix("W/"),
                            f"{said}: {one} after {other}")
        if not request.method:
            self.expect("H10 broken", status >= 400, said)
        path, _, query = request.target.partition("?")
        ending = path.rpartition("/")[2].rpartition(".")[2].lower()
        if status == 200 and request.method in ("GET", "HEAD") and ending in TYPES:
            kind = response.headers.get("content-type", "")
            self.expect("H10 type", TYPES[ending] in kind, f"{said}: {kind}")
        self.echo(path, query, response, said)

    def echo(self, path, query, response, said):
        location = response.headers.get("location", "")
        if query and "?" in location:
            self.expect("H10 echo", location.partition("?")[2] == query, f"{said}: {location}")
        if "application/json" in response.headers.get("content-type", ""):
            text = response.body.decode("latin-1")
            number, echoed = re.search(r"/(\d+)$", path), re.search(r'"id":\s*(\d+)', text)
            if number and echoed:
                self.expect("H10 echo", number[1] == echoed[1], f"{said}: id {echoed[1]}")
            url = re.search(r'"url":\s*"([^"?]*)', text)
            if url:
                self.expect("H10 echo", url[1] == path, f"{said}: url {url[1]}")

    def end(self):
        self.expect("H8", not self.answering or self.closed or not self.pending, f"{len(self.pending)} unanswered")
        self.expect("H4", not self.said, f"{len(self.said)} bytes of a response that does not end")
