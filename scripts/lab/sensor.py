"""mynahd in the sensor's namespace, and mynah ctl beside it."""
import json
import os
import signal
import time
from pathlib import Path

from lab.models import SERVICES
from lab.process import Failed, end, must, run, start

CONFIGURATION = """\
# Written by the laboratory (scripts/lab/sensor.py).
ports:
  - device: net_af_packet0,iface=veth-s,framecnt=4096
    link-address: 192.0.2.2
huge-pages: no
models:
{models}
prefixes:
  - prefix: 198.19.0.0/16
    action: reset
    services:
{services}
control-socket: {socket}
record-file: {records}
"""


class Sensor:
    def __init__(self, lab, programs, folder, models, services=SERVICES):
        """models: those of services, by name, as paths of images."""
        self.lab = lab
        self.mynah = str(programs / "control/mynah")
        self.mynahd = str(programs / "control/mynahd")
        self.folder = folder
        self.socket = folder / "control.sock"
        self.records = folder / "records.json"
        self.log = folder / "mynahd.log"
        self.configuration = folder / "mynahd.yaml"
        self.child = None
        self.environment = {}	# of mynahd, beside ours
        names = sorted(set(services.values()))
        self.configuration.write_text(CONFIGURATION.format(
            models="\n".join(f"  - name: {n}\n    file: {models[n]}" for n in names),
            services="\n".join(f"      - port: {port}\n        model: {n}"
                               for port, n in services.items()),
            socket=self.socket, records=self.records))

    @property
    def pid(self):
        return self.child.pid

    def start(self, dies_with_us=True, patience=60.0, check=True):
        """Starts mynahd and waits until its control socket says that it is ready."""
        if check:
            must(self.lab.sensor([self.mynahd, "-c", str(self.configuration), "--check"]),
                 "mynahd --check")
        extra = [f"{name}={value}" for name, value in self.environment.items()]
        self.child = start(self.lab.sensor(["env", *extra, self.mynahd, "-c", str(self.configuration)]),
                           self.log, dies_with_us)
        until = time.monotonic() + patience
        while run(self._ctl("status"), timeout=10.0).status != 0:
            if self.child.poll() is not None:
                raise Failed(f"mynahd ended at once (exit status {self.child.returncode}):\n"
                             + self.log.read_text(errors="replace")[-2000:])
            if time.monotonic() > until:
                raise Failed(f"mynahd was not ready after {patience:.0f} s; see {self.log}")
            time.sleep(0.05)

    def _ctl(self, *words):
        return [self.mynah, "ctl", "-s", str(self.socket), *map(str, words)]

    def ctl(self, *words):
        return must(self._ctl(*words), "mynah ctl " + " ".join(map(str, words))).output

    def load(self, image, service="ftp"):
        return self.ctl("load", image, service)

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def stop(self):
        """Ends mynahd; returns its exit status (None if it never ran)."""
        if self.child is None:
            return None
        status = end(self.child, 15.0)
        self.child = None
        return status

    def remember(self):
        """Writes down what --keep leaves running, for the next run to end."""
        (self.folder / "kept").write_text(json.dumps({"pid": self.pid, "mynahd": self.mynahd}))

    @staticmethod
    def stop_kept(folder):
        """Ends the mynahd that an earlier run left in this folder, if it is still that one."""
        note = Path(folder) / "kept"
        try:
            kept = json.loads(note.read_text())
            argv = Path(f"/proc/{kept['pid']}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError, KeyError):
            note.unlink(missing_ok=True)
            return
        if kept["mynahd"].encode() in argv:
            for number, patience in ((signal.SIGTERM, 100), (signal.SIGKILL, 20)):
                try:
                    os.kill(kept["pid"], number)
                    while patience and Path(f"/proc/{kept['pid']}").exists():
                        time.sleep(0.1)
                        patience -= 1
                except ProcessLookupError:
                    break
        note.unlink(missing_ok=True)
