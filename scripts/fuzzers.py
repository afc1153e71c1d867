"""fuzzers.py - every fuzzer for a while, two at a time; scripts/suite.py calls it.

Each begins with its committed corpus (tests/fuzz/NAME/) and with seeds made from data that is at
hand. What it finds is kept in fuzz-findings/ and named in the failure.
"""
import gzip
import os
import queue
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FINDINGS = ROOT / "fuzz-findings"
DATA = ROOT / "tests" / "data"
PUBLIC = ROOT.parent / "shared" / "traces" / "public"	# other people's captures, read in place

AT_ONCE = 2
GRACE_S = 120	# beyond its time: loading seeds, writing a report
MAX_LEN = {"conf": 4096, "ctl": 2048, "definition": 2048, "image": 16384, "learn": 2048, "manifest": 4096, "stack": 1024,
           "text": 8192, "trace": 8192, "wire": 2048}
ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}
LINKS = {1: 0, 101: 1, 12: 1, 14: 1, 228: 1, 113: 2, 276: 3, 0: 4, 108: 4}	# DLT to enum wire_link
FRAMES_PER_CAPTURE = 25


def captures():
    return sorted(DATA.glob("*-small.pcap.gz")) + sorted(PUBLIC.glob("*.pcap*"))


def frames(path):
    """The link type and the first frames of a pcap file; nothing of what is not one."""
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    if len(raw) < 24 or raw[:4] not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1",
                                        b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d"):
        return
    order = "<" if raw[0] in (0xd4, 0x4d) else ">"
    link, at = LINKS.get(struct.unpack_from(order + "I", raw, 20)[0] & 0xffff), 24
    for _ in range(FRAMES_PER_CAPTURE):
        if link is None or at + 16 > len(raw):
            return
        captured = struct.unpack_from(order + "I", raw, at + 8)[0]
        yield link, raw[at + 16:at + 16 + captured]
        at += 16 + captured


def wire_seeds(folder):
    """Ten frames of a capture to a file, as tests/fuzz_wire.c reads them."""
    for path in captures():
        parts = [bytes([link + 5 * (i % 2)]) + struct.pack(">H", min(len(frame), 600)) + frame[:600]
                 for i, (link, frame) in enumerate(frames(path))]
        for i in range(0, len(parts), 10):
            (folder / f"{path.name}-{i}").write_bytes(b"".join(parts[i:i + 10]))


def seeds(name, folder):
    """Folders and files that a fuzzer starts from besides its corpus."""
    if name == "wire":
        wire_seeds(folder)
    elif name == "trace":
        for path in captures():
            (folder / path.name).symlink_to(path)
    elif name == "text":
        for path in DATA.glob("models/*.txt"):
            (folder / path.name).symlink_to(path)
    elif name == "conf":
        (folder / "example.yaml").symlink_to(ROOT / "docs" / "mynahd.example.yaml")
    return folder


def command(name, build, seconds, work):
    """The call of one fuzzer; work is an empty folder of its own."""
    corpus, extra = work / "corpus", work / "seeds"
    corpus.mkdir()
    extra.mkdir()
    argv = [str(build / "tests" / f"fuzz_{name}"), f"-max_total_time={seconds}",
            f"-max_len={MAX_LEN[name]}", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1",
            f"-artifact_prefix={FINDINGS}/{name}-"]
    if name == "learn":			# so many edges that weighing them takes longer than learning
        argv.append("-entropic=0")
    words = ROOT / "tests" / "fuzz" / f"{name}.dict"
    if words.exists():
        argv.append(f"-dict={words}")
    return [*argv, str(corpus), str(ROOT / "tests" / "fuzz" / name), str(seeds(name, extra))]


def verdict(name, code, output):
    """(a line for the user, what failed or None) of a run that ended."""
    covered = re.findall(r"cov: (\d+) ft: (\d+)", output)
    runs = re.search(r"number_of_executed_units: (\d+)", output)
    rate = re.search(r"average_exec_per_sec: +(\d+)", output)
    line = (f"fuzz_{name}: {runs[1] if runs else '?'} inputs, {rate[1] if rate else '?'} a second, "
            f"{covered[-1][0] if covered else '?'} edges covered")
    if code == 0:
        return line, None
    kept = re.search(r"Test unit written to (\S+)", output)
    why = re.search(r"^(fuzz: not true: .*|witness: .*|.*runtime error: .*|SUMMARY: .*)$", output, re.M)
    return line, (f"fuzz_{name}: {why[1] if why else f'ended with {code}'}; "
                  f"{'input kept as ' + os.path.relpath(kept[1], ROOT) if kept else 'no input kept'}")


class Runs:
    """Fuzzers under way, so that an end of ours is the end of theirs."""

    def __init__(self):
        self.children = set()
        self.lock = threading.Lock()
        self.ended = False

    def run(self, name, build, seconds):
        with tempfile.TemporaryDirectory(prefix=f"mynah-fuzz-{name}-") as work:
            argv = command(name, build, seconds, Path(work))
            with self.lock:
                if self.ended:
                    return f"fuzz_{name}: not run", None, ""
                child = subprocess.Popen(argv, cwd=work, env={**os.environ, **ENVIRONMENT},
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, process_group=0)
                self.children.add(child)
            try:
                output = child.communicate(timeout=seconds + GRACE_S)[0]
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                output = child.communicate()[0]
            finally:
                with self.lock:
                    self.children.discard(child)
        output = output.decode(errors="replace")
        return *verdict(name, child.returncode, output), output

    def end(self):
        with self.lock:
            self.ended = True
            for child in self.children:
                os.killpg(child.pid, signal.SIGKILL)


def run_all(build, seconds, done):
    """done(line, failure, output) is called as each ends, from one thread at a time."""
    shutil.rmtree(FINDINGS, ignore_errors=True)
    FINDINGS.mkdir()
    names, results, runs = queue.SimpleQueue(), queue.SimpleQueue(), Runs()
    for name in MAX_LEN:
        names.put(name)

    def work():
        while True:
            try:
                name = names.get_nowait()
            except queue.Empty:
                return
            try:
                results.put(runs.run(name, build, seconds))
            except Exception as e:	# pylint: disable=broad-except
                results.put((f"fuzz_{name}: not run", f"fuzz_{name}: {e}", ""))

    try:
        for _ in range(AT_ONCE):
            threading.Thread(target=work, daemon=True).start()
        for _ in MAX_LEN:
            done(*results.get())
    finally:
        runs.end()
        if not any(FINDINGS.iterdir()):
            FINDINGS.rmdir()
