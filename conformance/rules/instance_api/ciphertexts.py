"""Encrypt and Decrypt: IVs, additional data, modes and padding."""

from typing import Any

from conformance.client.instance import InstanceExchange
from conformance.rules.instance_api.asking import (
    CRYPTOGRAPHY,
    ERRORS,
    PAGES,
    TEXT,
    aes,
    block_mode,
    done,
    expect_opens,
    expect_undecryptable,
    instance_rule,
    named_cases,
    require_served,
    to_open,
)
from conformance.run.context import Kms
from conformance.run.registry import Level

_SEALING = ("Encrypt", "AdvanceEncrypt", "GenerateDataKey", "AdvanceGenerateDataKey")


def _seal(kms: Kms, operation: str, **more: Any) -> tuple[InstanceExchange, bytes]:
    """Encrypt a text or make a data key; return the answer and what was sealed."""
    given = {"Plaintext": TEXT} if operation.endswith("Encrypt") else {"NumberOfBytes": 32}
    made = done(kms, operation, KeyId=aes(kms), **given, **more)
    return made, TEXT if operation.endswith("Encrypt") else made.values["Plaintext"]


def _opener(operation: str) -> str:
    return "AdvanceDecrypt" if operation.startswith("Advance") else "Decrypt"


def _opening(operation: str, made: InstanceExchange) -> dict[str, Any]:
    framed = operation.startswith("Advance")
    return {"CiphertextBlob": made.values["CiphertextBlob"]} if framed else to_open(made)


@instance_rule(
    "INS-010",
    level=Level.MUST,
    statement="Decrypt opens what Encrypt made, byte for byte, at every length up to 4,096 bytes.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("Encrypt", "Decrypt"),
    cells=(CRYPTOGRAPHY,),
)
def round_trips(kms: Kms) -> None:
    """Encrypt and decrypt bytes that are no text, of several lengths."""
    key = aes(kms)
    for length in (1, 15, 16, 17, 4096):
        text = kms.bytes(length)
        made = done(kms, "Encrypt", KeyId=key, Plaintext=text)
        algorithm = made.values["Algorithm"]
        kms.expect(algorithm == "AES_GCM", f"the default is AES_GCM, found {algorithm}", made)
        opened = expect_opens(kms, to_open(made), text)
        kms.expect(opened.values["KeyId"] == key, "Decrypt names the key", opened)


@instance_rule(
    "INS-011",
    level=Level.MUST,
    statement="A given Iv is used and answered; without one each encryption has a fresh Iv of 12 "
    "bytes.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("Encrypt",),
    cells=(CRYPTOGRAPHY,),
)
def ivs(kms: Kms) -> None:
    """Encrypt with an Iv, which makes the ciphertext repeat, and without."""
    key, iv = aes(kms), kms.bytes(12)
    twice = [done(kms, "Encrypt", KeyId=key, Plaintext=TEXT, Iv=iv) for _ in range(2)]
    for made in twice:
        kms.expect(made.values["Iv"] == iv, "the answer carries the Iv that was given", made)
    blobs = {made.values["CiphertextBlob"] for made in twice}
    kms.expect(len(blobs) == 1, "the same Iv and text make the same ciphertext", *twice)
    fresh = [done(kms, "Encrypt", KeyId=key, Plaintext=TEXT) for _ in range(8)]
    drawn = [made.values["Iv"] for made in fresh]
    kms.expect(all(len(one) == 12 for one in drawn), "an Iv of GCM has 12 bytes", *fresh[:1])
    kms.expect(len(set(drawn)) == len(drawn), "no Iv comes twice", *fresh)


@instance_rule(
    "INS-012",
    level=Level.MUST,
    statement="Encrypt refuses an Iv of another length than 12 bytes for GCM.",
    provenance="documented",
    source=PAGES,
    stage="parameter",
    operations=("Encrypt",),
    cells=(CRYPTOGRAPHY,),
    cases=named_cases({"11": 11, "13": 13, "16": 16, "1": 1}),
)
def iv_length(kms: Kms, length: int) -> None:
    """Encrypt with an Iv that is too short or too long."""
    require_served(kms)
    values = {"KeyId": aes(kms), "Plaintext": TEXT, "Iv": kms.bytes(length)}
    exchange = kms.call_instance("Encrypt", values)
    kms.expect_refused(
        exchange, codes=["InvalidParameter"], statuses=[400], why=f"an Iv of {length} bytes"
    )


