"""A host of this kernel: a TUN device in the clients' namespace, and servers behind it that keep a model's words."""
import contextlib
import fcntl
import os
import resource
import selectors
import socket
import struct
import threading
from dataclasses import dataclass

from lab.lab import Lab
from lab.process import must

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 1, 0x1000


@dataclass
class Heard:
    line: bytes = b""
    anything: bool = False


class Server(threading.Thread):
    """All sockets in one thread.

    words: line -> answer, None -> that of any other, "FIN" -> what is said at the end; None: listens only.
    """

    def __init__(self, listeners):
        super().__init__(daemon=True)
        self.poll, self.going = selectors.DefaultSelector(), True
        for listener, words in listeners:
            listener.setblocking(False)
            self.poll.register(listener, selectors.EVENT_READ, words)
        self.heard = {}

    def run(self):
        while self.going:
            for key, _ in self.poll.select(0.1):
                with contextlib.suppress(BlockingIOError):
                    if key.fileobj in self.heard:
                        self.hear(key.fileobj, key.data)
                    else:
                        self.take(key.fileobj, key.data)
        for key in list(self.poll.get_map().values()):
            key.fileobj.close()
        self.poll.close()

    def take(self, listener, words):
        sock, _ = listener.accept()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        sock.setblocking(False)
        self.heard[sock] = Heard()
        self.poll.register(sock, selectors.EVENT_READ, words)

    def close(self, sock):
        self.poll.unregister(sock)
        del self.heard[sock]
        sock.close()

    def hear(self, sock, words):
        """Takes one line, or what there is of one; the others stay in the kernel, as with vsftpd."""
        heard = self.heard[sock]
        try:
            waiting = sock.recv(65536, socket.MSG_PEEK)
            end = waiting.find(b"\n") + 1
            heard.line += sock.recv(end or len(waiting) or 1)
            heard.anything |= waiting != b""
            if words and heard.line and (end or not waiting):
                sock.send(words.get(heard.line.strip() + b"\r\n", words[None]))
            if words and heard.anything and not waiting and heard.line != b"BYE":
                sock.send(words["FIN"])
            if not waiting or words and heard.line == b"BYE\r\n":
                self.close(sock)
            elif end:
                heard.line = b""
        except BlockingIOError:
            raise
        except OSError:
            self.close(sock)


class Kernel:
    """address speaks with whoever is behind routed; services: port -> words."""

    def __init__(self, lab: Lab, address, routed, services):
        self.lab = lab
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))	# conversations that nobody ends stay open
        with lab.within(lab.client_ns):
            self.tun = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(self.tun, TUNSETIFF, struct.pack("16sH14x", b"tun-k", IFF_TUN | IFF_NO_PI))
        for words in (["addr", "add", address + "/32", "dev", "tun-k"], ["link", "set", "tun-k", "up"],
                      ["link", "set", "lo", "up"], ["route", "add", routed, "dev", "tun-k"]):
            must(lab.client(["ip", *words]), "ip " + " ".join(words))
        listeners = []
        for port, words in services.items():
            sock = lab.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.bind((address, port))
            sock.listen(4096)
            listeners.append((sock, words))
        self.server = Server(listeners)
        self.server.start()

    def fileno(self):
        return self.tun

    def send(self, packet):
        os.write(self.tun, packet)

    def recv(self):
        return os.read(self.tun, 65536)

    def close(self):
        self.server.going = False
        self.server.join()
        os.close(self.tun)
