"""Import of key material: wrapping keys, tokens, material that a key is bound to for good."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from conformance.reference.call import Call, handles, seam
from conformance.reference.errors import KmsError
from conformance.reference.model import ImportToken, Key
from conformance.reference.services import algorithms
from conformance.reference.services.credentials import token
from conformance.reference.services.finding import (
    find_key,
    invalid,
    require_state,
    unsupported,
)
from conformance.reference.services.life import drop_material
from conformance.reference.services.material import RSA_KEYS
from conformance.reference.services.tables import key_specs, maximum, wrapping_algorithms
from conformance.reference.services.wrapping import WRAPPING_BITS, public_der
from conformance.reference.sm.sm2 import Sm2PrivateKey, new_private_key
from conformance.wire.times import format_iso

#: Tokens kept after their end, so that ExpiredImportToken can tell them from invented ones.
_REMEMBERED = timedelta(days=7)
#: Tokens of one account; the oldest goes first.
_MOST_TOKENS = 1000
_TOKEN_OCTETS = 96


def _external_key(call: Call) -> Key:
    key = find_key(call)
    if key.origin != "EXTERNAL":
        message = "The material of this key was made by KMS and cannot be imported."
        raise KmsError("Unsupported.Origin", message)
    require_state(call, key)
    return key


@seam
def import_token_life() -> timedelta:
    """Return how long public key and token can be used."""
    return timedelta(hours=maximum("import-token-life"))


@handles("GetParametersForImport", slow=True)
def get_parameters_for_import(call: Call) -> dict[str, Any]:
    """Answer a wrapping key of its own and a token for one key, good for 24 hours."""
    key = _external_key(call)
    spec, name = call.params["WrappingKeySpec"], call.params["WrappingAlgorithm"]
    if name not in wrapping_algorithms(spec, "import"):
        raise invalid(f"WrappingAlgorithm does not suit {spec}.")
    if spec == "EC_SM2" and key.protection_level != "HSM":
        raise unsupported("Wrapping under SM2 is for keys in an HSM.")
    if key.instance_id is not None and name == "RSAES_OAEP_SHA_1":
        raise invalid("Keys of a KMS instance do not take RSAES_OAEP_SHA_1.")
    private_key = _wrapping_pair(call, spec)
    expires = call.now + call.endpoint.seams.import_token_life()
    row = ImportToken(token(_TOKEN_OCTETS), key.id, spec, name, expires, private_key)
    _remember(call, row)
    return {
        "KeyId": key.id,
        "ImportToken": row.token,
        "PublicKey": base64.b64encode(public_der(private_key.public_key())).decode("ascii"),
        "TokenExpireTime": format_iso(expires),
    }


def _wrapping_pair(call: Call, spec: str) -> RSAPrivateKey | Sm2PrivateKey:
    if spec == "EC_SM2":
        return new_private_key()
    with call.endpoint.heavy():
        return RSA_KEYS.take(WRAPPING_BITS)


def _remember(call: Call, row: ImportToken) -> None:
    tokens = call.account.import_tokens
    for old in list(tokens.values()):
        if old.expires + _REMEMBERED > call.now and len(tokens) < _MOST_TOKENS:
            break
        del tokens[old.token]
    tokens[row.token] = row


@seam
def token_of_key(row: ImportToken | None, key: Key) -> bool:
    """Tell whether a token was issued, and for this key."""
    return row is not None and row.key_id == key.id


@seam
def token_is_over(row: ImportToken, now: datetime) -> bool:
    """Tell whether the time of a token has passed."""
    return row.expires <= now


def _import_token(call: Call, key: Key) -> ImportToken:
    row = call.account.import_tokens.get(call.params["ImportToken"])
    seams = call.endpoint.seams
    if row is None or not seams.token_of_key(row, key):
        raise KmsError("InvalidImportToken", "ImportToken was not issued for this key.")
    if seams.token_is_over(row, call.now):
        raise KmsError("ExpiredImportToken", "ImportToken has expired.")
    return row


def _expiry(call: Call) -> datetime | None:
    """Return when material goes: Unix seconds, never for 0 or nothing."""
    seconds = call.params.get("KeyMaterialExpireUnix", 0)
    if seconds == 0:
        return None
    try:
        expires = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise invalid("KeyMaterialExpireUnix is beyond the calendar; it is in seconds.") from None
    if expires < call.now:
        raise invalid("KeyMaterialExpireUnix lies in the past.")
    return expires


@seam
def accepts_material(key: Key, material: bytes) -> bool:
    """Tell whether material has the length of the spec and is what the key is bound to, if any."""
    if len(material) != key_specs()[key.spec]["keyBytes"]:
        return False
    digest = hashlib.sha256(material).digest()
    return key.material_digest is None or hmac.compare_digest(key.material_digest, digest)


@handles("ImportKeyMaterial", slow=True)
def import_key_material(call: Call) -> dict[str, Any]:
    """Give a key its material; the key is bound to it for good.

    A key that waits becomes Enabled. A Disabled key stays Disabled (inferred). The same material
    may come again and then sets the expiry anew.
    """
    key = _external_key(call)
    expires = _expiry(call)
    row = _import_token(call, key)
    try:
        wrapped = base64.b64decode(call.params["EncryptedKeyMaterial"], validate=True)
        with call.endpoint.heavy():
            material = algorithms.decrypt(row.private_key, row.wrapping_algorithm, wrapped)
    except ValueError:
        raise _refused_material() from None
    if not call.endpoint.seams.accepts_material(key, material):
        raise _refused_material()
    require_state(call, key)
    key.material_digest = hashlib.sha256(material).digest()
    key.material_expires = expires
    for version in key.versions.values():
        version.material = material
    if key.state == "PendingImport":
        key.state = "Enabled"
    return {}


def _refused_material() -> KmsError:
    message = "EncryptedKeyMaterial does not hold the material that this key takes."
    return KmsError("InvalidKeyMaterial", message)


@handles("DeleteKeyMaterial")
def delete_key_material(call: Call) -> dict[str, Any]:
    """Take imported material away; the key waits for the same material again."""
    drop_material(_external_key(call))
    return {}
