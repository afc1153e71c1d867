"""kill -9 during learning, publishing and recording: nothing is half afterwards.

Every kill is aimed: the test watches the sensor (its status, the files of its store, the growth of
its record file) until it is in the stage that is wanted, and kills it there or a moment later.
What may speak after it follows from what the sensor had acknowledged, and from the one change that
was under way:

- acknowledged is the last model that a command's answer, or a record of it ("load", "rollback"), put
  on air;
- under way is a rollback without an answer (it goes to the model before), or a job that began on
  the model on air (it goes to the job's candidate, of which the test keeps a second name as soon as
  it is there; else to the one version that the store had not known).

Without a change under way, or with one that was acknowledged, one version is right and no other.
"""
import json
import os
import random
import re
import shutil
import tempfile
import threading
import time
import unittest
from collections import Counter
from pathlib import Path

import captures
from air import PROGRAMS, on_air, why_not
from lab import voices
from lab.lab import addresses
from lab.process import must, start
from learner import VSFTPD, Learner, first_model, learns, until

FEW = 40	# conversations of the first model and capture: a job takes a moment
TALKS = 24	# conversations that end at the same time


def only_ftp(text):
    """A configuration without the other services: it is read fifty times."""
    text = re.sub(r"  - name: (dns|http)\n    file: .*\n", "", text)
    return re.sub(r"      - port: .*\n        model: (dns|http)\n", "", text)


def setUpModule():
    global air, learner
    if why_not():
        raise unittest.SkipTest(why_not())
    made = Path(tempfile.mkdtemp(prefix="mynah-made-"))
    unittest.addModuleCleanup(shutil.rmtree, made)
    image = first_model(made, FEW)
    air = on_air("killed", lambda text: only_ftp(learns(text, image)))
    learner = Learner(air)
    for k in range(2):
        learner.verdict_on(captures.part(VSFTPD, made / f"{k}.pcap", k * FEW, FEW))
    until(lambda: not learner.ask("status")["training"]["busy"] and "new" not in learner.states().values())


class Store:
    """What the sensor's folders hold right now, also while it writes there."""

    def __init__(self):
        self.folder = air.home / "state/ftp"

    def manifest(self):
        return json.loads((self.folder / "manifest.json").read_text())

    def versions(self, origin=None):
        return {m["version"] for m in self.manifest()["models"] if origin in (None, m["origin"])}

    def candidate(self):
        """Is the image of a job there that control has not done with? It gets a second name."""
        try:
            os.link(self.folder / "candidate.mynah", air.home / "kept.mynah")
        except FileExistsError:
            return (self.folder / "candidate.mynah").exists()
        except FileNotFoundError:
            return False
        return True

    def take_candidate(self):
        """Versions of the image that was kept: one, or none."""
        self.candidate()
        kept = air.home / "kept.mynah"
        if not kept.exists():
            return set()
        shown = must([str(PROGRAMS / "control/mynah"), "show", "--json", str(kept)], "mynah show").output
        kept.unlink()
        return {json.loads(shown)["version"]}

    def touched(self):
        """Changes with every step of a change of the store."""
        return ((self.folder / "manifest.json").stat().st_ino, (self.folder / "manifest.json.tmp").exists(),
                sorted(path.name for path in (self.folder / "models").iterdir()))


