"""judge.py - one conversation against the rules of one protocol.

A protocol is a class below Protocol: a table of rules, and what it makes of each message. It states
findings with expect(); which of them count (strict rules, those for clients) is decided here.
"""
from dataclasses import dataclass, field

NO_REPLY = "no reply"


class Malformed(ValueError):
    """What was said ends too early or contradicts itself."""


@dataclass(frozen=True)
class Rule:
    text: str
    strict: bool = False
    client: bool = False	# judges what the client says


@dataclass
class Finding:
    rule: str
    position: int	# of the message in its conversation
    detail: str


@dataclass
class Verdict:
    """What came out of one conversation."""
    number: int
    judged: list = field(default_factory=list)	# positions of the messages judged
    tried: dict = field(default_factory=dict)	# rule -> how often
    failures: list = field(default_factory=list)

    @property
    def wrong(self):
        return {finding.position for finding in self.failures}

    def wrong_share(self):
        if not self.judged:
            return 1.0 if self.failures else 0.0
        return len(self.wrong) / len(self.judged)


class Protocol:
    """Base of all protocols. Messages come in order through client() and server()."""
    name = ""
    ports = ()		# ("tcp/21",)
    rules = {}		# name -> Rule; the base adds NO_REPLY
    figures = {}	# shares of its own: name -> what says from the set of failed rules whether it counts

    def __init__(self, conversation, common=None):
        self.common = {} if common is None else common	# shared by all conversations of a run
        self.transport = conversation["proto"]
        self.server_address = conversation["server"]
        self.server_port = conversation["server_port"]
        self.findings = []

    def client(self, data, time):
        """Takes what the client said."""

    def server(self, data, time):
        """Judges what the server said; data is never empty."""

    def recorded(self, data):
        """What the real server said here: a recorded client goes on with what that one handed out."""

    def silence(self):
        """The server owed an answer and gave none: what is pending will not be answered."""

    def end(self):
        """Nothing follows; findings count for the last message judged."""

    def expect(self, rule, holds, detail=""):
        """States whether a rule holds for the message at hand; returns it as a bool."""
        self.findings.append((rule, bool(holds), detail))
        return bool(holds)


def judge(protocol, conversation, strict=False, both=False, common=None):
    """The verdict about one conversation (transcript.py): of its server, or of both sides.

    common is a dict that all conversations of one run share, for what may not repeat.
    """
    verdict = Verdict(conversation["conversation"])
    talk = protocol(conversation, common)

    def note(position):
        for name, holds, detail in talk.findings:
            rule = protocol.rules[name]
            if (rule.strict and not strict) or (rule.client and not both):
                continue
            verdict.tried[name] = verdict.tried.get(name, 0) + 1
            if not holds:
                verdict.failures.append(Finding(name, position, detail))
        talk.findings.clear()

    for position, message in enumerate(conversation["messages"]):
        if message["from"] == "client":
            if both and message["bytes"]:
                verdict.judged.append(position)
            talk.client(message["bytes"], message["time"])
        elif message["bytes"]:
            verdict.judged.append(position)
            talk.server(message["bytes"], message["time"])
        elif message.get("recorded"):
            verdict.judged.append(position)
            verdict.failures.append(Finding(NO_REPLY, position, ""))
            talk.silence()
        if message.get("recorded"):
            talk.recorded(message["recorded"])
            verdict.tried[NO_REPLY] = verdict.tried.get(NO_REPLY, 0) + 1
        note(position)
    talk.end()
    note(verdict.judged[-1] if verdict.judged else 0)
    return verdict
