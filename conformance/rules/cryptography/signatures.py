"""Signatures: verified outside the service, and judged by the service."""

import hashlib

from conformance.client.exchange import Exchange
from conformance.oracle.ecdsa import numbers_of
from conformance.oracle.schemes import is_of_spec, spec_row, verify
from conformance.rules.clock import later
from conformance.rules.cryptography.asking import (
    SDK,
    b64,
    bytes_in,
    done,
    names_key,
    new_version,
    text_in,
)
from conformance.rules.cryptography.pairs import (
    OUTSIDE,
    of_pair,
    public_key,
    signing_cases,
    signing_pair,
    small_signing_cases,
)
from conformance.rules.effects.looking import new_key
from conformance.rules.lists import rows_at
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotApplicable

_SPECS = "Key types and specifications page 480161"


def _digest(kms: Kms) -> bytes:
    return hashlib.sha256(kms.bytes(40)).digest()


@rule(
    "CRY-050",
    level=Level.MUST,
    family="cryptography",
    statement="A signature verifies outside the service under the published key: PSS with a salt "
    "of 32 bytes, PKCS #1, ECDSA in strict DER; its answer names key and version.",
    provenance="documented",
    source=OUTSIDE,
    stage="service",
    promises=(
        "semantics/pss-salt",
        "semantics/ecdsa-form",
        "semantics/standard-signatures",
        "semantics/pkcs1-repeats",
    ),
    operations=("AsymmetricSign", "GetPublicKey"),
    cases=signing_cases,
)
def signatures_verify_outside(kms: Kms, case: tuple[str, str]) -> None:
    """Sign a digest, verify the signature with own arithmetic, and not for another digest."""
    spec, algorithm = case
    pair = signing_pair(kms, spec, algorithm)
    public, _ = public_key(kms, pair)
    digest = _digest(kms)
    sent = done(kms, "AsymmetricSign", of_pair(pair, algorithm, Digest=b64(digest)))
    names_key(kms, sent, pair["id"], pair["version"])
    signature = bytes_in(kms, sent, "Value")
    row = next(row for row in spec_row(spec)["signing"] if row["name"] == algorithm)
    limits = row["signatureBytes"]
    kms.expect(
        limits["min"] <= len(signature) <= limits["max"],
        f"a signature has {limits['min']} to {limits['max']} bytes, found {len(signature)}",
        sent,
    )
    if algorithm == "ECDSA_SHA_256":
        kms.expect(numbers_of(signature), "an ECDSA signature is DER of r and s", sent)
    kms.expect(
        verify(public, algorithm, digest, signature),
        f"the signature verifies by {algorithm} under the published key",
        sent,
    )


@rule(
    "CRY-051",
    level=Level.MUST,
    family="cryptography",
    statement="AsymmetricVerify answers Value true for a signature that AsymmetricSign made.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/verify-right",),
    operations=("AsymmetricSign", "AsymmetricVerify"),
    cases=small_signing_cases,
)
def right_signatures_verify(kms: Kms, case: tuple[str, str]) -> None:
    """Sign and verify, the key named by id and by alias."""
    spec, algorithm = case
    pair = signing_pair(kms, spec, algorithm)
    for form in ("id", "alias"):
        digest = b64(_digest(kms))
        request = {**of_pair(pair, algorithm, Digest=digest), "KeyId": pair[form]}
        signed = done(kms, "AsymmetricSign", request)
        value = text_in(kms, signed, "Value")
        judged = done(kms, "AsymmetricVerify", {**request, "Value": value})
        for exchange in (signed, judged):
            names_key(kms, exchange, pair["id"], pair["version"])
        kms.expect(
            judged.data.get("Value") is True,
            "AsymmetricVerify answers Value true for a right signature",
            judged,
        )


def _wrong(kms: Kms, spec: str, algorithm: str) -> list[Exchange]:
    """Ask about signatures that are wrong, each in one respect."""
    pair = signing_pair(kms, spec, algorithm)
    digest = _digest(kms)
    request = of_pair(pair, algorithm, Digest=b64(digest))
    signed = done(kms, "AsymmetricSign", request)
    signature = bytes_in(kms, signed, "Value")
    other = done(kms, "AsymmetricSign", {**request, "Digest": b64(_digest(kms))})
    flipped = bytearray(signature)
    flipped[-3] ^= 4
    changes = [
        {"Value": b64(bytes(flipped))},
        {"Value": text_in(kms, other, "Value")},
        {"Value": b64(signature), "Digest": b64(_digest(kms))},
    ]
    if spec == "RSA_2048":
        name = "RSA_PSS_SHA_256" if algorithm != "RSA_PSS_SHA_256" else "RSA_PKCS1_SHA_256"
        changes.append({"Value": b64(signature), "Algorithm": name})
    return [kms.call("AsymmetricVerify", {**request, **change}) for change in changes]


