"""mynahd does its work with the capabilities and system calls that scripts/mynahd.service.in leaves it.

Without systemd: the unit's lines are read, its sets of calls are asked of systemd-analyze, and mynahd
starts under a filter of the same kind. What is not tried is what only systemd does: the mounts.
"""
import ctypes
import os
import pwd
import random
import shutil
import struct
import subprocess
import sys
import unittest
from pathlib import Path

from air import ROOT, on_air
from lab import clients
from lab.lab import addresses

UNIT = ROOT / "scripts/mynahd.service.in"
USER = "nobody"

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06		# classic BPF, as seccomp(2) has it
ALLOW, REFUSE = 0x7fff0000, 0x00050000 | 1		# EPERM


def lines(key):
    """The words of a key of the unit."""
    return [word for line in UNIT.read_text().splitlines() if line.startswith(key + "=")
            for word in line.split("=", 1)[1].split()]


def calls(name):
    """The system calls of a set, or the call itself."""
    if not name.startswith("@"):
        return {name}
    said = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True,
                          check=True, timeout=20).stdout.splitlines()[1:]
    words = {line.strip() for line in said} - {""}
    return set().union(*(calls(word) for word in words if not word.startswith("#")))


def numbers():
    said = subprocess.run(["gcc", "-E", "-dM", "-include", "sys/syscall.h", "-xc", "/dev/null"],
                          capture_output=True, text=True, check=True, timeout=20).stdout
    defined = (line.split() for line in said.splitlines() if line.startswith("#define __NR_"))
    return {words[1].removeprefix("__NR_"): int(words[2]) for words in defined if words[2].isdigit()}


def confine(allowed, argv):
    """Becomes argv, which may make these calls only; every other one fails with EPERM."""
    steps = [(LOAD, 0, 0, 0)]
    for number in allowed:
        steps += [(IF_EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    steps.append((RETURN, 0, 0, REFUSE))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *s) for s in steps))
    program = struct.pack("@HP", len(steps), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or \
       libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_char_p(program), 0, 0):
        sys.exit(f"no filter: {os.strerror(ctypes.get_errno())}")
    os.execv(argv[0], argv)


def setUpModule():
    global air
    for tool in ("systemd-analyze", "setpriv", "gcc"):
        if shutil.which(tool) is None:
            raise unittest.SkipTest(f"{tool} is not installed")
    air = on_air("unit", lambda text: text + f"user: {USER}\n")


class Unit(unittest.TestCase):
    def test_it_serves_with_what_the_unit_leaves_and_ends_with_less(self):
        known = numbers()
        allowed = sorted(known[c] for name in lines("SystemCallFilter") for c in calls(name) if c in known)
        self.assertGreater(len(allowed), 100)
        self.assertNotIn(known["reboot"], allowed)
        bounds = ",".join("+" + c.removeprefix("CAP_").lower() for c in lines("CapabilityBoundingSet"))
        program = air.sensor.mynahd
        wrapper = air.home / "confined"
        wrapper.write_text(f"#!/bin/sh\nexec setpriv --inh-caps=-all --bounding-set=-all,{bounds} -- "
                           f"{sys.executable} -B {__file__} {','.join(map(str, allowed))} {program} \"$@\"\n")
        wrapper.chmod(0o755)
        self.assertEqual(air.sensor.stop(), 0)
        air.sensor.mynahd = str(wrapper)
        air.sensor.start()
        status = dict(line.split(":\t", 1) for line in
                      Path(f"/proc/{air.sensor.pid}/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual(status["Seccomp"], "2")
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual({int(uid) for uid in status["Uid"].split()}, {pwd.getpwnam(USER).pw_uid})
        for held in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            self.assertEqual(int(status[held], 16), 0, held)
        self.assertEqual(bin(int(status["CapBnd"], 16)).count("1"), len(lines("CapabilityBoundingSet")))
        rng = random.Random(3)
        for client in (*clients.FTP, clients.DIG, clients.HTTP):
            outcome = clients.visit(air.lab, client, addresses(rng, 1)[0], rng, air.home)
            self.assertEqual(outcome.why, "", outcome.output)
        self.assertIn("flows", air.sensor.ctl("status"))


if __name__ == "__main__":
    confine([int(n) for n in sys.argv[1].split(",")], sys.argv[2:])
