"""ftp.py - FTP's control connection (RFC 959, 775, 2389, 3659, 2428, 4217)."""
import posixpath
import re

from .judge import Protocol, Rule
from .lines import Lines

BUSY = "421"
SUCCESS = {"150", "226", "250", "257", "350"}
BEFORE_LOGIN = {"USER", "PASS", "ACCT", "HELP", "FEAT", "QUIT", "OPTS", "AUTH", "PBSZ", "PROT", "NOOP",
                "SYST", "STAT", "CLNT", "HOST", "LANG", "REIN"}
DATA = {"STOR", "STOU", "APPE", "RETR", "LIST", "NLST", "MLSD"}

# What the RFCs allow, widened by what genuine servers answer; 421 always.
_TABLE = """
USER | 230 232 331 332 500 501 530
PASS | 202 230 332 500 501 503 530
ACCT | 202 230 500 501 502 503 530
CWD CDUP XCWD XCUP | 200 250 500 501 502 530 550
SMNT | 202 250 500 501 502 530 550
REIN | 120 220 500 502
QUIT | 221 500
PORT EPRT | 200 500 501 502 522 530
PASV | 227 500 501 502 522 530
EPSV | 229 500 501 502 522 530 200
TYPE MODE STRU | 200 500 501 504 530
ALLO | 200 202 500 501 504 530
REST | 350 500 501 502 530 554
STOR STOU APPE | 125 150 110 226 250 425 426 450 451 452 500 501 502 530 532 550 551 552 553
RETR | 125 150 110 226 250 425 426 450 451 500 501 503 530 550 554
LIST NLST MLSD | 125 150 226 250 425 426 450 451 500 501 502 530 550
RNFR | 350 450 500 501 502 530 550
RNTO | 250 500 501 502 503 530 532 550 553
DELE | 250 450 500 501 502 530 550
RMD XRMD | 250 500 501 502 530 550
MKD XMKD | 257 500 501 502 521 530 550
PWD XPWD | 257 500 501 502 530 550
ABOR | 225 226 426 500 501 502
SYST | 215 500 501 502 530
STAT | 211 212 213 450 500 501 502 530 550
HELP | 211 214 500 501 502 530
SITE | 200 202 211 214 250 500 501 502 504 530 550
NOOP | 200 500 530
FEAT | 211 500 501 502 530
OPTS | 200 451 504 500 501 502 530
MDTM SIZE | 213 500 501 502 530 550
MLST | 250 500 501 502 530 550
AUTH | 234 334 431 500 502 503 504 530 534
PBSZ PROT CCC | 200 500 501 502 503 504 530 533 534 536 550
HOST LANG CLNT MFMT | 200 213 220 500 501 502 503 504 530 550
"""
CODES = {verb: set(codes.split()) for verbs, codes in
         (line.split("|") for line in _TABLE.strip().splitlines()) for verb in verbs.split()}
UNKNOWN = {"500", "501", "502", "503", "504", "202", "530"}

PASSIVE = re.compile(r"\((\d+),(\d+),(\d+),(\d+),(\d+),(\d+)\)|(?<!\d)(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)")
EXTENDED = re.compile(r"\(\|\|\|(\d+)\|\)")
QUOTED = re.compile(r'"((?:[^"]|"")*)"')


