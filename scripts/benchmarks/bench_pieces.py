"""Matching, rendering and timers, each alone."""
from benchmarks.core import Table, number, spread, ticks_per_ns

NAME = "pieces"
TITLE = "Matching, rendering, timers"

TABLES_KIB = (16, 64, 256, 700)
MESSAGES = (16, 60, 256, 1460)


def run(ctx):
    return ctx.measure(NAME, {"": ("bench_match", "--seconds", ctx.seconds / 2)}) | \
        ctx.measure(NAME, {"": ("bench_render", "--seconds", ctx.seconds / 2)}) | \
        ctx.measure(NAME, {"": ("bench_wheel",)})


def matching(figures, per_ns):
    rows = []
    for kib in TABLES_KIB:
        for size in MESSAGES:
            f = figures.get(f"match-{kib}k-{size}")
            if f is not None:
                rows.append([f"{figures[f'match-{kib}k-bytes']['p50'] / 1024:.0f} KiB", str(size), number(f["p5"]),
                             number(f["p50"]), spread(f), number(8 * per_ns / f["p50"])])
    return Table(["automaton", "message (bytes)", "p5", "p50", "p50 of runs", "Gbit/s"], rows,
                 "Ticks per byte, one message at a time, which is what the sensor does today; every message stays alive "
                 "to its end. Short messages stay near the start, which every cache level holds.")


def others(figures, per_ns):
    names = {
        "render-0": "answer of 200 bytes, nothing dynamic", "render-1": ". one field", "render-4": ". four fields",
        "wheel-arm": "arm a timer", "wheel-earlier": "move one to an earlier time",
        "wheel-expire": "one of a million due at once", "wheel-portion": "a turn's portion of those, 256",
    }
    rows = [[text, number(figures[name]["p5"]), number(figures[name]["p50"]), spread(figures[name]),
             number(figures[name]["p50"] / per_ns)] for name, text in names.items() if name in figures]
    return Table(["what", "p5", "p50", "p50 of runs", "ns"], rows,
                 "Ticks. Moving a deadline to a later time is a store in the flow and costs the wheel nothing.")


def tables(results):
    figures, per_ns = results[NAME]["figures"], ticks_per_ns(results)
    return [matching(figures, per_ns), others(figures, per_ns)]
