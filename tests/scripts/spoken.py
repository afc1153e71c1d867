"""spoken.py - small conversations for the tests of scripts/semantics, and the claims about all of them."""
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))

from semantics.judge import judge  # noqa: E402
from semantics.services import PROTOCOLS  # noqa: E402

NOW = 1_700_000_000.0


def spoken(protocol, messages, number=0):
    """Messages as (">" or "<", bytes); text is "<220 hello": from the server, and CR LF is added.

    A first message "udp" is none: it chooses between the transports of a protocol.
    """
    transport, port = PROTOCOLS[protocol].ports[0].split("/")
    said = []
    for at, message in enumerate(messages):
        if message == "udp":
            transport = message
            continue
        if isinstance(message, str):
            message = (message[0], message[1:].replace("\n", "\r\n").encode("latin-1") + b"\r\n")
        said.append({"from": "client" if message[0] == ">" else "server", "time": NOW + at, "bytes": message[1]})
    return {"conversation": number, "proto": transport, "client": "198.18.1.10", "client_port": 4000,
            "server": "198.18.0.10", "server_port": int(port), "messages": said}


def failed(protocol, *conversations):
    """Names of the rules that any of the conversations breaks, all rules applied."""
    common, names = {}, set()
    for number, messages in enumerate(conversations):
        verdict = judge(PROTOCOLS[protocol], spoken(protocol, messages, number), True, True, common)
        names |= {finding.rule for finding in verdict.failures}
    return names


class Claims(unittest.TestCase):
    """right: protocol -> conversations that break nothing. wrong: protocol -> (rule, conversation that breaks it);
    a conversation may be a list of messages, or a tuple of such lists where one alone would be right."""
    right, wrong = {}, {}

    def test_right_conversations_break_nothing(self):
        for protocol, conversations in self.right.items():
            for messages in conversations:
                with self.subTest(protocol=protocol, messages=messages):
                    self.assertEqual(failed(protocol, messages), set())

    def test_wrong_conversations_break_the_rule_they_are_about(self):
        for protocol, cases in self.wrong.items():
            for rule, messages in cases:
                with self.subTest(protocol=protocol, rule=rule, messages=messages):
                    self.assertIn(rule, failed(protocol, *(messages if isinstance(messages, tuple) else (messages,))))

    def test_every_rule_has_a_conversation_that_breaks_it(self):
        for protocol, cases in self.wrong.items():
            with self.subTest(protocol=protocol):
                self.assertEqual(set(PROTOCOLS[protocol].rules), {rule for rule, _ in cases})


