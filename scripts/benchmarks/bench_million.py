"""A capture of two million messages, learned from end to end."""
import json
import os
import tempfile
import time
from pathlib import Path

from benchmarks.core import BUILD, BenchError, Figure, Table, number, run_quietly
from benchmarks.bench_learn import STAGES
from lab.process import run as run_program

NAME = "million"
TITLE = "Two million messages"

MESSAGES, QUICK_MESSAGES = 2_000_000, 200_000
LONGEST = 600       # seconds


def learn(capture, folder, *more):
    """The report of mynah learn, with its CPU and wall time."""
    report = folder / "report.json"
    began, before = time.monotonic(), os.times()
    done = run_program([str(BUILD / "control/mynah"), "learn", "--seed", "1", "--report", str(report), *more,
                        "-o", str(folder / "out.mynah"), str(capture)], timeout=LONGEST)
    after = os.times()
    if done.status != 0:
        raise BenchError(f"mynah learn failed: {done.output.strip().splitlines()[-1]}")
    found = json.loads(report.read_text(encoding="utf-8"))
    found["wall"] = time.monotonic() - began
    found["cpu"] = after.children_user + after.children_system - before.children_user - before.children_system
    return found


def note(figures, report, capture):
    def take(figure, unit, value):
        figures.setdefault(figure, Figure(unit)).runs.append({"p50": value})

    seconds = {stage["stage"]: stage["cpu_seconds"] for stage in report["stages"]}
    read = next(stage for stage in report["stages"] if stage["stage"] == "read")
    seen = report["messages"] + report["left_out_messages"]
    for column, stages in STAGES.items():
        take(column, "s", sum(seconds.get(stage, 0) for stage in stages))
    distinct = sum(sum(seconds.get(stage, 0) for stage in STAGES[column]) for column in ("read", "exchanges", "embed, select"))
    take("seen", "", seen)
    take("kept", "", report["messages"])
    take("conversations", "", report["conversations"])
    take("megabytes", "MB", capture.stat().st_size / 1e6)
    take("read-rate", "1/s", seen / read["cpu_seconds"])
    take("distinct-rate", "1/s", seen / distinct)
    take("read-pool", "MiB", read["pool_bytes"] / 2**20)
    take("peak", "MiB", report["peak_bytes"] / 2**20)
    take("wall", "s", report["wall"])
    take("cpu", "s", report["cpu"])


def run(ctx):
    run_quietly(["nice", "ninja", "-C", str(BUILD), "control/mynah", "tests/ftp_capture"], "The build in build-bench/")
    figures = {}
    with tempfile.TemporaryDirectory(prefix="mynah-bench-") as name:
        folder = Path(name)
        capture = folder / "ftp.pcap"
        ctx.progress.say(f"{NAME}: writing the capture")
        run_quietly([str(BUILD / "tests/ftp_capture"), str(QUICK_MESSAGES if ctx.quick else MESSAGES), str(capture)],
                    "Writing the capture")
        for number_of_run in range(ctx.runs):
            ctx.progress.say(f"{NAME} run {number_of_run + 1} of {ctx.runs}")
            note(figures, learn(capture, folder), capture)
    return figures


def tables(results):
    figures = {name: f["p50"] for name, f in results[NAME]["figures"].items()}

    def whole(name):
        return f"{figures[name]:,.0f}".replace(",", " ")

    capture = Table(["messages", "MB", "kept to learn from", "conversations of these", "read, messages per second",
                     "read and made distinct", "memory after reading (MiB)", "peak (MiB)", "wall (s)", "CPU (s)"],
                    [[whole("seen"), whole("megabytes"), whole("kept"), whole("conversations"), whole("read-rate"),
                      whole("distinct-rate"), number(figures["read-pool"]), number(figures["peak"]),
                      number(figures["wall"]), number(figures["cpu"])]])
    stages = Table([*STAGES], [[f"{figures[column]:.2f}" for column in STAGES]],
                   "A made-up FTP server (`tests/ftp_capture.c`), `mynah learn` from the file to the model. *Read and made "
                   "distinct*: all messages of the capture by the seconds of *read*, *exchanges* and *embed, select*. "
                   "Here the stages, in seconds of CPU.")
    return [capture, stages]
