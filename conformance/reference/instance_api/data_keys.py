"""Data keys, message authentication codes and random bytes.

A data key is wrapped as it is, in GCM, unlike by KMS API, which wraps its base64 text.
"""

import os
from typing import Any

from conformance.reference.call import seam
from conformance.reference.instance_api.calls import InstanceCall, Reply, answers
from conformance.reference.instance_api.keys import find_key
from conformance.reference.instance_api.symmetric import seal


@seam
def instance_random(length: int) -> bytes:
    """Return random bytes."""
    return os.urandom(length)


def wrap(call: InstanceCall, data: bytes) -> tuple[dict[str, Any], bytes, Reply]:
    """Encrypt data under the call's key.

    Returns:
        The members that all data keys show, the ciphertext (framed for Advance operations), and
        a reply with the key version.
    """
    seams = call.endpoint.seams
    key, version = find_key(call)
    algorithm: str = seams.instance_algorithm(call, key)
    iv, body = seal(call, version, algorithm, data)
    shown: dict[str, Any] = {"KeyId": key.id, "Iv": iv, "Algorithm": algorithm}
    if call.operation.key_version == "primary":
        body = seams.instance_frame(algorithm, version, iv, body)
        shown["KeyVersionId"] = version.id
    return shown, body, Reply({}, version)


@answers("GenerateDataKey", "AdvanceGenerateDataKey")
def generate_data_key(call: InstanceCall) -> Reply:
    """Make a data key, in plain and under the key."""
    data = call.endpoint.seams.instance_random(call.values["NumberOfBytes"])
    shown, body, reply = wrap(call, data)
    reply.values = {**shown, "Plaintext": data, "CiphertextBlob": body}
    return reply


@answers("Hmac")
def hmac(call: InstanceCall) -> Reply:
    """Return the authentication code of a message (message types alone are published)."""
    key, version = find_key(call)
    code = call.endpoint.seams.mac_bytes(version.material, key.spec, call.values["Message"])
    return Reply({"KeyId": key.id, "Signature": code}, version)


@answers("GenerateRandom")
def generate_random(call: InstanceCall) -> Reply:
    """Return random bytes."""
    call.endpoint.seams.instance_permit(call, None)
    return Reply({"Random": call.endpoint.seams.instance_random(call.values["Length"])})
