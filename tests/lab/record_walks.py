#!/usr/bin/env python3
"""record_walks.py - random walks through a real FTP server, recorded for service mining.

    sudo tests/lab/record_walks.py OUT.pcap [--server proftpd|vsftpd] [--peers 40] [--walks 2] [--commands 45]
                                            [--seed 1]

Runs the server and tcpdump in namespaces of their own. Every client address is a user of its
own with a fresh home, so that what one peer did is there in its next conversation and nobody else
sees it. The nine commands of the paper (SM05): PWD GET PUT LS CD RMDIR MKDIR USER PASS, drawn evenly;
names from a small stock, so that walks cross their own paths. Data connections are passive, announced by PASV
and EPSV in turn, and a list is asked for with NLST or LIST.
"""
import argparse
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SERVER = "198.18.0.20"
UNKNOWN = ("AUTH TLS", "PBSZ 0", "PROT P", "XYZZY", "FROB a b", "teleport home")
DIRS = ("docs", "pub", "old", "new", "tmp")
FILES = ("readme.txt", "notes", "list.csv", "a.bin")
FRESH = {"docs/": None, "pub/": None, "docs/old/": None, "readme.txt": 120, "notes": 77,
         "docs/list.csv": 300, "pub/a.bin": 512}
PROFTPD = """
ServerName "walks"
ServerType standalone
DefaultAddress {server}
Port 21
UseIPv6 off
User root
Group root
PidFile {top}/pid
ScoreboardFile {top}/score
DelayEngine off
WtmpLog off
TransferLog none
SystemLog {top}/log
AuthOrder mod_auth_file.c
AuthUserFile {top}/passwd
RequireValidShell off
RootLogin on
DefaultRoot ~
AllowOverwrite on
UseReverseDNS off
TimesGMT on
MaxInstances none
TimeoutIdle 600
<Limit ALL>
  AllowAll
</Limit>
"""
VSFTPD = """
listen=YES
listen_address={server}
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
chroot_local_user=YES
allow_writeable_chroot=YES
secure_chroot_dir={top}/empty
pam_service_name=vsftpd
check_shell=NO
session_support=NO
tcp_wrappers=NO
local_umask=022
max_per_ip=0
idle_session_timeout=600
"""
PAM = "auth required pam_unix.so\naccount required pam_unix.so\n"
FIRST_UID = 3000	# of vsftpd's users, who must be somebody


def peer_of(i):
    return f"198.18.1.{10 + i}"


def content(name):
    """A file of that name is the same wherever it is."""
    name = name.split("/")[-1]
    return b"x" * next(size for path, size in FRESH.items() if path.split("/")[-1] == name)


def make_home(top):
    for name in FRESH:
        path = top / name
        if name.endswith("/"):
            path.mkdir(parents=True)
        else:
            path.write_bytes(content(name))


def write_users(top, peers, first):
    """Lines of passwd; the users have numbers from first on, or are all root."""
    lines = []
    for i in range(peers):
        home, uid = top / "home" / f"user{i}", first + i if first else 0
        home.mkdir(parents=True)
        make_home(home)
        for path in (home, *home.rglob("*")):
            os.chown(path, uid, uid)
        word = subprocess.run(["openssl", "passwd", "-1", "-salt", "walks", f"pass{i}"],
                              capture_output=True, text=True, check=True).stdout.strip()
        lines.append(f"user{i}:{word}:{uid}:{uid}::{home}:/bin/sh\n")
    (top / "passwd").write_text("".join(lines))
    (top / "passwd").chmod(0o600)
    top.chmod(0o755)


def proftpd(top, peers):
    write_users(top, peers, 0)
    (top / "conf").write_text(PROFTPD.format(server=SERVER, top=top))
    return ["proftpd", "-n", "-c", top / "conf"]


def vsftpd(top, peers):
    """Its users are those of the system: of one that only the namespace sees."""
    write_users(top, peers, FIRST_UID)
    (top / "conf").write_text(VSFTPD.format(server=SERVER, top=top))
    for name in ("empty", "pam.d"):
        (top / name).mkdir()
    (top / "pam.d" / "vsftpd").write_text(PAM)
    with open("/etc/passwd") as here, open(top / "passwd", "a") as users:
        users.write(here.read())
    for mine, theirs in ((top / "passwd", "/etc/passwd"), (top / "pam.d", "/etc/pam.d")):
        subprocess.run(["mount", "--bind", mine, theirs], check=True)
    (top / "passwd").chmod(0o644)
    return ["vsftpd", top / "conf"]


SERVERS = {"proftpd": proftpd, "vsftpd": vsftpd}


