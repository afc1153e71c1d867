"""What scripts/bench does once the packages are there."""
import argparse
import datetime
import json
import os
import sys

from benchmarks import benches, machine, published, report
from benchmarks.core import RESULTS, BenchError, Context, Progress, build

HUGE_MIB = 128      # that DPDK wants


def arguments():
    p = argparse.ArgumentParser(prog="scripts/bench")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--runs", type=int)
    p.add_argument("--write", action="store_true")
    p.add_argument("--from", dest="earlier", metavar="FILE")
    p.add_argument("--list", action="store_true")
    p.add_argument("names", nargs="*", metavar="NAME")
    args = p.parse_args()
    if args.runs is not None and args.runs < 1:
        p.error("--runs: at least 1")
    return args


def chosen(names):
    known = benches()
    for name in names:
        if name not in known:
            raise BenchError(f"There is no bench {name}; there are {', '.join(known)}.")
    return [known[name] for name in known if not names or name in names or name == "clock"]


def measure(args, wanted):
    """Results, and the benches that have some; what one cannot do is said and does not stop the others."""
    progress = Progress()
    progress.say("building build-bench/")
    build()
    huge = machine.huge_pages_free() * 2 >= HUGE_MIB
    ctx = Context(args.quick, args.runs or (1 if args.quick else 5), huge, progress)
    results = {"machine": machine.describe(huge), "quick": args.quick, "runs": ctx.runs,
               "date": datetime.date.today().isoformat()}
    there = []
    for bench in wanted:
        try:
            figures = bench.run(ctx)
        except BenchError as why:
            progress.done()
            print(f"bench: {bench.NAME}: {why}", file=sys.stderr)
            continue
        progress.done()
        results[bench.NAME] = {"figures": {name: f.summary() for name, f in figures.items()}}
        results["load_after"] = [round(x, 2) for x in os.getloadavg()]
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        there.append(bench)
        show(bench, results)
    print(f"\nresults: {RESULTS}")
    return results, there


def show(bench, results):
    print(f"\n== {bench.TITLE}", flush=True)
    for table in bench.tables(results):
        print("\n".join(report.as_text(table)) + "\n", flush=True)


def earlier(path, wanted):
    try:
        with open(path, encoding="utf-8") as f:
            results = json.load(f)
    except (OSError, ValueError) as why:
        raise BenchError(f"{path}: these are no results of scripts/bench: {why}.") from why
    there = [bench for bench in wanted if bench.NAME in results]
    for bench in there:
        show(bench, results)
    return results, there


def run():
    args = arguments()
    if args.list:
        for name, bench in benches().items():
            print(f"{name:10} {bench.TITLE}")
        return 0
    if args.earlier:
        wanted = chosen(args.names)
        results, there = earlier(args.earlier, wanted)
    else:
        wanted = chosen(args.names)
        results, there = measure(args, wanted)
    if args.write:
        sections = {bench.NAME: bench.tables(results) for bench in there}
        if "frames" in results:
            sections["published"] = published.tables(results)
        report.write(results, sections)
        print(f"written: {report.PAGE}")
    return 0 if args.earlier or len(there) == len(wanted) else 1


def main():
    try:
        return run()
    except BenchError as why:
        print(f"bench: {why}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbench: stopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
