"""What scripts/bench makes of results, without measuring anything."""
import subprocess
import sys
import unittest
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from benchmarks import benches, core, report    # noqa: E402  pylint: disable=wrong-import-position


def bench(*arguments):
    return subprocess.run([ROOT / "scripts" / "bench", *arguments], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, check=False)


class Benches(unittest.TestCase):
    def test_every_bench_has_its_place_on_the_page(self):
        page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
        for name in [*benches(), "machine", "published"]:
            self.assertEqual(page.count(f"<!-- bench:{name} -->"), 1, name)

    def test_the_list_names_every_bench(self):
        said = bench("--list").stdout.split("\n")
        self.assertEqual([line.split()[0] for line in said if line], list(benches()))

    def test_wrong_words_get_one_sentence(self):
        for arguments, words in ((["--from", "/nowhere"], "/nowhere: these are no results"),
                                 (["--from", str(ROOT / "README.md")], "these are no results")):
            done = bench(*arguments)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn(words, done.stderr)


class Figures(unittest.TestCase):
    def test_a_figure_is_the_median_of_its_runs_with_lowest_and_highest(self):
        f = core.Figure("ticks")
        for p50 in (30, 10, 20):
            f.runs.append({"p5": p50 - 5, "p50": p50, "worst": 10 * p50, "samples": 9})
        self.assertEqual(f.summary(), {"unit": "ticks", "p5": 15, "p50": 20, "worst": 300,
                                       "low": 10, "high": 30, "runs": [30, 10, 20]})

    def test_numbers_have_three_digits_that_mean_something(self):
        for value, text in ((0, "0"), (0.0679123, "0.0679"), (5.449, "5.45"), (88.62, "88.6"),
                            (451.4, "451"), (10281.3, "10 281"), (1234567, "1 234 567")):
            self.assertEqual(core.number(value), text)


class Picture(unittest.TestCase):
    def test_it_is_well_formed_and_has_a_bar_for_each_figure(self):
        figure = {"p50": 200, "low": 190, "high": 250}
        results = {"frames": {"figures": {"64k/verified/syn": figure, "10M/verified/conv": figure}}}
        drawn = ElementTree.fromstring(report.picture(results))
        bars = drawn.findall("{http://www.w3.org/2000/svg}rect")
        self.assertEqual(len(bars), 1 + 2)      # and the ground


class Page(unittest.TestCase):
    TEXT = "a\n<!-- bench:x -->\nold\n<!-- /bench -->\nb\n<!-- bench:y -->\nkept\n<!-- /bench -->\n"

    def test_only_what_stands_between_the_marks_is_replaced(self):
        self.assertEqual(report.between(self.TEXT, "x", ["new", "lines"]),
                         self.TEXT.replace("old", "new\nlines"))

    def test_a_page_without_the_mark_is_refused(self):
        with self.assertRaisesRegex(core.BenchError, "bench:z"):
            report.between(self.TEXT, "z", [])

    def test_a_table_is_markdown_and_text(self):
        table = core.Table(["what", "ticks"], [["syn", "75"], ["mix", "110"]], "In *ticks*.")
        self.assertEqual(list(report.as_markdown(table)), [
            "| what | ticks |", "| --- | ---: |", "| syn | 75 |", "| mix | 110 |", "", "In *ticks*."])
        self.assertEqual(list(report.as_text(table)), [
            "what  ticks", "----  -----", "syn      75", "mix     110", "In ticks."])


if __name__ == "__main__":
    unittest.main()
