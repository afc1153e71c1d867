"""Two FTP models by turns every 100 ms: no conversation is cut, none speaks both."""
import random
import time
import unittest

from air import on_air
from lab import voices
from lab.lab import addresses

SECONDS, EVERY, AT_ONCE = 8.0, 0.1, 48


def setUpModule():
    global air
    air = on_air("swap")


class Swap(unittest.TestCase):
    def test_conversations_under_swaps_are_whole_and_of_one_voice(self):
        rng = random.Random(1)
        images = [air.models["ftp-other"], air.models["ftp"]]
        began = due = time.monotonic()
        open_ones, ended, swaps = [], [], 0
        try:
            while open_ones or time.monotonic() < began + SECONDS:
                now = time.monotonic()
                if now < began + SECONDS:
                    if now >= due:
                        air.sensor.load(images[swaps % 2])
                        swaps, due = swaps + 1, due + EVERY
                    if len(open_ones) < AT_ONCE:
                        address = addresses(rng, 1)[0]
                        open_ones.append(voices.Conversation.open(air.lab, address))
                # One step of one conversation at a time, so that swaps fall between any two.
                talk = open_ones.pop(rng.randrange(len(open_ones)))
                talk.step()
                if talk.trouble or talk.next_line is None:
                    talk.sock.close()
                    ended.append(talk)
                else:
                    open_ones.append(talk)
        finally:
            for talk in open_ones:
                talk.sock.close()
        self.assertGreater(swaps, 20)
        self.assertGreater(len(ended), AT_ONCE)
        heard = {name: 0 for name in voices.VOICES}
        for talk in ended:
            with self.subTest(address=talk.address):
                spoke = talk.voices()
                self.assertEqual(len(spoke), 1, talk.heard)
                voice = spoke.pop()
                self.assertEqual(voices.judge(talk, voice), "")
                heard[voice] += 1
        self.assertGreater(min(heard.values()), 0, heard)
        self.assertTrue(air.sensor.alive())
        print(f"      {swaps} swaps under {len(ended)} conversations: {heard}")
