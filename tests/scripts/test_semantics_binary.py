"""The rules of scripts/semantics for protocols made of packets: each lets right ones pass and finds a wrong one."""
import struct
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import spoken  # noqa: E402


def dns(ident=7, flags=0x8180, name=b"\1a\2bc\0", kind=1, answers=(), extra=b"", question=True, counts=None):
    """answers: (owner, type, data)"""
    body = name + struct.pack(">HH", kind, 1) if question else b""
    for owner, answer, data in answers:
        body += owner + struct.pack(">HHIH", answer, 1, 60, len(data)) + data
    numbers = counts or (int(question), len(answers), 0, int(bool(extra)))
    return struct.pack(">HH4H", ident, flags, *numbers) + body + extra


ASK = (">", dns(flags=0x0100))
BACK, ADDRESS, OPT = b"\xc0\x0c", b"\1\2\3\4", b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0)
DNS_RIGHT = [
    [ASK, ("<", dns(answers=[(BACK, 1, ADDRESS)]))],
    [ASK, ("<", dns(answers=[(BACK, 5, b"\1x\0"), (b"\1x\0", 1, ADDRESS)]))],
    [ASK, ASK, ("<", dns(flags=0x8183)), ("<", dns(flags=0x8183))],
    [ASK, ("<", dns(flags=0x8181, question=False))],
]
DNS_WRONG = [
    ("D1", [ASK, ("<", dns()[:11])]),
    ("D1", [ASK, ("<", dns(counts=(1, 1, 0, 0)))]),
    ("D1", [ASK, ("<", dns() + b"\0")]),
    ("D1", [ASK, ("<", dns(answers=[(b"\xc0\x40", 1, ADDRESS)]))]),
    ("D2", [ASK, ("<", dns(ident=8))]),
    ("D2", [ASK, ("<", dns()), ("<", dns())]),
    ("D3", [ASK, ("<", dns(flags=0x0100))]),
    ("D4", [ASK, ("<", dns(flags=0x9180))]),
    ("D5", [ASK, ("<", dns(flags=0x8080))]),
    ("D6", [ASK, ("<", dns(name=b"\1A\2bc\0"))]),
    ("D7", [ASK, ("<", dns(question=False))]),
    ("D8", [ASK, ("<", dns(answers=[(b"\1x\0", 1, ADDRESS)]))]),
    ("D8", [ASK, ("<", dns(answers=[(BACK, 16, b"\1a")]))]),
    ("D8", [ASK, ("<", dns(flags=0x8183, answers=[(BACK, 1, ADDRESS)]))]),
    ("D8", [ASK, ("<", dns(extra=OPT))]),
    ("Dc1", [(">", dns())]),
    ("Dc2", [ASK, (">", dns(flags=0x0100, name=b"\1b\0"))]),
]

WHO = b"\x20" + b"CK" + b"A" * 30 + b"\0"


def nbns(ident=7, flags=0x8580, name=WHO, data=b"\0\0\1\2\3\4", kind=0x20, asks=False):
    head = struct.pack(">HH4H", ident, flags, int(asks), int(not asks), 0, 0)
    return head + name + (struct.pack(">HH", kind, 1) if asks else struct.pack(">HHIH", kind, 1, 0, len(data)) + data)


NB_ASK = (">", nbns(flags=0x0110, asks=True))
STATUS = b"\1" + b"A" * 15 + b"\0\4\0" + bytes(46)
NBNS_RIGHT = [[NB_ASK, ("<", nbns())], [NB_ASK, ("<", nbns(kind=0x21, data=STATUS))],
              [(">", nbns(flags=0x4010, asks=True)), ("<", nbns(flags=0xAD80))]]
NBNS_WRONG = [
    ("N1", [NB_ASK, ("<", b"abc")]),
    ("N2", [NB_ASK, ("<", nbns(ident=8))]),
    ("N3", [NB_ASK, ("<", nbns(flags=0x0580))]),
    ("N3", [NB_ASK, ("<", nbns(flags=0xAD80))]),
    ("N4", [NB_ASK, ("<", nbns(name=WHO.replace(b"CK", b"CL")))]),
    ("N5", [NB_ASK, ("<", nbns(kind=0x21, data=STATUS[:40]))]),
]


def ber(tag, *content):
    content = b"".join(c if isinstance(c, bytes) else ber(2, c.to_bytes(2, "big")) for c in content)
    return bytes((tag, len(content))) + content if len(content) < 128 else bytes((tag, 0x81, len(content))) + content


