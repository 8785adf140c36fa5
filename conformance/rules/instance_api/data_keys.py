"""Data keys and data-key pairs."""

from typing import Any

from conformance.client.instance import InstanceExchange
from conformance.oracle.private_keys import public_half
from conformance.oracle.public_keys import KeyFormatError, PublicKey, load_der, load_pem
from conformance.oracle.schemes import is_of_spec
from conformance.rules.concurrency.together import together
from conformance.rules.instance_api.asking import (
    CRYPTOGRAPHY,
    PAGES,
    aes,
    done,
    expect_opens,
    expect_served,
    instance_rule,
    named_cases,
    require_served,
    to_open,
)
from conformance.run.context import Kms
from conformance.run.registry import Level

_PAIRS = (
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "AdvanceGenerateDataKeyPair",
    "AdvanceGenerateDataKeyPairWithoutPlaintext",
)
#: Seconds for a pair: making a large RSA key may take long, which no page limits.
_PATIENCE = 60.0
#: Specs and forms.
_SPECS = {
    "EC_P256-PEM": ("EC_P256", "PEM"),
    "EC_P256K-DER": ("EC_P256K", "DER"),
    "RSA_2048-DER": ("RSA_2048", "DER"),
    "RSA_2048-PEM": ("RSA_2048", "PEM"),
    "RSA_3072-DER": ("RSA_3072", "DER"),
}


def _opened(kms: Kms, made: InstanceExchange, blob: str) -> InstanceExchange:
    """Open what a data key operation sealed, the way that goes with it."""
    if made.operation.startswith("Advance"):
        return done(kms, "AdvanceDecrypt", CiphertextBlob=made.values[blob])
    return done(kms, "Decrypt", **to_open(made, blob))


@instance_rule(
    "INS-030",
    level=Level.MUST,
    statement="A data key has exactly as many bytes as asked for, differs each time, and its "
    "ciphertext, in GCM, opens to it.",
    provenance="documented",
    source=PAGES,
    stage="service",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(("GenerateDataKey", "AdvanceGenerateDataKey")),
)
def data_keys(kms: Kms, operation: str) -> None:
    """Make data keys of several lengths."""
    key, seen = aes(kms), set()
    for length in (16, 24, 32, 32, 64):
        made = done(kms, operation, KeyId=key, NumberOfBytes=length)
        plain = made.values["Plaintext"]
        kms.expect(len(plain) == length, f"{length} bytes, found {len(plain)}", made)
        kms.expect(plain not in seen, "no data key comes twice", made)
        seen.add(plain)
        algorithm = made.values["Algorithm"]
        kms.expect(algorithm == "AES_GCM", f"Algorithm is AES_GCM, found {algorithm}", made)
        opened = _opened(kms, made, "CiphertextBlob")
        kms.expect(opened.values["Plaintext"] == plain, "the ciphertext opens to it", opened)


@instance_rule(
    "INS-031",
    level=Level.SHOULD,
    statement="A data key has between 1 and 1,024 bytes.",
    provenance="inferred",
    source="KMS API, operation GenerateDataKey; no page gives a range for KMS Instance API",
    stage="parameter",
    cases=named_cases({"negative": -1, "1025": 1025}),
)
def data_key_length(kms: Kms, length: int) -> None:
    """Ask for a length out of range."""
    require_served(kms)
    exchange = kms.call_instance("GenerateDataKey", {"KeyId": aes(kms), "NumberOfBytes": length})
    kms.expect_refused(exchange, codes=["InvalidParameter"], why=f"NumberOfBytes {length}")


def _pair(kms: Kms, operation: str, **values: Any) -> InstanceExchange:
    """Make a pair; whoever is slow at it is not wrong."""
    made = kms.call_instance(operation, values, timeout=_PATIENCE)
    return expect_served(kms, made)


def _public(kms: Kms, made: InstanceExchange, form: str) -> PublicKey:
    data = made.values["PublicKey"]
    try:
        return load_pem(data.decode("ascii")) if form == "PEM" else load_der(data)
    except (KeyFormatError, UnicodeDecodeError) as problem:
        kms.violated(f"PublicKey is a SubjectPublicKeyInfo in {form}: {problem}", made)


def _private(kms: Kms, exchange: InstanceExchange, data: bytes, form: str) -> PublicKey:
    try:
        return public_half(data, form)
    except KeyFormatError as problem:
        kms.violated(f"the private key is PKCS #8 in {form}: {problem}", exchange)


