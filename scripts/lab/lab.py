"""The two namespaces of scripts/netns-lab: commands and sockets inside, frames lost on the way."""
import contextlib
import ctypes
import ipaddress
import os
import re
import socket
import subprocess
from pathlib import Path

from lab.process import Failed, must, run

ROOT = Path(__file__).resolve().parents[2]
PREFIX = ipaddress.ip_network("198.19.0.0/16")
CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)

# Both rules stand on the kernel's side of the pair: packet sockets on the sensor's side see
# frames before any rule there does.
LOSS = """
table netdev loss {{
  chain to_sensor {{ type filter hook egress device "veth-c" priority 0;
    meta protocol {{ ip, ip6 }} {some} counter drop; }}
  chain to_client {{ type filter hook ingress device "veth-c" priority 0;
    meta protocol {{ ip, ip6 }} {some} counter drop; }}
}}
"""


TWICE = """
table netdev twice {{
  chain to_sensor {{ type filter hook egress device "veth-c" priority 0;
    meta protocol {{ ip, ip6 }} numgen random mod 100 < {percent} counter dup to "veth-c"; }}
}}
"""


def addresses(rng, n):
    """n different addresses of the /16."""
    return [str(PREFIX[i]) for i in rng.sample(range(PREFIX.num_addresses), n)]


def _setns(path):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _libc.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")
    finally:
        os.close(fd)


class Lab:
    def __init__(self, prefix):
        self.prefix = prefix
        self.client_ns = f"/run/netns/{prefix}-client"
        self.sensor_ns = f"/run/netns/{prefix}-sensor"

    def _netns_lab(self, verb):
        done = run([str(ROOT / "scripts/netns-lab"), "-p", self.prefix, verb])
        if done.status != 0:
            raise Failed(done.output.strip() or f"scripts/netns-lab {verb} failed")

    def up(self):
        self._netns_lab("up")

    def down(self):
        self._netns_lab("down")

    def client(self, argv):
        """argv, to be run in the client's namespace."""
        return ["nsenter", "--net=" + self.client_ns, "--", *argv]

    def sensor(self, argv):
        return ["nsenter", "--net=" + self.sensor_ns, "--", *argv]

    @contextlib.contextmanager
    def neighbour(self, name, address):
        """Another kernel with that address of 198.18.0.0/24, in a namespace of its own beside the client's.

        Yields a function that makes a command run there.
        """
        ns = f"{self.prefix}-{name}"
        inside = lambda argv: ["nsenter", f"--net=/run/netns/{ns}", "--", *argv]    # noqa: E731
        must(["ip", "netns", "add", ns], "ip netns")
        try:
            must(self.client(["ip", "link", "add", "veth-r", "type", "veth", "peer", "name", "veth-x", "netns", ns]), "ip link")
            for argv in (self.client(["ip", "addr", "add", "198.18.0.1/24", "dev", "veth-r"]),
                         self.client(["ip", "link", "set", "veth-r", "up"]),
                         inside(["ip", "link", "set", "lo", "up"]), inside(["ip", "link", "set", "veth-x", "up"]),
                         inside(["ip", "addr", "add", f"{address}/24", "dev", "veth-x"]),
                         inside(["ip", "route", "add", "default", "via", "198.18.0.1"])):
                must(argv, "ip")
            yield inside
        finally:
            run(["ip", "netns", "del", ns])

    @contextlib.contextmanager
    def within(self, namespace):
        """This thread in a namespace, for what is opened there."""
        with open("/proc/thread-self/ns/net", "rb") as home:
            _setns(namespace)
            try:
                yield
            finally:
                if _libc.setns(home.fileno(), CLONE_NEWNET) != 0:
                    os.abort()	# in a namespace that is not ours nothing else can be right

    def socket(self, kind=socket.SOCK_STREAM, family=socket.AF_INET, proto=0):
        """A socket in the client's namespace, held by this process."""
        with self.within(self.client_ns):
            return socket.socket(family, kind, proto)

    @contextlib.contextmanager
    def loss(self, percent, evenly=False):
        """Loses that share of the frames in each direction; yields a function that counts them.

        Evenly: one frame in so many, never two in a row.
        """
        nft = self.client(["nft"])
        some = f"numgen random mod 100 < {percent}" if percent < 100 else ""
        if evenly:
            some = f"numgen inc mod {100 // percent} == 0"
        subprocess.run([*nft, "-f", "-"], input=LOSS.format(some=some), text=True,
                       check=True, timeout=20)
        try:
            yield self.lost
        finally:
            subprocess.run([*nft, "delete", "table", "netdev", "loss"], timeout=20)

    @contextlib.contextmanager
    def twice(self, percent):
        """That share of the frames arrives at the sensor twice; yields a function that counts them."""
        nft = self.client(["nft"])
        subprocess.run([*nft, "-f", "-"], input=TWICE.format(percent=percent), text=True, check=True, timeout=20)
        try:
            yield lambda: int(re.search(r"counter packets (\d+)", must(
                self.client(["nft", "list", "table", "netdev", "twice"]), "nft list").output)[1])
        finally:
            subprocess.run([*nft, "delete", "table", "netdev", "twice"], timeout=20)

    def lost(self):
        """Frames lost so far (towards the sensor, towards the client)."""
        text = must(self.client(["nft", "list", "table", "netdev", "loss"]), "nft list").output
        to_sensor, to_client = (int(n) for n in re.findall(r"counter packets (\d+)", text))
        return to_sensor, to_client
