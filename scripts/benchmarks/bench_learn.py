"""What learning takes of time and memory, stage by stage, for every capture there is."""
import json
import tempfile
from pathlib import Path

from benchmarks.core import BUILD, ROOT, BenchError, Figure, Table, number, run_quietly
from lab.process import run as run_program

NAME = "learn"
TITLE = "Learning"

FOLDERS = (ROOT / "tests" / "data", ROOT.parent / "shared" / "traces")     # the second may be missing
PORTS = {"ftp": "tcp/21", "memcached": "tcp/11211", "smb": "tcp/445"}    # of captures that hold several services
LONGEST = 900       # seconds, of one capture

# column: the stages of mynah learn --report that stand in it
STAGES = {
    "read": ("read",),
    "exchanges": ("exchanges", "scrub"),
    "templates": ("templates",),
    "rules": ("rules",),
    "embed, select": ("embed", "select", "components"),
    "NMF": ("factorise", "finish"),
    "choose": ("latches", "choose", "join", "scriptgen", "play"),
    "compile": ("emit", "sides", "compile"),
    "vectors": ("vectors",),
}


def captures(quick):
    """{name: path}; small ones only if it is to be quick."""
    found = {}
    for folder in FOLDERS:
        for path in sorted([*folder.glob("*.pcap"), *folder.glob("*.pcap.gz")]):
            name = path.name.removesuffix(".gz").removesuffix(".pcap")
            if not quick or "small" in name:
                found[name] = path
    return found


def learn(path, name, folder):
    """The report, or a sentence why there is none."""
    port = ["--port", PORTS[name]] if name in PORTS else []
    report = folder / "report.json"
    done = run_program(["nice", str(BUILD / "control/mynah"), "learn", *port, "--seed", "1", "--report", str(report),
                        "-o", str(folder / "out.mynah"), str(path)], timeout=LONGEST)
    if done.status == -1:
        return f"not within {LONGEST} s"
    if done.status != 0:
        return done.output.strip().split("\n")[-1].removeprefix("mynah: ").replace(f"{path}", path.name)
    return json.loads(report.read_text(encoding="utf-8"))


def note(figures, name, report):
    def take(figure, unit, value):
        figures.setdefault(f"{name}/{figure}", Figure(unit)).runs.append({"p50": value})

    seconds = {stage["stage"]: stage["cpu_seconds"] for stage in report["stages"]}
    for column, stages in STAGES.items():
        take(column, "s", sum(seconds.pop(stage, 0) for stage in stages))
    if seconds:
        raise BenchError(f"mynah learn has a stage that no column is for: {', '.join(seconds)}.")
    take("total", "s", sum(stage["cpu_seconds"] for stage in report["stages"]))
    take("pool", "bytes", report["stages"][-1]["pool_bytes"])
    take("peak", "bytes", report["peak_bytes"])
    take("messages", "", report["messages"])
    take("conversations", "", report["conversations"])


def run(ctx):
    run_quietly(["nice", "ninja", "-C", str(BUILD), "control/mynah"], "The build in build-bench/")
    figures = {}
    with tempfile.TemporaryDirectory(prefix="mynah-bench-") as folder:
        for name, path in captures(ctx.quick).items():
            ctx.progress.say(f"{NAME} {name}")
            report = learn(path, name, Path(folder))
            if isinstance(report, str):
                figures[f"{name}/refused: {report}"] = Figure("", [{"p50": 0}])
            else:
                note(figures, name, report)
    return figures


def tables(results):
    figures = results[NAME]["figures"]
    rows, refused = [], []
    for key in figures:
        name, figure = key.split("/", 1)
        if figure.startswith("refused: "):
            refused.append(f"*{name}*: {figure.removeprefix('refused: ')}")
        elif figure == "total":
            value = {k.split("/", 1)[1]: f["p50"] for k, f in figures.items() if k.startswith(f"{name}/")}
            rows.append([name, f"{value['messages']:,.0f}".replace(",", " "),
                         f"{value['conversations']:,.0f}".replace(",", " "),
                         *(f"{value[column]:.2f}" for column in STAGES), f"{value['total']:.2f}",
                         number(value["pool"] / 2**20), number(value["peak"] / 2**20)])
    below = ("Seconds of CPU, one run of each, one thread; *choose* tries clusterers and orders, each learned from a half and played against the other, *vectors* includes the second "
             "compilation and the self-test. *Pool* is the memory of the job at its end, *peak* the most that the "
             "process had resident, both in MiB.")
    if refused:
        below += " Not learned: " + "; ".join(refused) + ("" if refused[-1].endswith(".") else ".")
    return [Table(["capture", "messages", "conversations", *STAGES, "total", "pool", "peak"], rows, below)]
