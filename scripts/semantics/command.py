"""command.py - the command `check`: reads a transcript, judges it, says what came out."""
import argparse
import sys

from . import syntax, transcript
from .judge import judge
from .report import Report
from .services import PROTOCOLS, by_port

WRONG_USE, NO_TSHARK = 2, 3

EPILOG = """exit status: 0 judged (whatever came out), 2 wrong use or an unreadable file,
3 --syntax without tshark, or tshark failed. --for PORT prints the protocol of a port as tcp/21, or exits with 2."""


def _parser():
    parser = argparse.ArgumentParser(
        prog="check", description="Judges conversations: does what was said fit what was said before?",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("protocol", metavar="PROTOCOL", help="one of " + ", ".join(PROTOCOLS) + "; or a port as tcp/21")
    parser.add_argument("file", metavar="FILE", help="written by mynah eval --transcripts")
    parser.add_argument("--strict", action="store_true", help="the strict rules too")
    parser.add_argument("--both", action="store_true", help="both sides were simulated: judge the client too")
    parser.add_argument("--recorded", action="store_true", help="judge what the real server said")
    parser.add_argument("--swap", action="store_true", help="give each conversation another one's replies (must fail)")
    parser.add_argument("--syntax", action="store_true", help="judge each message alone, by tshark")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("-v", "--verbose", action="store_true", help="every failure")
    return parser


def _protocol(name):
    return PROTOCOLS.get(name) or by_port(name)


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if len(argv) == 2 and argv[0] == "--for":
        protocol = by_port(argv[1])
        print(protocol.name if protocol else f"check: no rules for {argv[1]}.", file=None if protocol else sys.stderr)
        return 0 if protocol else WRONG_USE
    parser = _parser()
    options = parser.parse_args(argv)
    protocol = _protocol(options.protocol)
    if protocol is None:
        parser.error(f"no rules for {options.protocol}; there are some for {', '.join(PROTOCOLS)}")
    try:
        conversations = transcript.with_ports(transcript.read(options.file), protocol.ports)
        if options.recorded:
            conversations = transcript.recorded(conversations)
        if options.swap:
            conversations = transcript.swapped(conversations)
        if options.syntax:
            report = syntax.report(protocol, conversations, options.both)
        else:
            report, common = Report(protocol), {}
            for conversation in conversations:
                report.add(conversation, judge(protocol, conversation, options.strict, options.both, common))
    except transcript.Unreadable as error:
        print(f"check: {error}", file=sys.stderr)
        return WRONG_USE
    except syntax.NoTshark as error:
        print(f"check: {error}", file=sys.stderr)
        return NO_TSHARK
    print(report.as_json() if options.json else report.as_text(options.verbose))
    return 0
