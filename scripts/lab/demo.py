"""What scripts/demo does once the packages are there: build, learn, speak, judge, swap."""
import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
from pathlib import Path

from lab import clients, voices
from lab.lab import ROOT, Lab, addresses
from lab.models import CAPTURES, build, learn
from lab.process import Failed
from lab.sensor import Sensor
from lab.show import Screen, Table

VISITS = [	# client, addresses
    (clients.PING, 4),
    *[(client, 4) for client in clients.FTP],
    (clients.DIG, 8),
    (clients.STRANGER, 4),
    (clients.HTTP, 8),
    (clients.NMAP, 1),
]
SWEEP = 4096	# addresses
OPEN = 32	# FTP conversations open while the model is changed


def visits(screen, lab, rng, home, table):
    """Every client, each address a new one; the first visit of each client is shown in full."""
    for client, n in VISITS:
        outcomes = []
        for address in addresses(rng, n):
            screen.working(f"{client.name} -> {address}")
            outcomes.append(clients.visit(lab, client, address, rng, home))
        screen.settled()
        screen.transcript(outcomes[0])
        table.outcomes(client.name, outcomes)


def sweep(screen, lab, rng, table):
    targets = addresses(rng, SWEEP)
    screen.working(f"connecting to {SWEEP} addresses")
    greetings = voices.sweep(lab, targets)
    screen.settled()
    good = sum(1 for g in greetings.values() if voices.VSFTPD.match(g))
    bad = [a for a in targets if not voices.VSFTPD.match(greetings.get(a, b""))]
    table.add("connect sweep", SWEEP, SWEEP, good,
              [f"{a} greeted with {greetings.get(a, b'')!r}" for a in bad[:5]])


def swap(screen, lab, rng, sensor, model):
    """Puts another FTP model on air in the middle of conversations; returns what went wrong."""
    where = addresses(rng, 2 * OPEN)
    old = [voices.Conversation.open(lab, a) for a in where[:OPEN]]
    new = []
    try:
        for i, talk in enumerate(old):	# each stands at another line of the conversation
            for _ in range(i % (len(voices.LINES) - 1)):
                talk.step()
        before = old[4].next_line
        sensor.load(model)
        screen.say(f"{model.name} is on air; {OPEN} conversations with the old model are open")
        new = [voices.Conversation.open(lab, a) for a in where[OPEN:]]
        for pair in zip(old, new):	# old and new by turns
            for talk in pair:
                talk.finish()
    finally:
        for talk in old + new:
            talk.sock.close()
    for title, talk in (("begun before, ended after", old[4]), ("begun after", new[4])):
        screen.say(f"\n{talk.address}, {title}:")
        for line, reply in zip(["", *voices.LINES], talk.heard):
            if line == before and talk is old[4]:
                screen.say("    ---- the other model goes on air ----")
            if line:
                screen.say(f"    > {line}")
            screen.say(f"    < {reply.decode('utf-8', 'replace')}")
    troubles = [why for talk in old if (why := voices.judge(talk, "vsftpd"))]
    troubles += [why for talk in new if (why := voices.judge(talk, "proftpd"))]
    screen.say(f"\n{OPEN} conversations finished on the model they began with, {OPEN} new ones "
               "spoke the new model" if not troubles else "")
    return troubles


def keep(screen, sensor, lab):
    a = "198.19.44.55"
    enter = f"nsenter --net={lab.client_ns}"
    prefix = "" if lab.prefix == "demo" else f" --prefix {lab.prefix}"
    screen.say(f"""
The sensor runs on (process {sensor.pid}). Talk to any address of 198.19.0.0/16:
    {enter} lftp -u anonymous,me@here {a}
    {enter} curl -v http://{a}/
    {enter} dig @{a} avatar59.test
and to the sensor itself:
    {sensor.mynah} ctl -s {sensor.socket} status
    tail -f {sensor.records}
It ends with: scripts/demo --stop{prefix}""")


def demo(screen, args):
    lab, rng = Lab(args.prefix), random.Random(args.seed)
    run = Path("/run") / f"mynah-{args.prefix}"
    programs = args.build or ROOT / "build-demo"

    if not args.build:
        screen.stage("building, optimised")
        build(programs, ["-Dbuildtype=release"])
    Sensor.stop_kept(run)
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, run, ignore_errors=True)
        run.mkdir(mode=0o700, exist_ok=True)
        screen.stage("learning from the captures in tests/data")
        models = {name: learn(programs, name, run) for name in CAPTURES}

        screen.stage("laboratory: two namespaces, 198.19.0.0/16 routed to the sensor")
        cleanup.callback(lab.down)
        lab.up()
        sensor = Sensor(lab, programs, run, models)
        cleanup.callback(sensor.stop)
        sensor.start(dies_with_us=not args.keep)
        screen.say(f"mynahd is ready (process {sensor.pid}), af_packet on veth-s")

        screen.stage("real clients talk to random addresses")
        table = Table()
        visits(screen, lab, rng, run, table)
        sweep(screen, lab, rng, table)

        screen.stage("another FTP model goes on air while conversations are open")
        troubles = swap(screen, lab, rng, sensor, models["ftp-other"])

        screen.stage("result")
        table.show()
        for why in troubles:
            screen.say("swap: " + why)
        screen.say(sensor.ctl("status").rstrip())
        failed = bool(table.troubles or troubles)
        if args.keep:
            cleanup.pop_all()
            sensor.remember()
            keep(screen, sensor, lab)
        return failed


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Shows mynah at work.")
    parser.add_argument("--keep", action="store_true", help="leave it running and say how to talk to it")
    parser.add_argument("--stop", action="store_true", help="end what --keep left running")
    parser.add_argument("--seed", type=int, default=None, help="repeat the choices of another run")
    parser.add_argument("--build", type=Path, help="take the programs of this build folder")
    parser.add_argument("--prefix", default=os.environ.get("MYNAH_LAB", "demo"),
                        help="of the namespaces' names (default: $MYNAH_LAB or demo)")
    args = parser.parse_args()
    screen = Screen()

    def interrupted(number, _frame):
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        if args.stop:
            run = Path("/run") / f"mynah-{args.prefix}"
            Sensor.stop_kept(run)
            Lab(args.prefix).down()
            shutil.rmtree(run, ignore_errors=True)
            return 0
        failed = demo(screen, args)
    except Failed as err:
        print(f"demo: {err}", file=sys.stderr)
        return 1
    print("\nEverything shown was true." if not failed else "\nNot everything was as it should be.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
