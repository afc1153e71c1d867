"""Two workers at once against one."""
import os

from benchmarks.core import BenchError, Table, number, spread

NAME = "workers"
TITLE = "Two workers"

WHO = {"first-alone": "the first alone", "second-alone": "the second alone",
       "first-of-two": "the first beside the second", "second-of-two": "the second beside the first"}


def run(ctx):
    if (os.cpu_count() or 1) < 2:
        raise BenchError("Two workers are measured on two CPUs; here is one.")
    huge = ["--huge"] if ctx.huge else []
    return ctx.measure(NAME, {"": ("bench_workers", "--seconds", 1 if ctx.quick else 10, *huge)})


def tables(results):
    figures = results[NAME]["figures"]
    rows = [[text, *(number(figures[name][part]) for part in ("p5", "p50")), spread(figures[name]),
             number(figures[name]["p95"])] for name, text in WHO.items()]
    both = figures["two-against-one"]
    return [Table(["worker", "p5", "p50", "p50 of runs", "p95"], rows,
                  f"Ticks per whole conversation; windows of each alone and of both in turn. Both together do "
                  f"{both['p50']:.2f} times the work of one ({both['low']:.2f} - {both['high']:.2f} in the runs; asked for are 1.9): "
                  "each worker's p50 alone by its p50 beside the other, added.")]