class Killed(unittest.TestCase):
    TIMES, SECONDS = 50, 300.0	# the second is for a busy machine
    LEAST = {"learning": 10, "publishing a rollback": 5, "publishing what was learned": 5, "recording": 10}
    PATIENCE = 20.0		# for a stage to come

    def setUp(self):
        self.store = Store()
        self.rng = random.Random(6)
        self.whole = set()	# images that were looked at
        self.hits = Counter()
        self.done = threading.Event()
        self.addCleanup(self.done.set)

    def test_nothing_is_half_and_the_last_model_is_on_air(self):
        kills, over = 0, time.monotonic() + self.SECONDS
        aims = {"learning": self.learning, "publishing a rollback": self.rollback,
                "publishing what was learned": self.publishing, "recording": self.recording}
        while kills < self.TIMES or any(self.hits[aim] < n for aim, n in self.LEAST.items()):
            self.assertLess(time.monotonic(), over, f"{kills} kills, {dict(self.hits)}")
            missed = [aim for aim, n in self.LEAST.items() if self.hits[aim] < n]
            aim = self.rng.choice(missed or list(aims))
            right = aims[aim](aim)
            kills += 1
            air.sensor.start(check=False)
            self.assertIn(learner.version(), right, f"kill {kills}, {aim}")
            self.every_line_is_whole()
            self.every_model_is_whole()
        print(f"      {kills} kills, {dict(self.hits)}; {len(learner.notes('verdict'))} verdicts, "
              f"{len(learner.notes('load'))} loads, {len(learner.notes('rollback'))} rollbacks")

    # ---- one kill each: what may be on air after it ----

    def learning(self, aim):
        """In the middle of a job, from its first stage to its last."""
        begun, verdicts = self.begin_job(), len(learner.notes("verdict"))
        seen = self.busy_in(self.rng.choice(["read", "templates", "factorise", "choose", "judge"]))
        self.kill(self.rng.random() * 0.05)
        self.hits[aim] += seen and len(learner.notes("verdict")) == verdicts
        return self.after_job(begun)

    def publishing(self, aim):
        """From the first step that puts a job's model on air until control has nothing more to do with it."""
        if self.settled(learner.version()):
            air.sensor.ctl("rollback", "ftp")
        begun = self.begin_job()
        self.watch(self.store.candidate)
        before = self.store.touched()
        self.watch(lambda: self.store.touched() != before or not self.store.candidate())
        self.kill(self.rng.random() * self.rng.choice((0.0, 0.002, 0.01)))
        self.hits[aim] += self.store.touched() != before and self.store.candidate()
        return self.after_job(begun)

    def rollback(self, aim):
        """Between a command and its answer."""
        now, told = learner.on_air(), self.told()
        before = self.store.touched()
        command = start(air.sensor._ctl("rollback", "ftp"), "/dev/null")
        if self.rng.random() < 0.7:
            self.watch(lambda: self.store.touched() != before or command.poll() is not None)
            self.kill(self.rng.random() * 0.003)
        else:
            self.kill(self.rng.random() * 0.02)
        answered = command.wait() == 0
        self.hits[aim] += not answered and self.store.touched() != before
        if answered or len(self.told()) > len(told):
            return {now["before"]}
        return {now["version"], now["before"]}

    def recording(self, aim):
        """While the records of conversations that end are written."""
        version, peers = learner.version(), set(addresses(self.rng, TALKS))
        talks = [voices.Conversation.open(air.lab, address) for address in peers]
        self.assertEqual([talk.trouble for talk in talks if talk.trouble], [])
        size = air.sensor.records.stat().st_size
        for talk in talks:
            talk.sock.close()
            time.sleep(0.004)	# so that not all are told in one turn
            if air.sensor.records.stat().st_size > size:
                break
        self.kill(self.rng.random() * 0.1)
        for talk in talks:
            talk.sock.close()
        self.hits[aim] += 0 < len(peers & {r.get("dest_ip") for r in learner.records()}) < TALKS
        return {version}

    # ---- what they share ----

    def watch(self, answer):
        """Until it is true, without a rest: the stages are short."""
        over = time.monotonic() + self.PATIENCE
        while not answer() and time.monotonic() < over:
            pass

    def begin_job(self):
        """The model that the job begins on, what the store knew then, and what had been told."""
        version, known, told = learner.version(), self.store.versions(), self.told()
        self.keeper = threading.Thread(target=self.keep)
        self.done.clear()
        self.keeper.start()
        air.sensor.ctl("retrain", "ftp")
        return version, known, told

    def keep(self):
        """Gives the candidate its second name, however short it is there: a small job takes milliseconds."""
        while not self.done.wait(0.0005):
            self.store.candidate()

    def busy_in(self, stage):
        """Waits for a stage, or for the last one. Was the job under way then?"""
        training, over = {}, time.monotonic() + self.PATIENCE
        while training.get("stage") not in (stage, "judge") and time.monotonic() < over:
            training = learner.ask("status")["training"]
            if not training["busy"]:
                break
        return training.get("busy", False)

    def kill(self, after):
        time.sleep(after)
        air.sensor.child.kill()
        air.sensor.child.wait()

    def told(self):
        """Every version that a record says went on air."""
        return [r["mynah"]["version"] for r in learner.records()
                if r["mynah"]["kind"] == "model" and r["mynah"]["action"] in ("load", "rollback")]

    def settled(self, version):
        """Has a job on this model made the same one, or one that was refused? It would publish nothing."""
        began = None
        for note in (r["mynah"] for r in learner.records() if r["mynah"]["kind"] == "model"):
            if note["action"] == "training":
                began = note["version"]
            elif note["action"] == "verdict" and began == version and (note["version"] == version or not note["passed"]):
                return True
        return False

    def after_job(self, begun):
        base, known, told = begun
        told = self.told()[len(told):]
        self.done.set()
        self.keeper.join()
        made = self.store.take_candidate() or self.store.versions("trained") - known
        self.assertLessEqual(len(made), 1)
        if told:
            self.assertEqual(len(told), 1)
            self.assertIn(told[0], made or told)
            return set(told)
        return {base} | made

    # ---- what is looked at after a restart ----

    def every_line_is_whole(self):
        data = air.sensor.records.read_bytes()
        self.assertTrue(data.endswith(b"\n"))
        for line in data.split(b"\n")[:-1]:
            json.loads(line)

    def every_model_is_whole(self):
        named = self.store.versions()
        images = list((self.store.folder / "models").iterdir())
        self.assertEqual({image.stem for image in images}, named)
        for image in images:
            if (image.name, image.stat().st_ino) not in self.whole:
                must([str(PROGRAMS / "control/mynah"), "show", "--json", str(image)], "mynah show")
            self.whole.add((image.name, image.stat().st_ino))
