"""Is the clock fit to measure with? Always the first."""
from benchmarks.core import Table, number

NAME = "clock"
TITLE = "Clock"


def run(ctx):
    return ctx.measure(NAME, {"": ("bench_clock",)})


def doubts(figures):
    """Sentences about what makes the other figures doubtful; none if all is well."""
    add = figures["addition"]
    if abs(figures["tick-drift"]["p50"]) > 100:
        yield (f"The counter's rate moved by {number(figures['tick-drift']['p50'])} ppm between two "
               "looks: times are doubtful.")
    if add["high"] > 1.1 * add["low"] or add["p95"] > 1.1 * add["p5"]:
        yield (f"An addition took between {number(add['low'])} and {number(add['high'])} ticks: the core's "
               "clock moves, or neighbours take it; compare p5 and the reference only.")


def tables(results):
    f = results[NAME]["figures"]
    return [Table(["what", "value"], [
        ["time stamp counter", f"{f['tick-rate']['p50']:.3f} MHz"],
        ["one dependent addition", f"{f['addition']['p50']:.3f} ticks: the core runs at "
         f"{f['tick-rate']['p50'] / f['addition']['p50'] / 1000:.2f} GHz"],
        ["measuring nothing", f"{number(f['empty-measurement']['p50'])} ticks, once per burst of 32"],
    ], " ".join(doubts(f)))]
