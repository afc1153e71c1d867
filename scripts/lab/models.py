"""The programs, and the models that the demo and the tests learn from the shipped captures."""
import os
import subprocess

from lab.lab import ROOT
from lab.process import Failed, end, must

CAPTURES = {	# model -> capture in tests/data, service, name inside the model
    "ftp": ("ftp-vsftpd.pcap.gz", "tcp/21", "ftp"),
    "ftp-other": ("ftp-proftpd.pcap.gz", "tcp/21", "ftp"),
    "dns": ("dns-dnsmasq.pcap.gz", "udp/53", "dns"),
    "http": ("http-nginx.pcap.gz", "tcp/80", "http"),
}
SERVICES = {"tcp/21": "ftp", "udp/53": "dns", "tcp/80": "http"}	# what is on air at first


def _shown(argv, what):
    """Runs a program whose output and progress the user sees."""
    child = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        status = child.wait()
    except BaseException:
        end(child)
        raise
    if status != 0:
        raise Failed(f"{what} failed (exit status {status})")


def build(folder, options):
    """Builds both programs in a folder of its own; a second time takes a moment."""
    if not (folder / "build.ninja").exists():
        must(["meson", "setup", str(folder), str(ROOT), "-Dtests=disabled", *options], "meson setup")
    _shown(["ninja", "-C", str(folder), "control/mynah", "control/mynahd"], "the build")


def learn(programs, name, run):
    """Learns one of CAPTURES into the folder `run`; returns the image's path."""
    capture, port, service = CAPTURES[name]
    image = run / f"{name}.mynah"
    # The captures are ours and their users made up: the clients here log in as them, with their passwords.
    _shown([str(programs / "control/mynah"), "learn", "--no-scrub", "--port", port, "--name", service,
            "--seed", "1", "-o", str(image), os.path.relpath(ROOT / "tests/data" / capture, ROOT)],
           f"learning {name} from {capture}")
    return image