@instance_rule(
    "INS-013",
    level=Level.MUST,
    statement="What was sealed with additional data opens with the same data only: without it or "
    "with other data InternalFailure answers.",
    provenance="documented",
    source=ERRORS,
    stage="service",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_SEALING),
)
def additional_data(kms: Kms, operation: str) -> None:
    """Seal with additional data; open with the same, with none, with other data."""
    aad = b"tenant=" + kms.bytes(300)
    made, text = _seal(kms, operation, Aad=aad)
    values, opener = _opening(operation, made), _opener(operation)
    expect_opens(kms, {**values, "Aad": aad}, text, opener)
    last = aad[:-1] + bytes([aad[-1] ^ 1])
    others = {"no Aad": {}, "longer Aad": {"Aad": aad + b"."}, "another last byte": {"Aad": last}}
    for why, change in others.items():
        expect_undecryptable(kms, kms.call_instance(opener, {**values, **change}), why)
    plain, _ = _seal(kms, operation)
    unbound = {**_opening(operation, plain), "Aad": aad}
    expect_undecryptable(kms, kms.call_instance(opener, unbound), "Aad where there was none")


@instance_rule(
    "INS-014",
    level=Level.MUST,
    statement="Additional data has up to 8,192 bytes.",
    provenance="documented",
    source=PAGES,
    stage="parameter",
    operations=("Encrypt", "Decrypt"),
    cells=(CRYPTOGRAPHY,),
)
def additional_data_length(kms: Kms) -> None:
    """Encrypt with 8,192 bytes of additional data, and with one more."""
    key, aad = aes(kms), kms.bytes(8192)
    made = done(kms, "Encrypt", KeyId=key, Plaintext=TEXT, Aad=aad)
    expect_opens(kms, {**to_open(made), "Aad": aad}, TEXT)
    values = {"KeyId": key, "Plaintext": TEXT, "Aad": aad + b"."}
    exchange = kms.call_instance("Encrypt", values)
    kms.expect_refused(
        exchange, codes=["InvalidParameter"], statuses=[400], why="an Aad of 8,193 bytes"
    )


def _flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


@instance_rule(
    "INS-015",
    level=Level.MUST,
    statement="A ciphertext, Iv or key that does not go with the rest is answered by "
    "InternalFailure.",
    provenance="documented",
    source=ERRORS,
    stage="service",
    operations=("Decrypt",),
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(("first-byte", "last-byte", "shortened", "extended", "iv", "key")),
)
def tampered(kms: Kms, what: str) -> None:
    """Change one thing of what Decrypt takes."""
    made = done(kms, "Encrypt", KeyId=aes(kms), Plaintext=TEXT)
    values = to_open(made)
    blob, iv = made.values["CiphertextBlob"], made.values["Iv"]
    kms.expect(len(blob) > 1 and len(iv) > 3, "Encrypt answers CiphertextBlob and Iv", made)
    change: dict[str, Any] = {
        "first-byte": {"CiphertextBlob": _flipped(blob, 0)},
        "last-byte": {"CiphertextBlob": _flipped(blob, -1)},
        "shortened": {"CiphertextBlob": blob[:-1]},
        "extended": {"CiphertextBlob": blob + b"\0"},
        "iv": {"Iv": _flipped(iv, 3)},
    }.get(what, {})
    if what == "key":
        change = {"KeyId": aes(kms, fresh=True)}
    expect_undecryptable(kms, kms.call_instance("Decrypt", {**values, **change}), f"{what} changed")


