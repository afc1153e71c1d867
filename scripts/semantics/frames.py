"""frames.py - a stream cut into frames, for the protocols whose packets tell their length."""


class Frames:
    """Bytes in, whole frames out; rest is what is not whole.

    size(data) is the length of the frame data begins with, None if too little is there to tell; it may
    raise Malformed.
    """

    def __init__(self, size):
        self.size = size
        self.rest = b""

    def feed(self, data):
        """Yields the frames that are whole now; rest is right after each."""
        self.rest += data
        while self.rest:
            size = self.size(self.rest)
            if size is None or size > len(self.rest):
                return
            frame, self.rest = self.rest[:size], self.rest[size:]
            yield frame
