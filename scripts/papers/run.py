"""run.py - learns, plays, simulates and judges; what cannot be had is {"missing": why}."""
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.core import ROOT, BenchError

from .services import SIMULATED, capture_of

CHECK = ROOT / "scripts" / "semantics" / "check"
NO_TSHARK = 3       # exit status of check
SPLIT = "10"


def find_mynah(given):
    for path in (given, ROOT / "build" / "control" / "mynah") if given is None else (given,):
        if path is not None and Path(path).is_file():
            return str(Path(path).resolve())
    found = shutil.which(given or "mynah")
    if found is None:
        raise BenchError(f"{given or 'mynah'} is not there: build it (ninja -C build), or name it with --mynah.")
    return found


def missing(why):
    return {"missing": why}


def is_missing(value):
    return value is None or "missing" in value


def call(argv, seconds):
    """(standard output, None), or (None, why)."""
    try:
        done = subprocess.run([str(a) for a in argv], text=True, errors="replace", stdin=subprocess.DEVNULL,
                              capture_output=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None, f"not done within {seconds:g} s"
    except OSError as why:
        return None, f"{argv[0]} cannot be started: {why.strerror}"
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        if Path(argv[0]).name != "mynah" and done.returncode == NO_TSHARK and "--syntax" in argv:
            return None, "tshark is not there, or failed"
        return None, said[0].strip() if said else f"{Path(argv[0]).name} ended with {done.returncode}"
    return done.stdout, None


def call_json(argv, seconds):
    said, why = call(argv, seconds)
    if said is None:
        return missing(why)
    try:
        return json.loads(said)
    except ValueError:
        return missing(f"{Path(argv[0]).name} said no JSON")


class Runs:
    """All runs of programs for one evaluation."""

    def __init__(self, mynah, seconds, conversations, progress):
        self.mynah, self.seconds, self.conversations, self.progress = mynah, seconds, conversations, progress

    def check(self, service, transcripts, *options):
        return call_json([sys.executable, CHECK, service.name, transcripts, "--json", *options], self.seconds)

    def judged(self, service, transcripts, *options):
        """Of the check's report only what tables and readers need: examples hold whole messages."""
        report = self.check(service, transcripts, *options)
        if is_missing(report):
            return report
        broken = {name: f"{rule['failed']} of {rule['tried']}" for name, rule in report.pop("rules").items()
                  if rule["failed"]}
        return {**report, "broken_rules": broken}

    def play(self, service, capture, folder):
        """Held out conversations, server side emulated."""
        transcripts = folder / "held-out.jsonl"
        port = ["--port", service.port] if service.port else []
        self.progress.say(f"{service.name}: learns and plays {capture.name}")
        scores = call_json([self.mynah, "eval", "--split", SPLIT, "--json", "--transcripts", transcripts, *port,
                            capture], self.seconds)
        found = {"capture": capture.name, "eval": scores}
        if is_missing(scores):
            return found
        self.progress.say(f"{service.name}: judges what was said")
        found["second_answer"] = second_answer(transcripts)
        for name, options in (("semantics", []), ("syntax", ["--syntax"])):
            found[name] = self.judged(service, transcripts, *options)
            found["real_" + name] = self.judged(service, transcripts, "--recorded", *options)
        return found

    def simulate(self, service, capture, folder):
        """Both sides: the model of all conversations talks to itself."""
        model, transcripts = folder / "all.mynah", folder / "simulated.jsonl"
        port = ["--port", service.port] if service.port else []
        self.progress.say(f"{service.name}: learns from all of {capture.name}")
        said, why = call([self.mynah, "learn", "-o", model, *port, capture], self.seconds)
        if said is None:
            return {name: missing(why) for name in ("model", "both_semantics", "both_syntax")}
        found = {"model": self.describe(model)}
        self.progress.say(f"{service.name}: simulates {self.conversations} conversations")
        said, why = call([self.mynah, "simulate", "--conversations", self.conversations, "--transcripts",
                          transcripts, model], self.seconds)
        recorded = folder / "recorded.jsonl"
        _, not_played = call([self.mynah, "eval", "--json", "--transcripts", recorded, *port, model, capture],
                             self.seconds)
        for name, options in (("both_semantics", ["--both"]), ("both_syntax", ["--both", "--syntax"])):
            found[name] = missing(why) if said is None else self.judged(service, transcripts, *options)
            found["real_" + name] = missing(not_played) if not_played else \
                self.judged(service, recorded, "--recorded", *options)
        return found

    def describe(self, model):
        shown = call_json([self.mynah, "show", "--json", model], self.seconds)
        text, why = call([self.mynah, "show", "--text", model], self.seconds)
        if text is None or is_missing(shown):
            return missing(why or shown["missing"])
        return {"states": shown["states"], **machine(text)}

    def service(self, service, folders):
        capture = capture_of(service, folders)
        if capture is None:
            return missing("no capture " + " or ".join(name + ".pcap" for name in service.captures))
        with tempfile.TemporaryDirectory(prefix="reproduce-papers-") as name:
            folder = Path(name)
            found = self.play(service, capture, folder)
            if service.name in SIMULATED:
                found.update(self.simulate(service, capture, folder))
        return found


def second_answer(transcripts):
    """Mean similarity of what stands in the place of each conversation's second recorded answer."""
    total = count = 0
    with open(transcripts, encoding="utf-8") as lines:
        for line in lines:
            answers = [m["similarity"] for m in json.loads(line)["messages"] if "similarity" in m]
            if len(answers) > 1:
                total, count = total + answers[1], count + 1
    return {"similarity": total / count, "conversations": count} if count else missing("no second answer")


def machine(text):
    """Size of the part of a model, as text, that says how both sides talk (docs/model-format.md, 12)."""
    nodes, symbols, rules, inside = 0, set(), {}, False
    order = 0
    for line in text.splitlines():
        words = line.split()
        if line.startswith("prisma order "):
            inside, order = True, int(words[2])
        elif inside and words and not line.startswith(" "):
            inside = False
        if not inside or not words:
            continue
        if words[0] == "node":
            nodes += 1
            symbols.update(word for word in words[2:] if re.fullmatch(r"[cs]\d+", word))
        elif words[0] == "fill":
            kind = words[3] if words[2].isdigit() else words[2]
            rules[kind] = rules.get(kind, 0) + (int(words[2]) if words[2].isdigit() else 1)
    if order == 0:
        return {"nodes": None}
    events = len({symbol[1:] for symbol in symbols})
    return {"nodes": nodes, "events": events, "order": order, "coverage": nodes / (2 * events) ** order if events else 0,
            "rules": rules}