def snmp(kind=0xA2, ident=7, version=1, community=b"public", names=(b"\x2b\6\1",), status=0, index=0):
    binds = b"".join(ber(0x30, ber(6, name), ber(5)) for name in names)
    return ber(0x30, version, ber(4, community), ber(kind, ident, status, index, ber(0x30, binds)))


SNMP_GET, SNMP_NEXT, SNMP_BULK = ((">", snmp(kind)) for kind in (0xA0, 0xA1, 0xA5))
LATER = (b"\x2b\6\2",)
SNMP_RIGHT = [[SNMP_GET, ("<", snmp())], [SNMP_NEXT, ("<", snmp(names=LATER))],
              [SNMP_BULK, ("<", snmp(names=LATER * 3))]]
SNMP_WRONG = [
    ("G1", [SNMP_GET, ("<", snmp()[:-1])]),
    ("G2", [SNMP_GET, ("<", snmp(ident=8))]),
    ("G3", [SNMP_GET, ("<", snmp(version=0))]),
    ("G3", [SNMP_GET, ("<", snmp(community=b"private"))]),
    ("G4", [SNMP_GET, ("<", snmp(0xA0))]),
    ("G5", [SNMP_GET, ("<", snmp(names=LATER))]),
    ("G5", [SNMP_NEXT, ("<", snmp())]),
    ("G5", [SNMP_GET, ("<", snmp(status=2, index=4))]),
    ("G6", [SNMP_BULK, ("<", snmp(names=(b"\x2b\5",)))]),
    ("Gc1", [SNMP_GET, (">", snmp(0xA0, names=LATER))]),
]


def ldap(ident, operation, *content):
    return ber(0x30, ident, ber(operation, *content))


RESULT = (ber(0x0A, b"\0"), ber(4), ber(4))
BIND, SEARCH = (">", ldap(1, 0x60)), (">", ldap(2, 0x63, ber(4, b"dc=x")))
LDAP_RIGHT = [
    [BIND, ("<", ldap(1, 0x61, *RESULT)), SEARCH,
     ("<", ldap(2, 0x64, ber(4, b"cn=a, dc=X"), ber(0x30)) + ldap(2, 0x65, *RESULT)), (">", ldap(3, 0x42))],
]
LDAP_WRONG = [
    ("L1", [BIND, ("<", ldap(2, 0x61, *RESULT))]),
    ("L1", [BIND, ("<", ldap(1, 0x65, *RESULT))]),
    ("L2", [BIND, ("<", ldap(1, 0x61, *RESULT)[:-1])]),
    ("L3", [BIND, ("<", ldap(1, 0x61, *RESULT) * 2)]),
    ("L3", [(">", BIND[1] + SEARCH[1]), ("<", ldap(1, 0x61, *RESULT))]),
    ("L4", [BIND, ("<", ldap(1, 0x61, ber(4)))]),
    ("L4", [SEARCH, ("<", ldap(2, 0x64, ber(4, b"cn=a"), ber(0x30)) + ldap(2, 0x65, *RESULT))]),
    ("Lc1", [BIND, BIND]),
]


def ntp(first=0x24, origin=b"transmit", shift=0.0, turned=False):
    now = int((spoken.NOW + 2208988800 + shift) * 2 ** 32)
    times = struct.pack(">QQ", *((now + 1000, now) if turned else (now, now + 1000)))
    return bytes((first,)) + bytes(23) + origin + times


NTP_ASK, CONTROL = (">", b"\x23" + bytes(39) + b"transmit"), (">", b"\x26\2\0\7" + bytes(8))
NTP_RIGHT = [[NTP_ASK, ("<", ntp())], [CONTROL, ("<", b"\x26\x82\0\7" + bytes(8))]]
NTP_WRONG = [
    ("T1", [("<", ntp())]),
    ("T2", [NTP_ASK, ("<", ntp(0x23))]),
    ("T2", [NTP_ASK, ("<", b"\x26\x82\0\7" + bytes(8))]),
    ("T3", [NTP_ASK, ("<", ntp(0x1C))]),
    ("T4", [NTP_ASK, ("<", ntp(origin=b"received"))]),
    ("T5", [NTP_ASK, ("<", ntp(shift=-86400))]),
    ("T5", [NTP_ASK, ("<", ntp(turned=True))]),
    ("T6", [CONTROL, ("<", b"\x26\x82\0\x08" + bytes(8))]),
]


def tftp(side, opcode, block=0, rest=b""):
    return side, struct.pack(">HH", opcode, block) + rest


RRQ, WRQ, SIZED = ((">", what + b"f\0octet\0" + more) for what, more in
                   ((b"\0\1", b""), (b"\0\2", b""), (b"\0\1", b"blksize\0008\0")))