class Ftp(Protocol):
    name = "ftp"
    ports = ("tcp/21",)
    rules = {
        "F1": Rule("every line is `ddd text`, or within a block that one code opens and closes"),
        "F2": Rule("a reply has a pending request, and at most one preliminary reply before it"),
        "F3": Rule("the first message is 220, 120 then 220, or refuses with 421 or 530"),
        "F4": Rule("an unknown command gets 500-504, 202 or 530"),
        "F5": Rule("the code is allowed for the command"),
        "F6": Rule("227 has six numbers up to 255, 229 the form (|||port|)"),
        "F6 address": Rule("the address of 227 is the server's", strict=True),
        "F7": Rule("257 quotes the path; after MKD x it ends in x"),
        "F8": Rule("250 to RNTO only directly after 350 to RNFR"),
        "F9": Rule("before 230 nothing succeeds but USER, PASS, HELP, FEAT, QUIT..."),
        "F10": Rule("PWD tells the directory CWD led to; 150's size is that of SIZE", strict=True),
        "F11": Rule("a name in a reply is that of the request", strict=True),
        "Fc1": Rule("USER before PASS", client=True),
        "Fc2": Rule("RNTO after RNFR", client=True),
        "Fc3": Rule("PORT, PASV, EPRT or EPSV before a transfer", client=True),
        "Fc4": Rule("nothing after QUIT", client=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked, self.said = Lines(), Lines()
        self.pending = []		# (verb, argument)
        self.greeted = self.logged_in = self.renaming = False
        self.preliminary = None		# code of the 1xx the first pending request got
        self.block = None		# code of the reply that is open, and its lines
        self.inner = []
        self.directory = None
        self.sizes = {}			# name -> what SIZE said
        self.seen = []			# verbs of the client

    # -- client

    def client(self, data, time):
        for line in self.asked.feed(data):
            line = re.sub(rb"^(?:\xff[\xf0-\xfe])+", b"", line).decode("latin-1")
            verb, _, argument = line.strip().partition(" ")
            verb = verb.upper()
            self.pending.append((verb, argument))
            self.expect("Fc4", "QUIT" not in self.seen, line)
            if verb == "PASS":
                self.expect("Fc1", "USER" in self.seen, line)
            if verb == "RNTO":
                self.expect("Fc2", self.seen[-1:] == ["RNFR"], line)
            if verb in DATA:
                self.expect("Fc3", {"PORT", "PASV", "EPRT", "EPSV"} & set(self.seen), line)
            self.seen.append(verb)

    def silence(self):
        self.pending.clear()
        self.greeted = True
        self.block, self.preliminary = None, None

    # -- server

    def server(self, data, time):
        for line in self.said.feed(data):
            self.line(line.decode("latin-1"))
        self.expect("F1", not self.said.rest, "the last line does not end")
        self.said.rest = b""

    def line(self, line):
        match = re.match(r"([1-6]\d\d)([ -]|$)(.*)", line)
        if self.block is not None:
            if match and match[1] == self.block and match[2] != "-":
                code, self.block = self.block, None
                self.reply(code, match[3])
            else:
                self.expect("F1", not match or match[1] == self.block, line)
                self.inner.append(line)
            return
        if not self.expect("F1", match, line):
            return
        self.inner = []
        if match[2] == "-":
            self.block = match[1]
        else:
            self.reply(match[1], match[3])

    def end(self):
        self.expect("F1", self.block is None, f"{self.block}- is not closed")

    def reply(self, code, text):
        said = f"{code} {text}"
        if not self.greeted:
            self.expect("F3", code in ("220", "120", BUSY, "530"), said)
            self.greeted = code != "120"
            return
        if code == BUSY:
            return
        if not self.pending:
            self.expect("F2", text == "Logout.", said)
            return
        verb, argument = self.pending[0]
        said = f"{verb} -> {said}"
        self.expect("F2", code[0] != "1" or self.preliminary is None, said)
        if verb in CODES:
            self.expect("F5", code in CODES[verb], said)
        else:
            self.expect("F4", code in UNKNOWN, said)
        if code[0] == "1":
            self.preliminary = code
        else:
            self.preliminary = None
            self.pending.pop(0)
        self.meaning(verb, argument, code, text, said)

    def meaning(self, verb, argument, code, text, said):
        if not self.logged_in and verb not in BEFORE_LOGIN:
            self.expect("F9", code not in SUCCESS, said)
        if code == "227" or code == "229":
            self.port(code, text, said)
        if code == "257":
            self.path(verb, argument, text, said)
        if verb == "RNTO" and code == "250":
            self.expect("F8", self.renaming, said)
        self.renaming = verb == "RNFR" and code == "350"
        if code == "230" or code == "232":
            self.logged_in, self.directory = True, None
        elif verb == "REIN" and code == "220":
            self.logged_in = False
        if verb in ("CWD", "XCWD", "CDUP", "XCUP") and code in ("250", "200"):
            self.moved(argument if verb.endswith("CWD") else "..")
        self.sized(verb, argument, code, text, said)
        self.named(verb, argument, code, text, said)

    def port(self, code, text, said):
        if code == "229":
            match = EXTENDED.search(text)
            self.expect("F6", match and 0 < int(match[1]) < 65536, said)
            return
        match = PASSIVE.search(text)
        numbers = [n for n in match.groups() if n is not None] if match else []
        if self.expect("F6", numbers and all(int(n) < 256 for n in numbers), said):
            self.expect("F6 address", ".".join(numbers[:4]) == self.server_address, said)

    def path(self, verb, argument, text, said):
        match = QUOTED.search(text)
        if not self.expect("F7", match, said):
            return
        path = match[1].replace('""', '"')
        if verb in ("MKD", "XMKD"):
            last = posixpath.basename(argument.rstrip("/"))
            self.expect("F7", path.rstrip("/").endswith(last), said)
        elif self.directory is not None:
            self.expect("F10", path == self.directory, f"{said}, expected {self.directory}")
        else:
            self.directory = path

    def moved(self, where):
        """CWD was accepted. A home directory or the like is known only after PWD."""
        if where.startswith("/"):
            self.directory = posixpath.normpath("/" + where.lstrip("/"))
        elif self.directory is not None and not where.startswith("~"):
            self.directory = posixpath.normpath(posixpath.join(self.directory, where))

    def sized(self, verb, argument, code, text, said):
        if verb in ("STOR", "APPE", "DELE", "RNTO", "TYPE", "REST", "CWD", "CDUP"):
            self.sizes.clear()
        elif verb == "SIZE" and code == "213":
            self.sizes[argument] = text.strip()
        elif verb == "RETR" and code == "150" and argument in self.sizes:
            match = re.search(r"\((\d+) bytes\)", text)
            if match:
                self.expect("F10", match[1] == self.sizes[argument], said)

    def named(self, verb, argument, code, text, said):
        match = None
        if code == "150" and verb in ("RETR", "STOR", "APPE"):
            match = re.search(r" for (.*?)(?: \(\d+ bytes\))?\.?$", text)
        elif code == "331":
            match = re.search(r"(?:required|okay,? need password) for (\S+?)\.?$", text)
        if match:
            self.expect("F11", match[1] in (argument, argument.strip()), said)
