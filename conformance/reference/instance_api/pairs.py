"""Data-key pairs: a new key pair, its private half in plain and under a symmetric key.

One pair operation at a time on an instance; the next one is told to come again.
"""

from typing import Literal, TypeAlias
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from conformance.reference.call import seam
from conformance.reference.endpoint import Endpoint
from conformance.reference.instance_api.calls import InstanceCall, Reply, answers
from conformance.reference.instance_api.data_keys import wrap
from conformance.reference.instance_api.keys import find_key
from conformance.reference.instance_api.refusals import InstanceRefusal
from conformance.reference.services.material import new_material

PairKey: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey
KeyFormat: TypeAlias = Literal["PEM", "DER"]

#: Instances with a pair operation under way.
_BUSY: WeakKeyDictionary[Endpoint, set[str]] = WeakKeyDictionary()


@seam
def instance_new_pair(spec: str) -> PairKey:
    """Make a key pair."""
    key = new_material(spec)
    assert isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey)
    return key


@seam
def instance_pair_halves(key: PairKey, form: KeyFormat) -> tuple[bytes, bytes]:
    """Return the private half as PKCS#8 and the public one as SubjectPublicKeyInfo."""
    encoding = Encoding.PEM if form == "PEM" else Encoding.DER
    private = key.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


@seam
def instance_pairs_at_once() -> int:
    """Return how many pair operations an instance does at a time."""
    return 1


def _new_pair(call: InstanceCall) -> PairKey:
    """Make a pair while other calls go on."""
    endpoint, seams = call.endpoint, call.endpoint.seams
    busy = _BUSY.setdefault(endpoint, set())
    if call.instance_id in busy and seams.instance_pairs_at_once() == 1:
        raise InstanceRefusal("pair-concurrency")
    busy.add(call.instance_id)
    try:
        with endpoint.heavy():
            key: PairKey = seams.instance_new_pair(call.values["KeyPairSpec"])
    finally:
        busy.discard(call.instance_id)
    return key


@answers(
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "AdvanceGenerateDataKeyPair",
    "AdvanceGenerateDataKeyPairWithoutPlaintext",
)
def generate_pair(call: InstanceCall) -> Reply:
    """Make a key pair."""
    find_key(call)
    key = _new_pair(call)
    private, public = call.endpoint.seams.instance_pair_halves(key, call.values["KeyFormat"])
    shown, body, reply = wrap(call, private)
    reply.values = {
        **shown,
        "KeyPairSpec": call.values["KeyPairSpec"],
        "PrivateKeyCiphertextBlob": body,
        "PublicKey": public,
    }
    if "PrivateKeyPlaintext" in call.operation.response:
        reply.values["PrivateKeyPlaintext"] = private
    return reply
