"""Faults of how client keys are let in: their signature, their validity, their file."""

import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    KeySerializationEncryption,
    PrivateFormat,
    pkcs12,
)

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, refuse_at, wrap_answer, wrap_handler
from conformance.reference.faults.tools import AAP
from conformance.reference.passage import Passage
from conformance.wire.identity import Identity

_RPC = "Request syntax and signature method V2 for RPC APIs"
_MANAGE = "Manage application access points page"
_OFFICIAL = "aliyun-secret-manager-client 0.1.5"
_GO = "golang.org/x/crypto/pkcs12 as official Go clients use it"


class _Lenient:
    """Stands for a public key that takes more than it should."""

    def __init__(self, public_key: Any, accepts: Callable[[Any, bytes, bytes], bool]) -> None:
        self._public_key = public_key
        self._accepts = accepts

    def verify(self, signature: bytes, message: bytes, *how: Any) -> None:
        """Verify as the key would, or take the signature all the same."""
        try:
            self._public_key.verify(signature, message, *how)
        except InvalidSignature:
            if not self._accepts(self._public_key, signature, message):
                raise


def _change_client_keys(endpoint: Endpoint, change: Callable[[Identity], Identity | None]) -> None:
    """Change what the verifier is told of every client key."""
    original = endpoint.lookup

    def lookup(access_key_id: str) -> Identity | None:
        found = original(access_key_id)
        if found is None or found.public_key is None:
            return found
        return change(found)

    endpoint.lookup = lookup


def _accept(endpoint: Endpoint, accepts: Callable[[Any, bytes, bytes], bool]) -> None:
    def change(identity: Identity) -> Identity:
        lenient: Any = _Lenient(identity.public_key, accepts)
        return replace(identity, public_key=lenient)

    _change_client_keys(endpoint, change)


@fault(
    "client-key-refused-on-the-shared-gateway",
    breaks=("AAP-001",),
    statement="The shared gateway takes no client keys.",
    source=f"{_OFFICIAL}; {AAP}",
)
def _no_client_keys(endpoint: Endpoint) -> None:
    def judge(passage: Passage) -> KmsError | None:
        verified = passage.verified
        known = verified is not None and verified.identity.public_key is not None
        return KmsError("UnsupportedOperation", "No client keys here.", 400) if known else None

    refuse_at(endpoint, "parse", judge)


@fault(
    "signature-of-client-key-unchecked",
    breaks=("AAP-010", "AAP-011"),
    statement="The signature of a client key is not looked at.",
    source=_RPC,
)
def _unchecked(endpoint: Endpoint) -> None:
    _accept(endpoint, lambda *_: True)


@fault(
    "signature-of-client-key-over-sha1",
    breaks=("AAP-010",),
    statement="A signature of a client key is taken over SHA-1 as well.",
    source=_RPC,
)
def _sha1(endpoint: Endpoint) -> None:
    def accepts(public_key: Any, signature: bytes, message: bytes) -> bool:
        with suppress(InvalidSignature):
            public_key.verify(signature, message, padding.PKCS1v15(), hashes.SHA1())
            return True
        return False

    _accept(endpoint, accepts)


@fault(
    "signature-of-client-key-for-any-method",
    breaks=("AAP-010",),
    statement="The signature of a client key does not cover the HTTP method.",
    source=_RPC,
)
def _any_method(endpoint: Endpoint) -> None:
    def accepts(public_key: Any, signature: bytes, message: bytes) -> bool:
        other = b"GET" + message.removeprefix(b"POST")
        with suppress(InvalidSignature):
            public_key.verify(signature, other, padding.PKCS1v15(), hashes.SHA256())
            return True
        return False

    _accept(endpoint, accepts)


@fault(
    "client-key-with-an-empty-secret",
    breaks=("AAP-010",),
    statement="A client key signs with HMAC as well, its secret being empty.",
    source=f"{_OFFICIAL}: SHA256withRSA",
)
def _empty_secret(endpoint: Endpoint) -> None:
    _change_client_keys(endpoint, lambda identity: replace(identity, secret=""))


