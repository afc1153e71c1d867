"""scripts/check-includes finds what is planted, and nothing in a clean tree."""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CLEAN = {
    "models/bytes.h": "#include <stddef.h>\n",
    "models/set.c": '#include "models/set.h"\n#include <urcu/urcu-qsbr.h>\n',
    "models/set.h": '#include "models/bytes.h"\n',
    "learning/dense.c": "#include <cblas.h>\n",
    "learning/trace.c": '#include "dataplane/wire.h"\n#include "dataplane/frag.h"\n',
    "dataplane/wire.h": '#include "models/bytes.h"\n',
    "dataplane/frag.h": "",
    "dataplane/tcp.h": "",
    "dataplane/port.c": "#include <rte_ethdev.h>\n",
    "control/mynah.c": '#include "learning/learn.h"\n#include <jansson.h>\n',
    "learning/learn.h": "",
    "tests/test_set.c": '#include <criterion/criterion.h>\n#include "models/set.h"\n',
}

PLANTED = [
    ("models/x.c", '#include "learning/learn.h"', 'models/ may not include'),
    ("models/x.c", '#include "dataplane/wire.h"', 'models/ may not include'),
    ("learning/x.c", '#include "dataplane/tcp.h"', 'learning/ may not include'),
    ("dataplane/x.h", '#include "learning/learn.h"', 'dataplane/ may not include'),
    ("dataplane/tcp.c", '#include "dataplane/tcp.h"\n#include <rte_mbuf.h>', "DPDK is for"),
    ("control/x.c", "#  include <rte_eal.h>", "DPDK is for"),
    ("learning/nmf.c", "#include <cblas.h>", "BLAS and LAPACK is for"),
    ("models/text.c", "#include <urcu/urcu-qsbr.h>", "liburcu is for"),
    ("dataplane/x.c", "#include <pcap/pcap.h>", "libpcap is for"),
    ("dataplane/x.c", '#include "tcp.h"', "does not start at the root"),
    ("control/x.c", '#include "models/gone.h"', "does not exist"),
    ("control/x.c", "#include <models/bytes.h>", "is ours"),
    ("models/bytes.c", '#include <stddef.h>\n#include "models/bytes.h"', "own header first"),
    ("models/bytes.c", "int x;", "own header first"),
]


def check(root):
    return subprocess.run([sys.executable, ROOT / "scripts/check-includes", root],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)


class CheckIncludes(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        for name, text in CLEAN.items():
            self.plant(name, text)

    def plant(self, name, text):
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n")
        return path

    def test_a_clean_tree_passes(self):
        done = check(self.root)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_every_planted_breach_is_found_and_alone(self):
        for name, text, sentence in PLANTED:
            with self.subTest(file=name, text=text):
                path = self.plant(name, text)
                done = check(self.root)
                path.unlink()
                self.assertEqual(done.returncode, 1)
                self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)
                self.assertTrue(done.stdout.startswith(name + ":"), done.stdout)
                self.assertIn(sentence, done.stdout)

    def test_a_folder_without_sources_is_wrong_usage(self):
        self.assertEqual(check(self.root / "models").returncode, 2)
