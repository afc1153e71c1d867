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

import fuzzers	# noqa: E402

SYNTHESIS = re.compile(r"Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+)")
SKIPPED = re.compile(r"^\[SKIP\] (\S+): ?(.*)$", re.M)
FAILED = re.compile(r"^\[FAIL\] (\S+): ", re.M)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

STRESS = ["stress_counters", "stress_ring", "stress_set", "stress_swaps", "stress_trainer"]	# plain, with threads
FUZZ_SECONDS, FUZZ_SECONDS_LONG = 60, 600
REPORT_LINES = 40


def sanitizers(folder):
    """Reports go to files: also those of programs whose output a test reads and throws away.

    gcc's UBSan does not do that beside ASan; a program with undefined behaviour dies of SIGABRT,
    which no test expects.
    """
    name = f"log_path={folder / 'report'}:log_exe_name=1"
    return {
        "ASAN_OPTIONS": f"detect_leaks=1:abort_on_error=0:{name}",
        "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_stacktrace=1",
        "TSAN_OPTIONS": f"halt_on_error=1:{name}",
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


def build(folder, options, tally, targets=(), env=None):
    """Configures and builds; a build that fails is one failure and ends its stage."""
    setup = ["meson", "setup", str(folder), "-Dtests=enabled", *options]
    if (folder / "build.ninja").exists():
        setup.append("--reconfigure")
    if run(setup, env) and run(["meson", "compile", "-C", str(folder), *targets], env):
        return True
    tally.failures.append(f"the build in {folder.name}/")
    return False


def count_program(record, label, tally):
    """Counts one program of meson's test log."""
    name = label + record["name"].removeprefix("mynah:")
    output = COLOUR.sub("", record.get("stdout", "") + "\n" + record.get("stderr", ""))
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


def reports(folder, label, tally):
    """Every report that a sanitizer wrote is a failure, whatever became of the test.

    Criterion lets a test with a leak pass, and a test may expect a program to fail.
    """
    for path in sorted(folder.glob("report.*")):
        text = path.read_text(encoding="utf-8", errors="replace")
        what = re.search(r"^.*(?:ERROR|WARNING|runtime error): *(.*)$", text, re.M)
        print("\n".join(text.splitlines()[:REPORT_LINES]), flush=True)
        tally.failures.append(f"{label}{path.name.split('.')[1]}: "
                              f"{what[1].strip() if what else 'a sanitizer has something to say'}")


def sanitized(folder, label, tally, extra):
    """The test programs of a build with sanitizers."""
    for old in folder.glob("report.*"):
        old.unlink()
    programs(folder, label, tally, extra, sanitizers(folder))
    reports(folder, label, tally)


def fuzz(folder, seconds, tally):
    """Every fuzzer for so many seconds, or a reason why not."""
    wanted = subprocess.run(["scripts/packages", "missing", "fuzz"], cwd=ROOT, check=False,
                            stdout=subprocess.PIPE, text=True).stdout.split()
    if wanted:
        reason = f"as root, run: apt-get install --no-install-recommends {' '.join(wanted)}"
        tally.skips += [(f"fuzz_{name}", reason) for name in fuzzers.MAX_LEN]
        return
    if not build(folder, ["-Dfuzz=true", "-Db_lundef=false"], tally,
                 [f"fuzz_{name}" for name in fuzzers.MAX_LEN], {"CC": "clang"}):
        return

    def done(line, failure, output):
        print(f"{'FAIL ' if failure else 'ok   '} {line}", flush=True)
        if failure:
            print("\n".join(output.splitlines()[-4 * REPORT_LINES:]), flush=True)
            tally.failures.append(failure)
        else:
            tally.passed += 1

    fuzzers.run_all(folder, seconds, done)


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
    plain, asan, tsan, fuzzing = folders = [ROOT / f"build-{name}"
                                            for name in ("test", "asan", "tsan", "fuzz")]
    if not args.keep_build:
        for folder in folders:
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
            sanitized(asan, "asan: ", tally, ["-t", "4"])
        stage("threads under ThreadSanitizer")
        if build(tsan, ["-Db_sanitize=thread", "-Db_lundef=false"], tally, STRESS):
            sanitized(tsan, "tsan: ", tally, ["-t", "4", *STRESS])
        if built:
            stage("laboratory")
            os.environ["MYNAH_BUILD"] = str(plain)
            if args.long:
                os.environ["MYNAH_LONG"] = "1"
            scripts("tests/lab", tally)
        seconds = FUZZ_SECONDS_LONG if args.long else FUZZ_SECONDS
        stage(f"fuzzers, {seconds} s each")
        fuzz(fuzzing, seconds, tally)
    finally:
        if not args.keep_build:
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/test")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true")
    length.add_argument("--long", action="store_true")
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
