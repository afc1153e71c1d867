"""kill -9 at any moment of learning, publishing and recording: nothing is half afterwards."""
import json
import random
import re
import shutil
import tempfile
import time
import unittest
from pathlib import Path

import captures
from air import PROGRAMS, on_air, why_not
from lab import voices
from lab.lab import addresses
from lab.process import end, must, start
from learner import VSFTPD, Learner, first_model, learns, until

FEW = 40	# conversations of the first model and capture: a job takes a moment


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


class Killed(unittest.TestCase):
    """kill -9 while it learns, publishes and records; it comes back with what it said last."""
    TIMES, SECONDS = 50, 150.0	# the second is for a busy machine
    whole = set()	# images that were looked at

    def test_nothing_is_half_and_the_last_model_is_on_air(self):
        rng, kills, over = random.Random(6), 0, time.monotonic() + self.SECONDS
        while kills < self.TIMES and time.monotonic() < over:
            possible = self.something_happens(rng)
            air.sensor.child.kill()
            air.sensor.child.wait()
            kills += 1
            air.sensor.start(check=False)
            self.assertIn(learner.version(), possible | self.trained(), f"after {kills} kills")
            self.every_line_is_whole()
            self.every_model_is_whole()
        print(f"      {kills} kills, {len(learner.notes('training'))} jobs, {len(learner.notes('verdict'))} verdicts, "
              f"{len(learner.notes('load'))} loads, {len(learner.notes('rollback'))} rollbacks")
        self.assertEqual(kills, self.TIMES)

    def something_happens(self, rng):
        """Conversations, a job, going back, cut off anywhere. What may speak after it but for the job's model."""
        for address in addresses(rng, 4):
            voices.Conversation.open(air.lab, address).sock.close()
        air.sensor.ctl("retrain", "ftp")
        if rng.random() < 0.5:
            air.sensor.ctl("rollback", "ftp")
        now = learner.on_air()
        pending = start(air.sensor._ctl("rollback", "ftp"), "/dev/null") if rng.random() < 0.5 else None
        time.sleep(rng.random() * rng.choice((0.02, 0.2, 0.8)))
        if pending:
            end(pending)
        return {now["version"], now.get("before")}

    def trained(self):
        """Versions that the job under way may have published."""
        return {m["version"] for m in self.manifest()["models"] if m["origin"] == "trained"}

    def manifest(self):
        return json.loads((air.home / "state/ftp/manifest.json").read_text())

    def every_line_is_whole(self):
        data = air.sensor.records.read_bytes()
        self.assertTrue(data.endswith(b"\n"))
        for line in data.split(b"\n")[:-1]:
            json.loads(line)

    def every_model_is_whole(self):
        named = {m["version"] for m in self.manifest()["models"]}
        images = list((air.home / "state/ftp/models").iterdir())
        self.assertEqual({image.stem for image in images}, named)
        for image in images:
            if (image.name, image.stat().st_ino) in self.whole:
                continue
            self.whole.add((image.name, image.stat().st_ino))
            must([str(PROGRAMS / "control/mynah"), "show", "--json", str(image)], "mynah show")
