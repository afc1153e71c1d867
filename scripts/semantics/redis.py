"""redis.py - Redis (RESP 2 and 3)."""
import re
import shlex

from .judge import Malformed, Protocol, Rule

# first byte of the reply | commands; an error may answer anything
_TABLE = """
+ | SET SELECT AUTH QUIT MULTI TYPE RENAME SAVE CONFIG.SET CONFIG.REWRITE CONFIG.RESETSTAT CLIENT.SETNAME CLIENT.KILL
  PING DISCARD WATCH UNWATCH FLUSHALL FLUSHDB MSET HMSET LSET LTRIM SLAVEOF REPLICAOF BGSAVE BGREWRITEAOF SETEX PSETEX
  SCRIPT.FLUSH MODULE.LOAD MODULE.UNLOAD
: | DEL EXISTS INCR INCRBY DECR DECRBY EXPIRE PEXPIRE TTL PTTL PERSIST LPUSH RPUSH LLEN SADD SREM SCARD SISMEMBER HSET
  HDEL HLEN HEXISTS ZADD ZREM ZCARD APPEND STRLEN DBSIZE SETNX LASTSAVE PUBLISH HSETNX LREM UNLINK GETBIT SETBIT
  BITCOUNT RENAMENX CLIENT.ID COMMAND.COUNT OBJECT.REFCOUNT OBJECT.IDLETIME EXPIREAT
$ | GET ECHO HGET LPOP RPOP SPOP GETSET INFO OBJECT.ENCODING RANDOMKEY LINDEX ZSCORE GETRANGE INCRBYFLOAT CLIENT.LIST
  CLIENT.GETNAME CLIENT.INFO DUMP GETDEL SRANDMEMBER
* | LRANGE SMEMBERS HGETALL HKEYS HVALS ZRANGE MGET HMGET KEYS SCAN TIME ROLE CONFIG.GET SORT ZRANGEBYSCORE
  COMMAND.DOCS MODULE.LIST SLOWLOG.GET EXEC HELLO COMMAND
"""
TYPES = {}
for _line in re.sub(r"\n  ", " ", _TABLE.strip()).splitlines():
    for _verb in _line.split("|")[1].split():
        TYPES[_verb] = _line[0]
