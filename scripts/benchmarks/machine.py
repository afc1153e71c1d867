"""Which machine, and what else about it decides a figure."""
import json
import os
import platform
import subprocess
from pathlib import Path

from benchmarks.core import BUILD, ROOT


def first(path, key):
    try:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown"


def said(argv):
    """What a program printed; nothing where it is not installed."""
    try:
        done = subprocess.run(argv, cwd=ROOT, text=True, capture_output=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def flags():
    """Of the stack's own files, without what does not change the code."""
    commands = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    for entry in commands:
        if entry["file"].endswith("dataplane/stack.c"):
            return " ".join(word for word in entry["command"].split()
                            if word.startswith(("-O", "-m", "-f", "-DNDEBUG", "-std", "-flto"))
                            and not word.startswith(("-fdiagnostics", "-fPIC")))
    return "unknown"


def thp():
    text = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    words = text.read_text(encoding="ascii") if text.exists() else "[none]"
    return words[words.index("[") + 1:words.index("]")]


def huge_pages_free():
    return int(first("/proc/meminfo", "HugePages_Free").split()[0])


def describe(huge):
    return {
        "cpu": first("/proc/cpuinfo", "model name"),
        "family": f"{first('/proc/cpuinfo', 'cpu family')}/{first('/proc/cpuinfo', 'model')}",
        "cpus": os.cpu_count(),
        "hypervisor": "hypervisor" in first("/proc/cpuinfo", "flags").split(),
        "memory_mib": int(first("/proc/meminfo", "MemTotal").split()[0]) // 1024,
        "kernel": platform.release(),
        "compiler": said(["cc", "--version"]).split("\n")[0],
        "flags": flags(),
        "dpdk": said(["pkg-config", "--modversion", "libdpdk"]),
        "dpdk_pages": "2 MiB" if huge else "4 KiB (no huge pages)",
        "table_pages": f"madvise(MADV_HUGEPAGE), transparent huge pages: {thp()}",
        "commit": said(["git", "describe", "--always", "--dirty"]),
        "load": [round(x, 2) for x in os.getloadavg()],
    }
