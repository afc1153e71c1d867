"""A sensor that learns while it speaks: spool, verdict, publishing, rollback, cancelling, restart."""
import random
import shutil
import tempfile
import unittest
from pathlib import Path

import captures
from air import ROOT, on_air, why_not
from lab import voices
from lab.lab import addresses
from lab.process import Failed
from learner import VSFTPD, Learner, first_model, learns, until

AGAIN = ROOT / "tests/data/http-nginx.pcap.gz"
OPEN = 50


def setUpModule():
    global air, learner, made
    if why_not():
        raise unittest.SkipTest(why_not())
    made = Path(tempfile.mkdtemp(prefix="mynah-made-"))
    unittest.addModuleCleanup(shutil.rmtree, made)
    image = first_model(made)
    air = on_air("retrain", lambda text: learns(text, image))
    learner = Learner(air)


class Retraining(unittest.TestCase):
    """In the order of the alphabet: a sensor's first day."""

    def test_1_the_first_capture_is_judged_by_the_vectors_of_the_model(self):
        verdict, _ = learner.verdict_on(captures.part(VSFTPD, made / "again.pcap", 0, 300))
        self.assertTrue(verdict["passed"], verdict["why"])
        self.assertTrue(verdict["old_by_vectors"])
        self.assertTrue(until(lambda: learner.version() == verdict["version"]))
        self.assertEqual(learner.states(), {"again.pcap": "learned"})

    def test_2_new_conversations_speak_the_new_model_and_old_ones_finish_on_theirs(self):
        before = learner.version()
        rng = random.Random(1)
        talks = [voices.Conversation.open(air.lab, a) for a in addresses(rng, OPEN)]
        for talk in talks:
            talk.step()
        verdict, stages = learner.verdict_on(captures.part(VSFTPD, made / "more.pcap", 300, 500))
        self.assertTrue(verdict["passed"], verdict["why"])
        self.assertFalse(verdict["old_by_vectors"])
        self.assertGreater(verdict["old"]["replies"]["judged"], 100)
        self.assertGreater(verdict["new"]["replies"]["judged"], 100)
        self.assertTrue(until(lambda: learner.version() == verdict["version"]))
        self.assertGreater(len(stages - {None}), 2, stages)
        fresh = addresses(random.Random(2), 1)[0]
        talks.append(voices.Conversation.open(air.lab, fresh))
        for talk in talks:
            talk.finish()
            self.assertEqual(voices.judge(talk, "vsftpd"), "")
        spoke = until(lambda: self.versions_of({t.address for t in talks}, OPEN + 1))
        self.assertEqual({spoke.pop(fresh)}, {verdict["version"]})
        self.assertEqual(set(spoke.values()), {before})
        self.assertTrue(until(lambda: [n for n in learner.notes("retire") if n["version"] == before]))

    def versions_of(self, targets, n):
        spoke = {r["dest_ip"]: r["mynah"]["model_version"] for r in learner.records()
                 if r.get("dest_ip") in targets}
        return spoke if len(spoke) == n else None

    def test_3_poison_is_refused_with_its_numbers(self):
        before = learner.version()
        few = captures.part(VSFTPD, made / "few.pcap", 800, 60)
        more_than_all_before = 16	# times 60 conversations: the garbage is what most are greeted with
        verdict, _ = learner.verdict_on(captures.poison(few, made / "poison.pcap", more_than_all_before))
        self.assertFalse(verdict["passed"], verdict["why"])
        self.assertTrue(verdict["old"]["replies"]["worse"], verdict)
        self.assertGreater(verdict["old"]["replies"]["lost"], verdict["old"]["replies"]["won"])
        self.assertIn("which is worse", verdict["why"])
        self.assertEqual(learner.version(), before)
        self.assertEqual(learner.states()["poison.pcap"], "refused")
        self.assertEqual(learner.ask("status")["trained"][0]["outcome"], "refused")

    def test_4_rollback_goes_back_and_forth(self):
        newest, older = learner.version(), learner.notes("load")[-1]["before"]
        air.sensor.ctl("rollback", "ftp")
        self.assertEqual(learner.version(), older)
        air.sensor.ctl("rollback", "ftp")
        self.assertEqual(learner.version(), newest)
        self.assertEqual([n["version"] for n in learner.notes("rollback")], [older, newest])

    def test_5_cancel_ends_a_job_and_its_capture_stays_new(self):
        before = {m["name"]: m["version"] for m in learner.ask("models")["models"] if m["on_air"]}
        learner.drop(AGAIN, "http")
        self.assertTrue(until(lambda: learner.ask("status")["training"].get("stage")))
        with self.assertRaises(Failed):
            air.sensor.ctl("retrain", "nothing")
        air.sensor.ctl("cancel")
        self.assertTrue(until(lambda: not learner.ask("status")["training"]["busy"]))
        self.assertEqual(learner.notes("failed")[-1]["reason"], "cancelled")
        self.assertEqual(learner.states("http"), {AGAIN.name: "new"})
        self.assertEqual({m["name"]: m["version"] for m in learner.ask("models")["models"] if m["on_air"]}, before)

    def test_6_what_was_on_air_is_on_air_after_a_restart(self):
        before, kept = learner.version(), learner.states()
        self.assertEqual(air.sensor.stop(), 0)
        air.sensor.start()
        self.assertEqual(learner.version(), before)
        self.assertEqual(learner.states(), kept)
        talk = voices.Conversation.open(air.lab, addresses(random.Random(3), 1)[0])
        talk.finish()
        self.assertEqual(voices.judge(talk, "vsftpd"), "")
