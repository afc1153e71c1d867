"""The table of conversations alone."""
from benchmarks.core import Table, number, spread, ticks_per_ns

NAME = "flow"
TITLE = "Flow table"

SIZES = {"1M": 1 << 20, "16M": 1 << 24}


def run(ctx):
    sizes = {"1M": SIZES["1M"]} if ctx.quick else SIZES
    return ctx.measure(NAME, {f"{size}/": ("bench_flow", "--flows", n, "--seconds", ctx.seconds)
                              for size, n in sizes.items()})


def tables(results):
    figures, per_ns, rows = results[NAME]["figures"], ticks_per_ns(results), []
    for size, n in SIZES.items():
        for load in (10, 60, 85):
            for what in ("insert", "hit", "miss", "delete"):
                f = figures.get(f"{size}/flow-{what}-{load}")
                if f is None:
                    continue
                rows.append([f"{n * load // 100 / 1e6:.1f} M of {n / 1e6:.1f} M", what, number(f["p5"]),
                             number(f["p50"]), spread(f), number(f["p95"]), number(f["p50"] / per_ns)])
    return [Table(["conversations", "what", "p5", "p50", "p50 of runs", "p95", "ns"], rows,
                  "Ticks per key, random keys in bursts of 32: all hashed and their buckets asked for, then the entries, then each is looked at. A hit writes "
                  "to the entry. The plan's bar for a hit at 10 M is 55.")]