TFTP_RIGHT = [
    [RRQ, tftp("<", 3, 1, b"x" * 512), tftp(">", 4, 1), tftp("<", 3, 2, b"x"), tftp(">", 4, 2)],
    [WRQ, tftp("<", 4, 0), tftp(">", 3, 1, b"x"), tftp("<", 4, 1)],
    [SIZED, ("<", b"\0\6blksize\0008\0"), tftp(">", 4, 0), tftp("<", 3, 1, b"x")],
    [RRQ, ("<", b"\0\5\0\1none\0")],
]
TFTP_WRONG = [
    ("X1", [RRQ, tftp("<", 4, 1)]),
    ("X2", [RRQ, tftp("<", 3, 2, b"x")]),
    ("X3", [WRQ, tftp("<", 4, 1)]),
    ("X4", [RRQ, tftp("<", 3, 1, b"x" * 512), tftp(">", 4, 1), tftp("<", 3, 3, b"x")]),
    ("X5", [WRQ, tftp("<", 4, 0), tftp(">", 3, 1, b"x"), tftp("<", 4, 2)]),
    ("X6", [RRQ, tftp("<", 3, 1, b"x" * 513)]),
    ("X6", [RRQ, ("<", b"\0\5\0\1none")]),
    ("X7", [RRQ, tftp("<", 3, 1, b"x"), tftp(">", 4, 1), tftp("<", 3, 2, b"x")]),
    ("X8", [RRQ, ("<", b"\0\6blksize\0008\0")]),
]


def mqtt(kind, flags=0, body=b""):
    return bytes((kind << 4 | flags, len(body))) + body


CONNECT = (">", mqtt(1, 0, b"\0\4MQTT\4\2\0\x3c\0\1c"))
OPEN = [CONNECT, ("<", mqtt(2, 0, b"\0\0"))]
SUBSCRIBE = (">", mqtt(8, 2, b"\0\7\0\3a/+\0\0\1b\0"))
MQTT_RIGHT = [
    OPEN + [SUBSCRIBE, ("<", mqtt(9, 0, b"\0\7\0\1") + mqtt(3, 0, b"\0\3a/bhello")), (">", mqtt(12)), ("<", mqtt(13)),
            (">", mqtt(3, 2, b"\0\1x\0\5hi")), ("<", mqtt(4, 0, b"\0\5")), (">", mqtt(14))],
]
MQTT_WRONG = [
    ("Q1", OPEN + [SUBSCRIBE, ("<", mqtt(9, 0, b"\0\x08\0\1"))]),
    ("Q2", OPEN + [("<", mqtt(13))]),
    ("Q3", OPEN + [SUBSCRIBE, ("<", mqtt(9, 0, b"\0\7\0"))]),
    ("Q4", [CONNECT, ("<", mqtt(13))]),
    ("Q5", [CONNECT, ("<", mqtt(2, 0, b"\0\0")[:-1])]),
    ("Q5", OPEN + [("<", mqtt(12))]),
    ("Q6", OPEN + [(">", mqtt(12)), SUBSCRIBE, ("<", mqtt(9, 0, b"\0\7\0\1"))]),
    ("Q7", OPEN + [SUBSCRIBE, ("<", mqtt(9, 0, b"\0\7\0\1") + mqtt(3, 0, b"\0\1zhello"))]),
]


def mysql(number, body):
    return len(body).to_bytes(3, "little") + bytes((number,)) + body


def hello(thread=b"\1\0\0\0", challenge=b"abcdefgh"):
    return "<", mysql(0, b"\x0a10.11\0" + thread + challenge + bytes(19) + challenge + b"abcd\0")


