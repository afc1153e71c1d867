"""scripts/reproduce-papers: its tables, from results that were written by hand, and what it does without programs."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))

from papers import main, methods, run, services, tables  # noqa: E402
from papers.cut import NoCapture, cut  # noqa: E402


def scores(messages, conversations):
    return {"class_agreement_messages": messages, "class_agreement_conversations": conversations}


def evaluated(messages, conversations, **more):
    return {"conversations": 50, "similarity": 0.9876, "full_length": 0.8, **scores(messages, conversations),
            "table": scores(0.9, 0.5), "refuser": scores(0.1, 0.0), "by_client": None, **more}


def judged(share, **more):
    return {"conversations": 40, "messages": 400, "conversations_ok": share, "messages_ok": 0.995, **more}


def results():
    return {"date": "2026-01-02", "commit": "abc", "quick": False, "services": {
        "ftp": {"capture": "ftp.pcap", "eval": evaluated(0.995, 0.91, by_client=evaluated(0.97, 0.8)),
                "semantics": judged(0.9999), "real_semantics": judged(1.0),
                "syntax": {"missing": "tshark is not there"}, "real_syntax": {"missing": "tshark is not there"},
                "second_answer": {"similarity": 0.7, "conversations": 40},
                "model": {"states": 70, "nodes": 300, "events": 20, "order": 2, "coverage": 0.1875,
                          "rules": {"copy": 12, "data": 34}},
                "both_semantics": judged(0.5), "real_both_semantics": judged(0.994), "both_syntax": {"missing": "not done within 3 s"}},
        "sip": {"capture": "sip.pcap", "eval": evaluated(0.89, 0.6), "syntax": judged(1.0),
                "semantics": judged(0.2, call_id_and_tags_kept=0.999),
                "real_semantics": judged(0.3, call_id_and_tags_kept=1.0)},
        "dns": {"missing": "no capture dns.pcap"},
        "smtp": {"capture": "smtp.pcap", "eval": {"missing": "smtp.pcap: no conversation."}},
    }}


def row(table, *begins):
    found = [r for r in table.rows if tuple(r[:len(begins)]) == begins]
    assert len(found) == 1, (begins, table.rows)
    return dict(zip(table.header, found[0]))


class Tables(unittest.TestCase):
    def test_correct_has_the_published_figure_beside_ours_and_whether_it_suffices(self):
        made = tables.correct(results())
        ftp = row(made, "ftp", "semantics", "one")
        self.assertEqual((ftp["PRISMA"], ftp["ours"], ftp["real"], ftp["reach"], ftp["met"]),
                         ("93.4 %", "99.9 %", "100.0 %", "99.0 %", "yes"))
        self.assertEqual(ftp["our data, conversations"], "ftp.pcap, 40")
        both = row(made, "ftp", "semantics", "both")
        self.assertEqual((both["real"], both["met"]), ("99.4 %", "no, 45.0 short"))
        self.assertEqual(row(made, "ftp", "syntax", "both")["real"], "-")
        self.assertEqual(len(made.rows), 12)

    def test_sip_is_judged_by_what_prisma_asked(self):
        sip = row(tables.correct(results()), "sip", "semantics", "one")
        self.assertEqual((sip["ours"], sip["real"], sip["met"]), ("99.9 %", "100.0 %", "yes"))

    def test_what_is_missing_is_no_figure_and_said_once(self):
        made = tables.correct(results())
        self.assertEqual((row(made, "ftp", "syntax", "one")["ours"], row(made, "ftp", "syntax", "one")["met"]), ("-", "-"))
        self.assertEqual(row(made, "dns", "syntax", "one")["our data, conversations"], "-")
        for sentence in ("ftp: no syntax: tshark is not there.", "ftp: no syntax of both sides: not done within 3 s.",
                         "dns: no capture dns.pcap.", "sip: no semantics of both sides: not measured."):
            self.assertEqual(made.below.count(sentence), 1, made.below)

    def test_agreement_is_met_only_above_both_baselines(self):
        found = results()
        made = tables.agreement(found)
        ftp = row(made, "ftp")
        self.assertEqual((ftp["ours"], ftp["table"], ftp["by client"], ftp["met"]),
                         ("99.5 % / 91.0 %", "90.0 % / 50.0 %", "97.0 % / 80.0 %", "yes"))
        self.assertEqual(row(made, "sip")["met"], "no: messages, conversations, not above the table")
        self.assertEqual(row(made, "smtp")["ours"], "-")
        self.assertIn("smtp: no agreement: smtp.pcap: no conversation.", made.below)
        found["services"]["ftp"]["eval"]["refuser"] = scores(0.2, 0.95)
        self.assertEqual(row(tables.agreement(found), "ftp")["met"], "no: not above the refuser")

    def test_sizes_stand_under_those_of_prisma(self):
        made = tables.sizes(results())
        self.assertEqual(row(made, "ftp", "PRISMA")["nodes"], "1305")
        ours = row(made, "ftp", "mynah")
        self.assertEqual([ours[k] for k in ("nodes", "coverage", "on air", "copy", "seq", "data")],
                         ["300", "18.7 %", "70", "12", "0", "34"])
        self.assertIn("dns: no capture dns.pcap.", made.below)

    def test_others_have_rows_for_services_that_were_asked_for(self):
        made = tables.others(results())
        ours = [r[made.header.index("ours")] for r in made.rows if r[0] == "ReFSM 2020"]
        self.assertEqual(ours, ["99.5 %", "-"])     # FTP; SMTP, which could not be played
        self.assertNotIn("ScriptGen 2005", [r[0] for r in made.rows])

    def test_only_all_are_100_percent(self):
        self.assertEqual([tables.percent(x) for x in (1, 0.99999, 0.5, 0)], ["100.0 %", "99.9 %", "50.0 %", "0.0 %"])


def learners(auto, prisma, scriptgen):
    return {"capture": "x.pcap", **{name: {**scores(value, value / 2), "full_length": value} for name, value in
                                    (("auto", auto), ("prisma", prisma), ("scriptgen", scriptgen))}}


def three():
    reading = {"pairs": "all", "arguments": "any", "within": 4, "initial": 13.54, "closure": 63.46, "cut": 0}
    return {"methods": {
        "ids": {"smb": {"capture": "smb.pcap", "conversations": 400, "answers": 1000, "right": 999},
                "nbns": {"missing": "no capture nbns.pcap"}},
        "walks": {"ProFTPD": {"capture": "walks.pcap", "conversations": 8, **scores(1.0, 0.875), "byte_equal": 0.755,
                              "mining": {"published": {"initial": 16, "closure": 80}, "readings": [
                                  {**reading, "initial": 1.0, "nearest": False}, {**reading, "nearest": True}]}},
                  "vsftpd": {"missing": "slow"}},
        "refined": {"states": 10315, "median": 48.7, "most": 102.5},
        "alone": {"smb": learners(0.9, 0.91, 0.85), "ntp": learners(1.0, 0.99, 1.0),
                  "dns": {"missing": "no capture dns.pcap"}, "sip": {**learners(1, 1, 1), "scriptgen": {"missing": "slow"}}}}}


class Methods(unittest.TestCase):
    def test_what_is_to_be_reached_stands_beside_what_was_published(self):
        made = methods.reached(three())

        def found(begins):
            return next(dict(zip(made.header, r)) for r in made.rows if r[0].startswith(begins))
        self.assertEqual(found("smb: answers with")["ours"], "99.9 % of 1000")
        self.assertEqual(found("smb: answers with")["met"], "no, 0.1 short")
        self.assertEqual(found("nbns: answers with")["ours"], "-")
        self.assertIn("nbns: no capture nbns.pcap.", made.below)
        self.assertEqual(found("smb: conversations that reach full length")["met"], "no, 5.0 short")
        self.assertEqual(found("ftp walks of 45 commands through ProFTPD: walks")["met"], "no, 2.5 short")
        self.assertEqual(found("rules of a walk")["ours"], "13.5 / 63.5")
        self.assertIn("all pairs, any arguments, within 4", made.below)
        self.assertIn("walks through vsftpd: slow.", made.below)
        self.assertEqual(found("one sample more")["ours"], "49 ms, 102 at most")
        self.assertEqual(found("one sample more")["met"], "no, 2 ms longer")

    def test_auto_is_held_against_the_best_single_learner(self):
        made = methods.joined(three())
        self.assertEqual(row(made, "smb")["met"], "no, 1.0 short")
        self.assertEqual(row(made, "ntp")["met"], "yes")
        self.assertEqual(len(made.rows), 2)
        self.assertIn("dns: no capture dns.pcap.", made.below)
        self.assertIn("sip: no comparison: slow.", made.below)

    def test_results_of_before_have_no_rows(self):
        self.assertEqual((methods.reached({}).rows, methods.joined({}).rows), ([], []))


class Cut(unittest.TestCase):
    def test_a_capture_is_cut_by_conversation(self):
        whole = ROOT / "tests" / "data" / "ftp-small.pcap.gz"
        with tempfile.TemporaryDirectory() as folder:
            first, rest, none = (Path(folder) / name for name in ("first", "rest", "none"))
            conversations = cut(whole, first, rest, 3, "tcp/21")
            self.assertGreater(conversations, 3)
            self.assertEqual(cut(first, none, none, 99, "tcp/21"), 3)
            self.assertEqual(cut(rest, none, none, 99, "tcp/21"), conversations - 3)
            self.assertEqual(cut(rest, none, none, 99, "udp/53"), 0)
            none.write_bytes(b"no capture at all, though long enough")
            self.assertRaises(NoCapture, cut, none, first, rest, 3, "tcp/21")


class Runs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def program(self, text):
        path = self.folder / "mynah"
        path.write_text("#!/bin/sh\n" + text, encoding="ascii")
        path.chmod(0o755)
        return path

    def reproduce(self, *arguments):
        return subprocess.run([ROOT / "scripts" / "reproduce-papers", *arguments], text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, check=False)

    def test_the_page_has_a_place_for_each_table(self):
        page = main.PAGE.read_text(encoding="utf-8")
        for name, _, _ in tables.TABLES:
            self.assertEqual(page.count(f"<!-- bench:{name} -->"), 1, name)

    def test_an_earlier_run_is_shown_again(self):
        earlier = self.folder / "r.json"
        earlier.write_text(json.dumps(results()), encoding="utf-8")
        done = self.reproduce("--from", earlier)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.count("\n== "), len(main.TABLES))
        self.assertIn("LBNL, 10 days, 1,760,824 messages", done.stdout)

    def test_wrong_words_get_one_sentence(self):
        for arguments, words in ((("--from", "/nowhere"), "/nowhere: these are no results"),
                                 (("--mynah", "/nowhere/mynah"), "/nowhere/mynah is not there: build it"),
                                 (("/nowhere",), "/nowhere: is no folder")):
            done = self.reproduce(*arguments)
            self.assertIn(done.returncode, (1, 2))
            self.assertIn(words, done.stderr)

    def test_without_git_nobody_knows_the_commit(self):
        with mock.patch.dict(os.environ, {"PATH": ""}):
            self.assertEqual(main.commit(), "unknown")

    def test_a_folder_without_captures_is_a_failure_that_names_them(self):
        done = self.reproduce("--quick", "--mynah", self.program("exit 1\n"), self.folder)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("sip: no capture sip.pcap.", done.stdout)

    def test_what_a_program_cannot_do_stands_in_the_place_of_its_figures(self):
        (self.folder / "sip.pcap").touch()
        done = self.reproduce("--quick", "--mynah", self.program('echo "mynah: $1 is ill" >&2; exit 1\n'),
                              "--json", self.folder / "r.json", self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("mynah: eval is ill.", done.stdout)
        self.assertIn("mynah: learn is ill.", done.stdout)
        written = json.loads((self.folder / "r.json").read_text(encoding="utf-8"))
        self.assertEqual(written["services"]["sip"]["eval"], {"missing": "mynah: eval is ill"})

    def test_a_program_that_does_not_end_is_left(self):
        said, why = run.call([self.program("exec sleep 60\n")], 0.1)
        self.assertEqual((said, why), (None, "not done within 0.1 s"))

    def test_the_better_capture_of_the_first_folder_is_taken(self):
        ftp = services.SERVICES[0]
        second = self.folder / "second"
        second.mkdir()
        (self.folder / "ftp-small.pcap.gz").touch()
        (second / "ftp.pcap").touch()
        self.assertEqual(services.capture_of(ftp, [self.folder, second]).name, "ftp-small.pcap.gz")
        (self.folder / "ftp.pcap.gz").touch()
        self.assertEqual(services.capture_of(ftp, [self.folder, second]).name, "ftp.pcap.gz")

    def test_the_machine_is_counted_from_the_model_as_text(self):
        text = ('mynah model 1\nprisma order 2 separators " "\n  node 0 start start\n    to 1 4\n  node 1 start s0\n'
                '  node 2 s0 c3\n  context count 4 0\n    fill 0 copy 1 0\n    fill 1 data 0 0\n'
                '    fill 2 4 data 0 1\nvector\n  > "fill 0 data"\n')
        self.assertEqual(run.machine(text), {"nodes": 3, "events": 2, "order": 2, "coverage": 3 / 16,
                                             "rules": {"copy": 1, "data": 5}})
        self.assertEqual(run.machine("mynah model 1\n"), {"nodes": None})

    def test_the_second_answer_is_that_of_each_conversation(self):
        path = self.folder / "t.jsonl"
        talks = [[1.0, 0.5, 0.1], [1.0], [0.2, 0.7]]
        path.write_text("\n".join(json.dumps({"messages": [{"from": "client"}] + [{"similarity": s} for s in talk]})
                                  for talk in talks), encoding="utf-8")
        self.assertEqual(run.second_answer(path), {"similarity": 0.6, "conversations": 2})


if __name__ == "__main__":
    unittest.main()
