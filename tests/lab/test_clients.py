"""Real clients get from the sensor what the captures' servers give, also when frames are lost."""
import random
import unittest

from air import on_air
from lab import clients, voices
from lab.lab import addresses
from lab.process import must

ADDRESSES = 6	# for each client


def setUpModule():
    global air
    air = on_air("clients")


def visit_all(case, client, seed):
    rng = random.Random(seed)
    for address in addresses(rng, ADDRESSES):
        outcome = clients.visit(air.lab, client, address, rng, air.home)
        with case.subTest(client=client.name, address=address):
            case.assertEqual(outcome.why, "", "\n" + outcome.output[-3000:])


class Clients(unittest.TestCase):
    def test_ping(self):
        visit_all(self, clients.PING, 1)

    def test_lftp(self):
        visit_all(self, clients.FTP[0], 2)

    def test_tnftp(self):
        visit_all(self, clients.FTP[1], 3)

    def test_ncftp(self):
        visit_all(self, clients.FTP[2], 4)

    def test_curl_on_the_control_connection(self):
        visit_all(self, clients.FTP[3], 5)

    def test_curl_over_http(self):
        visit_all(self, clients.HTTP, 6)

    def test_the_head_of_a_page_is_that_of_the_page(self):
        def head(address, path, *how):
            done = must(air.lab.client(["curl", "-sS", "--max-time", "35", "-D", "-", "-o", "/dev/null", *how,
                                        f"http://{address}{path}"]), f"curl {path}")
            return [line for line in done.output.splitlines() if not line.startswith("Date:")]
        for address in addresses(random.Random(12), ADDRESSES):
            for path, status in (("/", "200"), ("/no-such-page-77", "404"), ("/private/", "401")):
                page = head(address, path)
                with self.subTest(address=address, path=path):
                    self.assertIn(status, page[0])
                    self.assertEqual(head(address, path, "-I"), page)

    def test_dig_for_names_of_the_capture(self):
        visit_all(self, clients.DIG, 7)

    def test_dig_for_names_that_the_capture_does_not_have(self):
        visit_all(self, clients.STRANGER, 8)

    def test_nmap_names_the_server(self):
        outcome = clients.visit(air.lab, clients.NMAP, "198.19.77.1", random.Random(9), air.home)
        self.assertEqual(outcome.why, "", outcome.output)


class Sweep(unittest.TestCase):
    def test_every_address_greets(self):
        targets = addresses(random.Random(10), 2048)
        greetings = voices.sweep(air.lab, targets)
        silent = [a for a in targets if not voices.VSFTPD.match(greetings.get(a, b""))]
        self.assertEqual(silent, [])

    def test_a_closed_port_refuses(self):
        for address in addresses(random.Random(11), 20):
            with air.lab.socket() as sock:
                sock.settimeout(5.0)
                with self.assertRaises(ConnectionRefusedError, msg=address):
                    sock.connect((address, 8021))


class Loss(unittest.TestCase):
    """5 of 100 frames lost in each direction: slower, but nobody notices otherwise.

    Evenly: a client that waits for a greeting is lost when the handshake's ACK and what answers both
    repeated SYN-ACKs are (1 of 2,000 at random), and no cookie can know of it.
    """

    def test_clients_are_satisfied_all_the_same(self):
        with air.lab.loss(5, evenly=True) as lost:
            for seed, client in enumerate([*clients.FTP, clients.HTTP, clients.DIG], 20):
                visit_all(self, client, seed)
            to_sensor, to_client = lost()
        self.assertGreater(to_sensor, 0, "nothing was lost towards the sensor")
        self.assertGreater(to_client, 0, "nothing was lost towards the client")

