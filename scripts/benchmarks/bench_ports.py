"""The same frames through the ports that need no card: a packet socket, AF_XDP, a TAP interface."""
import contextlib
import json
import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.bench_lab import (AT_ONCE, CLIENT_CPU, CODES, PATIENCE_MS, SAY, SPEAKER_CPU, TICK, cpu_seconds, take,
                                  why_not)
from benchmarks.core import BUILD, ROOT, BenchError, Table, number, run_quietly, spread
from lab.lab import PREFIX, Lab
from lab.models import CAPTURES
from lab.process import Failed, must, run as run_program
from lab.sensor import Sensor

NAME = "ports"
TITLE = "Ports without a card"

# device: what it is called, the interface that frames are sent out of, and whose it is
DEVICES = {
    "net_af_packet0,iface=veth-s,framecnt=4096": ("net_af_packet", "veth-c"),
    "net_af_xdp0,iface=veth-s,busy_budget=0": ("net_af_xdp", "veth-c"),
    "net_tap0,iface=dark0": ("net_tap", "dark0"),
}


class Port:
    """mynahd on one device, and the place that frames for it come from."""

    def __init__(self, device, image, folder, stack):
        self.name, self.interface = DEVICES[device]
        self.lab = Lab(f"bench-{self.name.removeprefix('net_').replace('_', '')}")
        stack.callback(self.lab.down)
        self.lab.up()
        self.sensor = Sensor(self.lab, BUILD, folder, {"ftp": image}, {"tcp/21": "ftp"})
        text = self.sensor.configuration.read_text(encoding="ascii")
        text = text.replace("net_af_packet0,iface=veth-s,framecnt=4096", device)
        self.sensor.configuration.write_text(
            text + f"cores:\n  control: {CLIENT_CPU}\n  workers: [{SPEAKER_CPU}]\n", encoding="ascii")
        stack.callback(self.sensor.stop)
        self.sensor.start()
        if self.interface == "dark0":       # it is in the sensor's namespace, where the kernel is a neighbour now
            for argv in (["ip", "addr", "add", "192.0.2.1/30", "dev", "dark0"], ["ip", "link", "set", "dark0", "up"],
                         ["ip", "route", "add", str(PREFIX), "via", "192.0.2.2"]):
                must(self.lab.sensor(argv), " ".join(argv))

    def beside(self, argv):
        return self.lab.sensor(argv) if self.interface == "dark0" else self.lab.client(argv)

    def mac(self):
        """The sensor's, from its answer to ARP."""
        must(self.beside(["ping", "-c", "1", "-W", "5", str(PREFIX[7])]), "ping through " + self.name)
        said = json.loads(must(self.beside(["ip", "-j", "neigh", "show", "192.0.2.2"]), "ip neigh").output)
        return said[0]["lladdr"]

    def look(self):
        counters = json.loads(self.sensor.ctl("--json", "counters"))
        return {"in": counters["frames_in"], "out": counters["frames_out"],
                "cpu": cpu_seconds(self.sensor.pid, "rte-worker"), "time": time.monotonic()}

    def during(self, argv, seconds):
        """What a program said, and what the sensor did meanwhile."""
        before = self.look()
        done = run_program(self.beside(["taskset", "-c", CLIENT_CPU, *argv]), timeout=seconds + 60)
        after = self.look()
        if done.status != 0:
            raise BenchError(f"{Path(argv[0]).name} through {self.name}: {done.output.strip()}")
        return json.loads(done.output), {key: after[key] - before[key] for key in after}


def measure(port, figures, seconds):
    prefix = port.name + "/"
    said, did = port.during([str(BUILD / "tests/mix_send"), port.interface, port.mac(), "21", str(seconds)], seconds)
    take(figures, prefix + "sent", "1/s", said["sent"] / said["seconds"])
    take(figures, prefix + "taken", "1/s", did["in"] / said["seconds"])
    take(figures, prefix + "answered", "1/s", did["out"] / said["seconds"])
    take(figures, prefix + "cpu", "us", 1e6 * max(did["cpu"], TICK) / max(did["in"], 1))
    said, did = port.during([str(BUILD / "tests/load"), "--to", str(PREFIX[0]), "--addresses", str(PREFIX.num_addresses),
                             "--port", "21", "--seconds", str(seconds), "--patience", str(PATIENCE_MS), "--at-once",
                             str(AT_ONCE), CODES[0], *(word for pair in zip(SAY, CODES[1:]) for word in pair)], seconds)
    take(figures, prefix + "conversations", "1/s", said["finished"] / said["seconds"])
    take(figures, prefix + "unfinished", "", said["begun"] - said["finished"])
    take(figures, prefix + "time", "us", **said["us"])


def run(ctx):
    reason = why_not()
    if reason:
        raise BenchError(reason)
    run_quietly(["nice", "ninja", "-C", str(BUILD), "control/mynah", "control/mynahd", "tests/load", "tests/mix_send"],
                "The build in build-bench/")
    figures, (capture, port_of, _) = {}, CAPTURES["ftp"]
    folder = Path(tempfile.mkdtemp(prefix="mynah-bench-"))
    try:
        ctx.progress.say(f"{NAME}: learning the model")
        image = folder / "ftp.mynah"
        must([str(BUILD / "control/mynah"), "learn", "--port", port_of, "--seed", "1", "-o", str(image),
              str(ROOT / "tests/data" / capture)], f"learning from {capture}", timeout=300)
        for turn in range(ctx.runs):
            for device, (name, _) in DEVICES.items():
                ctx.progress.say(f"{NAME} {name} run {turn + 1} of {ctx.runs}")
                with contextlib.ExitStack() as stack:       # one at a time: a worker polls
                    measure(Port(device, image, folder, stack), figures, 1 if ctx.quick else 4)
    except Failed as why:
        raise BenchError(str(why)) from why
    finally:
        shutil.rmtree(folder)
    return figures


def tables(results):
    figures, rows = results[NAME]["figures"], []
    for name, _ in DEVICES.values():
        f = {key: figures[f"{name}/{key}"] for key in
             ("sent", "taken", "answered", "cpu", "conversations", "unfinished", "time")}
        rows.append([name, *(number(f[key]["p50"] / 1000) for key in ("sent", "taken")), spread_thousands(f["taken"]),
                     number(f["answered"]["p50"] / 1000), number(f["cpu"]["p50"]),
                     number(f["conversations"]["p50"]), spread(f["conversations"]), number(f["time"]["p50"] / 1000),
                     number(f["time"]["p99"] / 1000), number(f["unfinished"]["high"])])
    return [Table(["port", "sent, 1000/s", "taken", "of runs", "frames out", "thread (us)", "conversations/s", "of runs", "p50 (ms)",
                   "p99", "unfinished"], rows,
                  "*Sent*: a mix of strangers, 93 % of it SYNs to an open port, as fast as a packet socket on the other end of the "
                  "pair (or in the TAP interface) sends on a CPU of its own; *taken*, *frames out*: what the sensor received of it and "
                  "sent; *thread*: the worker's CPU time for each frame taken. Then conversations with a kernel as in "
                  f"*{'Conversations over a packet socket'}*, {AT_ONCE} at once; *unfinished*: of the worst run.")]


def spread_thousands(figure):
    return spread({"low": figure["low"] / 1000, "high": figure["high"] / 1000})
