"""A kernel speaks IPv6 with the sensor: who is there, ping, HTTP with loss, a closed port."""
import subprocess
import unittest

from air import on_air
from lab.process import run

PREFIX = "2001:db8:1913::/48"
HOST = "2001:db8:1913::53"
LINK = "2001:db8:2::2"


def edit(text):
    services = text.split("    services:\n")[1].split("control-socket:")[0]
    return (text.replace("link-address: 192.0.2.2", f"link-address: 192.0.2.2\n    link-address-ipv6: {LINK}")
            .replace("control-socket:", f"  - prefix: {PREFIX}\n    services:\n{services}control-socket:"))


def setUpModule():
    global air
    air = on_air("six", edit)
    for scope in ("all", "veth-c"):
        done = run(air.lab.client(["sh", "-c", f"echo 0 >/proc/sys/net/ipv6/conf/{scope}/disable_ipv6"]))
        if done.status != 0:
            raise unittest.SkipTest("this kernel has no IPv6")
    for words in (["addr", "add", "2001:db8:2::1/64", "dev", "veth-c", "nodad"],
                  ["route", "add", PREFIX, "via", LINK]):
        subprocess.run(air.lab.client(["ip", "-6", *words]), check=True, timeout=20)


def client(*words):
    return run(air.lab.client(list(words)), timeout=40.0)


class Six(unittest.TestCase):
    def test_ping_of_every_size_is_answered(self):
        for size in (0, 56, 1452):
            done = client("ping", "-6", "-c", "2", "-W", "5", "-s", str(size), HOST)
            self.assertEqual(done.status, 0, done.output)
            self.assertIn("ttl=64", done.output)

    def test_a_page_comes_also_where_frames_are_lost(self):
        page = client("curl", "-sS", "-g", "--max-time", "30", f"http://[{HOST}]/")
        self.assertEqual(page.status, 0, page.output)
        self.assertNotEqual(page.output, "")
        with air.lab.loss(10) as lost:
            for _ in range(5):
                again = client("curl", "-sS", "-g", "--max-time", "30", f"http://[{HOST}]/")
                self.assertEqual((again.status, len(again.output)), (0, len(page.output)), again.output)
            self.assertGreater(sum(lost()), 0)

    def test_what_is_closed_says_so(self):
        refused = client("curl", "-sS", "-g", "--max-time", "10", f"http://[{HOST}]:81/")
        self.assertEqual(refused.status, 7, refused.output)	# not 28: that would be silence
        query = client("dig", "-6", "+tries=1", "+time=5", "-p", "5353", f"@{HOST}", "example.com")
        self.assertIn("refused", query.output)


if __name__ == "__main__":
    unittest.main()
