"""What the demo prints: stages, transcripts, the table."""
import sys
import textwrap
import time


class Screen:
    def __init__(self):
        self.began = time.monotonic()

    def stage(self, title):
        print(f"\n== {title}  [{time.monotonic() - self.began:.0f} s]", flush=True)

    def say(self, text):
        print(text, flush=True)

    def working(self, text):
        """A line that is overwritten, on a terminal only."""
        if sys.stdout.isatty():
            print(f"\r\x1b[K{text}", end="", flush=True)

    def settled(self):
        if sys.stdout.isatty():
            print("\r\x1b[K", end="", flush=True)

    def transcript(self, outcome):
        print(f"\n{outcome.client} talks to {outcome.address}:")
        for request, reply in outcome.exchanges:
            if request:
                print(f"    > {request[:90]}")
            print(f"    < {reply[:90]}")
        sys.stdout.flush()


class Table:
    """client, addresses, exchanges, satisfied."""

    HEAD = ("client", "addresses", "exchanges", "satisfied")

    def __init__(self):
        self.rows = []
        self.troubles = []

    def add(self, client, addresses, exchanges, satisfied, troubles=()):
        self.rows.append((client, str(addresses), str(exchanges), f"{satisfied} of {addresses}"))
        self.troubles += [f"{client}: {why}" for why in troubles]

    def outcomes(self, client, outcomes):
        good = [o for o in outcomes if not o.why]
        self.add(client, len(outcomes), sum(len(o.exchanges) for o in outcomes), len(good),
                 [f"{o.address}: {o.why}" for o in outcomes if o.why])

    def show(self):
        widths = [max(len(row[i]) for row in [self.HEAD, *self.rows]) for i in range(4)]
        for row in [self.HEAD, tuple("-" * w for w in widths), *self.rows]:
            print("  ".join([row[0].ljust(widths[0]), row[1].rjust(widths[1]),
                             row[2].rjust(widths[2]), row[3].rjust(widths[3])]))
        for trouble in self.troubles:
            print(textwrap.fill("not satisfied: " + trouble, 98, subsequent_indent="    "))
        sys.stdout.flush()
