"""Child processes that end: each has a time limit, its own process group, and dies with us."""
import ctypes
import os
import signal
import subprocess
import time
from dataclasses import dataclass

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """Something that the user must read, in one sentence."""


@dataclass
class Done:
    status: int	    # exit status; -1 when the time ran out
    output: str	    # standard output and standard error in the order they came
    seconds: float


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end(child, patience=5.0):
    """Ends a child and its process group: asks first, then insists."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is not None:
            break
        try:
            os.killpg(child.pid, number)
            child.wait(timeout=patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
    return child.wait()


def start(argv, log, dies_with_us=True):
    """Starts a program that runs beside us, its output in the file `log`."""
    with open(log, "ab") as out:
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, process_group=0,
            preexec_fn=_die_with_parent if dies_with_us else None)


def run(argv, stdin="", timeout=60.0, env=None):
    """Runs a program to its end and returns what it said."""
    began = time.monotonic()
    child = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        process_group=0, preexec_fn=_die_with_parent,
        env={**os.environ, "LC_ALL": "C", **(env or {})})
    try:
        output, _ = child.communicate(stdin.encode(), timeout=timeout)
        status = child.returncode
    except subprocess.TimeoutExpired:
        end(child, 1.0)
        output, _ = child.communicate()
        status = -1
    except BaseException:
        end(child, 1.0)
        raise
    return Done(status, output.decode("utf-8", "replace"), time.monotonic() - began)


def must(argv, what, timeout=60.0, env=None):
    """Runs a program that has to succeed; `what` says in words what it was to do."""
    done = run(argv, timeout=timeout, env=env)
    if done.status != 0:
        why = "took too long" if done.status == -1 else f"exit status {done.status}"
        raise Failed(f"{what}: {why}\n{done.output.rstrip()}")
    return done
