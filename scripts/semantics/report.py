"""report.py - what came out for all conversations of a file, for people and for programs."""
import json
from dataclasses import dataclass, field

TOLERANCES = (("conversations_99", 0.01), ("conversations_95", 0.05))


def _share(part, whole):
    return part / whole if whole else 1.0


def _shown(data):
    return data[:120].decode("latin-1").encode("unicode_escape").decode() + ("..." if len(data) > 120 else "")


@dataclass
class Report:
    protocol: type
    conversations: int = 0
    messages: int = 0
    correct: int = 0		# conversations
    within: dict = field(default_factory=lambda: {name: 0 for name, _ in TOLERANCES})
    wrong: int = 0		# messages
    rules: dict = field(default_factory=dict)	# name -> {tried, failed, example}
    figures: dict = field(default_factory=dict)	# the protocol's own: name -> conversations
    failures: list = field(default_factory=list)

    def add(self, conversation, verdict):
        self.conversations += 1
        self.messages += len(verdict.judged)
        self.wrong += len(verdict.wrong)
        self.correct += not verdict.failures
        for name, most in TOLERANCES:
            self.within[name] += verdict.wrong_share() <= most
        for name, tried in verdict.tried.items():
            self._rule(name)["tried"] += tried
        failed = {finding.rule for finding in verdict.failures}
        for name, rules in self.protocol.figures.items():
            self.figures[name] = self.figures.get(name, 0) + rules(failed)
        for finding in verdict.failures:
            messages = conversation["messages"]
            said = messages[finding.position]["bytes"] if finding.position < len(messages) else b""
            line = (f"conversation {verdict.number}, message {finding.position}: "
                    f"{finding.detail or '-'} | {_shown(said)}")
            rule = self._rule(finding.rule)
            rule["failed"] += 1
            rule["example"] = rule["example"] or line
            self.failures.append(f"{finding.rule}: {line}")

    def _rule(self, name):
        return self.rules.setdefault(name, {"tried": 0, "failed": 0, "example": None})

    def as_object(self):
        return {
            "protocol": self.protocol.name, "conversations": self.conversations, "messages": self.messages,
            "conversations_ok": _share(self.correct, self.conversations),
            **{name: _share(count, self.conversations) for name, count in self.within.items()},
            "messages_ok": _share(self.messages - self.wrong, self.messages),
            **{name: _share(count, self.conversations) for name, count in self.figures.items()},
            "rules": dict(sorted(self.rules.items())),
        }

    def as_json(self):
        return json.dumps(self.as_object())

    def as_text(self, all_failures):
        o = self.as_object()
        lines = [
            f"{o['protocol']}: {self.conversations} conversations, {self.messages} messages judged",
            f"  all messages correct   {100 * o['conversations_ok']:6.2f} % of conversations",
            f"  at most 1 % wrong      {100 * o['conversations_99']:6.2f} %",
            f"  at most 5 % wrong      {100 * o['conversations_95']:6.2f} %",
            f"  correct                {100 * o['messages_ok']:6.2f} % of messages",
        ]
        lines += [f"  {name.replace('_', ' '):<22} {100 * o[name]:6.2f} % of conversations" for name in self.figures]
        for name, rule in sorted(self.rules.items(), key=lambda item: -item[1]["failed"]):
            text = self.protocol.rules[name].text if name in self.protocol.rules else "an answer comes"
            lines.append(f"  {name:<12} {rule['failed']:6} of {rule['tried']:6} wrong: {text}")
            if rule["failed"] and not all_failures:
                lines.append(f"      {rule['example']}")
        if all_failures:
            lines += self.failures
        return "\n".join(lines)
