"""TLS of the shared gateway: certificate, versions, and plain text on its port."""

import socket
import ssl
from urllib.parse import urlsplit

from conformance.run.context import Kms
from conformance.run.registry import Level, rule
from conformance.run.verdict import NotTestable, TransportProblem
from conformance.target.trust import trust_context

_SYNTAX = "Request syntax page, KMS API reference (2017; AlibabaCloudDocs/kms 2021-07)"


def _address(kms: Kms) -> tuple[str, int]:
    parts = urlsplit(kms.target.gateways["shared"].listeners["https"])
    return parts.hostname or "", parts.port or 443


def _context(kms: Kms) -> ssl.SSLContext:
    return trust_context(kms.target.gateways["shared"].ca)


def _negotiated(kms: Kms, context: ssl.SSLContext) -> str:
    """Return the TLS version that a handshake ends with.

    Raises:
        ssl.SSLError: When there is none in common, or the certificate is not trusted.
        TransportProblem: When the listener cannot be reached.
    """
    host, port = _address(kms)
    try:
        with (
            socket.create_connection((host, port), kms.target.timeout) as plain,
            context.wrap_socket(plain, server_hostname=host) as wrapped,
        ):
            return wrapped.version() or ""
    except ssl.SSLError:
        raise
    except OSError as error:
        raise TransportProblem(
            "refused", f"{host}:{port} cannot be reached: {error.strerror or error}"
        ) from None


@rule(
    "GW-SHR-020",
    level=Level.MUST,
    family="gateway",
    statement="The certificate of the shared gateway is trusted, in force, and issued for the host "
    "name that it is called by.",
    provenance="documented",
    source=_SYNTAX,
    stage="gateway",
    needs=("gateway:shared", "listener:https"),
    tags=("tls",),
)
def certificate(kms: Kms) -> None:
    """Make a handshake that checks chain, validity and host name."""
    try:
        _negotiated(kms, _context(kms))
    except ssl.SSLCertVerificationError as error:
        kms.violated(
            f"the certificate should be trusted and issued for {_address(kms)[0]}, found: "
            f"{error.verify_message}"
        )
    except ssl.SSLError as error:
        raise NotTestable(f"the TLS handshake failed: {error.reason or error}") from None


@rule(
    "GW-SHR-021",
    level=Level.MUST,
    family="gateway",
    statement="Clients that know TLS 1.2 and nothing later are served.",
    provenance="documented",
    source=f"{_SYNTAX}: TLS 1.0 or later",
    stage="gateway",
    needs=("gateway:shared", "listener:https"),
    tags=("tls",),
)
def tls_1_2(kms: Kms) -> None:
    """Offer TLS 1.2 alone."""
    context = _context(kms)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        found = _negotiated(kms, context)
    except ssl.SSLCertVerificationError as error:
        raise NotTestable(f"the certificate is not trusted: {error.verify_message}") from None
    except ssl.SSLError as error:
        kms.violated(f"a client with TLS 1.2 is served, found: {error.reason or error}")
    kms.expect(found == "TLSv1.2", f"TLS 1.2 is what both have in common, found {found}")


@rule(
    "GW-SHR-022",
    level=Level.MUST,
    family="gateway",
    statement="A request in plain text on the HTTPS port is not served.",
    provenance="documented",
    source=f"{_SYNTAX}: HTTPS only",
    stage="gateway",
    operations=("DescribeRegions",),
    needs=("gateway:shared", "listener:https", "scheme:V3"),
    tags=("tls", "negative"),
)
def plain_text_on_tls_port(kms: Kms) -> None:
    """Send a rightly signed request without TLS to the port of HTTPS."""
    served = kms.call("DescribeRegions", listener="https")
    if not served.ok:
        raise NotTestable(f"over TLS the request is answered {served.describe()}", [served])
    answer = _plain_answer(kms)
    status = answer.partition(b"\r\n")[0][:80].decode("latin-1")
    kms.expect(
        not status.startswith(("HTTP/1.1 2", "HTTP/1.0 2")),
        f"plain text on the HTTPS port is not served, found {status!r}",
    )


def _plain_answer(kms: Kms) -> bytes:
    """Return the beginning of what answers plain text, empty when the connection is closed."""
    import httpx

    from conformance.client.building import build_request, signed
    from conformance.wire.acs3 import Acs3Auth

    host, port = _address(kms)
    request = signed(
        build_request(
            kms.target.gateways["shared"].listeners["https"],
            "DescribeRegions",
            (),
            method="GET",
            placement="query",
            answer_format="JSON",
        ),
        Acs3Auth(kms.target.identities["full"]),
    )
    lines = [f"GET {request.url.raw_path.decode()} HTTP/1.1"]
    sent = httpx.Headers(request.headers)
    sent["connection"] = "close"
    lines += [f"{name}: {value}" for name, value in sent.items()]
    try:
        with socket.create_connection((host, port), kms.target.timeout) as plain:
            plain.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
            return plain.recv(4096)
    except OSError:
        return b""
