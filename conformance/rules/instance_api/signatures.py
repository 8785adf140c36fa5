"""Sign, Verify, GetPublicKey, and encryption with RSA."""

from typing import Any

from conformance.client.instance import InstanceExchange
from conformance.oracle.public_keys import KeyFormatError, PublicKey, load_pem
from conformance.oracle.schemes import encrypt, is_of_spec, spec_row, verify
from conformance.rules.instance_api.asking import (
    CRYPTOGRAPHY,
    ERRORS,
    PAGES,
    TEXT,
    done,
    expect_opens,
    expect_served,
    expect_undecryptable,
    instance_rule,
    key_pair,
    named_cases,
    sha256,
    to_open,
)
from conformance.run.context import Kms
from conformance.run.registry import Level

_SIGNS, _ENCRYPTS = "SIGN/VERIFY", "ENCRYPT/DECRYPT"
_SCHEMES = {
    "RSA_2048-PSS": ("RSA_2048", "RSA_PSS_SHA_256"),
    "RSA_2048-PKCS1": ("RSA_2048", "RSA_PKCS1_SHA_256"),
    "EC_P256": ("EC_P256", "ECDSA_SHA_256"),
    "EC_P256K": ("EC_P256K", "ECDSA_SHA_256"),
}


def _public(kms: Kms, key: str) -> tuple[PublicKey, InstanceExchange]:
    shown = done(kms, "GetPublicKey", KeyId=key)
    try:
        return load_pem(shown.values["PublicKey"]), shown
    except KeyFormatError as problem:
        kms.violated(f"PublicKey is PEM of a SubjectPublicKeyInfo: {problem}", shown)


@instance_rule(
    "INS-040",
    level=Level.MUST,
    statement="A signature verifies outside the service under the published key: over SHA-256 of a "
    "RAW message, over a DIGEST as it is.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("Sign", "GetPublicKey"),
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_SCHEMES),
)
def signatures_verify_outside(kms: Kms, case: tuple[str, str]) -> None:
    """Sign a message and a digest, verify with own arithmetic."""
    spec, algorithm = case
    key = key_pair(kms, spec, _SIGNS)
    public, shown = _public(kms, key)
    kms.expect(is_of_spec(public, spec), f"PublicKey is of {spec}", shown)
    digest = sha256(TEXT)
    # A message as long as a digest is none for that.
    short = kms.bytes(len(digest))
    for kind, message in (("RAW", TEXT), ("DIGEST", digest), ("RAW", short)):
        made = done(kms, "Sign", KeyId=key, Algorithm=algorithm, Message=message, MessageType=kind)
        signed = digest if message != short else sha256(short)
        right = verify(public, algorithm, signed, made.values["Signature"])
        kms.expect(right, f"the signature of {kind} verifies by {algorithm}", made)
        found = made.values["MessageType"]
        kms.expect(found == kind, f"MessageType is {kind}, found {found}", made)
        found = made.values["Algorithm"]
        kms.expect(found == algorithm, f"Algorithm is {algorithm}, found {found}", made)


def _signed(kms: Kms, spec: str, algorithm: str, message: bytes = TEXT) -> dict[str, Any]:
    """Sign a message; return what Verify takes."""
    key = key_pair(kms, spec, _SIGNS)
    values = {"KeyId": key, "Algorithm": algorithm, "Message": message, "MessageType": "RAW"}
    made = done(kms, "Sign", **values)
    kms.expect(len(made.values["Signature"]) > 3, "Sign answers a Signature", made)
    return {**values, "Signature": made.values["Signature"]}


@instance_rule(
    "INS-041",
    level=Level.MUST,
    statement="Verify answers Value true for a right signature, over the message or its digest.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("Sign", "Verify"),
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_SCHEMES),
)
def right_signatures(kms: Kms, case: tuple[str, str]) -> None:
    """Sign a message, verify it as message and as digest."""
    values = _signed(kms, *case)
    digest = {"Message": sha256(TEXT), "MessageType": "DIGEST"}
    for change in ({}, digest):
        judged = done(kms, "Verify", **{**values, **change})
        kms.expect(judged.values["Value"] is True, "Value is true", judged)


def _wrong(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    flipped = bytearray(values["Signature"])
    flipped[-3] ^= 4
    return {
        "another message": {**values, "Message": TEXT + b"."},
        "another digest": {**values, "Message": sha256(b"other"), "MessageType": "DIGEST"},
        "a changed signature": {**values, "Signature": bytes(flipped)},
    }


@instance_rule(
    "INS-042",
    level=Level.MUST,
    statement="A wrong signature is no error: 200 with Value false, which need not be on the wire.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("Sign", "Verify"),
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_SCHEMES),
)
def wrong_signatures(kms: Kms, case: tuple[str, str]) -> None:
    """Verify signatures that are wrong in one respect."""
    for why, values in _wrong(_signed(kms, *case)).items():
        judged = done(kms, "Verify", **values)
        kms.expect(judged.values["Value"] is False, f"Value is false for {why}", judged)