@rule(
    "CRY-052",
    level=Level.MUST,
    family="cryptography",
    statement="AsymmetricVerify never answers true for a changed signature, for that of another "
    "digest, or for one by another algorithm.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/verify-never-true",),
    operations=("AsymmetricVerify",),
    cases=small_signing_cases,
)
def wrong_signatures_do_not_verify(kms: Kms, case: tuple[str, str]) -> None:
    """Offer wrong signatures."""
    for exchange in _wrong(kms, *case):
        kms.expect(
            not exchange.ok or exchange.data.get("Value") in {False, "false"},
            "AsymmetricVerify does not answer true for a wrong signature",
            exchange,
        )


@rule(
    "CRY-053",
    level=Level.MUST,
    family="cryptography",
    statement="A wrong signature is an answer and not an error: 200 with Value false.",
    provenance="inferred",
    source="documented for the KMS Instance API; Value is a boolean in KMS API too",
    stage="service",
    promises=("semantics/verify-wrong",),
    operations=("AsymmetricVerify",),
    cases=small_signing_cases,
)
def wrong_signatures_are_answered(kms: Kms, case: tuple[str, str]) -> None:
    """Offer wrong signatures."""
    for exchange in _wrong(kms, *case):
        kms.expect(
            exchange.ok and exchange.data.get("Value") is False,
            f"a wrong signature is answered with 200 and Value false, found {exchange.describe()}",
            exchange,
        )


@rule(
    "CRY-054",
    level=Level.MUST,
    family="cryptography",
    statement="No other length of digest is signed than that of the hash that the algorithm names.",
    provenance="documented",
    source=SDK,
    stage="parameter",
    promises=("semantics/digest-length",),
    operations=("AsymmetricSign",),
    cases=small_signing_cases,
)
def digests_have_their_length(kms: Kms, case: tuple[str, str]) -> None:
    """Ask for signatures of digests of other hashes."""
    spec, algorithm = case
    pair = signing_pair(kms, spec, algorithm)
    for length in (20, 31, 33, 64):
        request = of_pair(pair, algorithm, Digest=b64(kms.bytes(length)))
        kms.expect_refused(kms.call("AsymmetricSign", request), why=f"a digest of {length} bytes")


def _mismatches() -> list[Case]:
    return [
        Case("EC_P256-RSA_PSS_SHA_256", ("EC_P256", "ECDSA_SHA_256", "RSA_PSS_SHA_256")),
        Case("EC_P256K-RSA_PKCS1_SHA_256", ("EC_P256K", "ECDSA_SHA_256", "RSA_PKCS1_SHA_256")),
        Case("RSA_2048-ECDSA_SHA_256", ("RSA_2048", "RSA_PSS_SHA_256", "ECDSA_SHA_256")),
        Case("RSA_2048-RSAES_OAEP_SHA_256", ("RSA_2048", "RSA_PSS_SHA_256", "RSAES_OAEP_SHA_256")),
    ]


@rule(
    "CRY-055",
    level=Level.MUST,
    family="cryptography",
    statement="A key does not sign by an algorithm that its spec does not have.",
    provenance="documented",
    source=_SPECS,
    stage="service",
    promises=("semantics/algorithm-of-spec",),
    operations=("AsymmetricSign",),
    cases=_mismatches,
)
def algorithms_suit_the_spec(kms: Kms, case: tuple[str, str, str]) -> None:
    """Ask a key for an algorithm of another kind of key."""
    spec, own, other = case
    pair = signing_pair(kms, spec, own)
    request = of_pair(pair, other, Digest=b64(_digest(kms)))
    kms.expect_refused(kms.call("AsymmetricSign", request), why=f"{other} with a key of {spec}")


@rule(
    "CRY-056",
    level=Level.MUST,
    family="cryptography",
    statement="A key does what its usage says and nothing else: one for encryption does not sign, "
    "one for signing and a symmetric one do neither.",
    provenance="documented",
    source="CreateKey page, AlibabaCloudDocs/kms (2021-07)",
    stage="service",
    promises=(
        "semantics/one-usage",
        "semantics/usage-is-kept",
    ),
    operations=("AsymmetricSign", "AsymmetricEncrypt", "Encrypt"),
    needs=("spec:RSA_2048",),
)
def usage_is_kept(kms: Kms) -> None:
    """Ask keys for what they are not for."""
    signs = signing_pair(kms, "RSA_2048", "RSA_PSS_SHA_256")
    encrypts = kms.provide("encryption-key-pair", {"KeySpec": "RSA_2048"})
    symmetric = kms.provide("symmetric-key")
    digest, text = b64(_digest(kms)), b64(kms.bytes(16))
    for pair, operation, algorithm, params in (
        (encrypts, "AsymmetricSign", "RSA_PSS_SHA_256", {"Digest": digest}),
        (signs, "AsymmetricEncrypt", "RSAES_OAEP_SHA_256", {"Plaintext": text}),
        (symmetric, "AsymmetricSign", "RSA_PSS_SHA_256", {"Digest": digest}),
    ):
        kms.expect_refused(
            kms.call(operation, of_pair(pair, algorithm, **params)), why="a key of another usage"
        )
    for pair in (signs, encrypts):
        kms.expect_refused(
            kms.call("Encrypt", {"KeyId": pair["id"], "Plaintext": text}), why="an asymmetric key"
        )


