"""Key pairs in rules: the public half, and what is asked of a pair."""

from collections.abc import Mapping
from typing import Any

from conformance.client.exchange import Exchange
from conformance.oracle.public_keys import KeyFormatError, PublicKey, load_pem
from conformance.rules.cryptography.asking import done, text_in
from conformance.run.context import Kms
from conformance.run.registry import Case

#: Source of what makes keys and signatures portable.
OUTSIDE = "Asymmetric key pages, AlibabaCloudDocs/kms (2021-07); alibabacloud-kms-demo"
#: Key spec and signature algorithm; the larger RSA keys once each, for making them takes long.
SIGNING = (
    ("RSA_2048", "RSA_PSS_SHA_256"),
    ("RSA_2048", "RSA_PKCS1_SHA_256"),
    ("RSA_3072", "RSA_PSS_SHA_256"),
    ("RSA_4096", "RSA_PKCS1_SHA_256"),
    ("EC_P256", "ECDSA_SHA_256"),
    ("EC_P256K", "ECDSA_SHA_256"),
)


def signing_cases() -> list[Case]:
    """Return a case for each spec and algorithm that sign."""
    return [Case(f"{spec}-{algorithm}", (spec, algorithm)) for spec, algorithm in SIGNING]


def small_signing_cases() -> list[Case]:
    """Return the cases whose keys are made fast."""
    return [case for case in signing_cases() if case.value[0] not in {"RSA_3072", "RSA_4096"}]


def signing_pair(kms: Kms, spec: str, algorithm: str) -> Mapping[str, Any]:
    """Return a key pair of a spec that signs."""
    kms.require(f"spec:{spec}")
    return kms.provide("signing-key-pair", {"KeySpec": spec, "Algorithm": algorithm})


def public_key(kms: Kms, pair: Mapping[str, Any]) -> tuple[PublicKey, Exchange]:
    """Return the public half of a pair, read strictly, and the answer it stands in."""
    given = done(kms, "GetPublicKey", {"KeyId": pair["id"], "KeyVersionId": pair["version"]})
    try:
        return load_pem(text_in(kms, given, "PublicKey")), given
    except KeyFormatError as problem:
        kms.violated(f"PublicKey is a PEM SubjectPublicKeyInfo: {problem}", given)


def of_pair(pair: Mapping[str, Any], algorithm: str, **params: Any) -> dict[str, Any]:
    """Return the parameters that the Asymmetric operations share, and more."""
    return {
        "KeyId": pair["id"],
        "KeyVersionId": pair["version"],
        "Algorithm": algorithm,
        **params,
    }
