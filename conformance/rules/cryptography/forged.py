"""Signatures and ciphertexts that were made wrong by hand, class by class of published vectors."""

from conformance.oracle import forgeries
from conformance.oracle.curves import CURVES
from conformance.oracle.ecdsa import numbers_of
from conformance.oracle.public_keys import EcPublicKey, RsaPublicKey
from conformance.oracle.rsa import oaep_encrypt
from conformance.oracle.schemes import OAEP
from conformance.rules.cryptography.asking import SDK, b64, bytes_in, done, expect_closed
from conformance.rules.cryptography.pairs import of_pair, public_key, signing_pair
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_WRONG = "the vectors of C2SP/wycheproof"
_SPECS = {"P-256": "EC_P256", "secp256k1": "EC_P256K", "SM2": "EC_SM2"}


def _on_curves() -> list[Case]:
    algorithms = {"EC_P256": "ECDSA_SHA_256", "EC_P256K": "ECDSA_SHA_256", "EC_SM2": "SM2DSA"}
    specs = [_SPECS[curve.name] for curve in CURVES.values()]
    return [Case(spec, (spec, algorithms[spec])) for spec in specs]


def _judge(kms: Kms, case: tuple[str, str], forge: str) -> None:
    """Sign a digest, and offer the signature as a class of forgeries has it."""
    spec, algorithm = case
    pair = signing_pair(kms, spec, algorithm)
    request = of_pair(pair, algorithm, Digest=b64(kms.bytes(32)))
    sent = done(kms, "AsymmetricSign", request)
    signature = bytes_in(kms, sent, "Value")
    public, _ = public_key(kms, pair)
    if isinstance(public, RsaPublicKey):
        if len(signature) != public.octets:
            kms.violated("a signature is as long as the modulus", sent)
        wrong = forgeries.rsa_signatures(signature, public)
    else:
        numbers = numbers_of(signature)
        if numbers is None:
            kms.violated("a signature is DER of r and s", sent)
        assert isinstance(public, EcPublicKey)
        wrong = (
            forgeries.signature_numbers(*numbers, public.curve)
            if forge == "numbers"
            else forgeries.signature_encodings(*numbers)
        )
    for why, value in wrong.items():
        judged = kms.call("AsymmetricVerify", {**request, "Value": b64(value)})
        kms.expect(
            not judged.ok or judged.data.get("Value") in {False, "false"},
            f"AsymmetricVerify does not answer true for a signature of which {why}",
            judged,
        )
    right = done(kms, "AsymmetricVerify", {**request, "Value": b64(signature)})
    kms.expect(right.data.get("Value") is True, "the right signature verifies", right)


@rule(
    "CRY-100",
    level=Level.MUST,
    family="cryptography",
    statement="AsymmetricVerify never answers true for a signature whose r or s is 0, the order or "
    "beyond it, or whose r and s were exchanged.",
    provenance="documented",
    source=f"{SDK}; FIPS 186-5 section 6.4.2; GB/T 32918.2 section 7.1; {_WRONG}",
    stage="service",
    promises=("semantics/verify-never-true",),
    operations=("AsymmetricVerify",),
    cases=_on_curves,
)
def numbers_in_range(kms: Kms, case: tuple[str, str]) -> None:
    """Offer each pair of numbers that no verifier may accept."""
    _judge(kms, case, "numbers")


@rule(
    "CRY-101",
    level=Level.SHOULD,
    family="cryptography",
    statement="AsymmetricVerify takes a signature on a curve in DER alone: not in BER, not raw, "
    "not with bytes before, in or after it.",
    provenance="inferred",
    source=f"AsymmetricSign answers DER (alibabacloud-kms-demo); SEC 1 appendix C.8; {_WRONG}",
    stage="service",
    promises=("semantics/ecdsa-form",),
    operations=("AsymmetricVerify",),
    cases=_on_curves,
)
def encodings_are_der(kms: Kms, case: tuple[str, str]) -> None:
    """Offer the right numbers in other encodings."""
    _judge(kms, case, "encodings")


def _of_rsa() -> list[Case]:
    return [Case(name, ("RSA_2048", name)) for name in ("RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256")]


@rule(
    "CRY-102",
    level=Level.MUST,
    family="cryptography",
    statement="AsymmetricVerify never answers true for an RSA signature that is not as long as the "
    "modulus or not below it, nor for 0, 1 and their opposites.",
    provenance="documented",
    source=f"{SDK}; RFC 8017 sections 8.1.2 and 8.2.2; {_WRONG}",
    stage="service",
    promises=("semantics/verify-never-true",),
    operations=("AsymmetricVerify",),
    needs=("spec:RSA_2048",),
    cases=_of_rsa,
)
def rsa_signatures_in_range(kms: Kms, case: tuple[str, str]) -> None:
    """Lengthen, cut and shift a right signature."""
    _judge(kms, case, "numbers")


def _paddings() -> list[Case]:
    return [Case(name, name) for name in OAEP]


@rule(
    "CRY-103",
    level=Level.MUST,
    family="cryptography",
    statement="An OAEP ciphertext whose block is wrong in one respect does not open: hash of the "
    "label, first octet, filling, separator; nor one that is not below the modulus.",
    provenance="documented",
    source=f"{SDK}; RFC 8017 section 7.1.2; {_WRONG}",
    stage="service",
    promises=("semantics/oaep-mask",),
    operations=("AsymmetricDecrypt",),
    needs=("spec:RSA_2048",),
    cases=_paddings,
)
def oaep_blocks_are_checked(kms: Kms, algorithm: str) -> None:
    """Make blocks by hand, then a right one."""
    pair = kms.provide("encryption-key-pair", {"KeySpec": "RSA_2048", "Algorithm": algorithm})
    public, given = public_key(kms, pair)
    if not isinstance(public, RsaPublicKey):
        kms.violated("PublicKey of an RSA key is an RSA public key", given)
    data, name = kms.bytes(20), OAEP[algorithm]
    for why, blob in forgeries.oaep_blocks(public, data, name).items():
        request = of_pair(pair, algorithm, CiphertextBlob=b64(blob))
        expect_closed(kms, kms.call("AsymmetricDecrypt", request), why)
    right = of_pair(pair, algorithm, CiphertextBlob=b64(oaep_encrypt(public, data, name)))
    opened = done(kms, "AsymmetricDecrypt", right)
    kms.expect(bytes_in(kms, opened, "Plaintext") == data, "the right ciphertext opens", opened)
