"""What the NetBIOS scanners of Debian find out about the sensor, beside what they find out about Samba.

The sensor speaks models of udp/137 and of tcp/445 and tcp/139, learned from captures of a Samba that is not in this
repository; without these the module is skipped. Where smbd and nmbd are installed, a Samba configured like the one of the
captures stands in a namespace of its own, and is asked the same: so what is expected here is what it says.
"""
import os
import re
import shutil
import signal
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

from air import PROGRAMS, ROOT, on_air
from lab.process import must, run

TRACES = ROOT.parent / "shared/traces"
SERVICES = {	# port -> name of the model, capture
    "udp/137": ("nbns", "nbns.pcap"),
    "tcp/445": ("smb", "smb.pcap.gz"),
    "tcp/139": ("session", "smb.pcap.gz"),
}
LEARNER = os.environ.get("MYNAH_LEARNER", "scriptgen")
SENSOR = "198.19.7.9"
SAMBA = "198.18.0.10"	# that of the captures
HOST, GROUP = "FILESRV", "CORPNET"
NMAP = ["nmap", "-n", "-Pn", "--host-timeout", "60s"]
CONFIGURATION = """\
[global]
  netbios name = FILESRV
  workgroup = CORPNET
  server string = Department file store
  interfaces = {address}/24
  bind interfaces only = yes
  server min protocol = NT1
  ntlm auth = ntlmv1-permitted
  map to guest = Bad User
  wins support = yes
  load printers = no
  printing = bsd
  disable spoolss = yes
  private dir = {top}
  lock directory = {top}
  state directory = {top}
  cache directory = {top}
  pid directory = {top}
  ncalrpc dir = {top}/rpc
  log file = {top}/log
[public]
  path = {top}/share
  comment = public share
  guest ok = yes
"""


@dataclass(frozen=True)
class Scan:
    argv: list		    # ADDRESS stands for the host that is asked
    finds: dict		    # what must come out: its name -> pattern in the output


def nmap(port, *scripts):
    return [*NMAP, *(["-sU"] if port == "137" else []), "-p", port, "--script", ",".join(scripts), "ADDRESS"]


NAMES = {f"{HOST}<{suffix:02x}>": rf"{HOST}\s*<{suffix:02x}>" for suffix in (0x00, 0x03, 0x20)}
GROUPS = {f"{GROUP}<{suffix:02x}>": rf"{GROUP}\s*<{suffix:02x}>" for suffix in (0x00, 0x1e)}
DIALECTS = ("NT LM 0.12 (SMBv1)", "202", "210", "300", "302", "311")

SCANS = {
    "nmblookup -A": Scan(["nmblookup", "-A", "ADDRESS"], {**NAMES, **GROUPS, "end": "MAC Address = 00-00-00-00-00-00"}),
    # One question of 78 bytes does not earn an answer of 300 (limits: udp-ratio); asked again it does.
    "nbtscan": Scan(["nbtscan", "-m", "3", "ADDRESS"], {"line": rf"ADDRESS\s+{HOST}\s+<server>\s.*\s00:00:00:00:00:00"}),
    "nbtscan -v": Scan(["nbtscan", "-m", "3", "-v", "ADDRESS"],
                       {"name": rf"{HOST}\s+<20>\s+UNIQUE", "group": rf"{GROUP}\s+<00>\s+GROUP"}),
    "nmap nbstat": Scan(nmap("137", "nbstat"), {"open": r"137/udp open", "name": rf"nbstat: NetBIOS name: {HOST},",
                        **{n: re.escape(n) for n in NAMES}, **{n: re.escape(n) for n in GROUPS}}),
    "nmap smb-protocols": Scan(nmap("445", "smb-protocols"), {d: rf"^\|[ _] +{re.escape(d)}" for d in DIALECTS}),
    "nmap smb2-security-mode": Scan(nmap("445", "smb2-security-mode"),
                                    {"311": r"311:", "mode": "Message signing enabled but not required"}),
    "nmap smb2-capabilities": Scan(nmap("445", "smb2-capabilities"),
                                   {"202": r"202: \n\|     Distributed File System", "311": "311:"}),
    "nmap smb2-time": Scan(nmap("445", "smb2-time"), {"date": r"date: 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d"}),
    "nmap smb-security-mode": Scan(nmap("445", "smb-security-mode"),
        {"account": "account_used: guest", "level": "authentication_level: user",
         "challenge": "challenge_response: supported", "signing": r"message_signing: disabled"}),
    "nmap smb-os-discovery": Scan(nmap("445", "smb-os-discovery"),
        {"os": r"OS: Windows 6\.1 \(Samba", "name": rf"NetBIOS computer name: {HOST}"}),
    "smbclient -L, NT1": Scan(["smbclient", "-N", "-L", "//ADDRESS", "--option=client min protocol=NT1",
                               "--option=client max protocol=NT1"],
        {"share": r"^\s+public\s+Disk\s+public share$", "pipes": r"^\s+IPC\$\s+IPC\s+IPC Service \(Department file store\)$"}),
    "nmap smb-vuln-ms17-010": Scan(nmap("445", "smb-vuln-ms17-010"), {"open": "445/tcp open"}),
    "nmap smb-double-pulsar-backdoor": Scan(nmap("445", "smb-double-pulsar-backdoor"), {"open": "445/tcp open"}),
}


