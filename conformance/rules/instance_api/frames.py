"""Which ciphertext opens where, key versions, and the frame of Advance ciphertexts."""

from typing import Any

from conformance.client.instance import InstanceExchange
from conformance.rules.cryptography.asking import new_version
from conformance.rules.instance_api.asking import (
    API,
    CLIENTS,
    CRYPTOGRAPHY,
    PAGES,
    TEXT,
    aes,
    done,
    expect_closed,
    expect_opens,
    expect_served,
    instance_rule,
    named_cases,
    right_request,
    to_open,
)
from conformance.run.context import Kms
from conformance.run.registry import Level

#: What makes a ciphertext, what opens it, and how much the opener is given beside the blob.
_OPEN = {
    "Encrypt-Decrypt": ("Encrypt", "Decrypt", True),
    "Encrypt-AdvanceDecrypt-whole": ("Encrypt", "AdvanceDecrypt", True),
    "GenerateDataKey-Decrypt": ("GenerateDataKey", "Decrypt", True),
    "GenerateDataKey-AdvanceDecrypt-whole": ("GenerateDataKey", "AdvanceDecrypt", True),
    "AdvanceEncrypt-AdvanceDecrypt": ("AdvanceEncrypt", "AdvanceDecrypt", False),
    "AdvanceGenerateDataKey-AdvanceDecrypt": ("AdvanceGenerateDataKey", "AdvanceDecrypt", False),
}
_CLOSED = {
    "Encrypt-AdvanceDecrypt-alone": ("Encrypt", "AdvanceDecrypt", False),
    "GenerateDataKey-AdvanceDecrypt-alone": ("GenerateDataKey", "AdvanceDecrypt", False),
    "AdvanceEncrypt-Decrypt": ("AdvanceEncrypt", "Decrypt", True),
    "AdvanceGenerateDataKey-Decrypt": ("AdvanceGenerateDataKey", "Decrypt", True),
}


def _made(kms: Kms, operation: str) -> tuple[InstanceExchange, bytes]:
    if operation.endswith("Encrypt"):
        return done(kms, operation, KeyId=aes(kms), Plaintext=TEXT), TEXT
    made = done(kms, operation, KeyId=aes(kms), NumberOfBytes=24)
    return made, made.values["Plaintext"]


def _given(made: InstanceExchange, *, whole: bool) -> dict[str, Any]:
    return to_open(made) if whole else {"CiphertextBlob": made.values["CiphertextBlob"]}


@instance_rule(
    "INS-020",
    level=Level.MUST,
    statement="What Encrypt and GenerateDataKey make opens with key, algorithm and Iv; what their "
    "Advance forms make opens by itself.",
    provenance="documented",
    source=PAGES,
    stage="service",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_OPEN),
)
def opens_where_it_should(kms: Kms, case: tuple[str, str, bool]) -> None:
    """Seal by one operation, open by another."""
    maker, opener, whole = case
    made, text = _made(kms, maker)
    opened = expect_opens(kms, _given(made, whole=whole), text, opener)
    found = opened.values["KeyId"]
    kms.expect(found == made.values["KeyId"], f"{opener} names the key, found {found}", opened)


@instance_rule(
    "INS-021",
    level=Level.SHOULD,
    statement="A bare ciphertext does not open by itself, nor a framed one by Decrypt.",
    provenance="documented",
    source=PAGES,
    stage="service",
    cases=named_cases(_CLOSED),
)
def closed_where_it_should(kms: Kms, case: tuple[str, str, bool]) -> None:
    """Seal by one operation, try to open by another."""
    maker, opener, whole = case
    made, _ = _made(kms, maker)
    exchange = kms.call_instance(opener, _given(made, whole=whole))
    expect_closed(kms, exchange, f"a ciphertext of {maker}")


@instance_rule(
    "INS-022",
    level=Level.MUST,
    statement="AdvanceDecrypt opens a framed ciphertext also when given key, algorithm and Iv.",
    provenance="observed",
    source=CLIENTS,
    stage="service",
    operations=("AdvanceDecrypt",),
    cells=(CRYPTOGRAPHY,),
)
def framed_with_everything(kms: Kms) -> None:
    """Do what transfer clients do."""
    made, text = _made(kms, "AdvanceEncrypt")
    expect_opens(kms, _given(made, whole=True), text, "AdvanceDecrypt")


