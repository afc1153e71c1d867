"""Conversations while SYNs of nobody arrive as fast as a worker takes them."""
from benchmarks.core import Table, number, spread

NAME = "flood"
TITLE = "Conversations beside a flood"

SIZES = {"64k": 1 << 16, "1M": 1 << 20}


def run(ctx):
    huge = ["--huge"] if ctx.huge else []
    return ctx.measure(NAME, {f"{size}/": ("bench_flood", "--flows", n, *huge) for size, n in SIZES.items()})


def tables(results):
    figures, rows = results[NAME]["figures"], []
    for size in SIZES:
        for name, text in (("alone", "alone"), ("flooded", "beside the flood")):
            time = figures[f"{size}/time-{name}"]
            rows.append([size, text, f"{figures[f'{size}/finished-{name}']['low']:.2f}",
                         number(time["p50"]), spread(time), *(number(time[part]) for part in ("p95", "p999")),
                         number(figures[f"{size}/flood-{name}"]["p50"] / 1e6)])
    return [Table(["flows", "conversations", "finished (%)", "p50", "p50 of runs", "p95", "p99.9", "flood, M SYN/s"], rows,
                  "10 000 conversations each, 64 at a time; microseconds from the SYN to the answer to the FIN, the flood's frames and "
                  "the generator's own work included. *Finished* is that of the worst run; asked for are 99 % and 5 000 us at p99.")]
