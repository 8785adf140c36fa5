"""Client keys of application access points. The private half is answered once and not kept."""

import base64
from datetime import datetime
from typing import Any
from uuid import uuid4

from conformance.reference.call import Call, handles, seam
from conformance.reference.errors import KmsError
from conformance.reference.model import ClientKey
from conformance.reference.services.client_key_file import new_client_key_file
from conformance.reference.services.finding import invalid, named
from conformance.reference.services.material import RSA_KEYS
from conformance.reference.services.tables import limit, maximum
from conformance.wire.failures import WireError
from conformance.wire.times import format_iso, parse_iso


@handles("CreateClientKey", slow=True)
def create_client_key(call: Call) -> dict[str, Any]:
    """Make a client key; PrivateKeyData is a PKCS#12 under the caller's password."""
    point = named(call.account.access_points, call.params["AapName"], "application access point")
    _require_room(call, point.name)
    not_before, not_after = _validity(call)
    key_id = f"KAAP.{uuid4()}"
    with call.endpoint.heavy():
        private_key = RSA_KEYS.take(2048)
        file = new_client_key_file(
            private_key, key_id, call.params["Password"], not_before, not_after
        )
    _require_room(call, point.name)
    call.account.client_keys[key_id] = ClientKey(
        key_id,
        point.name,
        call.now,
        not_before,
        not_after,
        file.public_key,
        certificate_pem=file.certificate_pem,
    )
    return {
        "ClientKeyId": key_id,
        "KeyAlgorithm": "RSA_2048",
        "PrivateKeyData": base64.b64encode(file.pkcs12).decode("ascii"),
        "NotBefore": format_iso(not_before),
        "NotAfter": format_iso(not_after),
    }


def _of_point(call: Call, name: str) -> list[ClientKey]:
    return [key for key in call.account.client_keys.values() if key.access_point == name]


def _require_room(call: Call, name: str) -> None:
    most = maximum("client-keys-per-access-point")
    if len(_of_point(call, name)) >= most:
        message = f"An application access point has at most {most} client keys."
        raise KmsError("Rejected.LimitExceeded", message)


@seam
def default_validity(now: datetime) -> tuple[datetime, datetime]:
    """Return the validity of a client key that names none: five years from now."""
    years = int(limit("client-key-life")["default"])
    try:
        return now, now.replace(year=now.year + years)
    except ValueError:  # the 29th of February
        return now, now.replace(year=now.year + years, day=28)


def _validity(call: Call) -> tuple[datetime, datetime]:
    """Return NotBefore and NotAfter, which must lie in this order and not be over (inferred)."""
    if "NotBefore" not in call.params:
        not_before, not_after = call.endpoint.seams.default_validity(call.now)
        return not_before, not_after
    try:
        not_before = parse_iso(call.params["NotBefore"])
        not_after = parse_iso(call.params["NotAfter"])
    except WireError as problem:
        raise invalid(f"NotBefore or NotAfter cannot be read: {problem}.") from None
    if not_after <= not_before or not_after <= call.now:
        raise invalid("NotAfter lies after NotBefore and in the future.")
    return not_before, not_after


def _show(key: ClientKey) -> dict[str, Any]:
    return {
        "ClientKeyId": key.id,
        "AapName": key.access_point,
        "CreateTime": format_iso(key.created),
        "KeyAlgorithm": key.key_algorithm,
        "KeyOrigin": key.key_origin,
        "NotBefore": format_iso(key.not_before),
        "NotAfter": format_iso(key.not_after),
        "PublicKeyData": key.certificate_pem,
    }


@handles("GetClientKey")
def get_client_key(call: Call) -> dict[str, Any]:
    """Show a client key with its certificate."""
    return _show(named(call.account.client_keys, call.params["ClientKeyId"], "client key"))


@handles("ListClientKeys")
def list_client_keys(call: Call) -> dict[str, Any]:
    """List the client keys of an access point, or all."""
    if "AapName" not in call.params:
        return {"ClientKeys": [_show(key) for key in call.account.client_keys.values()]}
    point = named(call.account.access_points, call.params["AapName"], "application access point")
    return {"ClientKeys": [_show(key) for key in _of_point(call, point.name)]}


@handles("DeleteClientKey")
def delete_client_key(call: Call) -> dict[str, Any]:
    """Delete a client key; whoever signs with it is refused from now on."""
    key = named(call.account.client_keys, call.params["ClientKeyId"], "client key")
    del call.account.client_keys[key.id]
    return {}