@instance_rule(
    "INS-023",
    level=Level.SHOULD,
    statement="A framed ciphertext is 0x24, two bytes, the key version id in 36 characters, the "
    "Iv, ciphertext and tag.",
    provenance="observed",
    source=API.transport["frame"]["source"],
    stage="service",
    cases=named_cases(("AdvanceEncrypt", "AdvanceGenerateDataKey")),
)
def frame(kms: Kms, operation: str) -> None:
    """Take a framed ciphertext apart."""
    made, text = _made(kms, operation)
    blob, parts = made.values["CiphertextBlob"], API.transport["frame"]["parts"]
    kms.expect(blob, f"{operation} answers CiphertextBlob", made)
    place = {row["name"]: row["offset"] for row in parts}
    version = blob[place["key-version-id"] : place["iv"]]
    iv = blob[place["iv"] : place["ciphertext"]]
    kms.expect(blob[0] == API.transport["frame"]["magic"], "the first byte is 0x24", made)
    same = version == made.values["KeyVersionId"].encode()
    kms.expect(same, "the frame names KeyVersionId", made)
    kms.expect(iv == made.values["Iv"], "the frame holds Iv", made)
    whole = place["ciphertext"] + len(text) + API.transport["tagBytes"]
    kms.expect(len(blob) == whole, f"the frame has {whole} bytes, found {len(blob)}", made)


@instance_rule(
    "INS-024",
    level=Level.MUST,
    statement="Advance operations use the primary version of a key and name it, also of what was "
    "sealed before a rotation.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("AdvanceEncrypt", "AdvanceDecrypt"),
    cells=(CRYPTOGRAPHY,),
)
def primary_version(kms: Kms) -> None:
    """Seal, rotate, seal again, open both."""
    key = aes(kms, fresh=True)
    old = done(kms, "AdvanceEncrypt", KeyId=key, Plaintext=TEXT)
    version = new_version(kms, key)
    new = done(kms, "AdvanceEncrypt", KeyId=key, Plaintext=TEXT)
    found = new.values["KeyVersionId"]
    kms.expect(found == version, f"KeyVersionId is the new version, found {found}", new)
    for made in (old, new):
        opened = expect_opens(kms, _given(made, whole=False), TEXT, "AdvanceDecrypt")
        same = opened.values["KeyVersionId"] == made.values["KeyVersionId"]
        kms.expect(same, "AdvanceDecrypt names the version that sealed", opened)


@instance_rule(
    "INS-025",
    level=Level.MUST,
    statement="Encrypt and Decrypt use the initial version of a key, also after a rotation.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("Encrypt", "Decrypt"),
    cells=(CRYPTOGRAPHY,),
)
def initial_version(kms: Kms) -> None:
    """Seal before and after a rotation; both open by Decrypt, which knows one version."""
    key = aes(kms, fresh=True)
    old = done(kms, "Encrypt", KeyId=key, Plaintext=TEXT)
    new_version(kms, key)
    new = done(kms, "Encrypt", KeyId=key, Plaintext=TEXT)
    versions = set()
    for made in (old, new):
        expect_opens(kms, to_open(made), TEXT)
        opened = expect_opens(kms, to_open(made), TEXT, "AdvanceDecrypt")
        versions.add(opened.values["KeyVersionId"])
    kms.expect(len(versions) == 1, "both were sealed by the same version")


@instance_rule(
    "INS-026",
    level=Level.SHOULD,
    statement="Answers with a key name the key version in the header x-kms-migrationkeyversionid, "
    "36 characters long.",
    provenance="observed",
    source=CLIENTS,
    stage="service",
    cases=named_cases(("Encrypt", "Decrypt", "Sign", "Verify", "GetPublicKey")),
)
def migration_header(kms: Kms, operation: str) -> None:
    """Look for the header that transfer clients need."""
    exchange = done(kms, operation, **right_request(kms, operation))
    found = exchange.header("x-kms-migrationkeyversionid")
    kms.expect(found, f"{operation} answers x-kms-migrationkeyversionid", exchange)
    kms.expect(len(found or "") == 36, "the header has 36 characters", exchange)


@instance_rule(
    "INS-027",
    level=Level.SHOULD,
    statement="Decrypt without KeyId opens what the key version of the header "
    "x-kms-migrationkeyversionid sealed.",
    provenance="observed",
    source=CLIENTS,
    stage="service",
    operations=("Decrypt",),
)
def decrypts_by_version(kms: Kms) -> None:
    """Do what transfer clients do with old ciphertexts."""
    made = done(kms, "Encrypt", KeyId=aes(kms), Plaintext=TEXT)
    version = made.header("x-kms-migrationkeyversionid")
    kms.expect(version, "Encrypt answers x-kms-migrationkeyversionid", made)
    values = {**to_open(made)}
    values.pop("KeyId", None)
    header = [("x-kms-migrationkeyversionid", version or "")]
    opened = kms.call_instance("Decrypt", values, headers=header)
    expect_served(kms, opened)
    kms.expect(opened.values["Plaintext"] == TEXT, "Decrypt answers what was sealed", opened)
