"""What an endpoint can be told to do differently, within what the documentation allows."""

from dataclasses import dataclass
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
        deterministic: Derive identities and ids of the endpoint's own things from ``seed``; keys
            are always random.
        seed: See above.
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
    deterministic: bool = False
    seed: int = 0
    body_limit: int = 10 * 1024 * 1024