@instance_rule(
    "INS-032",
    level=Level.MUST,
    statement="The halves of a data-key pair belong together, are of the spec and in the form "
    "asked for, and the sealed private half opens to the plain one.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("GenerateDataKeyPair", "Decrypt"),
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_SPECS),
)
def pairs_match(kms: Kms, case: tuple[str, str]) -> None:
    """Make a pair and compare its halves with own arithmetic."""
    spec, form = case
    made = _pair(
        kms,
        "GenerateDataKeyPair",
        KeyId=aes(kms),
        KeyPairSpec=spec,
        KeyFormat=form,
    )
    public = _public(kms, made, form)
    kms.expect(is_of_spec(public, spec), f"PublicKey is of {spec}", made)
    plain = made.values["PrivateKeyPlaintext"]
    same = _private(kms, made, plain, form) == public
    kms.expect(same, "the private key belongs to PublicKey", made)
    opened = _opened(kms, made, "PrivateKeyCiphertextBlob")
    kms.expect(opened.values["Plaintext"] == plain, "the sealed half opens to it", opened)


@instance_rule(
    "INS-033",
    level=Level.MUST,
    statement="Each pair operation answers a pair whose sealed private half opens and belongs to "
    "the public one; two pairs differ.",
    provenance="documented",
    source=PAGES,
    stage="service",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_PAIRS),
)
def pair_operations(kms: Kms, operation: str) -> None:
    """Make two pairs, with additional data."""
    values: dict[str, Any] = {"KeyId": aes(kms), "KeyPairSpec": "EC_P256", "KeyFormat": "DER"}
    found = []
    for _ in range(2):
        made = _pair(kms, operation, **values)
        public = _public(kms, made, "DER")
        opened = _opened(kms, made, "PrivateKeyCiphertextBlob")
        private = _private(kms, opened, opened.values["Plaintext"], "DER")
        kms.expect(private == public, "the sealed half belongs to PublicKey", made, opened)
        spec = made.values["KeyPairSpec"]
        kms.expect(spec == "EC_P256", f"KeyPairSpec is EC_P256, found {spec}", made)
        found.append(public)
    kms.expect(found[0] != found[1], "two pairs differ")


@instance_rule(
    "INS-034",
    level=Level.MUST,
    statement="A pair operation without plaintext answers the private half sealed only.",
    provenance="documented",
    source=PAGES,
    stage="service",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases([name for name in _PAIRS if "Without" in name]),
)
def without_plaintext(kms: Kms, operation: str) -> None:
    """Look for the private half in the bytes of the answer."""
    values: dict[str, Any] = {"KeyId": aes(kms), "KeyPairSpec": "EC_P256", "KeyFormat": "DER"}
    made = _pair(kms, operation, **values)
    opened = _opened(kms, made, "PrivateKeyCiphertextBlob")
    private = opened.values["Plaintext"]
    kms.expect(private not in made.response_body, "the private half is not in the answer", made)


@instance_rule(
    "INS-035",
    level=Level.MUST,
    statement="What a pair operation sealed with additional data opens with the same data only.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("GenerateDataKeyPair",),
    cells=(CRYPTOGRAPHY,),
)
def pairs_with_additional_data(kms: Kms) -> None:
    """Open with the data and without."""
    made = _pair(
        kms,
        "GenerateDataKeyPair",
        KeyId=aes(kms),
        KeyPairSpec="EC_P256",
        KeyFormat="DER",
        Aad=b"bound",
    )
    values = to_open(made, "PrivateKeyCiphertextBlob")
    expect_opens(kms, {**values, "Aad": b"bound"}, made.values["PrivateKeyPlaintext"])
    refused = kms.call_instance("Decrypt", values)
    kms.expect_refused(refused, codes=["InternalFailure"], statuses=[500], why="no Aad")


@instance_rule(
    "INS-036",
    level=Level.MUST,
    statement="Of pair operations that are asked for together each is served, or told to come "
    "again by 429 Rejected.Throttling; afterwards they are served again.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("GenerateDataKeyPair",),
    cells=(CRYPTOGRAPHY,),
)
def pairs_together(kms: Kms) -> None:
    """Ask for several RSA pairs at once."""
    values: dict[str, Any] = {"KeyId": aes(kms), "KeyPairSpec": "RSA_3072", "KeyFormat": "DER"}
    kms.instance_key()

    def ask() -> InstanceExchange:
        exchange: InstanceExchange = kms.call_instance(
            "GenerateDataKeyPair", values, patient=False, timeout=_PATIENCE
        )
        return exchange

    for exchange in together([ask] * 4):
        if exchange.ok:
            kms.expect(exchange.data.get("PublicKey"), "a pair is answered", exchange)
            continue
        kms.expect_refused(exchange, codes=["Rejected.Throttling"], statuses=[429])
    _pair(kms, "GenerateDataKeyPair", **values)
