"""A laboratory with a sensor on air, for the tests of one module.

The models are learned once per run of scripts/test: they lie in the build folder, and are made
again when the program that learns is newer.
"""
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from lab.lab import Lab  # noqa: E402
from lab.models import CAPTURES, SERVICES, learn  # noqa: E402
from lab.sensor import Sensor  # noqa: E402

PROGRAMS = Path(os.environ.get("MYNAH_BUILD", ROOT / "build")).resolve()


def why_not():
    """Why there can be no laboratory here; empty if there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for tool in ("ip", "nft", "ethtool", "lftp", "tnftp", "ncftp", "curl", "dig", "nmap", "ping", "dumpcap"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    for program in ("mynah", "mynahd"):
        if not (PROGRAMS / "control" / program).exists():
            return f"there is no {program} in {PROGRAMS.name}/control"
    return ""


def models_folder():
    folder = PROGRAMS / "lab-models"
    folder.mkdir(exist_ok=True)
    return folder


def models(folder=None):
    """The usual models, learned again when the program that learns is newer."""
    folder = folder or models_folder()
    program = (PROGRAMS / "control/mynah").stat().st_mtime
    images = {}
    for name in CAPTURES:
        image = folder / f"{name}.mynah"
        if not image.exists() or image.stat().st_mtime < program:
            learn(PROGRAMS, name, folder)
        images[name] = image
    return images


class Air:
    """What setUpModule() makes: namespaces, models, a sensor that is ready."""

    def __init__(self, name, edit, environment, services, learned):
        self.models = learned(models_folder())
        self.home = Path(tempfile.mkdtemp(prefix="mynah-lab-"))
        unittest.addModuleCleanup(shutil.rmtree, self.home)
        self.lab = Lab(f"mt{os.getpid()}-{name}")
        unittest.addModuleCleanup(self.lab.down)
        self.lab.up()
        self.sensor = Sensor(self.lab, PROGRAMS, self.home, self.models, services)
        text = self.sensor.configuration.read_text()
        self.sensor.configuration.write_text(edit(text))
        self.sensor.environment = environment
        unittest.addModuleCleanup(self.stop)
        self.sensor.start()

    def stop(self):
        """Ends the sensor; one that did not live to see this, or ends badly, is a failure."""
        alive = self.sensor.alive()
        status = self.sensor.stop()
        if not alive or status != 0:
            log = self.sensor.log.read_text(errors="replace")[-3000:]
            raise AssertionError(f"mynahd {'ended' if alive else 'died'} with {status}:\n{log}")


def on_air(name, edit=lambda text: text, environment={}, services=SERVICES, learned=models):
    """For setUpModule(): an Air, or a skip of the whole module that says why.

    edit makes the sensor's configuration out of the usual one; environment is mynahd's. Services by port,
    and what makes their models in a folder, where they are others than the usual ones.
    """
    reason = why_not()
    if reason:
        raise unittest.SkipTest(reason)
    return Air(name, edit, environment, services, learned)
