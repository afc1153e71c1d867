"""Over a packet socket in the laboratory: FTP conversations with a kernel client, beside the kernel's own server."""
import contextlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.core import BUILD, ROOT, BenchError, Figure, Table, number, run_quietly, spread, ticks_per_ns
from lab.lab import PREFIX, Lab
from lab.models import CAPTURES
from lab.process import Failed, end, must, run as run_program, start
from lab.sensor import Sensor
from lab.voices import Conversation

NAME = "lab"
TITLE = "Conversations over a packet socket"

TOOLS = ("ip", "ethtool", "nsenter", "taskset", "timeout")
SAY = ("USER anonymous", "PASS ftp@example.com", "QUIT")
CODES = ("220 ", "331 ", "230 ", "221 ")    # what the replies begin with
AT_ONCE, ASKED = 64, 2000
OPEN_AT_MOST = 16000    # files, of one process
BUSY = 3        # processes beside the speaker, where it is slowed
PATIENCE_MS = 2000      # of the client, with one conversation
TICK = 1 / os.sysconf("SC_CLK_TCK")     # seconds
CLIENT_CPU, SPEAKER_CPU = "0", "1"
UNFINISHED = ("refused", "reset", "wrong", "early", "silent", "held_back", "local")     # as tests/load says
WHO = {"mynah": "mynahd", "kernel": "kernel sockets"}


def cpu_seconds(pid, thread=None):
    """User and system time of a process, or of the threads whose name begins so."""
    folder = Path(f"/proc/{pid}")
    stats = [folder / "stat"] if thread is None else [
        t / "stat" for t in folder.glob("task/*") if (t / "comm").read_text().startswith(thread)]
    seconds = 0
    for stat in stats:
        fields = stat.read_text().rsplit(")", 1)[1].split()
        seconds += (int(fields[11]) + int(fields[12])) * TICK
    return seconds


class Speaker:
    """One of the two, in a laboratory of its own."""

    def __init__(self, name, stack):
        self.name = name
        self.lab = Lab(f"{os.environ.get('MYNAH_LAB', 'bench')}{os.getpid()}-{name}")
        stack.callback(self.lab.down)
        self.lab.up()

    def load(self, seconds, *how):
        """Runs tests/load in the client's namespace; its JSON, with what the speaker did meanwhile."""
        before = self.look()
        argv = self.lab.client(["taskset", "-c", CLIENT_CPU, str(BUILD / "tests/load"), "--to", str(PREFIX[0]),
                                "--addresses", str(PREFIX.num_addresses), "--port", "21", "--seconds", str(seconds),
                                "--patience", str(PATIENCE_MS), *map(str, how), CODES[0],
                                *(word for pair in zip(SAY, CODES[1:]) for word in pair)])
        done = run_program(argv, timeout=seconds + PATIENCE_MS / 1000 + 30)
        if done.status != 0:
            raise BenchError(f"tests/load: {done.output.strip()}")
        said = json.loads(done.output)
        after = self.look()
        return said | {key: after[key] - before[key] for key in after}


class Mynah(Speaker):
    def __init__(self, stack, folder):
        super().__init__("mynah", stack)
        image, (capture, port, _) = folder / "ftp.mynah", CAPTURES["ftp"]
        must([str(BUILD / "control/mynah"), "learn", "--port", port, "--seed", "1", "-o", str(image),
              str(ROOT / "tests/data" / capture)], f"learning from {capture}", timeout=300)
        self.sensor = Sensor(self.lab, BUILD, folder, {"ftp": image}, {port: "ftp"})
        with open(self.sensor.configuration, "a", encoding="ascii") as f:
            f.write(f"cores:\n  control: {CLIENT_CPU}\n  workers: [{SPEAKER_CPU}]\n")
        stack.callback(self.sensor.stop)
        self.sensor.start()

    def replies(self):
        """What the model says in this conversation, to have the kernel's server say the same."""
        talk = Conversation.open(self.lab, str(PREFIX[4711]))
        for line in SAY:
            talk.say(line)
        talk.sock.close()
        if talk.trouble or [reply[:4].decode() for reply in talk.heard] != list(CODES):
            raise BenchError(f"The sensor does not speak FTP: {talk.trouble or talk.heard}.")
        return [reply.decode() for reply in talk.heard]

    def look(self):
        counters = json.loads(self.sensor.ctl("--json", "counters"))
        link = json.loads(must(self.lab.sensor(["ip", "-j", "-s", "link", "show", "veth-s"]), "ip link").output)
        worker = counters["workers"][0]
        return {"cpu": cpu_seconds(self.sensor.pid, "rte-worker"), "cpu_all": cpu_seconds(self.sensor.pid),
                "turns": worker["turns"], "busy_turns": worker["busy_turns"],
                "arrived": link[0]["stats64"]["rx"]["packets"], "frames_in": counters["ports"][0]["rx"],
                "tx_dropped": worker["tx_dropped"],
                **{f"drop {why}": n for why, n in counters["drop"].items()}}


