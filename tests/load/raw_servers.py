"""Servers of raw bytes, for answers that no HTTP library would send."""

import socket
import ssl
import threading
from contextlib import contextmanager


class RawServer:
    """Listens on loopback; ``behave(connection, number)`` serves each connection in a thread."""

    def __init__(self, behave, context=None):
        self.behave = behave
        self.context = context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(plain, self.connections), daemon=True).start()

    def serve(self, connection, number):
        try:
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            self.behave(connection, number)
        except (OSError, ssl.SSLError):
            pass
        finally:
            connection.close()


@contextmanager
def serving(behave, context=None):
    server = RawServer(behave, context)
    server.thread.start()
    try:
        yield server
    finally:
        server.listener.close()


def read_request(connection):
    """Return the bytes of one request, nothing at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(body=b'{"RequestId":"r"}', status=b"200 OK", headers=b""):
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b" % (status, len(body), headers, body)
