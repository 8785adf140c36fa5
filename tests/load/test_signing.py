"""Templates sign what `conformance.wire` verifies, every time anew."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire import acs3, rpc
from conformance.wire.credentials import AccessKey, ClientKey, StsToken
from conformance.wire.identity import Identity, NonceMemory, Policy, Scheme, Verifier
from conformance.wire.request import WireRequest
from conformance.wire.verify import verify
from load.signing import SCHEMES, template

SECRET = "s3cr3t/with+odd=characters"
PRIVATE = rsa.generate_private_key(65537, 2048)
CREDENTIALS = {
    "access key": AccessKey("LTAI5tExample", SECRET),
    "temporary": StsToken("STS.NTexample", SECRET, "token/with+odd=characters&more"),
    "client key": ClientKey("KAAP.example", PRIVATE),
}
IDENTITIES = {
    "LTAI5tExample": Identity("LTAI5tExample", SECRET),
    "STS.NTexample": Identity(
        "STS.NTexample",
        SECRET,
        token="token/with+odd=characters&more",
        token_expires=datetime(2100, 1, 1, tzinfo=UTC),
    ),
    "KAAP.example": Identity("KAAP.example", None, PRIVATE.public_key()),
}
POLICY = Policy(algorithms=frozenset({acs3.HMAC_SHA256, acs3.RSA_SHA256}))


def received(raw):
    """Read a request as a server would."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    assert int(dict(headers)["Content-Length"]) == len(body)
    return WireRequest.build(method, target, headers, body)


def verifier():
    return Verifier(IDENTITIES.get, POLICY, nonces=NonceMemory())


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_strict_verifier_accepts_and_reads_the_parameters(scheme, credential):
    pairs = [
        ("KeyId", "alias/ä ö~+*'()"),
        ("Plaintext", "AAE/+w=="),
        ("EncryptionContext", '{"a":"b&c"}'),
    ]
    signing = template(scheme, CREDENTIALS[credential], "kms.example:8443", "Encrypt", pairs)
    judge = verifier()
    for _ in range(3):  # the same template again: nonces must differ
        verified = verify(received(signing.sign()), judge)
        assert verified.action == "Encrypt"
        assert sorted(verified.parameters) == sorted(pairs)
        assert verified.scheme is (Scheme.V3 if scheme == "V3" else Scheme.RPC)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(SCHEMES), st.dictionaries(st.text("KPab09.", min_size=1), st.text(), max_size=5)
)
def test_any_parameters_verify(scheme, params):
    common = {name.lower() for name in rpc.COMMON_PARAMETERS}
    pairs = [
        (name, value.encode("utf-8", "replace").decode())
        for name, value in params.items()
        if name.lower() not in common
    ]
    signing = template(scheme, CREDENTIALS["access key"], "h", "Encrypt", pairs)
    assert sorted(verify(received(signing.sign()), verifier()).parameters) == sorted(pairs)


def test_a_changed_parameter_does_not_verify():
    raw = template("RPC-1.0", CREDENTIALS["access key"], "h", "Encrypt", [("KeyId", "one")]).sign()
    with pytest.raises(Exception, match=r"(?i)signature"):
        verify(received(raw.replace(b"KeyId=one", b"KeyId=two")), verifier())