class Kernel(Speaker):
    """tests/serve behind the same kind of pair; all of the /16 is its own."""

    def __init__(self, stack, folder, replies, seconds):
        super().__init__("kernel", stack)
        for argv in (["ip", "addr", "add", "192.0.2.2/30", "dev", "veth-s"], ["ip", "link", "set", "lo", "up"],
                     ["ip", "route", "add", "local", str(PREFIX), "dev", "lo"]):
            must(self.lab.sensor(argv), " ".join(argv))
        pairs = [word for pair in zip(SAY, replies[1:]) for word in pair]
        self.child = start(self.lab.sensor(["taskset", "-c", SPEAKER_CPU, str(BUILD / "tests/serve"), "21",
                                            str(seconds), replies[0], *pairs]), folder / "serve.log")
        stack.callback(end, self.child)
        until = time.monotonic() + 10
        while "LISTEN" not in must(self.lab.sensor(["cat", "/proc/net/tcp"]), "cat").output.replace(" 0A ", " LISTEN "):
            if self.child.poll() is not None or time.monotonic() > until:
                raise BenchError(f"tests/serve does not listen: {(folder / 'serve.log').read_text().strip()}")
            time.sleep(0.05)

    def look(self):
        used = cpu_seconds(self.child.pid)
        return {"cpu": used, "cpu_all": used}


def why_not():
    """A sentence if there can be no laboratory here."""
    if os.geteuid() != 0:
        return "Network namespaces and packet sockets need root."
    if (os.cpu_count() or 1) < 2:
        return "The client and the sensor need a CPU each; here is one."
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"{', '.join(missing)}: not installed; scripts/packages install lab." if missing else ""


@contextlib.contextmanager
def slowed(folder, seconds):
    """Busy processes on the speaker's CPU, so that the client can ask for twice what it carries."""
    with contextlib.ExitStack() as stack:
        for _ in range(BUSY):
            stack.callback(end, start(["taskset", "-c", SPEAKER_CPU, "timeout", str(seconds), "sh", "-c",
                                       "while :; do :; done"], folder / "busy.log"))
        yield


def take(figures, name, unit, p50, **parts):
    figures.setdefault(name, Figure(unit)).runs.append({"p50": p50, **parts})


def note(figures, prefix, said):
    """The figures of one run of the load."""
    finished = max(said["finished"], 1)
    take(figures, prefix + "time", "us", **said["us"])
    take(figures, prefix + "rate", "1/s", said["finished"] / said["seconds"])
    take(figures, prefix + "cpu", "us", 1e6 * said["cpu"] / finished)
    take(figures, prefix + "cpu-all", "us", 1e6 * said["cpu_all"] / finished)
    take(figures, prefix + "cpu-client", "us", 1e6 * (said["user"] + said["sys"]) / finished)
    for key in ("asked", "begun", "connected", "greeted", "finished"):
        take(figures, prefix + key, "1/s", said[key] / said["seconds"])
    take(figures, prefix + "late", "%", 100 * said["late"] / max(said["begun"], 1))
    take(figures, prefix + "finished-of-greeted", "%", 100 * said["finished"] / max(said["greeted"], 1))
    for key in UNFINISHED:
        take(figures, prefix + key, "", said[key])
    if "frames_in" in said:
        take(figures, prefix + "busy-turns", "%", 100 * said["busy_turns"] / max(said["turns"], 1))
        take(figures, prefix + "ring-lost", "frames", said["arrived"] - said["frames_in"])
        take(figures, prefix + "tx-lost", "frames", said["tx_dropped"])
        for key in said:
            if key.startswith("drop "):
                take(figures, prefix + key, "frames", said[key])


def measure(ctx, figures, speakers, folder):
    seconds = 1 if ctx.quick else 4
    for turn in range(ctx.runs):
        for s in speakers:
            ctx.progress.say(f"{NAME} {s.name} run {turn + 1} of {ctx.runs}")
            said = s.load(seconds, "--at-once", AT_ONCE)
            if said["finished"] != said["begun"]:
                raise BenchError(f"Not every conversation with {WHO[s.name]} was finished, {AT_ONCE} at once: {said}.")
            note(figures, f"{s.name}/at-once/", said)
            note(figures, f"{s.name}/asked/", s.load(seconds, "--rate", ASKED, "--most", OPEN_AT_MOST))
            with slowed(folder, 60):
                said = s.load(seconds, "--at-once", AT_ONCE)
                note(figures, f"{s.name}/slowed/", said)
                twice = max(1, round(2 * said["finished"] / seconds))
                said = s.load(2 * seconds, "--rate", twice, "--most", OPEN_AT_MOST)
                note(figures, f"{s.name}/twice/", said)
        before, began = speakers[0].look(), time.monotonic()
        time.sleep(1)
        after, lasted = speakers[0].look(), time.monotonic() - began
        take(figures, "idle", "%", 100 * (after["cpu"] - before["cpu"]) / lasted)


