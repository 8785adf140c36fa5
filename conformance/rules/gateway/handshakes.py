"""Handshakes with a gateway's HTTPS listener, and plain text on its port."""

import socket
import ssl
import warnings
from urllib.parse import urlsplit

import httpx

from conformance.client.building import Pairs, build_request, signed
from conformance.run.context import Kms
from conformance.run.verdict import NotTestable, TransportProblem
from conformance.target.trust import trust_context
from conformance.wire.acs3 import Acs3Auth


def address(kms: Kms, gateway: str) -> tuple[str, int]:
    """Return host and port of a gateway's HTTPS listener."""
    parts = urlsplit(kms.target.gateways[gateway].listeners["https"])
    return parts.hostname or "", parts.port or 443


def trusting(kms: Kms, gateway: str) -> ssl.SSLContext:
    """Return a context with the trust that the target file gives a gateway."""
    return trust_context(kms.target.gateways[gateway].ca)


def negotiated(kms: Kms, gateway: str, context: ssl.SSLContext, name: str | None = None) -> str:
    """Return the TLS version that a handshake ends with.

    Args:
        kms: The target.
        gateway: Whose HTTPS listener.
        context: What is trusted and offered.
        name: Name that the certificate has to be for; the host's by default.

    Raises:
        ssl.SSLError: When there is none in common, or the certificate is not trusted.
        TransportProblem: When the listener cannot be reached.
    """
    host, port = address(kms, gateway)
    try:
        with (
            socket.create_connection((host, port), kms.target.timeout) as plain,
            context.wrap_socket(plain, server_hostname=name or host) as wrapped,
        ):
            return wrapped.version() or ""
    except ssl.SSLError:
        raise
    except (ConnectionResetError, BrokenPipeError, ConnectionAbortedError) as error:
        raise ssl.SSLError(1, f"the connection was closed: {error.strerror}") from None
    except OSError as error:
        raise TransportProblem(
            "refused", f"{host}:{port} cannot be reached: {error.strerror or error}"
        ) from None


def expect_trusted(
    kms: Kms, gateway: str, context: ssl.SSLContext, name: str | None = None, why: str = ""
) -> None:
    """Make a handshake that checks chain, validity and name; Violation when the check fails."""
    wanted = name or address(kms, gateway)[0]
    try:
        negotiated(kms, gateway, context, name)
    except ssl.SSLCertVerificationError as error:
        kms.violated(
            f"the certificate should be trusted and issued for {wanted}{why}, found: "
            f"{error.verify_message}"
        )
    except ssl.SSLError as error:
        raise NotTestable(f"the TLS handshake failed: {error.reason or error}") from None


def expect_tls_1_2(kms: Kms, gateway: str) -> None:
    """Offer TLS 1.2 alone; Violation when it is not what both agree on."""
    context = trusting(kms, gateway)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        found = negotiated(kms, gateway, context)
    except ssl.SSLCertVerificationError as error:
        raise NotTestable(f"the certificate is not trusted: {error.verify_message}") from None
    except ssl.SSLError as error:
        kms.violated(f"a client with TLS 1.2 is served, found: {error.reason or error}")
    kms.expect(found == "TLSv1.2", f"TLS 1.2 is what both have in common, found {found}")


def offering(kms: Kms, gateway: str, version: ssl.TLSVersion) -> ssl.SSLContext:
    """Return a context that offers one old version of TLS and nothing else.

    Raises:
        NotTestable: When the TLS library of this machine does not have it any more.
    """
    has = {ssl.TLSVersion.TLSv1: ssl.HAS_TLSv1, ssl.TLSVersion.TLSv1_1: ssl.HAS_TLSv1_1}
    if not has[version]:
        raise NotTestable(f"the TLS library of this machine has no {version.name}")
    context = trusting(kms, gateway)
    with warnings.catch_warnings():
        # The version is old, which is the point.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def expect_plain_text_refused(kms: Kms, gateway: str, operation: str, pairs: Pairs = ()) -> None:
    """Send a rightly signed call without TLS to the port of HTTPS; it must not be served."""
    served = kms.call(operation, dict(pairs), gateway=gateway, listener="https")
    if not served.ok:
        raise NotTestable(f"over TLS the request is answered {served.describe()}", [served])
    answer = _plain_answer(kms, gateway, operation, pairs)
    status = answer.partition(b"\r\n")[0][:80].decode("latin-1")
    kms.expect(
        not status.startswith(("HTTP/1.1 2", "HTTP/1.0 2")),
        f"plain text on the HTTPS port is not served, found {status!r}",
    )


def _plain_answer(kms: Kms, gateway: str, operation: str, pairs: Pairs) -> bytes:
    """Return the beginning of what answers plain text, empty when the connection is closed."""
    host, port = address(kms, gateway)
    request = signed(
        build_request(
            kms.target.gateways[gateway].listeners["https"],
            operation,
            pairs,
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
