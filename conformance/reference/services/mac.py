"""Message authentication codes.

Specs and usage of HMAC keys are named nowhere: a spec is called like its algorithm (inferred).
"""

import base64
import hmac
from typing import Any

from conformance.reference.call import Call, handles, seam
from conformance.reference.model import Key
from conformance.reference.services import algorithms
from conformance.reference.services.asymmetric import decoded
from conformance.reference.services.finding import (
    find_key,
    invalid,
    require_kind,
    require_state,
)


@seam
def mac_bytes(material: bytes, name: str, message: bytes) -> bytes:
    """Return the MAC of a message."""
    return algorithms.mac(material, name, message)


@seam
def macs_equal(right: bytes, given: bytes) -> bool:
    """Compare MACs whole and in constant time."""
    return hmac.compare_digest(right, given)


def _mac(call: Call) -> tuple[Key, bytes]:
    key = find_key(call)
    require_state(call, key)
    require_kind(key, "hmac")
    name = call.params["Algorithm"]
    if name != key.spec:
        raise invalid(f"Algorithm does not suit a {key.spec} key.")
    assert key.primary_version is not None
    material = key.versions[key.primary_version].material
    return key, call.endpoint.seams.mac_bytes(material, name, decoded(call, "Message"))


@handles("GenerateMac")
def generate_mac(call: Call) -> dict[str, Any]:
    """Return the MAC of a message."""
    key, mac = _mac(call)
    return {
        "KeyId": key.id,
        "Algorithm": call.params["Algorithm"],
        "Mac": base64.b64encode(mac).decode("ascii"),
    }


@handles("VerifyMac")
def verify_mac(call: Call) -> dict[str, Any]:
    """Tell whether a MAC is right; a wrong one is an answer, not an error (inferred)."""
    key, right = _mac(call)
    verdict = call.endpoint.seams.macs_equal(right, decoded(call, "Mac"))
    return {"KeyId": key.id, "Algorithm": call.params["Algorithm"], "Value": verdict}
