"""The real clients: how each is called, and what the real server of the capture gives it.

A client is satisfied when its exit status and the reply code of every request are what that
server gives; "why" is then empty, else one sentence. The codes below are those of the captures
in tests/data, in situations where that server always answers alike.
"""
import re
from dataclasses import dataclass, field

from lab.process import run


@dataclass
class Call:
    """One run of a client: its command, and the exchanges that must come out of it."""
    argv: list
    expect: list	    # (first word of the request, start of the reply) in order
    stdin: str = ""


@dataclass(frozen=True)
class Client:
    name: str
    call: object	    # (address, rng) -> Call
    exchanges: object	    # output -> [(request, reply)] as the client itself tells them
    patience: float = 40.0  # seconds


@dataclass
class Outcome:
    client: str
    address: str
    exchanges: list
    why: str		    # empty: satisfied
    output: str = field(repr=False, default="")


def differs(expect, exchanges):
    """One sentence on the first exchange that is not the expected one; empty if all are."""
    for i, (word, reply) in enumerate(expect):
        if i >= len(exchanges):
            return f"no {word or 'greeting'}, the conversation ended early"
        asked, got = exchanges[i]
        if asked.split(" ")[0] != word:
            return f"sent {asked or 'nothing'!r} where {word or 'the greeting'!r} was due"
        if not got.startswith(reply):
            return f"{asked or 'greeting'}: {reply} expected, got {got or 'no reply'}"
    if len(exchanges) > len(expect):
        return f"more than expected: {exchanges[len(expect)][0]!r}"
    return ""


def visit(lab, client, address, rng, home):
    """Lets one client talk to one address and judges what came of it."""
    call = client.call(address, rng)
    done = run(lab.client(call.argv), call.stdin, client.patience, {"HOME": str(home)})
    exchanges = client.exchanges(done.output)
    why = differs(call.expect, exchanges)
    if done.status == -1:
        why = f"took more than {client.patience:.0f} s; {why}"
    elif done.status != 0 and not why:
        why = f"exit status {done.status}"
    return Outcome(client.name, address, exchanges, why, done.output)


# ---- FTP, control connection only ----

ACCOUNTS = {	# what the real server gave these users; see tests/data/README.md
    "anonymous": {"password": "ftp@example.com", "MKD": "550",
                  "directories": ["/pub", "/docs", "/projects", "/docs/software"]},
    "ben55": {"password": "ys6d4c2ss", "MKD": "257",
              "directories": ["banner28", "inventory", "poster588"]},
}
NEW_DIRECTORIES = ["ticket", "chapter", "benchmark", "manual"]
UNKNOWN = ["XYZZY", "FROB", "WIBBLE"]	# commands; the captures have the first only


def ftp_errand(rng):
    """A user and commands in an order of our own, each with the server's reply code."""
    user = rng.choice(sorted(ACCOUNTS))
    account = ACCOUNTS[user]
    steps = [
        ("SYST", "215"),
        ("PWD", "257"),
        ("CWD " + rng.choice(account["directories"]), "250"),
        (f"MKD {rng.choice(NEW_DIRECTORIES)}{rng.randrange(1000, 9999)}", account["MKD"]),
        (rng.choice(UNKNOWN), "500"),
        ("PWD", "257"),
    ]
    rng.shuffle(steps)
    return user, account["password"], steps


def _codes(steps):
    return [(line.split()[0], code) for line, code in steps]


def lftp(address, rng):
    user, password, steps = ftp_errand(rng)
    settings = ["set net:max-retries 2", "set net:timeout 20", "set net:reconnect-interval-base 1",
                "set ftp:ssl-allow no", "set ftp:use-feat no"]
    commands = [f"open -u {user},{password} {address}"] + [f"quote {line}" for line, _ in steps]
    expect = [("", "220"), ("USER", "331"), ("PASS", "230"), ("PWD", "257"), ("TYPE", "200"),
              *_codes(steps), ("QUIT", "221")]
    return Call(["lftp", "--norc", "-d", "-c", "; ".join(settings + commands + ["close"])], expect)


def tnftp(address, rng):
    user, password, steps = ftp_errand(rng)
    words = {"CWD": "cd", "MKD": "mkdir"}
    lines = [f"user {user} {password}"]
    for line, _ in steps:
        verb, _, name = line.partition(" ")
        lines.append(f"{words[verb]} {name}" if name else f"quote {verb}")
    expect = [("", "220"), ("USER", "331"), ("PASS", "230"), ("SYST", "215"), ("FEAT", "211"),
              *_codes(steps), ("QUIT", "221")]
    return Call(["tnftp", "-i", "-n", "-v", "-d", address], expect,
                stdin="\n".join(lines + ["bye"]) + "\n")


def ncftp(address, rng):
    user, password, steps = ftp_errand(rng)
    lines = ["debug 1", f"open -u {user} -p {password} {address}"]
    lines += [f"cd {line[4:]}" if line.startswith("CWD") else f"quote {line}" for line, _ in steps]
    expect = [("", "220"), ("USER", "331"), ("PASS", "230"), ("PWD", "257"), ("FEAT", "211"),
              ("HELP", "214"), ("CLNT", "500"), *_codes(steps), ("QUIT", "221")]
    return Call(["ncftp"], expect, stdin="\n".join(lines + ["bye"]) + "\n")


