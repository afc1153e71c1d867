"""methods.py - ScriptGen, service mining and what joins them, beside what is to be reached."""
import re
import tempfile
from pathlib import Path

from benchmarks.core import ROOT, Table

from .cut import NoCapture, cut
from .run import SPLIT, call, call_json, is_missing, missing
from .services import SERVICES, capture_of
from .tables import Notes, met, percent

SAMPLES = 20
IDS = {"smb": ("tcp/445", ("B2", "B7")), "nbns": ("udp/137", ("N2",))}  # the rules of semantics/ about identifiers
WALKS = {name: ROOT / "tests" / "data" / capture for name, capture in
         (("ProFTPD", "ftp-walks.pcap.gz"), ("vsftpd", "ftp-vsftpd-walks.pcap.gz"))}
WALKS_SPLIT = "25"
DEFINITION = ROOT / "scripts" / "services" / "ftp.service"
SINGLE = ("prisma", "scriptgen")        # what "auto" joins and any capture can be given to
REFINED_MS = 100


def ids(runs, name, folders):
    """Which share of answers has the identifiers of their request, learned from a few conversations."""
    service = next(s for s in SERVICES if s.name == name)
    port, rules = IDS[name]
    capture = capture_of(service, folders)
    if capture is None:
        return missing("no capture " + service.captures[0] + ".pcap")
    runs.progress.say(f"{name}: learns from {SAMPLES} conversations")
    with tempfile.TemporaryDirectory(prefix="reproduce-papers-") as folder:
        few, rest, said = (Path(folder) / part for part in ("few.pcap", "rest.pcap", "said.jsonl"))
        try:
            conversations = cut(capture, few, rest, SAMPLES, port)
        except NoCapture as why:
            return missing(f"{capture.name} {why}")
        scores = call_json([runs.mynah, "eval", "--learner", "scriptgen", "--port", port, "--train", few, "--json",
                            "--transcripts", said, rest], runs.seconds)
        report = scores if is_missing(scores) else runs.check(service, said)
    if is_missing(report):
        return report
    tried, failed = (sum(report["rules"][rule][what] for rule in rules) for what in ("tried", "failed"))
    return {"capture": capture.name, "conversations": conversations - SAMPLES, "answers": tried, "right": tried - failed}


def alone(runs, service, folders):
    """Class agreement of each learner alone, and of all joined."""
    capture = capture_of(service, folders)
    if capture is None:
        return missing("no capture " + " or ".join(name + ".pcap" for name in service.captures))
    port = ["--port", service.port] if service.port else []
    found = {"capture": capture.name}
    for learner in ("auto", *SINGLE):
        runs.progress.say(f"{service.name}: {learner} learns and plays {capture.name}")
        scores = call_json([runs.mynah, "eval", "--split", SPLIT, "--json", "--learner", learner, *port, capture],
                           runs.seconds)
        found[learner] = scores if is_missing(scores) else {
            key: scores[key] for key in ("class_agreement_messages", "class_agreement_conversations", "full_length")}
    return found


def walks(runs, server):
    runs.progress.say(f"ftp: mines walks through {server}")
    scores = call_json([runs.mynah, "eval", "--split", WALKS_SPLIT, "--json", "--learner", "mining", "--definition",
                        DEFINITION, WALKS[server]], runs.seconds)
    if is_missing(scores):
        return scores
    held = scores["by_client"]
    return {"capture": WALKS[server].name, "mining": scores["mining"], "conversations": held["conversations"],
            **{key: held[key] for key in ("class_agreement_messages", "class_agreement_conversations", "byte_equal")}}


def refined(runs):
    program = Path(runs.mynah).parents[1] / "tests" / "bench_refine"
    runs.progress.say("adds samples to a machine")
    said, why = call([program], runs.seconds)
    if said is None:
        return missing(why)
    found = re.search(r"(\d+) states.*\n.*median ([\d.]+) ms, most ([\d.]+) ms", said)
    return {"states": int(found[1]), "median": float(found[2]), "most": float(found[3])} if found else missing(
        "bench_refine said something else")


def measure(runs, folders, services=SERVICES):
    return {"ids": {name: ids(runs, name, folders) for name in IDS}, "walks": {server: walks(runs, server) for server in WALKS},
            "refined": refined(runs),
            "alone": {service.name: alone(runs, service, folders) for service in services}}


