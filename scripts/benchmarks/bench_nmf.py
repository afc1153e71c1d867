"""Replicate-aware NMF at the sizes of PRISMA12, beside the original and a plain matrix library."""
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.core import BenchError, Figure, Table, number, spread

NAME = "nmf"
TITLE = "Factorisation"

SIZES = {"SIP": (284, 902, 16), "DNS": (871, 1974, 108), "FTP": (1891, 4226, 200)}
ORIGINAL_MS = {"SIP": "210 - 270", "DNS": "1 100 - 1 300"}     # PRISMA's own code, CPU time of a sweep
LIBRARY = Path(__file__).with_name("library.py")


def with_library():
    """A Python that has numpy and scipy; None: there is none."""
    for python in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run([python, "-c", "import numpy, scipy"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode == 0:
            return python
    return None


def library(ctx, figures):
    """The same sweep with numpy, where it is installed; nothing otherwise."""
    python = with_library()
    if python is None:
        return
    for size, shape in SIZES.items():
        ctx.progress.say(f"{NAME} {size} with a matrix library")
        done = subprocess.run([python, LIBRARY, *map(str, shape), "2" if ctx.quick else "10"], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
        if done.returncode != 0:
            raise BenchError(f"{LIBRARY.name} failed: {done.stderr.strip().splitlines()[-1]}")
        figures.setdefault(f"{size}-library", Figure("ms/sweep")).runs.append({"p50": float(done.stdout)})


def run(ctx):
    sizes = ["SIP", "DNS"] if ctx.quick else list(SIZES)
    figures = {}
    for _ in range(ctx.runs):
        for size in sizes:
            ctx.progress.say(f"{NAME} {size}")
            for name, unit, parts in ctx.program("bench_nmf", "--seconds", ctx.seconds, size):
                figures.setdefault(name, Figure(unit)).runs.append(parts)
    library(ctx, figures)
    return figures


def sweeps(figures):
    rows = []
    for size, (features, messages, columns) in SIZES.items():
        if f"{size}-loo" in figures:
            f = {name: figures.get(f"{size}-{name}") for name in ("loo", "cv5", "library")}
            rows.append([size, f"{features} x {messages}, {columns}", number(f["loo"]["p50"]), spread(f["loo"]),
                         number(f["cv5"]["p50"]), ORIGINAL_MS.get(size, ""),
                         number(f["library"]["p50"]) if f["library"] else ""])
    return Table(["sizes of", "features x messages, columns", "leave-one-out", "of runs", "five folds", "the original",
                  "matrix library"], rows,
                 "CPU milliseconds of a ridge sweep (one fit of C, one of B, lambda chosen in each from seven); one thread. "
                 "*The original* chooses lambda by five folds, measured elsewhere; *matrix library*: numpy and scipy in "
                 "this run, leave-one-out, empty where they are not installed.")


def whole(figures):
    rows = []
    for size in SIZES:
        if f"{size}-loo" in figures:
            value = {name: figures[f"{size}-{name}"]["p50"] for name in
                     ("components", "still", "still-sweeps", "all", "finish-sweeps", "product-peak", "gram-peak",
                      "sweep-peak", "peak")}
            rows.append([size, number(value["components"]), f"{value['still-sweeps']:.0f}", number(value["still"]),
                         f"{value['finish-sweeps']:.0f}", number(value["all"]), number(value["product-peak"]),
                         number(value["gram-peak"]), number(value["sweep-peak"]), number(value["peak"])])
    return Table(["sizes of", "components (s)", "sweeps", "until labels stand still (s)", "sweeps of the finish",
                  "with the finish (s)", "product (%)", "Gram (%)", "sweep (%)", "memory (MiB)"], rows,
                 f"Seconds of CPU. *Product*, *Gram*: what a dense product and a Gram matrix of these shapes reach of "
                 f"the best dgemm here, {number(figures['dgemm']['p50'])} GFLOP/s; *sweep*: its dense products, by the same "
                 "measure, in the time of all of it. *Memory*: the most that the process had resident.")


def tables(results):
    figures = results[NAME]["figures"]
    return [sweeps(figures), whole(figures)]
