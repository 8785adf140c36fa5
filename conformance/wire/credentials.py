"""Credentials as KMS sees them: access key, temporary access key with token, client key.

Every role-style credential (RAM role, ECS role, OIDC) ends as a temporary access key. The client
key of an application access point signs with RSA and has no secret shared with the service.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12

from conformance.wire.failures import WireError


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A permanent access key of an account or RAM user."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StsToken:
    """A temporary access key and the security token that goes with it."""

    id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A client key of an application access point: id ``KAAP.…`` and RSA private key.

    Attributes:
        not_before: Start of the validity of its certificate, None where that is not known.
        not_after: End of it.
    """

    id: str
    private_key: RSAPrivateKey = field(repr=False, compare=False, hash=False)
    not_before: datetime | None = field(default=None, compare=False, hash=False)
    not_after: datetime | None = field(default=None, compare=False, hash=False)

    def sign(self, message: bytes) -> bytes:
        """Return the RSASSA-PKCS1-v1_5 signature with SHA-256 over ``message``."""
        return self.private_key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    @classmethod
    def from_document(cls, document: str | Mapping[str, str], password: str) -> "ClientKey":
        """Read the file that CreateClientKey or the console hands out.

        Args:
            document: JSON text or parsed object with ``KeyId`` and ``PrivateKeyData`` (base64 of a
                PKCS#12 container).
            password: Password of the container.

        Raises:
            WireError: When the document or the container cannot be read.
        """
        try:
            members = json.loads(document) if isinstance(document, str) else document
            container = base64.b64decode(members["PrivateKeyData"], validate=True)
            key_id = str(members["KeyId"])
        except (json.JSONDecodeError, KeyError, TypeError, binascii.Error):
            raise WireError(
                "a client key file is JSON with KeyId and PrivateKeyData (base64 of PKCS#12)"
            ) from None
        try:
            key, certificate, _ = pkcs12.load_key_and_certificates(container, password.encode())
        except ValueError as error:
            # The library tells the two apart by its text only.
            if "password" in str(error):
                raise WireError("the client key container does not open: wrong password") from None
            raise WireError("PrivateKeyData of the client key is not PKCS#12") from None
        if not isinstance(key, RSAPrivateKey):
            raise WireError("the client key container holds no RSA private key")
        if certificate is None:
            return cls(key_id, key)
        return cls(key_id, key, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


Credential: TypeAlias = AccessKey | StsToken | ClientKey
