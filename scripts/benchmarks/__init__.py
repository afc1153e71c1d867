"""Benches of scripts/bench. One more is one more file here: bench_NAME.py with

    NAME, TITLE       as on the command line, and as a heading
    run(ctx)          measures; returns {figure: Figure}
    tables(results)   a list of Table, from the results of all benches (a dict as in results.json)

Python's standard library only.
"""
import importlib
import pkgutil


def benches():
    """All of them by name; the clock is first, the others in the order of their files."""
    found = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        if module.startswith("bench_"):
            bench = importlib.import_module(f"benchmarks.{module}")
            found[bench.NAME] = bench
    first = {"clock": found.pop("clock")}
    return first | found