@rule(
    "CRY-057",
    level=Level.MUST,
    family="cryptography",
    statement="PublicKey is PEM of a SubjectPublicKeyInfo, of the type, size and curve of the "
    "key's spec, and the same on each call.",
    provenance="observed",
    source=OUTSIDE,
    stage="service",
    promises=("semantics/public-key-form",),
    operations=("GetPublicKey",),
    cases=signing_cases,
)
def public_keys_suit_the_spec(kms: Kms, case: tuple[str, str]) -> None:
    """Read the public half twice."""
    spec, algorithm = case
    pair = signing_pair(kms, spec, algorithm)
    public, given = public_key(kms, pair)
    kms.expect(is_of_spec(public, spec), f"PublicKey is a key of {spec}", given)
    names_key(kms, given, pair["id"], pair["version"])
    again, second = public_key(kms, pair)
    kms.expect(public == again, "PublicKey is the same on each call", given, second)


def _curves() -> list[Case]:
    return [Case(spec, spec) for spec in ("EC_P256", "EC_P256K")]


@rule(
    "CRY-058",
    level=Level.MUST,
    family="cryptography",
    statement="ECDSA signatures of different digests never share r, which would give the private "
    "key away.",
    provenance="documented",
    source=f"{SDK}; FIPS 186-5 section 6.3",
    stage="service",
    operations=("AsymmetricSign",),
    cases=_curves,
)
def nonces_never_repeat(kms: Kms, spec: str) -> None:
    """Sign six digests."""
    pair = signing_pair(kms, spec, "ECDSA_SHA_256")
    seen: dict[int, Exchange] = {}
    for _ in range(6):
        request = of_pair(pair, "ECDSA_SHA_256", Digest=b64(_digest(kms)))
        sent = done(kms, "AsymmetricSign", request)
        numbers = numbers_of(bytes_in(kms, sent, "Value"))
        if numbers is None:
            kms.violated("an ECDSA signature is DER of r and s", sent)
        kms.expect(numbers[0] not in seen, "no r comes twice", sent)
        seen[numbers[0]] = sent


def _second(kms: Kms, key: str) -> str:
    """Give a key another version, a week later where that is what it takes and the clock moves."""
    if kms.target.control is None:
        return new_version(kms, key)
    with later(kms, days=8) as then:
        return new_version(kms, key, then.call)


@rule(
    "CRY-059",
    level=Level.MUST,
    family="cryptography",
    statement="Each version of an asymmetric key is a pair of its own: it signs, verifies and is "
    "published as KeyVersionId says, and no version verifies for another.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/asymmetric-versions",),
    operations=("CreateKeyVersion", "AsymmetricSign", "AsymmetricVerify", "GetPublicKey"),
    needs=("spec:EC_P256",),
    readings=("create-key-version",),
    safety="creates",
)
def versions_are_pairs(kms: Kms) -> None:
    """Give a key a second version and sign with both, the older one last."""
    algorithm = "ECDSA_SHA_256"
    key = new_key(kms, KeySpec="EC_P256", KeyUsage="SIGN/VERIFY")
    listed = done(kms, "ListKeyVersions", {"KeyId": key})
    rows = rows_at(listed, "KeyVersions.KeyVersion")
    if not rows:
        raise NotApplicable("the versions of the key are not listed", [listed])
    first = str(rows[0].get("KeyVersionId"))
    pairs = [{"id": key, "version": version} for version in (_second(kms, key), first)]
    publics = [public_key(kms, pair)[0] for pair in pairs]
    kms.expect(publics[0] != publics[1], "each version has its own public key", kms.exchanges[-1])
    for number, pair in enumerate(pairs):
        digest = _digest(kms)
        request = of_pair(pair, algorithm, Digest=b64(digest))
        sent = done(kms, "AsymmetricSign", request)
        names_key(kms, sent, key, pair["version"])
        signature = bytes_in(kms, sent, "Value")
        kms.expect(
            verify(publics[number], algorithm, digest, signature),
            "the signature verifies under the public key of its version",
            sent,
        )
        other = {**request, "KeyVersionId": pairs[1 - number]["version"], "Value": b64(signature)}
        judged = kms.call("AsymmetricVerify", other)
        kms.expect(
            not judged.ok or judged.data.get("Value") is False,
            "a signature does not verify for another version",
            judged,
        )
