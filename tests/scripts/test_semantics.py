"""The command scripts/semantics/check: what it reads, counts and writes."""
import contextlib
import io
import json
import os
import random
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import test_semantics_binary  # noqa: E402
import test_semantics_text  # noqa: E402
from spoken import spoken  # noqa: E402

from semantics import pcap, transcript  # noqa: E402
from semantics.command import NO_TSHARK, WRONG_USE, main  # noqa: E402
from semantics.judge import judge  # noqa: E402
from semantics.services import PROTOCOLS, by_port  # noqa: E402


def strings(conversation):
    """As it stands in a file."""
    return {**conversation, "messages": [
        {k: v.decode("latin-1") if isinstance(v, bytes) else v for k, v in message.items()}
        for message in conversation["messages"]]}


def talk(number, *replies):
    """FTP: commands and what was said, each as "command", (said, recorded)."""
    conversation = spoken("ftp", ["<220 hello", *[f">{command}" for command, _ in replies]], number)
    messages = conversation["messages"][:1]
    messages[0]["recorded"] = messages[0]["bytes"]
    for client, (_, (said, recorded)) in zip(conversation["messages"][1:], replies):
        ends = [text.encode("latin-1") + b"\r\n" if text else b"" for text in (said, recorded)]
        messages += [client, {"from": "server", "time": 1.0, "bytes": ends[0], "recorded": ends[1]}]
    return {**conversation, "messages": messages}


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = str(self.folder / "t.jsonl")

    def run_check(self, *argv):
        """(exit status, what it printed, what it complained)"""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main(list(argv))
            except SystemExit as end:
                status = end.code
        return status, out.getvalue(), err.getvalue()

    def judged(self, conversations, *options):
        with open(self.path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(strings(c)) + "\n" for c in conversations)
        status, out, err = self.run_check("ftp", *options, "--json", self.path)
        self.assertEqual((status, err), (0, ""))
        return json.loads(out)

    def test_shares_count_conversations_and_messages(self):
        good, bad = ("NOOP", ("200 ok", "200 ok")), ("NOOP", ("150 ok", "200 ok"))
        found = self.judged([talk(1, *[good] * 30), talk(2, *[good] * 30, bad), talk(3, bad)])
        self.assertEqual((found["conversations"], found["messages"]), (3, 31 + 32 + 2))
        self.assertAlmostEqual(found["conversations_ok"], 1 / 3)
        self.assertAlmostEqual(found["conversations_99"], 1 / 3)
        self.assertAlmostEqual(found["conversations_95"], 2 / 3)
        self.assertAlmostEqual(found["messages_ok"], 63 / 65)
        self.assertEqual((found["rules"]["F5"]["tried"], found["rules"]["F5"]["failed"]), (62, 2))
        self.assertIn("conversation 2, message 62", found["rules"]["F5"]["example"])

    def test_silence_where_the_server_spoke_is_a_failure_and_not_a_cause_of_others(self):
        found = self.judged([talk(1, ("NOOP", ("", "200 ok")), ("PWD", ('257 "/"', '257 "/"')))])
        self.assertEqual({n for n, r in found["rules"].items() if r["failed"]}, {"no reply", "F9"})
        self.assertEqual(found["rules"]["no reply"]["failed"], 1)

    def test_silence_on_both_sides_is_right(self):
        self.assertEqual(self.judged([talk(1, ("NOOP", ("", "")))])["conversations_ok"], 1)

    def test_recorded_judges_the_real_server(self):
        wrong = [talk(1, ("NOOP", ("150 ok", "200 ok"))), talk(2, ("NOOP", ("200 unasked", "")))]
        self.assertEqual(self.judged(wrong)["conversations_ok"], 0.5)
        self.assertEqual(self.judged(wrong, "--recorded")["conversations_ok"], 1)
        self.assertEqual(self.judged(wrong, "--recorded")["messages"], 3)

    def test_swap_gives_another_conversations_reply_at_the_same_place(self):
        both = [talk(1, ("NOOP", ("200 ok",) * 2)), talk(2, ("SYST", ("215 UNIX",) * 2), ("QUIT", ("221 bye",) * 2))]
        said = [[m["bytes"] for m in c["messages"] if m["from"] == "server"] for c in transcript.swapped(both)]
        self.assertEqual(said, [[b"220 hello\r\n", b"215 UNIX\r\n"], [b"220 hello\r\n", b"200 ok\r\n", b"221 bye\r\n"]])
        self.assertEqual(self.judged(both)["conversations_ok"], 1)
        self.assertEqual(self.judged(both, "--swap")["conversations_ok"], 0)

    def test_rules_for_clients_count_with_both_and_strict_ones_with_strict(self):
        early = [talk(1, ("PASS b", ("503 no", "503 no")))]
        self.assertEqual([self.judged(early, *o)["conversations_ok"] for o in ([], ["--both"])], [1, 0])
        self.assertEqual(self.judged(early, "--both")["messages"], 3)
        login = [("USER a", ("331 x",) * 2), ("PASS b", ("230 x",) * 2)]
        moved = [talk(1, *login, ("CWD /a", ("250 ok",) * 2), ("PWD", ('257 "/b"',) * 2))]
        self.assertEqual([self.judged(moved, *o)["conversations_ok"] for o in ([], ["--strict"])], [1, 0])

    def test_failures_are_shown_with_their_place(self):
        self.judged([talk(7, ("NOOP", ("150 ok", "200 ok")))])
        self.assertIn("F5: conversation 7, message 2: NOOP -> 150 ok", self.run_check("ftp", "-v", self.path)[1])

    def test_a_port_finds_its_protocol(self):
        for protocol in PROTOCOLS.values():
            for port in protocol.ports:
                self.assertIs(by_port(port), protocol)
        self.assertEqual(self.run_check("--for", "tcp/21")[:2], (0, "ftp\n"))
        self.assertEqual(self.run_check("--for", "tcp/9")[0], WRONG_USE)

    def test_what_is_no_transcript_is_refused_with_its_line(self):
        lines = ("{}", "[1]", '{"conversation":1', json.dumps({**strings(talk(1)), "messages": [{"from": "x"}]}),
                 json.dumps({**strings(talk(1)), "messages": [{"from": "client", "time": 0, "bytes": "\u20ac"}]}))
        for line in lines:
            with self.subTest(line=line):
                Path(self.path).write_text(json.dumps(strings(talk(1))) + "\n" + line, encoding="utf-8")
                status, out, err = self.run_check("ftp", self.path)
                self.assertEqual((status, out), (WRONG_USE, ""))
                self.assertIn(f"{self.path}:2: ", err)
        self.assertIn("cannot be read", self.run_check("ftp", self.path + ".none")[2])
        self.assertEqual(self.run_check("gopher", self.path)[0], WRONG_USE)

    def test_sip_and_smb_give_their_own_figures(self):
        sip = PROTOCOLS["sip"].figures["call_id_and_tags_kept"]
        self.assertEqual([sip({r}) for r in ("S3", "no reply", "S6")], [False, False, True])
        smb = PROTOCOLS["smb"].figures["only_b2_failed"]
        self.assertEqual([smb({"B2"}), smb({"B2", "B5"}), smb(set())], [True, False, False])

    def test_syntax_without_tshark_says_so(self):
        self.judged([talk(1)])
        path, os.environ["PATH"] = os.environ["PATH"], str(self.folder)
        try:
            status, out, err = self.run_check("ftp", "--syntax", self.path)
        finally:
            os.environ["PATH"] = path
        self.assertEqual((status, out), (NO_TSHARK, ""))
        self.assertIn("tshark is not installed", err)

    @unittest.skipUnless(shutil.which("tshark"), "tshark is missing")
    def test_a_simulated_server_gets_the_port_of_its_protocol(self):
        talks = [{**talk(0), "server_port": port, "proto": proto} for port, proto in ((0, "tcp"), (2121, "tcp"), (0, "udp"))]
        placed = transcript.with_ports(talks, ("tcp/21", "tcp/2121"))
        self.assertEqual([c["server_port"] for c in placed], [21, 2121, 0])

    def test_syntax_asks_tshark(self):
        asked = (">", b"\0\7\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1")
        answer = b"\0\7\x81\x80\0\1\0\1\0\0\0\0\1a\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4"
        talks = [spoken("dns", [asked, ("<", said)], n) for n, said in enumerate((answer, answer[:-2], b"\xff" * 5))]
        Path(self.path).write_text("".join(json.dumps(strings(c)) + "\n" for c in talks), encoding="utf-8")
        status, out, _ = self.run_check("dns", "--syntax", "--json", self.path)
        found = json.loads(out)
        self.assertEqual((status, found["messages"]), (0, 3))
        self.assertAlmostEqual(found["conversations_ok"], 1 / 3)

    def test_a_capture_is_whole(self):
        path = self.folder / "c.pcap"
        capture = pcap.Capture(path)
        capture.add(spoken("ftp", [("<", b"x" * 3000), ">NOOP"]))
        capture.close()
        data, at, packets = path.read_bytes(), 24, []
        while at < len(data):
            length = int.from_bytes(data[at + 8:at + 12], "little")
            packets.append(data[at + 30:at + 16 + length])
            at += 16 + length
        self.assertEqual(len(packets), capture.count)
        for packet in packets:
            self.assertEqual(pcap.checksum(packet[:20]), 0)
            pseudo = packet[12:20] + b"\0\6" + (len(packet) - 20).to_bytes(2, "big")
            self.assertEqual(pcap.checksum(pseudo + packet[20:]), 0)
        sent = [packets[frame - 1][40:] for frame in capture.frames[0, 0]]
        self.assertEqual(list(map(len, sent)), [1460, 1460, 80])
        self.assertEqual([p[33] & 7 for p in packets[:3] + packets[-3:]], [2, 2, 0, 1, 1, 0])
        following = {}
        for packet in packets:
            number, flags = int.from_bytes(packet[24:28], "big"), packet[33]
            self.assertEqual(following.get(packet[12:16], number), number)
            following[packet[12:16]] = number + len(packet) - 40 + bool(flags & 3)


class Hostile(unittest.TestCase):
    def test_bytes_cut_and_changed_never_stop_the_judge(self):
        draw = random.Random(7)
        for claims in (test_semantics_text.Text, test_semantics_binary.Binary):
            for protocol, conversations in claims.right.items():
                for messages in conversations * 60:
                    conversation = spoken(protocol, messages)
                    for message in conversation["messages"]:
                        data = bytearray(message["bytes"])
                        for _ in range(draw.randrange(3)):
                            data[draw.randrange(len(data))] = draw.randrange(256)
                        if draw.random() < 0.5:
                            del data[draw.randrange(1, len(data) + 1):]
                        message["bytes"] = bytes(data)
                    judge(PROTOCOLS[protocol], conversation, True, True)


if __name__ == "__main__":
    unittest.main()
