"""Real clients fetch, store and list over the data connections that the sensor announces."""
import hashlib
import random
import sys
import unittest

from air import PROGRAMS, ROOT, on_air
from lab.lab import addresses
from lab.process import must, run
from learner import Learner, until

ACCOUNT = "user1:pass1"		# of tests/data/ftp-data-walks.pcap.gz, as are names and sizes


def setUpModule():
    global air
    air = on_air("transfers")
    image = air.home / "transfers.mynah"
    must([str(PROGRAMS / "control/mynah"), "learn", "-o", str(image), "--learner", "mining", "--definition",
          str(ROOT / "scripts/services/ftp.service"), "-p", "tcp/21",
          str(ROOT / "tests/data/ftp-data-walks.pcap.gz")], "mynah learn")
    air.sensor.load(image)


def curl(*words):
    return run(air.lab.client(["curl", "-sS", "--max-time", "20", *words]), timeout=30.0)


class Transfers(unittest.TestCase):
    def setUp(self):
        self.address = addresses(random.Random(self.id()), 1)[0]
        self.url = f"ftp://{ACCOUNT}@{self.address}/"

    def names(self, *words):
        done = curl("--list-only", *words, self.url)
        self.assertEqual(done.status, 0, done.output)
        return done.output.split()

    def test_both_ways_to_announce_list_the_same(self):
        extended = self.names()
        self.assertIn("readme.txt", extended)
        self.assertIn("docs", extended)
        self.assertEqual(self.names("--disable-epsv"), extended)

    def test_a_long_list_has_a_line_for_each_name(self):
        done = curl(self.url)
        self.assertEqual(done.status, 0, done.output)
        lines = done.output.splitlines()
        self.assertEqual(sorted(line.split()[-1] for line in lines), sorted(self.names()))
        self.assertTrue(all(line[0] in "d-" for line in lines), done.output)

    def test_a_file_of_the_capture_is_fetched_whole(self):
        done = curl(self.url + "readme.txt")
        self.assertEqual((done.status, done.output), (0, "x" * 120))

    def test_what_is_not_there_is_refused(self):
        self.assertEqual(curl(self.url + "nowhere.txt").status, 78, "RETR 550")

    def test_what_was_stored_is_there_for_its_peer(self):
        here = air.home / "fresh.txt"
        here.write_text("a few words\n" * 1000)
        self.assertNotIn("fresh.txt", self.names())
        self.assertEqual(curl("-T", str(here), self.url).status, 0)
        self.assertIn("fresh.txt", self.names())

    def transfers(self, n):
        """The records of what went over, once there are n, each with that of the conversation it names."""
        def told():
            mine = [r for r in Learner(air).records() if r.get("dest_ip") == self.address]
            flows = {r["flow_id"]: r for r in mine if r["event_type"] == "flow"}
            got = [r for r in mine if r["event_type"] == "fileinfo"]
            return len(got) >= n and all(r["parent_id"] in flows for r in got) and (got, flows)
        found = until(told, 20.0)
        self.assertTrue(found, f"there are no {n} records of transfers with their conversations")
        return found

    def test_what_went_over_has_records(self):
        here = air.home / "recorded.txt"
        here.write_text("words to be found again\n" * 500)
        self.assertEqual(curl("-T", str(here), self.url).status, 0)
        self.assertEqual(curl(self.url + "readme.txt").status, 0)
        records, flows = self.transfers(2)
        up, down = sorted(records, key=lambda r: r["timestamp"])
        for record, command, name, direction, content in (
                (up, "STOR", "recorded.txt", "to_server", here.read_bytes()),
                (down, "RETR", "readme.txt", "to_client", b"x" * 120)):
            self.assertEqual(record["fileinfo"], {"filename": name, "size": len(content), "state": "CLOSED",
                                                  "sha256": hashlib.sha256(content).hexdigest(),
                                                  "gaps": False, "stored": False})
            self.assertEqual((record["mynah"]["command"], record["mynah"]["direction"]), (command, direction))
            self.assertEqual(flows[record["parent_id"]]["dest_port"], 21)
            self.assertEqual(flows[record["flow_id"]]["dest_port"], record["dest_port"])
            self.assertEqual(flows[record["flow_id"]]["parent_id"], record["parent_id"])

    def send_a_mebibyte(self, name):
        """Uploads 1 MiB; what was taken must be byte for byte that."""
        here = air.home / name
        here.write_bytes(random.Random(name).randbytes(1 << 20))
        done = run(air.lab.client(["curl", "-sS", "--max-time", "60", "-T", str(here), self.url]), timeout=70.0)
        self.assertEqual(done.status, 0, done.output)

        def told():
            return [r["fileinfo"] for r in Learner(air).records() if r["event_type"] == "fileinfo" and
                    r["fileinfo"].get("filename") == name]	# a list has none
        self.assertTrue(until(lambda: told() != [], 20.0), "there is no record of it")
        self.assertEqual([(i["size"], i["sha256"]) for i in told()],
                         [(1 << 20, hashlib.sha256(here.read_bytes()).hexdigest())])

    def test_a_mebibyte_arrives_whole_whatever_is_lost(self):
        self.send_a_mebibyte("all.bin")
        # The kernel segments behind the hook that loses: of one in a hundred of what it sees, often none would be lost.
        must(air.lab.client(["ip", "link", "set", "veth-c", "gso_max_segs", "1"]), "ip link set gso_max_segs")
        self.addCleanup(run, air.lab.client(["ip", "link", "set", "veth-c", "gso_max_segs", "65535"]))
        for percent in (1, 5, 10):
            with self.subTest(lost=percent), air.lab.loss(percent) as lost:
                self.send_a_mebibyte(f"lost-{percent}.bin")
                self.assertGreater(min(lost()), 0)

    def test_a_mebibyte_arrives_whole_where_frames_come_twice(self):
        with air.lab.twice(30) as doubled:
            self.send_a_mebibyte("twice.bin")
            self.assertGreater(doubled(), 10)	# the kernel segments behind this hook: a frame here is several

    def test_a_mebibyte_arrives_whole_over_every_mtu(self):
        self.addCleanup(run, air.lab.client(["ip", "link", "set", "veth-c", "mtu", "1500"]))
        for mtu in (576, 1006, 1280, 1500):
            must(air.lab.client(["ip", "link", "set", "veth-c", "mtu", str(mtu)]), "ip link set mtu")
            with self.subTest(mtu=mtu):
                self.send_a_mebibyte(f"mtu-{mtu}.bin")

    def client(self, *words, say=""):
        return run(air.lab.client(["timeout", "40", *words]), stdin=say, timeout=60.0)

    def test_lftp_goes_through_a_session_as_with_a_server(self):
        here = air.home / "fetched"
        done = self.client("lftp", "-u", ACCOUNT.replace(":", ","), self.address, "-e",
                           "debug 4; set net:timeout 10; set net:max-retries 1; set cmd:fail-exit yes; nlist; cd docs; "
                           f"nlist; cd ..; get readme.txt -o {here}; put /etc/passwd -o users.txt; mkdir made; cd made; "
                           "cd ..; rmdir made; nlist; bye")
        self.assertEqual(done.status, 0, done.output)
        self.assertIn("500 AUTH not understood", done.output)
        self.assertEqual(here.read_text(), "x" * 120)
        lists = done.output.split("150 Opening")
        self.assertIn("list.csv", lists[2])
        self.assertIn("users.txt", lists[-1])
        self.assertNotIn("made", lists[-1].split("226")[0])

    def test_tnftp_goes_through_a_session_as_with_a_server(self):
        here = air.home / "got.csv"
        done = self.client("tnftp", "-inv", say=f"open {self.address}\nuser {ACCOUNT.replace(':', ' ')}\nls\ncd docs\n"
                           f"get list.csv {here}\ncd ..\nput /etc/passwd users.txt\nnlist\nmkdir made\nrmdir made\n"
                           "quote FROB x\nbye\n")
        for line in ("226 Transfer complete", '257 "/made" - Directory successfully created', "250 RMD command successful",
                     "500 FROB not understood", "users.txt", "221 Goodbye."):
            self.assertIn(line, done.output)
        self.assertEqual(here.stat().st_size, 300)

    def test_wget_fetches_the_tree(self):
        top = air.home / "tree"
        done = self.client("wget", "-T", "10", "-t", "1", "-nv", "-r", "-nH", "-P", str(top), self.url)
        self.assertEqual(done.status, 0, done.output)
        sizes = {str(p.relative_to(top)): p.stat().st_size for p in top.rglob("*") if p.is_file()}
        self.assertEqual(sizes, {"readme.txt": 120, "notes": 77, "docs/list.csv": 300, "pub/a.bin": 512})

    def test_ftplib_is_refused_before_the_login_and_served_after_it(self):
        done = self.client(sys.executable, "-c", f"""
import ftplib, io
f = ftplib.FTP("{self.address}", timeout=10)
for words in ("LIST", "RETR notes", "DELE notes", "XPWD"):
    try:
        print(words, f.sendcmd(words))
    except ftplib.Error as e:
        print(words, e)
f.login(*"{ACCOUNT}".split(":"))
print(f.size("notes"), f.nlst(), f.mkd("made"), f.cwd("/made"), f.pwd(), f.cwd("/"), f.rmd("made"))
print(f.storbinary("STOR mine.txt", io.BytesIO(b"words")), "mine.txt" in f.nlst(), f.quit())
""")
        self.assertEqual(done.status, 0, done.output)
        for line in ("LIST 530 Please login with USER and PASS", "RETR notes 530 Please login with USER and PASS",
                     "DELE notes 500 DELE not understood", "XPWD 530 Please login with USER and PASS",
                     "77 ['docs', 'pub', 'notes', 'readme.txt'] /made 250 CWD command successful /made 250",
                     "226 Transfer complete True 221 Goodbye."):
            self.assertIn(line, done.output)

    def test_active_data_meets_a_filter(self):
        done = curl("-v", "-P", "-", self.url)
        self.assertNotEqual(done.status, 0)
        self.assertIn("< 425 ", done.output)

    def test_frames_that_are_lost_come_again(self):
        with air.lab.loss(5):
            self.assertEqual(curl(self.url + "readme.txt").output, "x" * 120)
            self.assertIn("readme.txt", self.names())


if __name__ == "__main__":
    unittest.main()