@fault(
    "unknown-client-key-taken-for-the-last",
    breaks=("AAP-012",),
    statement="A client key that does not exist is taken for the one that was made last.",
    source=AAP,
)
def _unknown(endpoint: Endpoint) -> None:
    original = endpoint.lookup

    def lookup(access_key_id: str) -> Identity | None:
        found = original(access_key_id)
        if found is not None or not access_key_id.startswith("KAAP."):
            return found
        last = list(endpoint.account.client_keys)[-1]
        identity = original(last)
        assert identity is not None
        anything: Any = _Lenient(identity.public_key, lambda *_: True)
        return replace(identity, public_key=anything)

    endpoint.lookup = lookup


@fault(
    "time-of-requests-unlooked-at",
    breaks=("AAP-013",),
    statement="Requests are taken whenever they were signed.",
    source=_RPC,
)
def _any_time(endpoint: Endpoint) -> None:
    endpoint.change_policy(freshness=timedelta(days=365))


@fault(
    "client-key-let-in-too-early",
    breaks=("AAP-021", "AAP-035"),
    statement="NotBefore of client keys is not looked at.",
    source=_MANAGE,
)
def _too_early(endpoint: Endpoint) -> None:
    _change_client_keys(endpoint, lambda identity: replace(identity, not_before=None))


@fault(
    "client-key-let-in-too-late",
    breaks=("AAP-021", "AAP-035"),
    statement="NotAfter of client keys is not looked at.",
    source=_MANAGE,
)
def _too_late(endpoint: Endpoint) -> None:
    _change_client_keys(endpoint, lambda identity: replace(identity, not_after=None))


@fault(
    "access-point-stays",
    breaks=("AAP-022", "AAP-036"),
    statement="DeleteApplicationAccessPoint succeeds and the access point stays with its keys.",
    source=_MANAGE,
)
def _point_stays(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        account, name = call.account, call.params["Name"]
        point = account.access_points.get(name)
        keys = {key: row for key, row in account.client_keys.items() if row.access_point == name}
        answer = original(call)
        assert point is not None
        account.access_points[name] = point
        account.client_keys.update(keys)
        return answer

    wrap_handler(endpoint, "DeleteApplicationAccessPoint", wrapper)


def _answer_file(
    endpoint: Endpoint, protection: Callable[[bytes], KeySerializationEncryption]
) -> None:
    """Answer the file of a client key in another form."""

    def change(call: Call, answer: dict[str, Any]) -> None:
        password = call.params["Password"].encode()
        data = base64.b64decode(answer["PrivateKeyData"])
        key, certificate, _ = pkcs12.load_key_and_certificates(data, password)
        assert isinstance(key, RSAPrivateKey)
        made = pkcs12.serialize_key_and_certificates(
            None, key, certificate, None, protection(password)
        )
        answer["PrivateKeyData"] = base64.b64encode(made).decode("ascii")

    wrap_answer(endpoint, "CreateClientKey", change)


@fault(
    "client-key-file-of-today",
    breaks=("AAP-020",),
    statement="PrivateKeyData is encrypted as PKCS#12 usually is today, with PBES2 and AES.",
    source=_GO,
)
def _newest(endpoint: Endpoint) -> None:
    _answer_file(endpoint, BestAvailableEncryption)


@fault(
    "client-key-file-with-sha256-mac",
    breaks=("AAP-020",),
    statement="The MAC of PrivateKeyData is made with SHA-256.",
    source=_GO,
)
def _sha256_mac(endpoint: Endpoint) -> None:
    def protection(password: bytes) -> KeySerializationEncryption:
        builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2048)
        builder = builder.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        return builder.hmac_hash(hashes.SHA256()).build(password)

    _answer_file(endpoint, protection)
