"""The signature vectors, and the identities that know their credentials."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_der_private_key

from conformance.wire import acs3, acs4
from conformance.wire.credentials import AccessKey, ClientKey, Credential, StsToken
from conformance.wire.identity import Identity, Policy, Scheme
from conformance.wire.request import WireRequest

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "signatures.json").read_text(encoding="utf-8")
)
RSA_KEY = load_der_private_key(
    base64.b64decode(VECTORS["throwaway_rsa_key"]["private_key_pkcs8_der_base64"]), None
)
CLIENT_KEY_ID = VECTORS["throwaway_rsa_key"]["client_key_file"]["KeyId"]
TOKEN = "FakeSecurityToken/0001+plus==~tilde*star"
NOW = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)

IDENTITIES = {
    "testid": Identity("testid", "testsecret", public_key=RSA_KEY.public_key()),
    "STS.FakeAccessKeyId0001": Identity(
        "STS.FakeAccessKeyId0001", "FakeStsSecret0001", token=TOKEN
    ),
    CLIENT_KEY_ID: Identity(CLIENT_KEY_ID, public_key=RSA_KEY.public_key()),
}
POLICY = Policy(
    schemes=frozenset({Scheme.RPC, Scheme.V3, Scheme.V4, Scheme.INSTANCE}),
    algorithms=frozenset(acs3.HASHES) | frozenset(acs4.HASHES),
)


def positive(*sections):
    """Return the positive vectors of some sections."""
    return [vector for section in sections for vector in VECTORS[section]]


def wire_request(wire):
    """Return the request of a vector."""
    return WireRequest.build(
        wire["method"],
        wire["request_target"],
        wire["headers"].items(),
        base64.b64decode(wire["body_base64"]),
        secure=wire["scheme"] == "https",
    )


def credential(inputs) -> Credential:
    """Return the credential that a vector was signed with."""
    if inputs.get("private_key"):
        return ClientKey(inputs.get("access_key_id") or inputs["client_key_id"], RSA_KEY)
    if inputs.get("security_token"):
        return StsToken(
            inputs["access_key_id"], inputs["access_key_secret"], inputs["security_token"]
        )
    return AccessKey(inputs["access_key_id"], inputs["access_key_secret"])


def clock_at(text):
    """Return a clock that stands still."""
    moment = datetime.fromisoformat(text)
    return lambda: moment


def ids(vector):
    """Name a parametrised test after its vector."""
    return vector["id"]
