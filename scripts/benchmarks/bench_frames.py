"""Frames in, frames out: a worker's turn per packet and per conversation, and its memory."""
from benchmarks.core import BenchError, Table, available_mib, number, spread, ticks_per_ns

NAME = "frames"
TITLE = "Frames in, frames out"

SIZES = {"64k": 1 << 16, "1M": 1 << 20, "10M": 12_400_000}
NEEDS_MIB = 3072    # of a table for 12.4 M conversations, of which 10 M are filled
SOME = ("syn", "conv")
MOST = ("syn", "conv", "mix")

# figure: what it is, the bar of the plan (ticks: sums trusted, sums verified)
WHAT = {
    "syn:reference": ("the reference responder's SYN", None, None),
    "syn": ("SYN -> SYN-ACK", 75, 95),
    "syn-server-first": ("SYN -> SYN-ACK, server speaks first", 75, 95),
    "ack-flood": ("bare ACK of nobody -> RST", None, 45),
    "data-flood": ("data of nobody, dropped", None, 45),
    "rst-flood": ("RST of nobody, dropped", None, 45),
    "udp": ("datagram of 60 -> 200 bytes", 110, 110),
    "conv": ("whole conversation", 460, 560),
    "conv-syn": (". SYN -> SYN-ACK", None, None),
    "conv-ack-banner": (". ACK -> banner of 77 bytes", None, None),
    "conv-request": (". request of 60 -> answer of 200", None, None),
    "conv-fin": (". FIN -> FIN", None, None),
    "conv-last-ack": (". last ACK, record", None, None),
    "mix": ("mix", 110, 110),
}


def configurations(ctx):
    """{"64k/verified/": command}"""
    wanted = [("64k", False, ()), ("64k", True, SOME), ("1M", False, ()), ("1M", True, SOME)]
    if not ctx.quick:
        if available_mib() < NEEDS_MIB:
            raise BenchError(f"10 M conversations need {NEEDS_MIB} MiB of free memory; "
                             f"there are {available_mib()} (--quick leaves them out).")
        wanted += [("10M", False, MOST), ("10M", True, ("conv",))]
    common = ["--seconds", ctx.seconds, *(["--huge"] if ctx.huge else [])]
    return {f"{size}/{'trusted' if trusted else 'verified'}/":
            ("bench_frames", "--flows", SIZES[size], *common,
             *(["--trust-sums"] if trusted else []), *only)
            for size, trusted, only in wanted}


def run(ctx):
    return ctx.measure(NAME, configurations(ctx))


def speed(figures, per_ns):
    rows = []
    for what, (text, *bars) in WHAT.items():
        for size in SIZES:
            for trust in ("trusted", "verified"):
                key = f"{size}/{trust}/{what}"
                if key not in figures or (what == "syn:reference" and (size, trust) != ("64k", "verified")):
                    continue
                f = figures[key]
                whole = figures.get(f"{key}:reference")
                bar = bars[trust == "verified"]
                rows.append([text, size, trust, number(f["p5"]), number(f["p50"]), spread(f),
                             number(f["p95"]), number(f["p50"] / per_ns),
                             number(1000 * per_ns / f["p50"]),
                             number(f["p50"] / whole["p50"]) if whole else "",
                             str(bar) if bar else ""])
    return Table(["what", "flows", "sums", "p5", "p50", "p50 of runs", "p95", "ns", "M/s", "ref.", "bar"], rows,
                 "Ticks per packet or conversation; *ns* and *M/s* (millions a second on one core) from p50; *ref.* is "
                 "how many times the reference responder's SYN, measured in turn with it; *bar* is what the plan "
                 "asks for.")


def memory(figures):
    rows = []
    for size, capacity in SIZES.items():
        at = f"{size}/verified/"
        if at + "flows" not in figures:
            continue
        value = {name: figures[at + name]["p50"] for name in (
            "flows", "resident-empty", "resident-filled", "all-tables", "flow-idle", "flow-talk", "flow-arena")}
        rows.append([f"{capacity:,}".replace(",", " "), f"{value['flows']:,.0f}".replace(",", " "),
                     number(value["resident-empty"]), number(value["resident-filled"]),
                     number(value["all-tables"]), number(value["flow-idle"]), number(value["flow-talk"]),
                     number(value["flow-arena"])])
    return Table(["capacity", "conversations", "resident, empty (MiB)", "filled (MiB)", "all pools (B/flow)",
                  "idle flow", "with payload", "with captured fields"], rows,
                 "Tables are touched at the start, so a full sensor is as large as an empty one. *All pools* is "
                 "everything divided by the capacity; the last three are what one flow of that kind takes, its places "
                 "in index and timer wheel included.")


def tables(results):
    figures = results[NAME]["figures"]
    return [speed(figures, ticks_per_ns(results)), memory(figures)]