def run(ctx):
    reason = why_not()
    if reason:
        raise BenchError(reason)
    run_quietly(["nice", "ninja", "-C", str(BUILD), "control/mynah", "control/mynahd", "tests/load", "tests/serve"],
                "The build in build-bench/")
    figures = {}
    folder = Path(tempfile.mkdtemp(prefix="mynah-bench-"))
    try:
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, folder)
            ctx.progress.say(f"{NAME}: learning the model, setting up")
            mynah = Mynah(stack, folder)
            kernel = Kernel(stack, folder, mynah.replies(), 60 + 60 * ctx.runs)
            measure(ctx, figures, [mynah, kernel], folder)
    except Failed as why:
        raise BenchError(str(why)) from why
    return figures


def ms(us):
    return number(us / 1000)


def speed(figures, per_us):
    rows = []
    for who, what in WHO.items():
        for name, load in (("at-once", f"{AT_ONCE} at once"), ("asked", f"{ASKED} a second asked")):
            f = case(figures, f"{who}/{name}/")
            both = (f["cpu-all"]["p50"] + f["cpu-client"]["p50"]) * per_us / 1000
            rows.append([what, load, number(f["rate"]["p50"]), spread(f["rate"]),
                         *(ms(f["time"][part]) for part in ("p5", "p50", "p95", "p99")),
                         number(f["cpu"]["p50"]), number(f["cpu-all"]["p50"]), number(f["cpu-client"]["p50"]),
                         number(both), number(f["late"]["p50"])])
    return Table(["who", "load", "per second", "of runs", "p5 (ms)", "p50", "p95", "p99", "thread (us)", "process",
                  "client", "both, 1000 ticks", "late (%)"], rows,
                 "A conversation is connect, greeting, USER, PASS, QUIT, each with its reply, and the server's close; its "
                 "time counts from when it was due. *Thread*, *process*, *client*: CPU time (user and system) per "
                 "conversation of the speaker's thread, its whole process, and the load's; each side also pays for what "
                 "the kernel does at the other end of the pair in its name. The worker polls, so its figure is an upper "
                 f"bound: {number(figures['mynah/at-once/busy-turns']['p50'])} % of its turns had a frame with {AT_ONCE} "
                 f"at once, {number(figures['mynah/asked/busy-turns']['p50'])} % with {ASKED} a second; with no load it "
                 f"takes {number(figures['idle']['p50'])} % of a CPU. *Late*: begun more than 1 ms after they were due, "
                 "by a client that had no CPU. A conversation through the kernel at both ends of a loopback, with less "
                 "in it, was counted at 216 thousand ticks for both ends when this was planned.")


def counted(figures):
    """{words: Figure} as "12 words, 3 words": all runs together, without those that never were."""
    sums = {words: sum(figure["runs"]) for words, figure in figures.items()}
    return ", ".join(f"{number(n)} {words}" for words, n in sums.items() if n > 0) or "none"


def case(figures, prefix):
    return {key.removeprefix(prefix): figure for key, figure in figures.items() if key.startswith(prefix)}


def frames_lost(f):
    return counted({"in the kernel's ring or before it": f["ring-lost"], "on the way out": f["tx-lost"],
                    **{key.removeprefix("drop "): value for key, value in f.items() if key.startswith("drop ")}})


def overload(figures):
    rows, ends = [], {}
    for who, what in WHO.items():
        f = case(figures, f"{who}/twice/")
        rows.append([what, number(figures[f"{who}/slowed/rate"]["p50"]),
                     *(number(f[key]["p50"]) for key in ("asked", "begun", "connected", "greeted", "finished")),
                     number(f["finished-of-greeted"]["p50"]), *(ms(f["time"][part]) for part in ("p50", "p95", "p99")),
                     number(f["cpu"]["p50"])])
        ends[who] = counted({key: f[key] for key in UNFINISHED})
    return Table(["who", "carried", "asked", "begun", "connected", "greeted", "finished", "of greeted (%)", "p50 (ms)",
                  "p95", "p99", "thread (us)"], rows,
                 f"Conversations per second. The speaker shares its CPU with {BUSY} busy processes, because a client with "
                 "one CPU cannot ask the whole one for twice what it carries: *carried* is what is finished then, "
                 f"{AT_ONCE} at once; *asked* is twice that, open loop, the client alone on the other CPU, each "
                 f"conversation with {PATIENCE_MS / 1000:g} s to end; where less is *begun*, the client had no CPU for more. "
                 "*Of greeted*: how many of those that had the first reply came to their end. *Thread* as above, here "
                 f"of one that seldom finds nothing to do. Not finished, all runs: mynahd {ends['mynah']}; kernel "
                 f"{ends['kernel']}. Frames that mynahd lost or dropped, all runs: "
                 f"{frames_lost(case(figures, 'mynah/twice/'))}.")


def tables(results):
    figures = results[NAME]["figures"]
    return [speed(figures, 1000 * ticks_per_ns(results)), overload(figures)]
