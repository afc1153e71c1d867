"""What others published, and our figure for the nearest thing beside it."""
from benchmarks.core import Table, number, ticks_per_ns

# what, who, their figure per core, conditions and source, our figure's key
OTHERS = (
    ("conversations per second", "dperf 1.9", "4.0 M at 71 % CPU", "Xeon Gold 5418Y, E810; GET and answer, no options, "
     "prepared clients (its README)", "10M/trusted/conv"),
    ("conversations per second", "dperf 2022", "2.1 M", "MT27710 25G (its README of then)", "10M/trusted/conv"),
    ("conversations per second", "WARP17, handshake and close", "0.53 M per thread", "E5-2660v3, XL710 (its README)",
     "10M/trusted/conv"),
    ("conversations per second", "TRex ASTF", "0.09 M", "E5-2667v3; 32 KB answers (its documentation)",
     "10M/trusted/conv"),
    ("conversations per second", "F-Stack nginx", "52 - 70 k", "600-byte body (charts in its README)", "10M/trusted/conv"),
    ("SYN -> SYN-ACK per second", "Linux listener, whole server", "3.5 M", "2015 (text of the kernel merge)",
     "1M/trusted/syn"),
    ("packets per second", "XDP filter before Linux", "19.5 M", "E5-1650v4, CX-5 (xdp-paper)", "1M/trusted/syn"),
    ("packets per second", "VPP IPv4 forwarding", "18.3 M", "Skylake, card included (its documentation)",
     "1M/trusted/syn"),
    ("packets per second", "DPVS UDP FullNAT", "2.9 M", "E5-2650v4 (its test report)", "1M/verified/udp"),
)

MEMORY = (
    ("dperf", "64", "no index: clients are prepared"),
    ("TAS", "128 + 8", "without payload buffers"),
    ("Gatekeeper", "128 + index", ""),
    ("TRex ASTF", "about 1 000", ""),
    ("WARP17", "about 920", "all pools"),
    ("Linux 6.18", "3 600 idle", "slab objects"),
)


def tables(results):
    figures, per_ns = results["frames"]["figures"], ticks_per_ns(results)
    rows = []
    for what, who, theirs, where, key in OTHERS:
        ours = figures.get(key) or figures.get(key.replace("10M", "1M"))
        rows.append([what, who, theirs, where, f"{number(1000 * per_ns / ours['p50'])} M"])
    at = "10M/verified/" if "10M/verified/flow-idle" in figures else "1M/verified/"
    idle, talk = (number(figures[at + name]["p50"]) for name in ("flow-idle", "flow-talk"))
    memory = [[who, theirs, note] for who, theirs, note in MEMORY]
    memory.append(["**mynah**", f"{idle}; {talk} with payload", "index and timer included"])
    return [Table(["what", "who", "theirs, one core", "conditions (source)", "ours, without a card"], rows,
                  "Published figures, none measured here, on other machines and mostly with a real card; ours is without "
                  "one, which spares 60 to 80 core cycles a packet. The column says how far there is to go, not who won."),
            Table(["bytes per connection", "published or counted", "note"], memory)]
