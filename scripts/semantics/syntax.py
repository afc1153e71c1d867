"""syntax.py - each message alone: does tshark dissect it without complaint?

The conversations are written as a capture and read back. A conversation is correct if no frame that
carries a judged message is malformed or has an expert item of severity error. What tshark calls
malformed happens in genuine traffic too: hold the figure against that of --recorded.
"""
import os
import shutil
import subprocess
import tempfile

from .judge import Finding, Rule, Verdict
from .pcap import Capture
from .report import Report

MALFORMED, ERROR, OTHER = "malformed", "error", "other protocol"
SEVERITY_ERROR = 0x00800000
SEVERITY = 0x00F00000
DISSECTORS = {"redis": "resp", "mqtt": "mqtt", "memcached": "memcache", "pop3": "pop", "smb": "nbss", "nbns": "nbns"}
RULES = {
    MALFORMED: Rule("tshark dissects it to its end"),
    ERROR: Rule("tshark has no expert item of severity error about it"),
    OTHER: Rule("tshark takes it for the protocol it should be"),
}


class NoTshark(Exception):
    """One sentence: it is absent or failed."""


class _Syntax:
    """Stands for a protocol in the report."""
    rules = RULES
    figures = {}

    def __init__(self, name):
        self.name = f"{name} (syntax)"


def report(protocol, conversations, both=False):
    """A Report whose rules are those above; raises NoTshark."""
    if shutil.which("tshark") is None:
        raise NoTshark("tshark is not installed, so there is no --syntax.")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "conversations.pcap")
        capture = Capture(path)
        for conversation in conversations:
            capture.add(conversation)
        capture.close()
        complaints, known = _tshark(path, protocol, conversations)
    result = Report(_Syntax(protocol.name))
    for index, conversation in enumerate(conversations):
        verdict = Verdict(conversation["conversation"])
        for position, message in enumerate(conversation["messages"]):
            if message["from"] != "server" and not both:
                continue
            if not message["bytes"]:
                if message.get("recorded"):
                    verdict.judged.append(position)
                    verdict.failures.append(Finding("no reply", position, ""))
                    verdict.tried["no reply"] = verdict.tried.get("no reply", 0) + 1
                continue
            verdict.judged.append(position)
            frames, wrong = capture.frames[index, position], set()
            for frame in frames:
                wrong |= complaints.get(frame, set())
            if not known.intersection(frames):
                wrong.add((OTHER, "taken for something else"))
            for rule in RULES:
                verdict.tried[rule] = verdict.tried.get(rule, 0) + 1
            verdict.failures += [Finding(rule, position, detail) for rule, detail in sorted(wrong)]
        result.add(conversation, verdict)
    return result


def _tshark(path, protocol, conversations):
    """(frame number -> {(rule, what), ...}, frames that tshark takes for the protocol)"""
    name = DISSECTORS.get(protocol.name, protocol.name)
    ports = sorted({(c["proto"], c["server_port"]) for c in conversations})
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|",
               "-o", "tcp.analyze_sequence_numbers:FALSE",
               "-e", "frame.number", "-e", "frame.protocols", "-e", "_ws.malformed",
               "-e", "_ws.expert.severity", "-e", "_ws.expert.message"]
    for transport, port in ports:
        command += ["-d", f"{transport}.port=={port},{name}"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NoTshark(f"tshark failed: {reason}")
    complaints, known = {}, set()
    for line in done.stdout.splitlines():
        number, protocols, malformed, severities, messages = (line.split("\t") + [""] * 4)[:5]
        if name in protocols.split(":"):
            known.add(int(number))
        found = complaints.setdefault(int(number), set())
        if malformed:
            found.add((MALFORMED, malformed[:80]))
        elif any(int(s, 0) & SEVERITY == SEVERITY_ERROR for s in severities.split("|") if s):
            found.add((ERROR, messages[:80]))
    return complaints, known