class Client:
    """One control connection; what it says is what a program without a head would say."""

    def __init__(self, me):
        self.me = me
        self.extended = False
        self.sock = socket.create_connection((SERVER, 21), timeout=20, source_address=(me, 0))
        self.file = self.sock.makefile("rb")
        self.reply()

    def reply(self):
        line = first = self.file.readline().decode()
        while line and first[3:4] == "-" and not line.startswith(first[:3] + " "):
            line = self.file.readline().decode()
        if not line:
            raise ConnectionError("the server closed")
        return line

    def say(self, words):
        self.sock.sendall(words.encode() + b"\r\n")
        return self.reply()

    def passive(self):
        """The port that the server announces; both ways to ask for it in turn."""
        self.extended = not self.extended
        line = self.say("EPSV" if self.extended else "PASV")
        inside = line[line.index("(") + 1:line.index(")")]
        if self.extended:
            return int(inside.strip("|"))
        n = [int(x) for x in inside.split(",")]
        return n[4] * 256 + n[5]

    def data(self, words, upload=None):
        far = socket.create_connection((SERVER, self.passive()), timeout=20, source_address=(self.me, 0))
        line = self.say(words)
        if line[0] == "1":
            if upload is not None:
                far.sendall(upload)
            while upload is None and far.recv(65536):
                pass
            far.close()
            self.reply()
        far.close()


def knock(c, rng):
    """What is tried before the login, some of it by each; and verbs that no server has."""
    early = ("PWD", "CWD docs", "MKD new", "RMD docs", "TYPE I", "SYST", "FEAT", "NOOP", "PASV", "EPSV", "SIZE notes", "LIST", "RETR notes")
    for words in rng.sample(early, 4) + rng.sample(UNKNOWN, 2):
        c.say(words)


def greet(c, rng):
    """What programs with a head say first, each something else; active data is only announced, never used."""
    known = ("SYST", "FEAT", "OPTS UTF8 ON", "NOOP", "TYPE A", "MDTM " + rng.choice(("nothing", "nowhere")),
             f"EPRT |1|{c.me}|40001|", f"PORT {c.me.replace('.', ',')},156,65")
    for words in rng.sample(known + UNKNOWN, 7):
        c.say(words)


def walk(me, user, words, rng, commands):
    c = Client(me)
    knock(c, rng)
    c.say(f"USER {user}")
    c.say(f"PASS {words}")
    greet(c, rng)
    for _ in range(commands - 2):
        what = rng.choice(("PWD", "GET", "PUT", "LS", "CD", "RMDIR", "MKDIR", "USER", "PASS"))
        d, f = rng.choice(DIRS), rng.choice(FILES + DIRS[:1])
        if what == "PWD":
            c.say("PWD")
        elif what == "GET":
            c.say("TYPE I")
            c.say(f"SIZE {rng.choice(FILES + DIRS[:1])}")	# of any: what it says must not foretell what follows
            c.data(f"RETR {f}")
        elif what == "PUT":
            f = rng.choice(FILES)
            c.data(f"STOR {f}", content(f))
        elif what == "LS":
            c.data(rng.choice(("NLST", "LIST")))
        elif what == "CD":
            c.say("CWD " + (".." if rng.random() < 0.4 else d))
        elif what == "RMDIR":
            c.say(f"RMD {d}")
        elif what == "MKDIR":
            c.say(f"MKD {d}")
        elif what == "USER":
            c.say(f"USER {user}")
        else:
            c.say(f"PASS {words}")
    c.say("QUIT")
    c.sock.close()


def record(o, top):
    command = SERVERS[o.server](top, o.peers)
    for address in [SERVER] + [peer_of(i) for i in range(o.peers)]:
        subprocess.run(["ip", "addr", "add", address + "/32", "dev", "lo"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    dump = subprocess.Popen(["tcpdump", "-q", "-Z", "root", "-U", "-B", "16384", "-s", "0", "-i", "lo", "-w", o.out, "tcp port 21" if o.control else "tcp"],
                            stderr=subprocess.DEVNULL)
    try:
        time.sleep(1.5)
        rng = random.Random(o.seed)
        for n in range(o.walks):
            for i in range(o.peers):
                walk(peer_of(i), f"user{i}", f"pass{i}", rng, o.commands)
        time.sleep(1)
    finally:
        for child in (dump, server):
            child.send_signal(signal.SIGINT if child is dump else signal.SIGTERM)
            child.wait()


def main(argv):
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("out")
    p.add_argument("--server", choices=sorted(SERVERS), default="proftpd")
    p.add_argument("--peers", type=int, default=40)
    p.add_argument("--walks", type=int, default=2)
    p.add_argument("--commands", type=int, default=45)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--control", action="store_true", help="without the data connections")
    p.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    o = p.parse_args(argv[1:])
    if not o.inside:	# namespaces of our own: port 21 of somebody else, and the system's users, are not ours
        os.execvp("unshare", ["unshare", "-n", "-m", sys.executable, *argv, "--inside"])
    top = Path(tempfile.mkdtemp(prefix="mynah-walks-"))
    try:
        record(o, top)
    finally:
        shutil.rmtree(top)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