OF_TWO_WORDS = {verb.split(".")[0] for verb in TYPES if "." in verb}
# RESP 3 and what stands for nothing found: type expected -> types as good
AS_GOOD = {"+": "+$_", ":": ":#$_", "$": "$_,(=*", "*": "*%~_$"}
NIL = (b"$-1", b"*-1", b"_")
PUBSUB = {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SYNC", "PSYNC"}
ALL_TYPES = b"+-:$*%_#(,=~>!"


def value_end(data, at, depth=0):
    """Where the value that begins here ends, None if it goes on; raises Malformed."""
    end = data.find(b"\r\n", at)
    if end < 0:
        return None
    kind, text = data[at:at + 1], data[at + 1:end]
    if kind not in [bytes([c]) for c in ALL_TYPES] or depth > 32:
        raise Malformed(f"no type of reply: {data[at:at + 20]!r}")
    at = end + 2
    if kind == b":" and not re.fullmatch(rb"[+-]?\d+", text):
        raise Malformed(f"no number: {text[:20]!r}")
    if kind in b"$=!*%~>":
        if not re.fullmatch(rb"-1|\d{1,9}", text):
            raise Malformed(f"no length: {text[:20]!r}")
        count = int(text)
        if kind in b"$=!":
            if count < 0:
                return at
            if len(data) < at + count + 2:
                return None
            if data[at + count:at + count + 2] != b"\r\n":
                raise Malformed("a string is longer or shorter than its length")
            return at + count + 2
        for _ in range(count * (2 if kind == b"%" else 1)):
            at = value_end(data, at, depth + 1)
            if at is None:
                return None
    return at


def command_from(data):
    """(words of the first command, bytes used); None if it goes on; raises Malformed."""
    end = data.find(b"\n")
    if end < 0:
        return None
    line = data[:end].rstrip(b"\r")
    if not line.startswith(b"*"):
        try:
            words = [w.encode("latin-1") for w in shlex.split(line.decode("latin-1"), posix=True)]
        except ValueError:
            raise Malformed("quotes do not close") from None
        return words, end + 1
    if not re.fullmatch(rb"\*-?\d{1,7}", line):
        raise Malformed("no count of words")
    words, at = [], end + 1
    for _ in range(int(line[1:])):
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        if not re.fullmatch(rb"\$\d{1,9}", data[at:end]):
            raise Malformed("no length of a word")
        size = int(data[at + 1:end])
        if len(data) < end + 2 + size + 2:
            return None
        words.append(data[end + 2:end + 2 + size])
        at = end + 4 + size
    return words, at


class Redis(Protocol):
    name = "redis"
    ports = ("tcp/6379",)
    rules = {
        "R1": Rule("a reply is of a known type, and lengths fit"),
        "R2": Rule("one reply per command"),
        "R3": Rule("the reply's type is the command's; +QUEUED between MULTI and EXEC"),
        "R4": Rule("ECHO x and PING x return x"),
        "R5": Rule("GET after SET of a key in one conversation returns its value", strict=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked, self.said = b"", b""
        self.pending = []		# commands as lists of words
        self.queueing = self.aside = self.broken = self.answering = False
        self.values = {}		# key -> what SET put there

    def client(self, data, time):
        self.answering = False
        self.asked += data
        while self.asked and not self.broken:
            try:
                found = command_from(self.asked)
            except Malformed:
                self.broken, found = True, ([b""], len(self.asked))	# one error, then the server hangs up
            if found is None:
                if len(self.asked) > 64 << 10 and b"\n" not in self.asked:
                    self.broken = True
                    self.pending.append([b""])
                return
            words, used = found
            self.asked = self.asked[used:]
            if words:
                self.pending.append(words)
                self.aside = self.aside or words[0].decode("latin-1").upper() in PUBSUB

    def silence(self):
        self.pending.clear()

    def server(self, data, time):
        self.answering = True
        self.said += data
        while self.said:
            try:
                end = value_end(self.said, 0)
            except Malformed as error:
                self.expect("R1", False, str(error))
                self.said = b""
                return
            if end is None:
                return
            value, self.said = self.said[:end], self.said[end:]
            self.expect("R1", True)
            if not self.aside:
                self.reply(value)

    def end(self):
        self.expect("R1", not self.said, "a reply does not end")
        if self.answering and not self.aside:
            self.expect("R2", not self.pending, f"{len(self.pending)} unanswered")

    def reply(self, value):
        if not self.expect("R2", self.pending, "unasked"):
            return
        words = self.pending.pop(0)
        verb = words[0].decode("latin-1").upper()
        if verb in OF_TWO_WORDS and len(words) > 1 and f"{verb}.{words[1].decode('latin-1').upper()}" in TYPES:
            verb = f"{verb}.{words[1].decode('latin-1').upper()}"
        kind, said = chr(value[0]), f"{b' '.join(words)[:60]!r} -> {value[:40]!r}"
        if kind in "-!":
            if verb in ("EXEC", "DISCARD"):
                self.queueing = False
            return
        if self.queueing and verb not in ("EXEC", "DISCARD", "MULTI", "WATCH", "QUIT", "RESET"):
            self.expect("R3", value == b"+QUEUED\r\n", said)
            return
        self.expect("R3", value != b"+QUEUED\r\n", said)
        self.queueing = verb == "MULTI" or (self.queueing and verb not in ("EXEC", "DISCARD"))
        if verb == "PING" and len(words) > 1:
            verb = "ECHO"
        if verb in TYPES:
            wanted = TYPES[verb]
            fits = kind == wanted or value.startswith(NIL) or (kind in AS_GOOD[wanted] and kind not in "+-:$*")
            self.expect("R3", fits or self.many(verb, words, kind), said)
        if verb == "ECHO" and len(words) > 1:
            self.expect("R4", value == b"$%d\r\n%s\r\n" % (len(words[1]), words[1]), said)
        self.stored(verb, words, value, said)

    @staticmethod
    def many(verb, words, kind):
        """A count turns one into a list; SET ... GET returns the value before."""
        return (kind == "*" and len(words) > 2 and verb in ("LPOP", "RPOP", "SPOP", "SRANDMEMBER")) or \
            (kind == "$" and verb == "SET" and b"GET" in [w.upper() for w in words[3:]])

    def stored(self, verb, words, value, said):
        if verb == "SET" and len(words) == 3 and value == b"+OK\r\n":
            self.values[words[1]] = words[2]
        elif verb == "GET" and len(words) == 2 and words[1] in self.values:
            wanted = self.values[words[1]]
            self.expect("R5", value == b"$%d\r\n%s\r\n" % (len(wanted), wanted), said)
        elif len(words) > 1 and verb not in ("EXISTS", "TTL", "TYPE", "STRLEN", "OBJECT.ENCODING", "EXPIRE"):
            if verb in ("FLUSHALL", "FLUSHDB", "SELECT", "EXEC", "EVAL"):
                self.values.clear()
            for word in words[1:]:
                self.values.pop(word, None)
        elif verb in ("FLUSHALL", "FLUSHDB", "EXEC"):
            self.values.clear()
