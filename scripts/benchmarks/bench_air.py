"""What real clients say against all that was learned, side by side."""
from benchmarks.bench_learn import FOLDERS, PORTS
from benchmarks.core import BUILD, Table, number, run_quietly, spread, ticks_per_ns
from lab.process import run as run_program

NAME = "air"
TITLE = "Matching what is on air"

MODELS = BUILD / "air"
LONGEST = 240       # seconds, of one capture


def captures():
    """{name: path} of the folder that has most services."""
    for folder in reversed(FOLDERS):
        found = {path.name.split(".pcap")[0]: path for path in sorted(folder.glob("*.pcap*"))}
        if found:
            return {name: path for name, path in found.items() if "small" not in name}
    return {}


def learn(ctx, name, path):
    """A model of it by PRISMA alone, or None where nothing can be learned; one that is newer than the program stays."""
    mynah, image = BUILD / "control/mynah", MODELS / f"{name}.mynah"
    if image.exists() and image.stat().st_mtime > mynah.stat().st_mtime:
        return image
    ctx.progress.say(f"{NAME} learning {name}")
    port = ["--port", PORTS[name]] if name in PORTS else []
    done = run_program(["nice", str(mynah), "learn", "--learner", "prisma", *port, "--seed", "1", "-o", str(image), str(path)],
                       timeout=LONGEST)
    return image if done.status == 0 else None


def run(ctx):
    run_quietly(["nice", "ninja", "-C", str(BUILD), "control/mynah"], "The build in build-bench/")
    MODELS.mkdir(exist_ok=True)
    arguments = []
    for name, path in captures().items():
        image = learn(ctx, name, path)
        if image is not None:
            arguments += [image, path, PORTS.get(name, "/0").split("/")[1]]
    return ctx.measure(NAME, {"": ("bench_air", "--seconds", ctx.seconds * 2, *arguments)})


def tables(results):
    figures, per_ns, rows = results[NAME]["figures"], ticks_per_ns(results), []
    for name, text in (("one-at-a-time", "one at a time"), ("side-by-side", "four side by side")):
        f = figures[name]
        rows.append([text, number(f["p5"]), number(f["p50"]), spread(f), number(f["p95"]), number(8 * per_ns / f["p50"])])
    models, mib = figures["models"]["p50"], figures["tables"]["p50"] / 2**20
    return [Table(["messages", "p5", "p50", "p50 of runs", "p95", "Gbit/s"], rows,
                  f"Ticks per byte, bursts of 32. {number(models)} models: {number(models / 4)} services, each four times in "
                  f"memory, tables of {number(mib)} MiB together. Which service is asked falls off as 1 / rank, in the order of their names; "
                  f"the automata take {figures['bytes-alive']['p50']:.1f} % of the bytes, the rest is behind where a message "
                  "is no longer one that was learned. Asked for are 4 Gbit/s over thirty services.")]