USER = (">", mysql(1, b"\0\2\0\0" + bytes(28) + b"root\0\0"))
IN = [hello(), USER, ("<", mysql(2, b"\0\0\0\2\0\0\0"))]
QUERY, PING = (">", mysql(0, b"\3SELECT a FROM t")), (">", mysql(0, b"\x0e"))
COLUMN, END = b"\3def\0\0\0\1a\0\x0c" + bytes(12), b"\xfe\0\0\2\0"
MYSQL_RIGHT = [
    IN + [QUERY, ("<", mysql(1, b"\1") + mysql(2, COLUMN) + mysql(3, END) + mysql(4, b"\1x") + mysql(5, END)),
          PING, ("<", mysql(1, b"\0\0\0\2\0\0\0")), (">", mysql(0, b"\1"))],
    [hello(), USER, ("<", mysql(2, b"\xff\x15\4#28000Access denied for user 'root'@'h'"))],
    IN + [QUERY, ("<", mysql(1, b"\xff\x7a\4#42S02Table 'd.t' doesn't exist"))],
]
MYSQL_WRONG = [
    ("Y1", [("<", mysql(1, hello()[1][4:]))]),
    ("Y1", [("<", mysql(0, b"\x09" + hello()[1][5:]))]),
    ("Y2", IN + [PING, ("<", mysql(2, b"\0\0\0\2\0\0\0"))]),
    ("Y3", IN + [PING, ("<", mysql(1, b"\xff\x15\4no state"))]),
    ("Y4", IN + [QUERY, ("<", mysql(1, b"\2") + mysql(2, COLUMN) + mysql(3, END) + mysql(4, END))]),
    ("Y4", IN + [QUERY, ("<", mysql(1, b"\1") + mysql(2, COLUMN) + mysql(3, END) + mysql(4, b"\1x\1y")
                         + mysql(5, END))]),
    ("Y4", IN + [QUERY, ("<", mysql(1, b"\1") + mysql(2, COLUMN) + mysql(3, END))]),
    ("Y5", IN + [QUERY, ("<", mysql(1, b"\0\0\0\2\0\0\0"))]),
    ("Y5", IN + [(">", mysql(0, b"\1")), ("<", mysql(1, b"\0\0\0\2\0\0\0"))]),
    ("Y6", ([hello()], [hello(b"\2\0\0\0")])),
    ("Y6", ([hello()], [hello(challenge=b"ABCDEFGH")])),
    ("Y7", [hello(), USER, ("<", mysql(2, b"\xff\x15\4#28000Access denied for user 'admin'@'h'"))]),
    ("Y7", IN + [QUERY, ("<", mysql(1, b"\xff\x7a\4#42S02Table 'd.other' doesn't exist"))]),
]


def text(data):
    return len(data).to_bytes(4, "big") + data


def ssh(payload, padding=None):
    if padding is None:
        padding = 4 + -(9 + len(payload)) % 8
    return (1 + len(payload) + padding).to_bytes(4, "big") + bytes((padding,)) + payload + bytes(padding)


def kexinit(cookie):
    lists = (b"curve25519-sha256", b"ssh-ed25519", *[b"x"] * 6, b"", b"")
    return ssh(b"\x14" + cookie * 16 + b"".join(map(text, lists)) + bytes(5))


def kexreply(value, kind=b"ssh-ed25519"):
    return ssh(b"\x1f" + text(text(kind) + text(b"k")) + text(value) + text(text(kind) + text(b"s")))


def keys(cookie=b"a", value=b"v" * 32, kind=b"ssh-ed25519", asked=True):
    begin = kexinit(b"c") + (ssh(b"\x1e" + text(b"e" * 32)) if asked else b"")
    return [("<", b"SSH-2.0-x\r\n" + kexinit(cookie)), (">", b"SSH-2.0-y\r\n" + begin),
            ("<", kexreply(value, kind) + ssh(b"\x15") + b"secret")]


SSH_RIGHT = [keys(), [("<", b"SSH-2.0-x\r\n"), ">GET / HTTP/1.0", "<Invalid SSH identification string."]]
SSH_WRONG = [
    ("K1", [("<", b"SSH-2.0-x\n")]),
    ("K1", [("<", b"HTTP/1.1 400\r\n")]),
    ("K1", [("<", b"SSH-2.0-" + b"x" * 255 + b"\r\n")]),
    ("K1", [("<", b"SSH-2.0-x")]),
    ("K2", [("<", b"SSH-2.0-x\r\n" + ssh(b"\x14abc", padding=5))]),
    ("K2", [("<", b"SSH-2.0-x\r\n" + kexinit(b"a")[:-1])]),
    ("K3", [("<", b"SSH-2.0-x\r\n" + ssh(b"\x15"))]),
    ("K3", [("<", b"SSH-2.0-x\r\n" + ssh(b"\x14" + bytes(30)))]),
    ("K4", (keys(), keys(value=b"w" * 32))),
    ("K5", [keys(asked=False)[0], keys(asked=False)[2]]),
    ("K5", keys(kind=b"ssh-rsa")),
    ("K5", keys(value=b"v" * 65)),
    ("K6", (keys(), keys(cookie=b"b"))),
]


def framed(data, kind=0):
    return struct.pack(">BBH", kind, 0, len(data)) + data


