"""The rules of scripts/semantics for protocols made of lines: each lets right ones pass and finds a wrong one."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import spoken  # noqa: E402

LOGIN = ["<220 hello", ">USER a", "<331 password", ">PASS b", "<230 welcome"]
FTP_RIGHT = [
    LOGIN + [">PWD", '<257 "/" is here', ">CWD x", "<250 ok", ">PWD", '<257 "/x" is here', ">MKD y", '<257 "/x/y" made',
             ">SIZE f", "<213 12", ">PASV", "<227 Passive (198,18,0,10,4,1)", ">RETR f",
             "<150 Opening data connection for f (12 bytes).\n226 done", ">EPSV", "<229 Extended (|||1025|)",
             ">RNFR f", "<350 go on", ">RNTO g", "<250 renamed", ">FEAT", "<211-Features:\n SIZE\n MDTM\n211 End",
             ">XYZ", "<500 unknown", ">QUIT", "<221 bye"],
    ["<120 wait\n220 hello", ">NOOP\nNOOP", "<530 login first\n530 login first"],
    ["<421 too many"],
]
FTP_WRONG = [
    ("F1", ["<220 hello", ">NOOP", "<okay"]),
    ("F1", ["<220 hello", ">FEAT", "<211-Features:\n SIZE\n212 End\n211 End"]),
    ("F1", ["<220 hello", ">FEAT", "<211-Features:\n SIZE"]),
    ("F1", ["<220 hello", ">NOOP", ("<", b"200 ok")]),
    ("F2", ["<220 hello", ">NOOP", "<200 ok\n200 ok"]),
    ("F2", LOGIN + [">PASV", "<227 Passive (198,18,0,10,4,1)", ">RETR f", "<150 a\n150 b\n226 c"]),
    ("F3", ["<200 hello"]),
    ("F4", ["<220 hello", ">XYZ", "<200 fine"]),
    ("F5", LOGIN + [">PWD", "<227 Passive (198,18,0,10,4,1)"]),
    ("F6", LOGIN + [">PASV", "<227 Passive (198,18,0,10,400,1)"]),
    ("F6", LOGIN + [">EPSV", "<229 Extended (||1025)"]),
    ("F6 address", LOGIN + [">PASV", "<227 Passive (10,0,0,1,4,1)"]),
    ("F7", LOGIN + [">PWD", "<257 / is here"]),
    ("F7", LOGIN + [">MKD new", '<257 "/old" made']),
    ("F8", LOGIN + [">RNFR a", "<550 no", ">RNTO b", "<250 renamed"]),
    ("F9", ["<220 hello", ">CWD /", "<250 ok"]),
    ("F10", LOGIN + [">CWD /a", "<250 ok", ">PWD", '<257 "/b" is here']),
    ("F10", LOGIN + [">SIZE f", "<213 12", ">RETR f", "<150 Opening for f (13 bytes).\n226 done"]),
    ("F11", LOGIN + [">RETR f", "<150 Opening for g (13 bytes).\n226 done"]),
    ("Fc1", ["<220 hello", ">PASS b", "<503 first USER"]),
    ("Fc2", LOGIN + [">RNTO b", "<503 first RNFR"]),
    ("Fc3", LOGIN + [">RETR f", "<425 first PASV"]),
    ("Fc4", ["<220 hello", ">QUIT\nNOOP", "<221 bye"]),
]

GREET = ["<220 mx.example ESMTP", ">EHLO me", "<250-mx.example\n250-PIPELINING\n250 AUTH PLAIN LOGIN"]
SMTP_RIGHT = [
    GREET + [">MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA", "<250 ok\n250 ok\n354 go on", ">Subject: x\n\n250 text\n.",
             "<250 queued", ">AUTH LOGIN", "<334 VXNlcg==", ">YQ==", "<334 UGFzcw==", ">QUIT", "<535 no", ">QUIT",
             "<221 bye"],
    ["<220 mx.example", ">HELO me", "<250 mx.example", ">DATA", "<503 first RCPT", ">NOOP", "<250 ok"],
    ["<554 go away"],
]
SMTP_WRONG = [
    ("M1", ["<220 mx.example", ">NOOP", "<ok"]),
    ("M2", ["<220 mx.example", ">EHLO me", "<250-mx.example\n251 HELP"]),
    ("M2", ["<220 mx.example", ">EHLO me", "<250-mx.example"]),
    ("M3", ["<220 mx.example", ">NOOP", "<250 ok\n250 ok"]),
    ("M4", ["<250 mx.example"]),
    ("M5", GREET + [">MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA", "<250 ok\n250 ok\n354 go on", ">x\n.", "<221 bye"]),
    ("M6", ["<220 mx.example", ">NOOP", "<221 ok"]),
    ("M6", ["<220 mx.example", ">HELO me", "<354 go on"]),
    ("M7", GREET + [">AUTH LOGIN", "<334 VXNlcg==", ">YQ==", "<250 ok"]),
    ("M8", GREET + [">DATA", "<354 go on"]),
    ("M9", ["<220 mx.example", ">EHLO me", "<250 other.example"]),
    ("M9", ["<220 mx.example", ">EHLO me", "<250 mx.example", ">AUTH PLAIN AGEAYg==", "<235 welcome"]),
    ("M9", GREET + [">MAIL FROM:<a@b>", "<250 ok", ">RCPT TO:<c@d>", "<550 <x@y>: unknown"]),
    ("Mc1", ["<220 mx.example", ">HELO me\nNOOP", "<250 mx.example\n250 ok"]),
]

POP = ["<+OK ready", ">USER a", "<+OK", ">PASS b", "<+OK logged in"]
POP_RIGHT = [
    POP + [">STAT", "<+OK 2 30", ">LIST", "<+OK\n1 10\n2 20\n.", ">LIST 2", "<+OK 2 20", ">UIDL 1", "<+OK 1 abc",
           ">RETR 1", "<+OK\nSubject: x\n\n+OK is text\n.", ">XYZ", "<-ERR what", ">QUIT", "<+OK bye"],
    ["<+OK ready", ">AUTH PLAIN", "<+ ", ">AGEAYg==", "<+OK in", ">STAT", "<+OK 0 0"],
]
POP_WRONG = [
    ("P1", ["<+OK ready", ">USER a", "<OK"]),
    ("P1", ["<+OK ready", ">USER a", "<+ go on"]),
    ("P2", ["<+OK ready", ">USER a", "<+OK\n+OK"]),
    ("P3", ["<-ERR go"]),
    ("P4", POP + [">LIST", "<+OK\none 10\n."]),
    ("P5", POP + [">STAT", "<+OK nothing"]),
    ("P5", POP + [">LIST 1", "<+OK\n1 10\n."]),
    ("P6", ["<+OK ready", ">STAT", "<+OK 1 10"]),
    ("P7", ["<+OK ready", ">XYZ", "<+OK"]),
    ("P8", POP + [">LIST", "<+OK\n1 10"]),
    ("P8", POP + [">LIST", "<+OK\n1 10", ">NOOP", "<+OK"]),
    ("P8", POP + [">TOP 1 1", "<+OK", ">RETR 1", "<+OK\nx\n."]),
    ("P9", POP + [">STAT", "<+OK 2 30", ">LIST", "<+OK\n1 10\n."]),
    ("P9", POP + [">LIST 1", "<+OK 1 10", ">LIST", "<+OK\n1 11\n."]),
    ("P9", POP + [">LIST 1", "<+OK 2 10"]),
    ("Pc1", ["<+OK ready", ">PASS b", "<-ERR no"]),
    ("Pc2", ["<+OK ready", ">QUIT\nNOOP", "<+OK bye"]),
]

IMAP = ["<* OK ready", ">a LOGIN u p", "<a OK in", ">b SELECT INBOX", "<* 1 EXISTS\nb OK done"]
IMAP_RIGHT = [
    IMAP + [">c FETCH 1 BODY[]", "<* 1 FETCH (BODY[] {9}\nx OK \n)) )\nc OK done", ">d XYZ", "<d BAD what",
            ">e SEARCH ALL", "<* SEARCH 1\ne OK done", ">f LOGOUT", "<* BYE\nf OK bye"],
    IMAP + [">c APPEND INBOX {6}", "<+ go on", ">a B\nc\n", "<c OK done", ">d APPEND INBOX {2+}\nab", "<d OK done"],
    ["<* PREAUTH in", '>a LIST "" *', '<* LIST () "/" INBOX\na OK done'],
]
IMAP_WRONG = [
    ("I1", ["<* OK ready", ">a NOOP", "<b OK done"]),
    ("I1", ["<* OK ready", ">a NOOP", "<a OK done\na OK done"]),
    ("I2", ["<* OK ready", ">a NOOP", "<*"]),
    ("I2", IMAP + [">c FETCH 1 BODY[]", "<* 1 FETCH (BODY[] {90}\nabc)\nc OK done"]),
    ("I3", ["<* OK ready", ">a SELECT INBOX", "<a OK done"]),
    ("I3", ["<* OK ready", ">a LOGIN u p", "<a OK in", ">b FETCH 1 FLAGS", "<* 1 FETCH (FLAGS ())\nb OK done"]),
    ("I4", ["<OK ready"]),
    ("I5", ["<* OK ready", ">a XYZ", "<a OK done"]),
    ("I6", IMAP + [">c NOOP", "<* SEARCH 1\nc OK done"]),
    ("I6", IMAP + [">c NOOP", "<* 1 FETCH (RFC822.SIZE 9)\nc OK done"]),
    ("Ic1", ["<* OK ready", ">a NOOP\na NOOP", "<a OK done\na OK done"]),
]


def sip(first, to="<sip:b@x>", call="c1", cseq="1 INVITE", branch="z9hG4bK1", source="<sip:a@x>;tag=f", extra=""):
    return (f"{first}\nVia: SIP/2.0/UDP h:1;branch={branch}\nFrom: {source}\nTo: {to}\nCall-ID: {call}\n"
            f"CSeq: {cseq}\nMax-Forwards: 70\n{extra}")


INVITE = sip(">INVITE sip:b@x SIP/2.0")
OPTIONS = sip(">OPTIONS sip:b@x SIP/2.0", cseq="1 OPTIONS")
TAGGED = "<sip:b@x>;tag=t"
SIP_RIGHT = [
    [INVITE, sip("<SIP/2.0 100 trying"), sip("<SIP/2.0 407 no", TAGGED, extra='Proxy-Authenticate: Digest nonce="1"\n'),
     sip(">ACK sip:b@x SIP/2.0", TAGGED, cseq="1 ACK")],
    [OPTIONS, "<SIP/2.0 200 OK\nv: SIP/2.0/UDP h:1;branch=z9hG4bK1;received=10.0.0.1\nf: <sip:a@x>;tag=f\n"
     "t: <sip:b@x>;tag=t\ni: c1\nCSeq: 1 OPTIONS\nl: 4\n\nab"],
    [OPTIONS, sip("<BYE sip:a@x SIP/2.0", call="theirs", cseq="9 BYE"),
     sip("<SIP/2.0 200 OK", TAGGED, cseq="1 OPTIONS")],
]
SIP_WRONG = [
    ("S1", [OPTIONS, "<SIP/2.0 200 OK\nFrom: x\n"]),
    ("S1", [OPTIONS, "<what"]),
    ("S1", [OPTIONS, sip("<SIP/2.0 200 OK", TAGGED, cseq="1 OPTIONS", extra="Content-Length: 7\n")]),
    ("S2", [OPTIONS, sip("<SIP/2.0 200 OK", TAGGED, cseq="1 OPTIONS", call="c2")]),
    ("S2 CSeq", [OPTIONS, sip("<SIP/2.0 200 OK", TAGGED, cseq="2 OPTIONS")]),
    ("S2 CSeq", [OPTIONS, sip("<SIP/2.0 200 OK", TAGGED, cseq="1 INVITE")]),
    ("S3", [OPTIONS, sip("<SIP/2.0 200 OK", TAGGED, cseq="1 OPTIONS", source="<sip:a@x>;tag=g")]),
    ("S3 text", [OPTIONS, sip("<SIP/2.0 200 OK", TAGGED, cseq="1 OPTIONS", source="<sip:z@x>;tag=f")]),
    ("S4", [sip(">OPTIONS sip:b@x SIP/2.0", TAGGED, cseq="1 OPTIONS"),
            sip("<SIP/2.0 200 OK", "<sip:b@x>;tag=u", cseq="1 OPTIONS")]),
    ("S5", [OPTIONS, sip("<SIP/2.0 200 OK", cseq="1 OPTIONS")]),
    ("S6", [OPTIONS, sip("<SIP/2.0 200 OK", TAGGED, cseq="1 OPTIONS", branch="z9hG4bK2")]),
    ("S7", [INVITE, INVITE, sip("<SIP/2.0 486 busy", TAGGED), sip("<SIP/2.0 486 busy", "<sip:b@x>;tag=u")]),
    ("S8", [sip(">ACK sip:b@x SIP/2.0", cseq="1 ACK"), sip("<SIP/2.0 200 OK", TAGGED, cseq="1 ACK")]),
    ("S8", [OPTIONS, sip("<SIP/2.0 200 OK", TAGGED, cseq="1 OPTIONS"), sip("<SIP/2.0 100 trying", cseq="1 OPTIONS")]),
    ("S8", [OPTIONS, sip("<SIP/2.0 401 no", TAGGED, cseq="1 OPTIONS")]),
    ("Sc1", [OPTIONS, sip(">OPTIONS sip:b@x SIP/2.0", cseq="5 OPTIONS", branch="z9hG4bK5")]),
    ("Sc2", [OPTIONS.replace("Max-Forwards: 70\n", "")]),
    ("Sc3", [sip(">OPTIONS sip:b@x SIP/2.0", cseq="1 OPTIONS", branch="1")]),
]

GET = ">GET /a.html HTTP/1.1\nHost: h\n"
HTTP_RIGHT = [
    [GET, "<HTTP/1.1 200 OK\nContent-Length: 4\nContent-Type: text/html\nETag: \"1\"\n\nab",
     ">HEAD /a.html HTTP/1.1\n", "<HTTP/1.1 200 OK\nContent-Length: 4\nContent-Type: text/html\nETag: \"1\"\n",
     ">GET /a HTTP/1.1\n\nGET /b HTTP/1.1\nConnection: close\n",
     "<HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nab\n0\n\nHTTP/1.1 404 no\nConnection: close\n\nall"],
    [">POST / HTTP/1.1\nContent-Length: 6\n", "<HTTP/1.1 201 ok\nContent-Length: 0\n"],
    [">GET /i/7 HTTP/1.1\nRange: bytes=0-1\n", "<HTTP/1.1 206 part\nContent-Range: bytes 0-1/4\nContent-Length: 2\n\n"],
    [">GET /old", "<all of it"],
    [">\x16\x03\x01\xff", "<HTTP/1.1 400 bad\nConnection: close\n\n"],
]
HTTP_WRONG = [
    ("H1", [GET, "<200 OK\n"]),
    ("H2", [GET, "<HTTP/1.1 200 OK\nContent-Length 0\n"]),
    ("H3", [GET, "<HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nzz\nab\n0\n"]),
    ("H4", [GET, "<HTTP/1.1 200 OK\nContent-Length: 40\n\nab"]),
    ("H4", [GET, "<HTTP/1.1 200 OK\nContent-Length: x\n\nab"]),
    ("H5", [GET, "<HTTP/1.1 401 no\nContent-Length: 0\n"]),
    ("H6", [GET, "<HTTP/1.1 301 there\nContent-Length: 0\n"]),
    ("H7", [">GET / HTTP/1.1\nRange: bytes=0-1\n", "<HTTP/1.1 206 part\nContent-Length: 2\n\n"]),
    ("H7 416", [">GET / HTTP/1.1\nRange: bytes=9-\n", "<HTTP/1.1 416 no\nContent-Range: x\nContent-Length: 0\n"]),
    ("H8", [GET, "<HTTP/1.1 404 no\nContent-Length: 0\n\nHTTP/1.1 404 no\nContent-Length: 0\n"]),
    ("H8", [GET + "\n" + GET[1:], "<HTTP/1.1 404 no\nContent-Length: 0\n"]),
    ("H9", [GET, "<HTTP/1.1 404 no\nContent-Length: 0\nConnection: close\n", GET,
            "<HTTP/1.1 404 no\nContent-Length: 0\n"]),
    ("H10", [GET, "<HTTP/1.1 304 same\n"]),
    ("H10", [GET, "<HTTP/1.1 206 part\nContent-Range: bytes 0-1/4\nContent-Length: 0\n"]),
    ("H10", [GET + "\n" + GET[1:], "<HTTP/1.1 200 OK\nContent-Type: text/html\nETag: \"1\"\nContent-Length: 0\n\n"
             "HTTP/1.1 200 OK\nContent-Type: text/html\nETag: \"2\"\nContent-Length: 0\n"]),
    ("H10 broken", [">\x16\x03\x01\xff", "<HTTP/1.1 200 OK\nContent-Length: 0\n"]),
    ("H10 type", [GET, "<HTTP/1.1 200 OK\nContent-Length: 0\nContent-Type: image/png\n"]),
    ("H10 echo", [">GET /i/7 HTTP/1.1\n",
                  "<HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 10\n\n{\"id\":8}"]),
    ("H10 echo", [">GET /i?a=1 HTTP/1.1\n", "<HTTP/1.1 302 x\nLocation: /j?a=2\nContent-Length: 0\n"]),
]

REDIS_RIGHT = [
    [">SET k v\nGET k\nGET none", "<+OK\n$1\nv\n$-1", ">PING", "<+PONG"],
    [(">", b"*2\r\n$4\r\nECHO\r\n$2\r\na\n\r\n"), ("<", b"$2\r\na\n\r\n")],
    [">MULTI", "<+OK", ">INCR k", "<+QUEUED", ">EXEC", "<*1\n:1", ">LRANGE l 0 -1", "<*2\n$1\na\n$1\nb",
     ">XYZ", "<-ERR what"],
    [">SUBSCRIBE a b", "<*3\n$9\nsubscribe\n$1\na\n:1\n*3\n$9\nsubscribe\n$1\nb\n:2"],
]
REDIS_WRONG = [
    ("R1", [">PING", "<PONG"]),
    ("R1", [">GET k", "<$5\nabc"]),
    ("R1", [">GET k", "<$2\nabcd"]),
    ("R2", [">PING", "<+PONG\n+PONG"]),
    ("R2", [">PING\nPING", "<+PONG"]),
    ("R3", [">SET k v", "<:1"]),
    ("R3", [">MULTI", "<+OK", ">INCR k", "<:1"]),
    ("R3", [">INCR k", "<+QUEUED"]),
    ("R4", [">ECHO abc", "<$3\nabd"]),
    ("R5", [">SET k v\nGET k", "<+OK\n$1\nw"]),
]

MEMCACHED_RIGHT = [
    [">set k 0 0 3\nabc", "<STORED", ">get k none", "<VALUE k 0 3\nabc\nEND",
     ">incr n 1\ndelete k", "<NOT_FOUND\nDELETED",
     ">xyz", "<ERROR", ">version", "<VERSION 1.6", ">stats", "<STAT pid 1\nEND", ">quit"],
    [">set k 0 0 3 noreply\nabc\nget k", "<VALUE k 0 3\nabc\nEND"],
    ["udp", (">", b"\0\7\0\0\0\1\0\0get k\r\n"), ("<", b"\0\7\0\0\0\1\0\0END\r\n")],
    ["udp", (">", b"\0\7\0\0\0\1\0\0get k\r\n"), ("<", b"\0\7\0\0\0\2\0\0VALUE k 0 3\r\n")],
]
MEMCACHED_WRONG = [
    ("C1", [">set k 0 0 3\nabc", "<DELETED"]),
    ("C2", [">get k", "<VALUE l 0 3\nabc\nEND"]),
    ("C2", [">get k", "<VALUE k 0 3\nabcd\nEND"]),
    ("C2", [">get k", "<VALUE k 0 3\nabc"]),
    ("C2", ["udp", (">", b"\0\7\0\0\0\1\0\0get k\r\n"), ("<", b"\0\7\0\0\0\1\0\0VALUE k 0 3\r\n")]),
    ("C3", [">delete k", "<STORED"]),
    ("C4", [">incr n 1", "<OK"]),
    ("C5", [">xyz", "<STORED"]),
    ("C5", [">get k", "<ERROR"]),
    ("C6", [">delete k", "<DELETED\nDELETED"]),
    ("C6", [">delete k\ndelete l", "<DELETED"]),
    ("C7", ["udp", (">", b"\0\7\0\0\0\1\0\0get k\r\n"), ("<", b"\0\6\0\0\0\1\0\0END\r\n")]),
    ("C8", [">version", "<OK"]),
    ("C9", [">set k 0 0 3\nabc\nget k", "<STORED\nVALUE k 0 3\nabd\nEND"]),
]

ECHO_ON = [("<", b"\xff\xfb\x01"), (">", b"\xff\xfd\x01"), ("<", b"srv login: ")]
TELNET_RIGHT = [
    ECHO_ON + [">root", ("<", b"root\r\nPassword: "), ">secret", ("<", b"\r\nLogin incorrect\r\nsrv login: ")],
    ECHO_ON + [">root", ("<", b"root\r\nPassword: "), ">secret", ("<", b"\r\nwelcome \xff\xff\r\n$ "), ">uname",
               ("<", b"uname\r\nLinux\r\n$ ")],
]
TELNET_WRONG = [
    ("V1", [("<", b"\xff\xfb\x01"), (">", b"\xff\xfd\x01"), ("<", b"\xff\xfb\x01")]),
    ("V2", [("<", b"a\xff\x41b")]),
    ("V2", [("<", b"login: \xff\xfb")]),
    ("V3", [("<", b"Password: ")]),
    ("V3", ECHO_ON + [">root", ("<", b"root\r\n$ ")]),
    ("V4", ECHO_ON + [">root", ("<", b"root\r\nPassword: "), ">secret", ("<", b"secret\r\nLogin incorrect\r\n")]),
    ("V5", ECHO_ON + [">root", ("<", b"admin\r\nPassword: ")]),
    ("Vc1", [("<", b"\xff\xfb\x01"), (">", b"\xff\xfd\x01\xff\xfd\x01")]),
]


class Text(spoken.Claims):
    right = {"ftp": FTP_RIGHT, "smtp": SMTP_RIGHT, "pop3": POP_RIGHT, "imap": IMAP_RIGHT, "sip": SIP_RIGHT,
             "http": HTTP_RIGHT, "redis": REDIS_RIGHT, "memcached": MEMCACHED_RIGHT, "telnet": TELNET_RIGHT}
    wrong = {"ftp": FTP_WRONG, "smtp": SMTP_WRONG, "pop3": POP_WRONG, "imap": IMAP_WRONG, "sip": SIP_WRONG,
             "http": HTTP_WRONG, "redis": REDIS_WRONG, "memcached": MEMCACHED_WRONG, "telnet": TELNET_WRONG}


if __name__ == "__main__":
    unittest.main()
