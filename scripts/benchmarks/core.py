"""What benches have in common: the build, running a program several times, figures out of runs."""
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build-bench"
RESULTS = BUILD / "results.json"


class BenchError(Exception):
    """One sentence for the user."""


@dataclass
class Figure:
    """One quantity over several runs. Parts are p5, p50, p95 ...; each run has them all."""
    unit: str
    runs: list = field(default_factory=list)

    def summary(self):
        parts = {key: statistics.median(run[key] for run in self.runs)
                 for key in self.runs[0] if key not in ("samples", "worst")}
        middle = [run["p50"] for run in self.runs]
        if "worst" in self.runs[0]:
            parts["worst"] = max(run["worst"] for run in self.runs)
        return {"unit": self.unit, **parts, "low": min(middle), "high": max(middle),
                "runs": middle}


@dataclass
class Table:
    header: list
    rows: list      # of lists of strings
    below: str = ""     # a sentence


class Progress:
    """One line that is written over, on a terminal only."""

    def __init__(self):
        self.on = sys.stderr.isatty()
        self.began = time.monotonic()

    def say(self, text):
        if self.on:
            print(f"\r\033[K{time.monotonic() - self.began:5.0f} s  {text}", end="",
                  file=sys.stderr, flush=True)

    def done(self):
        if self.on:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


@dataclass
class Context:
    """What a bench may use."""
    quick: bool
    runs: int
    huge: bool
    progress: Progress

    @property
    def seconds(self):
        """To spend on one figure in one run."""
        return 0.1 if self.quick else 1.0

    def program(self, name, *arguments):
        """Runs build-bench/tests/NAME; yields its figures as (figure, unit, parts)."""
        path = BUILD / "tests" / name
        if not path.exists():
            raise BenchError(f"{name} was not built: it needs DPDK (libdpdk-dev).")
        done = subprocess.run([path, *map(str, arguments)], cwd=BUILD, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
            raise BenchError(f"{name} {' '.join(map(str, arguments))} failed: {reason}")
        for line in done.stdout.splitlines():
            parts = json.loads(line)
            yield parts.pop("figure"), parts.pop("unit"), parts

    def measure(self, bench, configurations):
        """Runs each of {prefix: (program, arguments...)} in turn, and all of them again."""
        figures = {}
        for number in range(self.runs):
            for prefix, command in configurations.items():
                self.progress.say(f"{bench} {prefix} run {number + 1} of {self.runs}")
                for name, unit, parts in self.program(*command):
                    figure = figures.setdefault(prefix + name, Figure(unit))
                    figure.runs.append(parts)
        return figures


def run_quietly(argv, what):
    done = subprocess.run(argv, cwd=ROOT, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        print(done.stdout[-4000:], file=sys.stderr)
        raise BenchError(f"{what} failed.")
    return done.stdout


def build():
    """A release of its own, so that nobody's build folder decides what is measured."""
    if not (BUILD / "build.ninja").exists():
        run_quietly(["meson", "setup", str(BUILD), "--buildtype=release", "-Db_lto=true", "-Dtests=enabled"],
                    "Configuring build-bench/")
    targets = [t["name"] for t in json.loads(run_quietly(
        ["meson", "introspect", "--targets", str(BUILD)], "Reading build-bench/"))
        if t["name"].startswith("bench_") and t["type"] == "executable"]
    run_quietly(["nice", "ninja", "-C", str(BUILD), *(f"tests/{name}" for name in targets)],
                "The build in build-bench/")


def available_mib():
    """Memory that can be had without swapping."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return 0


def ticks_per_ns(results):
    return results["clock"]["figures"]["tick-rate"]["p50"] / 1000


def number(value, digits=3):
    """With three significant digits, no exponent."""
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.{digits}g}"


def spread(figure):
    return f"{number(figure['low'])} - {number(figure['high'])}"