@instance_rule(
    "INS-043",
    level=Level.MUST,
    statement="A message of the type DIGEST has at most 32 bytes.",
    provenance="documented",
    source=PAGES,
    stage="parameter",
    operations=("Sign", "Verify"),
    cells=(CRYPTOGRAPHY,),
    cases=named_cases({"33": 33, "64": 64}),
)
def long_digests(kms: Kms, length: int) -> None:
    """Sign and verify a digest that is too long."""
    values = {**_signed(kms, "EC_P256", "ECDSA_SHA_256"), "MessageType": "DIGEST"}
    values["Message"] = kms.bytes(length)
    signing = {name: value for name, value in values.items() if name != "Signature"}
    for operation, given in (("Sign", signing), ("Verify", values)):
        refused = kms.call_instance(operation, given)
        kms.expect_refused(
            refused, codes=["InvalidParameter"], statuses=[400], why=f"{length} bytes"
        )


@instance_rule(
    "INS-044",
    level=Level.MUST,
    statement="Without MessageType a message is RAW, or the call is refused.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("Sign",),
    cells=(CRYPTOGRAPHY,),
    readings=("instance-message-type",),
)
def message_type_left_out(kms: Kms) -> None:
    """Leave MessageType out and see which reading shows."""
    key = key_pair(kms, "EC_P256", _SIGNS)
    values = {"KeyId": key, "Algorithm": "ECDSA_SHA_256", "Message": TEXT}
    done(kms, "Sign", **values, MessageType="RAW")
    made = kms.call_instance("Sign", values)
    if not made.ok:
        kms.expect_refused(made, codes=["InvalidParameter", "MissingParameter"])
        kms.showed("instance-message-type", "required", made)
        return
    expect_served(kms, made)
    public, _ = _public(kms, key)
    right = verify(public, "ECDSA_SHA_256", sha256(TEXT), made.values["Signature"])
    kms.expect(right, "the signature is over SHA-256 of the message", made)
    kms.showed("instance-message-type", "default", made)


@instance_rule(
    "INS-045",
    level=Level.MUST,
    statement="What was encrypted outside with the published RSA key opens inside, with both "
    "hashes of OAEP; Encrypt takes OAEP with SHA-256 unless told otherwise.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("Encrypt", "Decrypt", "GetPublicKey"),
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(("RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1")),
)
def rsa_encryption(kms: Kms, algorithm: str) -> None:
    """Encrypt outside and inside, decrypt inside."""
    key = key_pair(kms, "RSA_2048", _ENCRYPTS)
    public, _ = _public(kms, key)
    outside = encrypt(public, algorithm, TEXT)
    values = {"KeyId": key, "CiphertextBlob": outside, "Algorithm": algorithm}
    expect_opens(kms, values, TEXT)
    default = algorithm == "RSAES_OAEP_SHA_256"
    named = {} if default else {"Algorithm": algorithm}
    made = done(kms, "Encrypt", KeyId=key, Plaintext=TEXT, **named)
    found = made.values["Algorithm"]
    kms.expect(found == algorithm, f"Algorithm is {algorithm}, found {found}", made)
    expect_opens(kms, to_open(made), TEXT)
    if default:
        expect_opens(kms, {"KeyId": key, "CiphertextBlob": outside}, TEXT)


@instance_rule(
    "INS-046",
    level=Level.MUST,
    statement="RSA ciphertexts that were made with the other hash of OAEP, or changed, are "
    "answered by InternalFailure.",
    provenance="documented",
    source=ERRORS,
    stage="service",
    operations=("Decrypt",),
    cells=(CRYPTOGRAPHY,),
)
def rsa_mismatch(kms: Kms) -> None:
    """Decrypt with the other hash, and what was changed."""
    key = key_pair(kms, "RSA_2048", _ENCRYPTS)
    made = done(kms, "Encrypt", KeyId=key, Plaintext=TEXT)
    values = to_open(made)
    changed = bytearray(values["CiphertextBlob"])
    kms.expect(len(changed) == 256, "an RSA_2048 ciphertext has 256 bytes", made)
    changed[100] ^= 1
    for why, change in (
        ("the other hash", {"Algorithm": "RSAES_OAEP_SHA_1"}),
        ("a changed byte", {"CiphertextBlob": bytes(changed)}),
    ):
        expect_undecryptable(kms, kms.call_instance("Decrypt", {**values, **change}), why)


@instance_rule(
    "INS-047",
    level=Level.MUST,
    statement="A text that is longer than key and padding allow is refused.",
    provenance="documented",
    source=PAGES,
    stage="parameter",
    operations=("Encrypt",),
    cells=(CRYPTOGRAPHY,),
)
def rsa_limit(kms: Kms) -> None:
    """Encrypt as much as fits, and one byte more."""
    key = key_pair(kms, "RSA_2048", _ENCRYPTS)
    rows = spec_row("RSA_2048")["encryption"]
    most = next(row for row in rows if row["name"] == "RSAES_OAEP_SHA_256")["maxPlaintextBytes"]
    text = kms.bytes(most)
    made = done(kms, "Encrypt", KeyId=key, Plaintext=text)
    expect_opens(kms, to_open(made), text)
    refused = kms.call_instance("Encrypt", {"KeyId": key, "Plaintext": text + b"."})
    kms.expect(not refused.ok, f"{most + 1} bytes do not fit, found {refused.describe()}", refused)
