"""What a change of models costs the frames that arrive meanwhile."""
import os

from benchmarks.core import BenchError, Table, number, ticks_per_ns

NAME = "swap"
TITLE = "Swaps under load"


def run(ctx):
    if (os.cpu_count() or 1) < 2:
        raise BenchError("Swaps are measured with two CPUs, one for the thread that swaps; here is one.")
    huge = ["--huge"] if ctx.huge else []
    return ctx.measure(NAME, {"": ("bench_swap", "--seconds", 2 if ctx.quick else 20, *huge)})


def tables(results):
    figures, per_us, rows = results[NAME]["figures"], ticks_per_ns(results) * 1000, []
    for name, text in (("turn-without-swaps", "without"), ("turn-with-swaps", "a swap every 10 ms")):
        f = figures[name]
        rows.append([text, *(number(f[part] / per_us) for part in ("p50", "p95", "p999", "worst"))])
    publish = figures["publish"]
    return [Table(["windows", "p50", "p95", "p99.9", "longest"], rows,
                  f"Microseconds of a worker's turn of 32 frames; windows with and without in turn. {number(figures['swaps']['p50'])} "
                  f"swaps in a run, {number(figures['swaps-refused']['p50'])} refused; publishing, the wait for the worker "
                  f"included, took {number(publish['p50'])} us (p95 {number(publish['p95'])}).")]
