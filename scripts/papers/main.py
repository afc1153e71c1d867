"""main.py - what scripts/reproduce-papers does."""
import argparse
import datetime
import json
import sys
from pathlib import Path

from benchmarks.core import ROOT, BenchError, Progress
from benchmarks.machine import said
from benchmarks.report import as_markdown, as_text, between

from . import methods
from .run import Runs, find_mynah
from .services import SERVICES, SIMULATED
from .tables import TABLES as FIGURES

TABLES = (*FIGURES, *methods.TABLES)
PAGE = ROOT / "docs" / "evaluation.md"


def arguments(usage):
    p = argparse.ArgumentParser(prog="scripts/reproduce-papers", description=usage,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--quick", action="store_true")
    p.add_argument("--seconds", type=float, default=1800)
    p.add_argument("--mynah", metavar="PROGRAM")
    p.add_argument("--json", metavar="FILE")
    p.add_argument("--write", action="store_true")
    p.add_argument("--from", dest="earlier", metavar="FILE")
    p.add_argument("folders", nargs="*", metavar="FOLDER", type=Path)
    args = p.parse_args()
    if args.seconds <= 0:
        p.error("--seconds: more than 0")
    for folder in args.folders:
        if not folder.is_dir():
            p.error(f"{folder}: is no folder")
    return args


def commit():
    return said(["git", "rev-parse", "--short", "HEAD"]) or "unknown"


def save(path, results):
    if path:
        Path(path).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def measure(args):
    progress = Progress()
    runs = Runs(find_mynah(args.mynah), args.seconds, 100 if args.quick else 1000, progress)
    folders = args.folders or [ROOT / "tests" / "data"]
    results = {"date": datetime.date.today().isoformat(), "commit": commit(), "quick": args.quick, "services": {}}
    for service in SERVICES:
        if args.quick and service.name not in SIMULATED:
            continue
        results["services"][service.name] = runs.service(service, folders)
        save(args.json, results)
    results["methods"] = methods.measure(runs, folders, [s for s in SERVICES if s.name in results["services"]])
    save(args.json, results)
    progress.done()
    return results


def earlier(path):
    try:
        results = json.loads(Path(path).read_text(encoding="utf-8"))
        results["services"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as why:
        raise BenchError(f"{path}: these are no results of scripts/reproduce-papers: {why}.") from why
    return results


def occasion(results):
    return f"*{results['date']}, commit {results['commit']}{', --quick' if results['quick'] else ''}.*"


def write(tables, results):
    text = PAGE.read_text(encoding="utf-8")
    for name, table in tables.items():
        text = between(text, name, [*as_markdown(table), "", occasion(results)], PAGE)
    PAGE.write_text(text, encoding="utf-8")


def run(args):
    results = earlier(args.earlier) if args.earlier else measure(args)
    tables = {name: make(results) for name, _, make in TABLES}
    for name, title, _ in TABLES:
        print(f"\n== {title}\n" + "\n".join(as_text(tables[name])))
    if args.write:
        write(tables, results)
        print(f"\nwritten: {PAGE}")
    return 0 if any("capture" in found for found in results["services"].values()) else 1


def main(usage):
    try:
        return run(arguments(usage))
    except (BenchError, OSError) as why:
        print(f"reproduce-papers: {why}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nreproduce-papers: stopped.", file=sys.stderr)
        return 130
