"""lines.py - a stream cut into lines, for the protocols that are made of them."""


class Lines:
    """Bytes in, whole lines out; rest is what has no end yet."""

    def __init__(self):
        self.rest = b""

    def feed(self, data):
        """The lines that are complete now, without their CR LF (or LF)."""
        *lines, self.rest = (self.rest + data).split(b"\n")
        return [line[:-1] if line.endswith(b"\r") else line for line in lines]
