"""frames.py - a stream cut into frames, for the protocols whose packets tell their length."""
from .judge import Malformed, Protocol


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


class Framed(Protocol):
    """
    A protocol whose messages say how long they are. A class of it has size(), request() and reply(), which take a
    whole frame, pending (what is owed an answer), and names of two rules: WHOLE, ANSWERED.
    """
    WHOLE = ANSWERED = ""

    def __init__(self, conversation, common=None):
        super().__init__(conversation, common)
        self.asked, self.said = Frames(self.size), Frames(self.size)
        self.answering = False
        self.broken = False		# the client no longer makes sense

    def client(self, data, time):
        self.answering = False
        if self.broken:
            return
        try:
            for frame in self.asked.feed(data):
                self.request(frame)
        except Malformed:
            self.broken = True

    def silence(self):
        self.pending.clear()

    def server(self, data, time):
        self.answering = True
        try:
            for frame in self.said.feed(data):
                self.reply(frame)
        except Malformed as error:
            self.expect(self.WHOLE, False, str(error))
            self.said.rest = b""

    def end(self):
        self.expect(self.WHOLE, not self.said.rest, "a message does not end")
        if self.answering and not self.broken:
            self.expect(self.ANSWERED, not self.pending, f"{len(self.pending)} unanswered")
