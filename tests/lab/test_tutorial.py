"""docs/tutorial.md typed into a shell, block by block: what it says one sees is what one sees."""
import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from air import PROGRAMS, ROOT, why_not
from lab import process

NAME = "mytut"		# of the laboratory and the folder, on the page
OURS = f"mt{os.getpid()}tut"
BLOCK = re.compile(r"^```(sh|text)( build)?\n(.*?)^```$", re.M | re.S)
END = "--- the end of a block ---"


def steps():
    """(commands, lines that must be seen), in order; blocks marked "build" are left out."""
    found = []
    page = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8").replace(NAME, OURS)
    for kind, build, body in BLOCK.findall(page):
        if kind == "text":
            found[-1][1].extend(body.splitlines())
        elif not build:
            found.append((body, []))
    return found


def pattern(line):
    """A line of the page, in which ... stands for anything, as a regular expression."""
    return re.compile(".*".join(map(re.escape, line.split("..."))) + r"\s*")


def missing(want, output):
    """The first line of want that does not come in output, in this order; None if all do."""
    lines = iter(output.splitlines())
    for line in want:
        if not any(pattern(line).fullmatch(seen) for seen in lines):
            return line
    return None


class Tutorial(unittest.TestCase):
    def setUp(self):
        reason = why_not() or ("" if shutil.which("tcpdump") else "tcpdump is not installed")
        if reason:
            self.skipTest(reason)
        # A folder of sources whose build/ is the one under test.
        self.sources = Path(f"/tmp/{OURS}-sources")
        self.sources.mkdir()
        self.addCleanup(shutil.rmtree, self.sources)
        self.addCleanup(shutil.rmtree, f"/tmp/{OURS}", ignore_errors=True)
        self.addCleanup(process.run, [str(ROOT / "scripts/netns-lab"), "-p", OURS, "down"])
        (self.sources / "scripts").symlink_to(ROOT / "scripts")
        (self.sources / "build").symlink_to(PROGRAMS)

    def test_every_block_shows_what_the_page_says(self):
        shell = subprocess.Popen(["sh"], cwd=self.sources, stdin=subprocess.PIPE, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0,
                                 env={**os.environ, "LC_ALL": "C"})
        self.addCleanup(process.end, shell)
        self.addCleanup(shell.stdout.close)
        self.addCleanup(shell.stdin.close)
        blocks = steps()
        self.assertGreater(len(blocks), 10)
        for commands, want in blocks:
            # A watchdog of its own ends the shell when a block hangs.
            watch = subprocess.Popen(["sh", "-c", f"sleep 150; kill -9 -{shell.pid}"], process_group=0)
            try:
                shell.stdin.write(f"{commands}\nprintf '\\n%s\\n' '{END}'\n")
                shell.stdin.flush()
                output = ""
                while (line := shell.stdout.readline()) not in ("", END + "\n"):
                    output += line
            finally:
                process.end(watch)
            line = missing(want, output)
            self.assertIsNone(line, f"\n{commands}\nshould show\n{line}\nbut shows\n{output}")
        self.assertFalse(Path(f"/tmp/{OURS}").exists())
        self.assertFalse(list(Path("/run/netns").glob(OURS + "*")))