def _id_rows(found, notes):
    for name, part in found["ids"].items():
        what = f"{name}: answers with command and identifiers of a request, {SAMPLES} conversations learned"
        if is_missing(part):
            notes.why(name, "identifiers", part)
            yield [what, "about 50 samples", "-", "-", "100.0 %", "-"]
            continue
        share = part["right"] / part["answers"] if part["answers"] else 0
        yield [what, "about 50 samples", f"{part['capture']}, {part['conversations']}",
               f"{percent(share)} of {part['answers']}", "100.0 %", met(share, 1.0)]


def _length_row(found, notes):
    part = found["alone"].get("smb", missing("not in this run"))
    alone_ = part if is_missing(part) else part["scriptgen"]
    what = "smb: conversations that reach full length, scriptgen"
    if is_missing(alone_):
        notes.why("smb", "full length", alone_)
        return [what, "33 %", "-", "-", "90.0 %", "-"]
    return [what, "33 %", part["capture"], percent(alone_["full_length"]), "90.0 %", met(alone_["full_length"], 0.9)]


def _walk_rows(found, notes):
    for server, part in found["walks"].items():
        if is_missing(part):
            notes.why("ftp", f"walks through {server}", part)
            continue
        data = f"{part['capture']}, {part['conversations']}"
        for what, key, reach in (("answers of the real server's kind", "class_agreement_messages", 0.99),
                                 ("walks with all of them", "class_agreement_conversations", 0.9)):
            yield [f"ftp walks of 45 commands through {server}: {what}", "none", data, percent(part[key]), percent(reach),
                   met(part[key], reach)]
        yield [f"ftp walks through {server}: answers equal byte for byte", "none", data, percent(part["byte_equal"]), "-", "-"]
        near = next(r for r in part["mining"]["readings"] if r["nearest"])
        published = part["mining"]["published"]
        yield [f"rules of a walk through {server} as published: initial / closure",
               f"{published['initial']} / {published['closure']}", part["capture"],
               f"{near['initial']:.1f} / {near['closure']:.1f}", "told", "yes"]
        notes.lines.append(f"Rules of {server}'s walks by the reading that is nearest: {near['pairs']} pairs, {near['arguments']} "
                           f"arguments, within {near['within']}.")


def _refined_row(found, notes):
    part = found["refined"]
    what, reach = "one sample more for a machine of 10,000 states", f"< {REFINED_MS} ms"
    if is_missing(part):
        notes.why("scriptgen", "time", part)
        return [what, "none", "-", "-", reach, "-"]
    most = part["most"]
    return [what, "none", f"made up, {part['states']} states", f"{part['median']:.0f} ms, {most:.0f} at most", reach,
            "yes" if most < REFINED_MS else f"no, {most - REFINED_MS:.0f} ms longer"]


def reached(results):
    found = results.get("methods")
    if found is None:
        return Table(["what", "published", "our data, conversations", "ours", "reach", "met"], [], "Not in this run.")
    notes = Notes("Held out conversations, server side emulated; walks by client.")
    rows = [*_id_rows(found, notes), _length_row(found, notes), *_walk_rows(found, notes), _refined_row(found, notes)]
    return Table(["what", "published", "our data, conversations", "ours", "reach", "met"], rows, notes.text())


def joined(results):
    notes = Notes("Class agreement, messages / whole conversations. auto is to be below no other.")
    rows = []
    for name, part in results.get("methods", {}).get("alone", {}).items():
        if is_missing(part) or any(is_missing(part[learner]) for learner in ("auto", *SINGLE)):
            notes.why(name, "comparison", part if is_missing(part) else next(
                part[learner] for learner in ("auto", *SINGLE) if is_missing(part[learner])))
            continue
        value = {learner: part[learner]["class_agreement_messages"] for learner in ("auto", *SINGLE)}
        best = max(value[learner] for learner in SINGLE)
        rows.append([name, part["capture"], *(
            f"{percent(value[learner])} / {percent(part[learner]['class_agreement_conversations'])}"
            for learner in ("auto", *SINGLE)), met(value["auto"], best)])
    return Table(["service", "our data", "auto", *SINGLE, "met"], rows, notes.text())


TABLES = (("methods", "ScriptGen and service mining", reached), ("joined", "All learners as one", joined))