@instance_rule(
    "INS-016",
    level=Level.MUST,
    statement="CBC takes an Iv of 16 bytes, pads by PKCS #7 unless told otherwise, and hides equal "
    "blocks.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("Encrypt", "Decrypt"),
    cells=(CRYPTOGRAPHY,),
    readings=("instance-block-modes",),
)
def cbc(kms: Kms) -> None:
    """Encrypt two equal blocks in CBC."""
    made = block_mode(kms, aes(kms), "AES_CBC")
    if made is None:
        return
    blob = made.values["CiphertextBlob"]
    kms.expect(len(made.values["Iv"]) == 16, "an Iv of CBC has 16 bytes", made)
    kms.expect(len(blob) == 48, f"32 bytes become 48 with padding, found {len(blob)}", made)
    kms.expect(blob[:16] != blob[16:32], "equal blocks become different ones", made)
    mode = made.values["PaddingMode"]
    kms.expect(mode == "PKCS7_PADDING", f"PaddingMode is PKCS7_PADDING, found {mode!r}", made)
    opened = expect_opens(kms, to_open(made), bytes(32))
    algorithm = opened.values["Algorithm"]
    kms.expect(algorithm == "AES_CBC", f"Algorithm is AES_CBC, found {algorithm}", opened)
    iv = kms.bytes(16)
    again = done(
        kms,
        "Encrypt",
        KeyId=made.values["KeyId"],
        Plaintext=TEXT,
        Algorithm="AES_CBC",
        Iv=iv,
    )
    kms.expect(again.values["Iv"] == iv, "the answer carries the Iv that was given", again)
    short = {"KeyId": made.values["KeyId"], "Plaintext": TEXT, "Algorithm": "AES_CBC"}
    exchange = kms.call_instance("Encrypt", {**short, "Iv": kms.bytes(12)})
    kms.expect_refused(
        exchange, codes=["InvalidParameter"], statuses=[400], why="an Iv of 12 bytes for CBC"
    )


@instance_rule(
    "INS-017",
    level=Level.MUST,
    statement="ECB has no Iv; equal blocks become equal ones.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("Encrypt", "Decrypt"),
    cells=(CRYPTOGRAPHY,),
    readings=("instance-block-modes",),
)
def ecb(kms: Kms) -> None:
    """Encrypt two equal blocks in ECB, with an Iv that has no effect and without."""
    key = aes(kms)
    made = block_mode(kms, key, "AES_ECB")
    if made is None:
        return
    blob = made.values["CiphertextBlob"]
    kms.expect(not made.values["Iv"], "an answer of ECB has no Iv", made)
    kms.expect(len(blob) == 48, f"32 bytes become 48 with padding, found {len(blob)}", made)
    kms.expect(blob[:16] == blob[16:32], "equal blocks become equal ones", made)
    expect_opens(kms, to_open(made), bytes(32))
    values: dict[str, Any] = {"KeyId": key, "Plaintext": bytes(32), "Algorithm": "AES_ECB"}
    with_iv = done(kms, "Encrypt", **values, Iv=kms.bytes(16))
    same = with_iv.values["CiphertextBlob"] == blob
    kms.expect(same, "an Iv has no effect in ECB", with_iv)


@instance_rule(
    "INS-018",
    level=Level.MUST,
    statement="NO_PADDING adds nothing to whole blocks and refuses anything else.",
    provenance="documented",
    source=PAGES,
    stage="parameter",
    operations=("Encrypt", "Decrypt"),
    cells=(CRYPTOGRAPHY,),
    readings=("instance-block-modes",),
    cases=named_cases(("AES_CBC", "AES_ECB")),
)
def no_padding(kms: Kms, algorithm: str) -> None:
    """Encrypt whole blocks without padding, and 15 bytes."""
    key = aes(kms)
    made = block_mode(kms, key, algorithm, PaddingMode="NO_PADDING")
    if made is None:
        return
    found = len(made.values["CiphertextBlob"])
    kms.expect(found == 32, f"32 bytes stay 32 without padding, found {found}", made)
    mode = made.values["PaddingMode"]
    kms.expect(mode == "NO_PADDING", f"PaddingMode is NO_PADDING, found {mode!r}", made)
    expect_opens(kms, to_open(made), bytes(32))
    values = {"KeyId": key, "Algorithm": algorithm, "PaddingMode": "NO_PADDING"}
    exchange = kms.call_instance("Encrypt", {**values, "Plaintext": bytes(15)})
    # The page of errors gives such lengths to InternalFailure as well.
    kms.expect_refused(
        exchange,
        codes=["InvalidParameter", "InternalFailure"],
        statuses=[400, 500],
        why="15 bytes without padding",
    )


@instance_rule(
    "INS-019",
    level=Level.SHOULD,
    statement="A ciphertext in GCM is as long as its text and a tag of 16 bytes.",
    provenance="inferred",
    source="KMS Instance API, operation Encrypt: bare ciphertext; NIST SP 800-38D",
    stage="service",
    operations=("Encrypt",),
)
def gcm_length(kms: Kms) -> None:
    """Compare lengths."""
    made = done(kms, "Encrypt", KeyId=aes(kms), Plaintext=TEXT)
    found = len(made.values["CiphertextBlob"])
    kms.expect(found == len(TEXT) + 16, f"found {found} bytes for {len(TEXT)}", made)
