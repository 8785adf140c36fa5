"""What an endpoint can be told to do differently, within what the documentation allows."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal


@dataclass(slots=True)
class Settings:
    """Choices among documented behaviours, and limits.

    Attributes:
        region: Region id.
        uid: Account id.
        error_family: Which of the two documented tables of codes and error forms answers.
        xml_root: Root of a success in XML: ``<Operation>Response`` or ``KMS``.
        default_format: Format of answers to requests that name none.
        freshness: Largest difference between a request's time and the endpoint's.
        require_nonce: Whether RPC-1.0 needs SignatureNonce.
        require_tls: Whether plain HTTP is refused.
        throttle: Whether quotas are enforced.
        older_image: Whether the image of the instance is older than 3.0.0, which knows KMS Instance
            API only.
        seed: Same credentials for the same seed; None for random ones. Keys are always random.
        body_limit: Bytes of a request body.
    """

    region: str = "cn-hangzhou"
    uid: str = "1234567890123456"
    error_family: Literal["kms", "gateway"] = "kms"
    xml_root: Literal["response", "KMS"] = "response"
    default_format: Literal["JSON", "XML"] = "JSON"
    freshness: timedelta = timedelta(minutes=15)
    require_nonce: bool = True
    require_tls: bool = False
    throttle: bool = False
    older_image: bool = False
    seed: int | None = None
    body_limit: int = 10 * 1024 * 1024


@dataclass(slots=True)
class DedicatedTls:
    """TLS of the dedicated gateway.

    Attributes:
        versions: TLS versions offered, lowest and highest of "1.0" to "1.3".
        certificate: What the certificate is: right, for another host, for addresses alone and not
            for the instance, out of date, or hanging from the authority of the shared gateway or
            from one that nobody knows.
        chain: Whether the second authority is sent along; flat has none, the root issues itself.
        shared_authority: Whether one authority, known to clients as that of both, certifies both
            gateways.
        plain: Serve what comes in plain text to its port.
    """

    versions: tuple[str, str] = ("1.2", "1.3")
    certificate: Literal[
        "right",
        "other-host",
        "addresses-only",
        "expired",
        "shared-authority",
        "other-authority",
    ] = "right"
    chain: Literal["complete", "incomplete", "flat"] = "complete"
    shared_authority: bool = False
    plain: bool = False


@dataclass(slots=True)
class Transport:
    """How answers travel; what HTTP leaves open.

    Attributes:
        headers: Further headers of every answer.
        chunked: Use chunked transfer coding instead of Content-Length, in pieces of that size.
        close: Close the connection after every answer.
        delay: Seconds before every answer.
        tls_versions: TLS versions offered, lowest and highest of "1.2" and "1.3".
        certificate: What the certificate is: right, for another host, or out of date.
        plain_on_tls: Serve what comes in plain text to the TLS port.
        dedicated: TLS of the dedicated gateway.
    """

    headers: tuple[tuple[str, str], ...] = ()
    chunked: int = 0
    close: bool = False
    delay: float = 0.0
    tls_versions: tuple[str, str] = ("1.2", "1.3")
    certificate_names: tuple[str, ...] | None = None
    certificate: Literal["right", "other-host", "expired"] = "right"
    plain_on_tls: bool = False
    dedicated: DedicatedTls = field(default_factory=DedicatedTls)
