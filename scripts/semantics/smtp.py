"""smtp.py - SMTP (RFC 5321, 1870, 2920, 3030, 4954, 3207)."""
import re

from .judge import Protocol, Rule
from .lines import Lines

# Widened by what genuine servers answer; 421 always, 500 501 503 504 to anything.
_TABLE = """
HELO EHLO | 250 502 504 550
MAIL | 250 451 452 455 501 503 504 530 550 552 553 555
RCPT | 250 251 450 451 452 454 455 501 503 504 550 551 552 553 554 555
DATA | 354 421 451 503 554
RSET NOOP | 250
QUIT | 221
VRFY | 250 251 252 450 454 502 504 550 551 553
EXPN | 250 252 451 502 504 550
HELP | 211 214 502
AUTH | 235 334 432 454 501 503 504 530 534 535 538
STARTTLS | 220 454 501 502
ETRN | 250 251 252 253 458 459 501 500 502
"""
CODES = {verb: set(codes.split()) for verbs, codes in
         (line.split("|") for line in _TABLE.strip().splitlines()) for verb in verbs.split()}
ANYTHING = {"500", "501", "503", "504", "421"}
END_OF_DATA = {"250", "450", "451", "452", "550", "552", "554", "421"}
MAIL_DATA, CREDENTIALS = "<mail>", "<credentials>"


class Smtp(Protocol):
    name = "smtp"
    ports = ("tcp/25", "tcp/587")
    rules = {
        "M1": Rule("every line is `ddd text`"),
        "M2": Rule("a reply of several lines has one code"),
        "M3": Rule("a reply has a pending command"),
        "M4": Rule("the greeting is 220 or 554"),
        "M5": Rule("the mail gets 250, 450-452, 550, 552 or 554"),
        "M6": Rule("the code is allowed for the command"),
        "M7": Rule("after 334 comes no command's reply: 235, 334, 4xx or 5xx"),
        "M8": Rule("354 only after RCPT got 2xx"),
        "M9": Rule("greeting, EHLO and 221 name one host; only keywords of EHLO are honoured; "
                   "an address in a reply is the command's", strict=True),
        "Mc1": Rule("commands wait for an answer unless PIPELINING was offered", client=True),
    }

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked, self.said = Lines(), Lines()
        self.pending = []		# (verb, line)
        self.greeted, self.host = False, None
        self.block = []			# lines of the reply that is open
        self.recipients, self.sender = False, ""	# of the mail at hand; sender: its MAIL
        self.in_mail = False		# the lines of the client are a mail, up to the lone dot
        self.in_auth = False		# the next line of the client are credentials
        self.held = []			# lines that came while it was open what DATA gets
        self.keywords = set()

    # -- client

    def client(self, data, time):
        self.held += self.asked.feed(data)
        self.take()

    def take(self):
        """Turns lines into commands, as far as the answers so far tell what they are."""
        while self.held:
            if not self.in_mail and any(verb in ("DATA", "AUTH") for verb, _ in self.pending):
                return				# a mail or a command comes next: the answer tells
            line = self.held.pop(0)
            text = line.decode("latin-1")
            if self.in_mail:
                if line == b".":
                    self.in_mail = False
                    self.pending.append((MAIL_DATA, "."))
            elif self.in_auth:
                self.in_auth = False
                self.pending.append((CREDENTIALS, text))
            else:
                self.expect("Mc1", not self.pending or "PIPELINING" in self.keywords, text)
                verb = text.strip().split(" ")[0].upper()
                self.pending.append((verb, text))

    def silence(self):
        self.pending.clear()
        self.greeted, self.in_auth = True, False
        self.take()

    # -- server

    def server(self, data, time):
        for line in self.said.feed(data):
            self.line(line.decode("latin-1"))
        self.expect("M1", not self.said.rest, "the last line does not end")
        self.said.rest = b""

    def line(self, line):
        match = re.fullmatch(r"([2-5]\d\d)(?:([ -])(.*))?", line)
        if not self.expect("M1", match, line):
            return
        if self.block:
            self.expect("M2", match[1] == self.block[0][:3], f"{line} after {self.block[0]}")
        self.block.append(line)
        if match[2] != "-":
            lines, self.block = self.block, []
            self.reply(match[1], [text[4:] for text in lines])

    def end(self):
        self.expect("M2", not self.block, "a reply of several lines does not end")

    def reply(self, code, lines):
        said = f"{code} {lines[0]}"
        if not self.greeted:
            self.expect("M4", code in ("220", "554", "421"), said)
            self.greeted, self.host = True, lines[0].split(" ")[0]
            return
        if not self.pending:
            self.expect("M3", code == "421", said)
            return
        verb, command = self.pending.pop(0)
        said = f"{command[:60]} -> {said}"
        self.expect("M3", True)
        if verb == MAIL_DATA:
            self.expect("M5", code in END_OF_DATA, said)
            self.recipients = False
        elif verb == CREDENTIALS:
            self.expect("M7", code in ("235", "334") or code[0] in "45", said)
            self.in_auth = code == "334"
        elif verb in CODES:
            self.expect("M6", code in CODES[verb] | ANYTHING, said)
        else:
            self.expect("M6", code[0] in "25", said)
        if verb == "AUTH":
            self.in_auth = code == "334"
        if code == "354" and verb != MAIL_DATA:
            self.expect("M8", verb == "DATA" and self.recipients, said)
            self.in_mail = True
        if verb == "MAIL":
            self.sender = command
        if verb == "RCPT" and code[0] == "2":
            self.recipients = True
        elif verb in ("RSET", "MAIL", "HELO", "EHLO"):
            self.recipients = False
        self.strict(verb, command, code, lines, said)
        self.take()

    def strict(self, verb, command, code, lines, said):
        if verb == "EHLO" and code == "250":
            self.keywords = {line.split(" ")[0].split("=")[0].upper() for line in lines[1:]}
        if verb in ("EHLO", "HELO") and code == "250":
            self.expect("M9", lines[0].split(" ")[0] == self.host, f"{said}, greeted as {self.host}")
        if verb in ("AUTH", "STARTTLS", "ETRN") and code in ("235", "334", "220", "250"):
            self.expect("M9", verb in self.keywords, said)
        match = re.search(r"<([^<>\s]*@[^<>\s]*)>", lines[0])
        if match and verb in ("RCPT", "MAIL", "VRFY"):
            self.expect("M9", match[1].lower() in (command + self.sender).lower(), said)