def smb1(command, flags=0x80, words=b"", data=b"", pid=9, mid=1, high=0, tid=0, uid=0, status=0, count=None):
    head = b"\xffSMB" + struct.pack("<BIBHH10xHHHH", command, status, flags, 0, high, tid, pid, uid, mid)
    count = len(words) // 2 if count is None else count
    return framed(head + bytes((count,)) + words + struct.pack("<H", len(data)) + data)


def ask1(command, **fields):
    return ">", smb1(command, 0, **fields)


def say1(command, **fields):
    return "<", smb1(command, **fields)


def smb2(command, message, flags=1, tree=0, session=0):
    return framed(b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ16x", 64, 0, 0, command, 1, flags, 0, message, 0, tree, session)
                  + b"\4\0\0\0")


NEGOTIATE = ask1(0x72, data=b"\2NT LM 0.12\0")
SETUP = [NEGOTIATE, say1(0x72, words=b"\0\0"), ask1(0x73), say1(0x73, uid=5)]
TREE = SETUP + [ask1(0x75, uid=5), say1(0x75, uid=5, tid=3)]
SMB_RIGHT = [
    [(">", framed(b"x" * 68, 0x81)), ("<", framed(b"", 0x82))] + TREE +
    [ask1(0x2B, uid=5, tid=3), say1(0x2B, uid=5, tid=3), ask1(0x04, uid=5, tid=3), say1(0x04, uid=5, tid=3)],
    [(">", smb2(0, 0, 0)), ("<", smb2(0, 0)), (">", smb2(1, 1, 0)), ("<", smb2(1, 1, session=6)),
     (">", smb2(3, 2, 0, session=6)), ("<", smb2(3, 2, tree=1, session=6)),
     (">", smb2(5, 3, 0, tree=1, session=6)), ("<", smb2(5, 3, tree=1, session=6))],
    [NEGOTIATE, ("<", smb2(0, 0))],
]
SMB_WRONG = [
    ("B1", [(">", framed(b"x" * 68, 0x81)), say1(0x72)]),
    ("B1", [NEGOTIATE, ("<", framed(b"\0" * 40))]),
    ("B1", [NEGOTIATE, ("<", say1(0x72)[1][:-1])]),
    ("B2", [NEGOTIATE, say1(0x72, words=b"\0\0", mid=2)]),
    ("B2", [NEGOTIATE, say1(0x72, words=b"\0\0", pid=8)]),
    ("B2", [NEGOTIATE, say1(0x72, words=b"\0\0"), say1(0x72, words=b"\0\0")]),
    ("B3", [NEGOTIATE, say1(0x72, words=b"\0\0", flags=0)]),
    ("B4", [NEGOTIATE, say1(0x72, words=b"\0\0", high=1)]),
    ("B5", [NEGOTIATE, say1(0x72, words=b"\0\0", tid=1)]),
    ("B6", [NEGOTIATE, say1(0x72, words=b"\0\0", uid=1)]),
    ("B7", [(">", smb2(0, 0, 0)), ("<", smb2(0, 1))]),
    ("B7", [(">", smb2(0, 0, 0)), ("<", smb2(1, 0))]),
    ("B8", [(">", smb2(0, 0, 0)), ("<", smb2(0, 0, 0))]),
    ("B8 ids", [(">", smb2(5, 3, 0, tree=1, session=6)), ("<", smb2(5, 3, tree=1, session=7))]),
    ("B8 ids", [(">", smb2(5, 3, 0, tree=1, session=6)), ("<", smb2(5, 3, tree=2, session=6))]),
    ("B9", [NEGOTIATE, say1(0x72, words=b"\0\0", count=40)]),
    ("B9", [NEGOTIATE, say1(0x72, words=b"\3\0")]),
    ("B10", TREE + [ask1(0x04, uid=5, tid=4), say1(0x04, uid=5, tid=4)]),
]


class Binary(spoken.Claims):
    right = {"dns": DNS_RIGHT, "nbns": NBNS_RIGHT, "snmp": SNMP_RIGHT, "ldap": LDAP_RIGHT, "ntp": NTP_RIGHT,
             "tftp": TFTP_RIGHT, "mqtt": MQTT_RIGHT, "mysql": MYSQL_RIGHT, "ssh": SSH_RIGHT, "smb": SMB_RIGHT}
    wrong = {"dns": DNS_WRONG, "nbns": NBNS_WRONG, "snmp": SNMP_WRONG, "ldap": LDAP_WRONG, "ntp": NTP_WRONG,
             "tftp": TFTP_WRONG, "mqtt": MQTT_WRONG, "mysql": MYSQL_WRONG, "ssh": SSH_WRONG, "smb": SMB_WRONG}


if __name__ == "__main__":
    unittest.main()
