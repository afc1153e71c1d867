"""tables.py - the published figure beside ours. What is missing is "-", and why stands below."""
from benchmarks.core import Table

from .published import CORRECT, KINDS, OTHERS, PRISMA_DATA, SIZES
from .run import is_missing
from .services import SERVICES, SIMULATED


LABEL = {"both_syntax": "syntax of both sides", "both_semantics": "semantics of both sides",
         "second_answer": "second answer", "eval": "agreement"}


def percent(share):
    """Rounded down, so that 100 % is said of all only."""
    return f"{int(share * 1000 + 1e-9) / 10:.1f} %"


def met(ours, reach):
    if ours is None:
        return "-"
    return "yes" if ours >= reach else f"no, {100 * (reach - ours):.1f} short"


class Notes:
    """Sentences below a table, each once."""

    def __init__(self, *first):
        self.lines = list(first)

    def why(self, service, what, part):
        """For a part that has no figure; returns None for it."""
        reason = part["missing"] if part else "not measured"
        of = "" if reason.startswith("no capture") else f"no {what}: "      # that says it all
        line = f"{service}: {of}{reason.rstrip('.')}."
        if line not in self.lines:
            self.lines.append(line)

    def text(self):
        return " ".join(self.lines)


def part_of(results, service, name):
    """What a run found, or what is missing."""
    found = results["services"].get(service, {"missing": "not in this run"})
    if is_missing(found):
        return found
    return found.get(name, found["eval"] if is_missing(found["eval"]) else None)


def share_of(results, service, what, key, notes):
    part = part_of(results, service, what)
    if is_missing(part):
        return notes.why(service, LABEL.get(what, what), part)
    return part[key]


def data_of(results, service):
    found = results["services"].get(service, {})
    return found.get("capture", "-")


def correct(results):
    """PRISMA's four columns, a row each."""
    notes = Notes("Shares of conversations in which every message is right. One side: held out conversations, whose "
                  "clients are played back. Both sides: the model talks to itself. Real: what the same rules say of the "
                  "recorded server, and, of both sides, of recorded clients, too, in all conversations.")
    rows = []
    for service, wanted in CORRECT.items():
        for what, (published, reach) in wanted.items():
            key = "conversations_ok"
            if service == "sip" and what.endswith("semantics"):
                key = "call_id_and_tags_kept"
            ours = share_of(results, service, what, key, notes)
            part, real = part_of(results, service, what), part_of(results, service, "real_" + what)
            rows.append([service, what.replace("both_", ""), "both" if what.startswith("both_") else "one",
                         percent(published), PRISMA_DATA[service],
                         "-" if ours is None else percent(ours),
                         "-" if is_missing(real) else percent(real[key]),
                         "-" if ours is None else f"{data_of(results, service)}, {part['conversations']}",
                         percent(reach), met(ours, reach)])
    return Table(["service", "what", "sides", "PRISMA", "its data", "ours", "real", "our data, conversations", "reach",
                  "met"], rows, notes.text())


def both(scores, key):
    return f"{percent(scores[key + '_messages'])} / {percent(scores[key + '_conversations'])}"


def agreement_row(service, results, notes):
    scores = part_of(results, service.name, "eval")
    messages, conversations = service.reach
    wanted = percent(messages) + (f" / {percent(conversations)}" if conversations else "")
    if is_missing(scores):
        notes.why(service.name, "agreement", scores)
        return [service.name, "-", "-", "-", "-", "-", "-", wanted, "-"]
    ours = scores["class_agreement_messages"], scores["class_agreement_conversations"]
    short = [name for name, value, reach in (("messages", ours[0], messages), ("conversations", ours[1], conversations))
             if reach and value < reach]
    for name in ("table", "refuser"):
        other = scores[name]
        if other and (other["class_agreement_messages"] >= ours[0] or other["class_agreement_conversations"] >= ours[1]):
            short.append(f"not above the {name}")
    clients = scores.get("by_client")
    return [service.name, f"{data_of(results, service.name)}, {scores['conversations']}", both(scores, "class_agreement"),
            *("-" if not scores[name] else both(scores[name], "class_agreement") for name in ("table", "refuser")),
            "-" if not clients else both(clients, "class_agreement"), percent(scores["similarity"]), wanted,
            "no: " + ", ".join(short) if short else "yes"]


def agreement(results):
    notes = Notes("Messages / whole conversations whose class is the real server's, of conversations (and, by client, of "
                  "clients) that were not learned from. Nobody published such figures. A table and a refuser know next to "
                  "nothing; a model has to be above both.")
    rows = [agreement_row(service, results, notes) for service in SERVICES
            if service.name in results["services"]]
    return Table(["service", "our data, conversations", "ours", "table", "refuser", "by client", "similarity", "reach",
                  "met"], rows, notes.text())


def sizes(results):
    notes = Notes("Coverage: nodes of all that so many events could make. Our rules: those for contexts never seen whole, "
                  "too. On air: states of the compiled model, which plays the server only and is minimal.")
    rows = []
    for service in SIMULATED:
        nodes, coverage, minimal, rules = SIZES[service]
        rows.append([service, "PRISMA", PRISMA_DATA[service], str(nodes), percent(coverage), str(minimal), "-",
                     *(str(rules[kind]) for kind in KINDS)])
        model = part_of(results, service, "model")
        if is_missing(model):
            notes.why(service, "model", model)
            continue
        if model["nodes"] is None:
            notes.why(service, "nodes", {"missing": "the model does not say how both sides talk"})
            continue
        rows.append([service, "mynah", data_of(results, service), str(model["nodes"]), percent(model["coverage"]), "-",
                     str(model["states"]), *(str(model["rules"].get(kind, 0)) for kind in KINDS)])
    return Table(["service", "who", "data", "nodes", "coverage", "minimised", "on air", *KINDS], rows, notes.text())


def figure(results, service, key, notes):
    """A share, from whichever run has it."""
    name, within = {"second_answer": ("second_answer", "similarity"), "syntax_messages": ("syntax", "messages_ok")}.get(
        key, ("eval", key))
    return share_of(results, service, name, within, notes)


def others(results):
    notes = Notes("The nearest figure we have to what they measured, on other data: it says what kind of result ours is, "
                  "not who won.")
    rows = []
    for who, what, published, theirs, service, key in OTHERS:
        if service not in results["services"]:
            continue
        if key is None:
            notes.lines.append(f"{who}: mynah learn --learner mining counts rules by several readings of the paper; "
                               "the nearest gives 13.8 / 71.0 for its recorded walks (docs/learning.md, Service mining).")
        ours = figure(results, service, key, notes) if key else None
        rows.append([who, what, published, theirs, "-" if ours is None else percent(ours),
                     "-" if ours is None else f"{service}: {key.replace('_', ' ')}", data_of(results, service)])
    return Table(["who", "what", "published", "their data", "ours", "our measure", "our data"], rows, notes.text())


TABLES = (("correct", "Right in syntax and semantics, beside PRISMA (2012)", correct),
          ("agreement", "The kind of reply the real server gave", agreement),
          ("sizes", "Sizes of models, beside PRISMA's", sizes),
          ("others", "Other systems", others))
