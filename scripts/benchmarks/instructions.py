"""Instructions of the hot paths, counted by valgrind: the same on a busy machine as on an idle one.

    PYTHONPATH=scripts python3 -m benchmarks.instructions [--renew]

Builds tests/hot.c in a folder of its own, always with the same flags, runs it under callgrind and
compares with tests/data/instructions.json. --renew writes that file anew.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STORED = ROOT / "tests" / "data" / "instructions.json"
TOLERANCE = 0.05
SETUP = ["--buildtype=debugoptimized", "-Db_ndebug=true", "-Dtests=enabled"]

# glibc chooses memcpy and others by what the processor can; this leaves what every x86-64 can.
SAME_LIBC = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX,-ERMS,-FSRM,-SSSE3,-SSE4_1,-SSE4_2,-MOVBE,-AVX_Fast_Unaligned_Load"

NAME = re.compile(r"c?fn=\((\d+)\)(?: (.*))?")


def run(argv, **more):
    done = subprocess.run(argv, cwd=ROOT, text=True, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, argv))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def tools():
    """What the counts depend on besides the source."""
    return {
        "compiler": run(["cc", "--version"]).split("\n")[0],
        "libc": os.confstr("CS_GNU_LIBC_VERSION"),
        "valgrind": run(["valgrind", "--version"]).strip(),
        "machine": os.uname().machine,
        "vectors": "avx2" if re.search(r"^flags.*\bavx2\b", Path("/proc/cpuinfo").read_text(encoding="ascii"),
                                       re.MULTILINE) else "none",     # WIDE in models/base.h
    }


def build(folder):
    run(["meson", "setup", folder, *SETUP])
    run(["nice", "ninja", "-C", folder, "tests/hot"])
    return Path(folder) / "tests" / "hot"


def costs(profile):
    """{function: instructions in it and below} for every hot_* of a callgrind output file."""
    names, found, callee, after_calls = {}, {}, None, False
    for line in profile.splitlines():
        if after_calls:     # the line behind calls=: position and inclusive cost
            if callee.startswith("hot_"):
                found[callee] = found.get(callee, 0) + int(line.split()[1])
            after_calls = False
        elif line.startswith(("fn=", "cfn=")):
            number, name = NAME.match(line).groups()
            names[number] = name or names[number]
            if line[0] == "c":
                callee = names[number]
        elif line.startswith("calls="):
            after_calls = True
    return found


def count(program, folder):
    """{name: {"unit": "packet", "each": instructions}}"""
    out = Path(folder) / "callgrind.out"
    said = run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program],
               env={**os.environ, "GLIBC_TUNABLES": SAME_LIBC})
    cost = costs(out.read_text(encoding="utf-8"))
    counted = {}
    for line in said.splitlines():
        name, items, unit = line.split()
        counted[name] = {"unit": unit, "each": round(cost[f"hot_{name}"] / int(items), 2)}
    return counted


def measure():
    with tempfile.TemporaryDirectory(prefix="mynah-count-") as folder:
        return count(build(folder), folder)


def differences(stored, now):
    """A sentence for each count that moved too far, either way."""
    for name in sorted(stored.keys() | now.keys()):
        if name not in now or name not in stored:
            yield f"{name}: counted only {'before' if name in stored else 'now'}; renew the file"
            continue
        was, new = stored[name]["each"], now[name]["each"]
        text = f"{name}: {new} instructions per {now[name]['unit']} instead of {was} ({new / was - 1:+.1%})"
        if new > was * (1 + TOLERANCE):
            yield text
        elif new < was * (1 - TOLERANCE):
            yield text + "; better: renew the file (scripts/renew-goldens)"


def main(argv):
    now = measure()
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else None
    for name, value in now.items():
        was = stored["instructions"].get(name, {}).get("each", "-") if stored else "-"
        print(f"{name:14} {value['each']:10} instructions per {value['unit']:12} stored: {was}")
    if argv == ["--renew"]:
        STORED.write_text(json.dumps({"built_with": tools(), "instructions": now}, indent=1) + "\n",
                          encoding="utf-8")
        print(f"written: {STORED.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
