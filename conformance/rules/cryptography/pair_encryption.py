"""Encryption with key pairs: what is encrypted outside opens inside, by the named padding alone."""

from collections.abc import Mapping
from typing import Any

from conformance.oracle import rsa
from conformance.oracle.public_keys import RsaPublicKey
from conformance.oracle.schemes import OAEP, encrypt, spec_row
from conformance.rules.cryptography.asking import (
    SDK,
    b64,
    bytes_in,
    done,
    expect_closed,
    names_key,
)
from conformance.rules.cryptography.pairs import OUTSIDE, of_pair, public_key
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule


def _pair(kms: Kms, spec: str, algorithm: str) -> Mapping[str, Any]:
    kms.require(f"spec:{spec}")
    return kms.provide("encryption-key-pair", {"KeySpec": spec, "Algorithm": algorithm})


def _public(kms: Kms, pair: Mapping[str, Any]) -> RsaPublicKey:
    public, given = public_key(kms, pair)
    if not isinstance(public, RsaPublicKey):
        kms.violated("PublicKey of an RSA key is an RSA public key", given)
    return public


def _row(spec: str, algorithm: str) -> Mapping[str, Any]:
    rows = spec_row(spec)["encryption"]
    found: Mapping[str, Any] = next(row for row in rows if row["name"] == algorithm)
    return found


def _specs() -> list[Case]:
    pairs = [
        ("RSA_2048", "RSAES_OAEP_SHA_256"),
        ("RSA_2048", "RSAES_OAEP_SHA_1"),
        ("RSA_3072", "RSAES_OAEP_SHA_256"),
    ]
    return [Case(f"{spec}-{algorithm}", (spec, algorithm)) for spec, algorithm in pairs]


def _algorithms() -> list[Case]:
    return [Case(algorithm, algorithm) for algorithm in OAEP]


@rule(
    "CRY-060",
    level=Level.MUST,
    family="cryptography",
    statement="What is encrypted outside the service under the published key opens inside: base64 "
    "of the same bytes, from one byte up to the limit of key and hash.",
    provenance="documented",
    source=OUTSIDE,
    stage="service",
    promises=(
        "semantics/oaep-limits",
        "semantics/standard-ciphertexts",
    ),
    operations=("AsymmetricDecrypt", "GetPublicKey"),
    cases=_specs,
)
def from_outside_opens_inside(kms: Kms, case: tuple[str, str]) -> None:
    """Encrypt with own arithmetic, decrypt with the service."""
    spec, algorithm = case
    pair = _pair(kms, spec, algorithm)
    public = _public(kms, pair)
    for length in (1, _row(spec, algorithm)["maxPlaintextBytes"]):
        data = kms.bytes(length)
        blob = b64(encrypt(public, algorithm, data))
        opened = done(kms, "AsymmetricDecrypt", of_pair(pair, algorithm, CiphertextBlob=blob))
        names_key(kms, opened, pair["id"], pair["version"])
        kms.expect(
            bytes_in(kms, opened, "Plaintext") == data,
            "AsymmetricDecrypt answers base64 of the bytes that were encrypted outside",
            opened,
        )


@rule(
    "CRY-061",
    level=Level.MUST,
    family="cryptography",
    statement="What AsymmetricEncrypt encrypts comes back from AsymmetricDecrypt, up to the limit "
    "of key and hash; a ciphertext is as long as the modulus and never comes twice.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=(
        "semantics/oaep-length",
        "semantics/oaep-limits",
    ),
    operations=("AsymmetricEncrypt", "AsymmetricDecrypt"),
    cases=_specs,
)
def pair_round_trip(kms: Kms, case: tuple[str, str]) -> None:
    """Encrypt the shortest and the longest plaintext twice, decrypt both."""
    spec, algorithm = case
    pair = _pair(kms, spec, algorithm)
    row = _row(spec, algorithm)
    for length in (1, row["maxPlaintextBytes"]):
        data = kms.bytes(length)
        request = of_pair(pair, algorithm, Plaintext=b64(data))
        sent = [done(kms, "AsymmetricEncrypt", request) for _ in range(2)]
        blobs = [bytes_in(kms, exchange, "CiphertextBlob") for exchange in sent]
        kms.expect(blobs[0] != blobs[1], "encrypting twice gives different ciphertexts", *sent)
        for exchange, blob in zip(sent, blobs, strict=True):
            names_key(kms, exchange, pair["id"], pair["version"])
            kms.expect(
                len(blob) == row["ciphertextBytes"]["max"],
                f"a ciphertext has {row['ciphertextBytes']['max']} bytes, found {len(blob)}",
                exchange,
            )
            opening = of_pair(pair, algorithm, CiphertextBlob=b64(blob))
            opened = done(kms, "AsymmetricDecrypt", opening)
            kms.expect(
                bytes_in(kms, opened, "Plaintext") == data,
                "AsymmetricDecrypt answers what was encrypted",
                opened,
            )


@rule(
    "CRY-062",
    level=Level.MUST,
    family="cryptography",
    statement="A plaintext of one byte more than key and hash allow is refused with a 4xx.",
    provenance="documented",
    source=SDK,
    stage="parameter",
    promises=("semantics/oaep-over-limit",),
    operations=("AsymmetricEncrypt",),
    cases=_specs,
)
def too_long_for_the_pair(kms: Kms, case: tuple[str, str]) -> None:
    """Exceed the limit by one byte."""
    spec, algorithm = case
    pair = _pair(kms, spec, algorithm)
    data = kms.bytes(_row(spec, algorithm)["maxPlaintextBytes"] + 1)
    kms.expect_refused(
        kms.call("AsymmetricEncrypt", of_pair(pair, algorithm, Plaintext=b64(data))),
        why=f"a plaintext of {len(data)} bytes",
    )


@rule(
    "CRY-063",
    level=Level.MUST,
    family="cryptography",
    statement="A ciphertext opens by the algorithm that made it alone: not with another hash, not "
    "with a mask over another hash, not when it was changed or shortened.",
    provenance="documented",
    source=f"{SDK}; RFC 8017",
    stage="service",
    promises=("semantics/oaep-mask",),
    operations=("AsymmetricDecrypt",),
    cases=_algorithms,
)
def padding_counts(kms: Kms, algorithm: str) -> None:
    """Offer ciphertexts of other paddings, made outside, then the right one."""
    pair = _pair(kms, "RSA_2048", algorithm)
    public = _public(kms, pair)
    data = kms.bytes(20)
    own = OAEP[algorithm]
    other: rsa.Hash = "sha1" if own == "sha256" else "sha256"
    right = rsa.oaep_encrypt(public, data, own)
    flipped = bytearray(right)
    flipped[-1] ^= 1
    for why, blob in (
        ("OAEP over another hash", rsa.oaep_encrypt(public, data, other)),
        ("a mask over another hash", rsa.oaep_encrypt(public, data, own, mask_name=other)),
        ("PKCS #1 v1.5", rsa.pkcs1_encrypt(public, data)),
        ("one bit was flipped", bytes(flipped)),
        ("one byte is missing", right[:-1]),
    ):
        request = of_pair(pair, algorithm, CiphertextBlob=b64(blob))
        expect_closed(kms, kms.call("AsymmetricDecrypt", request), why)
    opened = done(kms, "AsymmetricDecrypt", of_pair(pair, algorithm, CiphertextBlob=b64(right)))
    kms.expect(bytes_in(kms, opened, "Plaintext") == data, "the right ciphertext opens", opened)