def missing(scan, address, done):
    """What a scanner should have found and did not."""
    if done.status != 0:
        return [f"exit status {done.status}"]
    return [name for name, pattern in scan.finds.items()
            if not re.search(pattern.replace("ADDRESS", re.escape(address)), done.output, re.M)]


def scan_all(case, lab, address, scans=SCANS, user="root"):
    for name, scan in scans.items():
        done = run(lab.client([word.replace("ADDRESS", address) for word in scan.argv]), timeout=90.0,
                   env={"USER": user})
        with case.subTest(scanner=name, address=address, user=user):
            case.assertEqual(missing(scan, address, done), [], "\n" + done.output[-3000:])


def learned(folder):
    """The models, learned once; passwords are made up ones there."""
    images = {}
    for port, (name, capture) in SERVICES.items():
        images[name] = folder / f"{LEARNER}-{name}.mynah"
        if not images[name].exists() or images[name].stat().st_mtime < (PROGRAMS / "control/mynah").stat().st_mtime:
            must([str(PROGRAMS / "control/mynah"), "learn", "--no-scrub", "--learner", LEARNER, "--port", port,
                  "-n", name, "-o", str(images[name]), str(TRACES / capture)], f"learning {capture}", 300.0)
    return images


def stop(pidfile):
    """Ends a daemon that has written down its number."""
    os.kill(int(pidfile.read_text()), signal.SIGTERM)


def setUpModule():
    global air
    for _, capture in SERVICES.values():
        if not (TRACES / capture).exists():
            raise unittest.SkipTest(f"there is no {capture} beside this repository")
    for tool in ("smbclient", "nmblookup", "nbtscan"):
        if shutil.which(tool) is None:
            raise unittest.SkipTest(f"{tool} is not installed")
    air = on_air("scanners", services={port: name for port, (name, _) in SERVICES.items()},
                 learned=learned)


class Sensor(unittest.TestCase):
    def test_scanners_find_the_host_of_the_captures(self):
        scan_all(self, air.lab, SENSOR)

    def test_whatever_host_is_asked_shares_are_listed(self):
        for i in range(4):
            address = f"198.19.{i * 31 + 3}.{i * 57 + 1}"
            scan_all(self, air.lab, address, {"smbclient -L, NT1": SCANS["smbclient -L, NT1"]})

    def test_whoever_asks_shares_are_listed(self):
        """A login holds its user's name: of another length it leads elsewhere in the machine, or out of it."""
        for i, user in enumerate(("", "eve", "operator", "scan-user", "backup-agent") * 3):
            address = f"198.19.{i * 17 + 5}.{i * 13 + 2}"
            scan_all(self, air.lab, address, {"smbclient -L, NT1": SCANS["smbclient -L, NT1"]}, user)

    def test_ids_come_back_whoever_asks(self):
        """nmblookup drops answers with another id than the one that it drew."""
        for i in range(20):
            done = run(air.lab.client(["nmblookup", "-A", f"198.19.{i}.{200 - i}"]), timeout=20.0)
            self.assertIn(f"{HOST} ", done.output)


class Samba(unittest.TestCase):
    """What is expected of the sensor is what Samba says."""

    @classmethod
    def setUpClass(cls):
        if shutil.which("smbd") is None or shutil.which("nmbd") is None:
            raise unittest.SkipTest("samba is not installed")
        top = air.home / "samba"
        (top / "share").mkdir(parents=True)
        configuration = top / "smb.conf"
        configuration.write_text(CONFIGURATION.format(top=top, address=SAMBA))
        inside = cls.enterClassContext(air.lab.neighbour("samba", SAMBA))
        for daemon in ("smbd", "nmbd"):
            must(inside([daemon, "-s", str(configuration), "-D"]), daemon)
            cls.addClassCleanup(stop, top / f"{daemon}.pid")
        until = time.monotonic() + 30.0
        for argv in (["nmblookup", "-A", SAMBA], ["smbclient", "-N", "-L", f"//{SAMBA}"]):
            while (done := run(air.lab.client(argv), timeout=20.0)).status != 0:
                if time.monotonic() > until:
                    raise AssertionError(f"samba does not answer {argv[0]}: {done.output}")
                time.sleep(0.2)

    def test_scanners_find_the_same(self):
        scan_all(self, air.lab, SAMBA)
