"""Serves an endpoint on loopback and calls it with signed requests over real sockets."""

import socket
import ssl
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

from conformance.reference.endpoint import Endpoint
from conformance.reference.server import ListenOptions, serve
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.rpc import RpcAuth

SCHEMES = {"RPC-1.0": RpcAuth, "V3": Acs3Auth}


class Site:
    """A running endpoint and a pooled client for it."""

    def __init__(self, running):
        self.running = running
        self.endpoint = running.endpoint
        self.client = httpx.Client(
            trust_env=False, verify=running.client_context(), timeout=10, follow_redirects=False
        )

    def call(
        self, action, /, identity="full", scheme="V3", method="POST", listener="https", **params
    ):
        credential = self.endpoint.identities[identity].credential
        url = self.running.https_url if listener == "https" else self.running.http_url
        auth = SCHEMES[scheme](credential, clock=self.endpoint.clock.now)
        return self.client.request(method, url, params={"Action": action, **params}, auth=auth)

    def connect(self, listener="http", timeout=5):
        """Return a plain socket, or one with TLS."""
        url = urlsplit(self.running.https_url if listener == "https" else self.running.http_url)
        raw = socket.create_connection((url.hostname, url.port), timeout)
        if listener != "https":
            return raw
        return self.running.client_context().wrap_socket(raw, server_hostname=url.hostname)

    def send(self, content, listener="http", timeout=5):
        """Send bytes and return everything that comes back until the end."""
        with self.connect(listener, timeout) as connection:
            connection.sendall(content)
            return read_all(connection)


def read_all(connection):
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except (ConnectionResetError, ssl.SSLError):
        pass
    return b"".join(parts)


@contextmanager
def site(endpoint=None, **options):
    endpoint = endpoint or Endpoint()
    with serve(endpoint, ListenOptions(**options)) as running:
        served = Site(running)
        try:
            yield served
        finally:
            served.client.close()