def curl_quote(address, rng):
    user, password, steps = ftp_errand(rng)
    argv = ["curl", "-sSv", "--max-time", "35", "-I", "--user", f"{user}:{password}"]
    for line, _ in steps:
        argv += ["-Q", "*" + line]	# the star: go on, whatever the code
    expect = [("", "220"), ("USER", "331"), ("PASS", "230"), ("PWD", "257"), *_codes(steps)]
    return Call([*argv, f"ftp://{address}/"], expect)


# How each FTP client marks, in its own transcript, what it sent and what it got.
SENT = {
    "lftp": r"^---> (.*)$", "tnftp": r"^---> (.*)$", "ncftp": r"^Cmd: (.*)$", "curl -Q": r"^> (.*)$",
}
GOT = {
    "lftp": r"^(?:<--- )?(\d{3} .*)$", "tnftp": r"^(\d{3} .*)$", "ncftp": r"^(\d{3}: .*)$",
    "curl -Q": r"^< (\d{3} .*)$",
}


def ftp_exchanges(name):
    sent, got = re.compile(SENT[name]), re.compile(GOT[name])

    def exchanges(output):
        pairs = [["", ""]]	# what comes before the first request is the greeting
        for line in output.replace("\r", "\n").split("\n"):
            if m := sent.match(line):
                pairs.append([m[1], ""])
            elif (m := got.match(line)) and not pairs[-1][1]:
                pairs[-1][1] = m[1]
        return [tuple(pair) for pair in pairs]
    return exchanges


# ---- HTTP ----

PAGES = [("/", "200"), ("/2003/letter.html", "200"), ("/robots.txt", "200"), ("/docs", "301"),
         ("/private/agenda.html", "401"), ("/docs/", "403"), ("/favicon.ico", "404"),
         ("/console/", "404")]


def curl_http(address, rng):
    path, code = rng.choice(PAGES)
    return Call(["curl", "-sSv", "--max-time", "35", "-o", "/dev/null", f"http://{address}{path}"],
                [("GET", code)])


def http_exchanges(output):
    requests = re.findall(r"^> ([A-Z]+ \S+) HTTP", output, re.M)
    replies = re.findall(r"^< HTTP/1\.[01] (\d{3}[^\r\n]*)", output, re.M)
    replies += [""] * (len(requests) - len(replies))
    return list(zip(requests, replies))


# ---- DNS ----

NAMES = {	# and the one address that the real server gives for each
    "avatar59.test": "10.17.52.245",
    "update.avatar59.test": "10.17.11.2",
    "schedule4.example": "10.17.145.178",
    "sample.net.example": "10.17.209.15",
}


def dig_call(address, name, reply):
    return Call(["dig", "+tries=5", "+time=2", "@" + address, name, "A"], [(name, reply)])


def dig(address, rng):
    name = rng.choice(sorted(NAMES))
    return dig_call(address, name, f"NOERROR {NAMES[name]}")


def dig_stranger(address, rng):
    """A name that the capture does not have: any code, but no other name's answer."""
    zone = rng.choice(["avatar59.test", "schedule4.example", "example.org"])
    return dig_call(address, f"host{rng.randrange(10**6, 10**7)}.{zone}", "")


def dns_exchanges(output):
    """The question as it came back, and the code with the answers.

    dig itself refuses a reply whose id is not its own; it only warns of another question.
    """
    status = re.search(r"status: (\w+)", output)
    question = re.search(r"^;(\S+)\.\s+IN\s+A\s*$", output, re.M)
    if not status or not question:
        return []
    if warning := re.search(r"^;; (.*(?:mismatch|warning).*)$", output, re.M | re.I):
        return [(question[1], warning[1])]	# malformed, bytes left over, another id
    answers = []
    section = re.search(r"^;; ANSWER SECTION:\n(.*?)\n\n", output, re.M | re.S)
    for line in section[1].split("\n") if section else []:
        owner, _, _, _, data = line.split(None, 4)
        answers.append(data if owner == question[1] + "." else f"{owner} {data}")
    return [(question[1], " ".join([status[1], *answers]))]


def stranger_exchanges(output):
    """As above, but an answer is a reply to nobody: the name has none."""
    return [(name, reply) for name, reply in dns_exchanges(output)
            if reply.split(" ")[1:] == []]


# ---- anything ----

def ping(address, _rng):
    return Call(["ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", address],
                [("echo", "reply")] * 3)


def ping_exchanges(output):
    return [("echo", "reply " + m) for m in re.findall(r"icmp_seq=(\d+) ttl=", output)]


def nmap(address, _rng):
    return Call(["nmap", "-n", "-Pn", "-sV", "-p", "21", address],
                [("21/tcp", "open ftp vsftpd 3.0.3")])


def nmap_exchanges(output):
    return [(m[1], " ".join(m[2].split())) for m in re.finditer(r"^(\d+/tcp) +(.*)$", output, re.M)]


FTP = [Client(name, call, ftp_exchanges(name)) for name, call in
       (("lftp", lftp), ("tnftp", tnftp), ("ncftp", ncftp), ("curl -Q", curl_quote))]
PING = Client("ping", ping, ping_exchanges)
HTTP = Client("curl (http)", curl_http, http_exchanges)
DIG = Client("dig", dig, dns_exchanges)
STRANGER = Client("dig, unknown name", dig_stranger, stranger_exchanges)
NMAP = Client("nmap -sV", nmap, nmap_exchanges, 120.0)
