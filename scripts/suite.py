"""suite.py - what scripts/test runs once the packages are there.

Every stage hands its results to one Tally, which counts single tests: those of a Criterion
program one by one, those of Python's unittest one by one, any other program as one.
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))

SYNTHESIS = re.compile(r"Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+)")
SKIPPED = re.compile(r"^\[SKIP\] (\S+): ?(.*)$", re.M)
FAILED = re.compile(r"^\[FAIL\] (\S+): ", re.M)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


class Tally:
    """Counts of all stages, with a name for each failure and a reason for each skip."""

    def __init__(self):
        self.passed = 0
        self.failures = []
        self.skips = []

    def close(self):
        for name, reason in self.skips:
            print(f"skipped: {name}: {reason}")
        for name in self.failures:
            print(f"FAILED: {name}")
        print(f"{self.passed} passed, {len(self.failures)} failed, {len(self.skips)} skipped",
              flush=True)
        return 1 if self.failures else 0


def stage(title):
    print(f"== {title}", flush=True)


def run(argv, env=None):
    """Runs a program whose output is the user's; True if it succeeded.

    It gets a process group of its own, so that an end of ours is the end of all it started.
    """
    child = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, **(env or {})}, process_group=0)
    try:
        return child.wait() == 0
    except BaseException:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(child.pid, number)
                child.wait(timeout=5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass
        raise


def build(folder, options, tally):
    """Configures and builds; a build that fails is one failure and ends its stage."""
    setup = ["meson", "setup", str(folder), "-Dtests=enabled", *options]
    if (folder / "build.ninja").exists():
        setup.append("--reconfigure")
    if run(setup) and run(["meson", "compile", "-C", str(folder)]):
        return True
    tally.failures.append(f"the build in {folder.name}/")
    return False


def count_program(record, label, tally):
    """Counts one program of meson's test log."""
    name = label + record["name"].removeprefix("mynah:")
    output = COLOUR.sub("", record.get("stdout", "") + "\n" + record.get("stderr", ""))
    if "LeakSanitizer" in output:	# a leak is printed, but Criterion lets the test pass
        tally.failures.append(f"{name}: LeakSanitizer found a leak")
    for test, reason in SKIPPED.findall(output):
        tally.skips.append((f"{label}{test}", reason or "no reason given"))

    synthesis = SYNTHESIS.search(output)
    if synthesis:
        tested, passing, _ = map(int, synthesis.groups())
        tally.passed += passing
        named = FAILED.findall(output)[:tested - passing]
        tally.failures += [f"{label}{test}" for test in named]
        tally.failures += [f"{name}: a test without a name"] * (tested - passing - len(named))
        if record["result"] != "OK" and tested == passing:
            tally.failures.append(f"{name}: {record['result']}")
    elif record["result"] == "OK":
        tally.passed += 1
    elif record["result"] == "SKIP":
        tally.skips.append((name, "the program says so"))
    else:
        tally.failures.append(f"{name}: {record['result']}")


def programs(folder, label, tally, extra=(), env=None):
    """Runs the test programs of a build folder."""
    log = folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    run(["meson", "test", "-C", str(folder), "--no-rebuild", "--print-errorlogs", *extra],
        {"CRITERION_VERBOSITY_LEVEL": "1", "PYTHONDONTWRITEBYTECODE": "1", **(env or {})})
    if not log.exists():
        tally.failures.append(f"the test programs in {folder.name}/ did not run")
        return
    for line in log.read_text(encoding="utf-8").splitlines():
        count_program(json.loads(line), label, tally)


class Progress(unittest.TestResult):
    """One line per Python test as it ends, and its result into the tally."""

    def __init__(self, tally):
        super().__init__()
        self.tally = tally
        self.began = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def line(self, word, test, detail=""):
        seconds = time.monotonic() - self.began if self.began else 0.0
        print(f"{word:5} {test.id()}  {seconds:.1f} s", flush=True)
        if detail:
            print("      " + detail.rstrip().replace("\n", "\n      "), flush=True)

    def bad(self, test, err, part_of=None):
        self.line("FAIL", test, self._exc_info_to_string(err, test))
        name = (part_of or test).id()	# a test counts once, however many of its parts fail
        if name not in self.tally.failures:
            self.tally.failures.append(name)

    def addSuccess(self, test):
        self.line("ok", test)
        self.tally.passed += 1

    def addFailure(self, test, err):
        self.bad(test, err)

    def addError(self, test, err):
        self.bad(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.bad(subtest, err, test)

    def addSkip(self, test, reason):
        self.line("skip", test, reason)
        self.tally.skips.append((test.id(), reason))


def scripts(folder, tally):
    """Runs the Python tests of a folder."""
    loader = unittest.TestLoader()
    loader.discover(str(ROOT / folder), top_level_dir=str(ROOT / folder)).run(Progress(tally))


def check_includes(tally):
    if run([sys.executable, "scripts/check-includes"]):
        tally.passed += 1
        print("ok    every include follows the directions")
    else:
        tally.failures.append("scripts/check-includes")


def everything(args, tally):
    plain, asan = ROOT / "build-test", ROOT / "build-asan"
    if not args.keep_build:
        for folder in (plain, asan):
            shutil.rmtree(folder, ignore_errors=True)
    try:
        stage("include directions and scripts")
        check_includes(tally)
        scripts("tests/scripts", tally)
        stage("build, warnings as errors")
        built = build(plain, ["-Dwerror=true"], tally)
        if built:
            stage("unit tests")
            programs(plain, "", tally)
        if args.quick:
            return
        stage("build and tests under AddressSanitizer and UndefinedBehaviorSanitizer")
        # No -Werror here: gcc's flow warnings are unreliable on instrumented code.
        if build(asan, ["-Db_sanitize=address,undefined"], tally):
            programs(asan, "asan: ", tally, ["-t", "4"], SANITIZERS)
        if built:
            stage("laboratory")
            os.environ["MYNAH_BUILD"] = str(plain)
            scripts("tests/lab", tally)
    finally:
        if not args.keep_build:
            for folder in (plain, asan):
                shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/test")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep-build", action="store_true")
    args = parser.parse_args()

    def stop(number, _frame):
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    tally = Tally()
    began = time.monotonic()
    everything(args, tally)
    print(f"took {time.monotonic() - began:.0f} s")
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
