"""What the tests of learning share: a sensor with folders to learn in, and questions to it."""
import json
import shutil
import time

import captures
from air import PROGRAMS, ROOT, models
from lab.process import must

VSFTPD = ROOT / "tests/data/ftp-vsftpd.pcap.gz"
HOLD_OUT = "20"
LEARNS = 300.0	# seconds; a busy machine learns slowly, and what is said of time is said by scripts/bench


def first_model(folder, conversations=200):
    """A model as an operator makes it for a sensor that shall learn on."""
    capture, image = captures.part(VSFTPD, folder / "first.pcap", 0, conversations), folder / "first.mynah"
    must([str(PROGRAMS / "control/mynah"), "learn", "-n", "ftp", "-e", HOLD_OUT, "-o", str(image), str(capture)],
         "mynah learn")
    return image


def learns(text, image):
    """The usual configuration, with that FTP model and folders to learn in."""
    return (text.replace(str(models()["ftp"]) + "\n", f"{image}\n") + "state-folder: state\nspool-folder: spool\n"
            f"training: {{hold-out: {HOLD_OUT}}}\n")


def until(answer, seconds=60.0):
    """The first true answer; the last one when the time is over."""
    over = time.monotonic() + seconds
    while not (got := answer()) and time.monotonic() < over:
        time.sleep(0.02)
    return got


class Learner:
    """The learning side of an Air."""

    def __init__(self, air):
        self.sensor, self.home = air.sensor, air.home

    def ask(self, *words):
        return json.loads(self.sensor.ctl("--json", *words))

    def records(self):
        lines = self.sensor.records.read_bytes().split(b"\n")[:-1] if self.sensor.records.exists() else []
        return [json.loads(line) for line in lines]

    def notes(self, action):
        """What the record file tells of models, oldest first."""
        return [r["mynah"] for r in self.records()
                if r["mynah"]["kind"] == "model" and r["mynah"]["action"] == action]

    def drop(self, capture, service="ftp"):
        """Into the spool as a careful program does: under another name first."""
        tray = self.home / "spool" / service
        shutil.copy(capture, tray / ".coming")
        (tray / ".coming").rename(tray / capture.name)

    def on_air(self, service="ftp"):
        return next(m for m in self.ask("models")["models"] if m["name"] == service and m["on_air"])

    def version(self):
        return self.on_air()["version"]

    def verdict_on(self, capture):
        """Drops a capture and waits for its verdict; the stages that were seen meanwhile."""
        before, stages = len(self.notes("verdict")), set()
        self.drop(capture)

        def judged():
            stages.add(self.ask("status")["training"].get("stage"))
            return len(self.notes("verdict")) > before
        if not until(judged, LEARNS):
            raise AssertionError(self.sensor.log.read_text()[-2000:])
        return self.notes("verdict")[-1], stages

    def states(self, service="ftp"):
        return {c["capture"]: c["state"] for c in self.ask("corpus", service)["corpus"]}
