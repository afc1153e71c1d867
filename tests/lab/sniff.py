"""What crosses the cable, in a file."""
import re
import time

from lab.process import end, start


class Capture:
    """All frames on veth-c, into a file."""

    def __init__(self, lab, folder):
        self.path, self.log = folder / "cable.pcap", folder / "dumpcap.log"
        self.child = start(lab.client(["dumpcap", "-q", "-P", "-B", "256", "-i", "veth-c", "-w",
                                       str(self.path)]), self.log)
        until = time.monotonic() + 20
        while "File:" not in self.log.read_text():
            if self.child.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"dumpcap does not begin: {self.log.read_text()}")
            time.sleep(0.05)

    def stop(self):
        """Frames that were not captured."""
        end(self.child)
        dropped = re.search(r"received/dropped on interface '?veth-c'?: \d+/(\d+)", self.log.read_text())
        return int(dropped[1])
