"""EncryptionContext binds: the same map opens, anything else does not."""

import json
from collections.abc import Callable

from conformance.rules.cryptography.asking import (
    CONTEXT,
    Context,
    ask_decrypt,
    b64,
    done,
    encrypted,
    expect_closed,
    expect_opens,
    text_in,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_BOUND = {
    "department": "finance",
    "note": "as long as no part of a value that is bound may be: 0123456789abcdef",
    "purpose": "invoice",
    "汉字": "值 & = +",
}
#: Characters of the JSON text that a context may have.
_LONGEST = 8192


def _others() -> list[Case]:
    plain = {name: value for name, value in _BOUND.items() if name.isascii()}
    shorter = {name: value for name, value in _BOUND.items() if name != "department"}
    changes: dict[str, Context] = {
        "missing": None,
        "other-value": {**_BOUND, "purpose": "Invoice"},
        "value-of-another-name": {**_BOUND, "purpose": "finance", "department": "invoice"},
        "other-end-of-value": {**_BOUND, "note": f"{_BOUND['note'][:-1]}0"},
        "other-value-beyond-ascii": {**_BOUND, "汉字": "直 & = +"},
        "other-name-beyond-ascii": {**plain, "漢字": "值 & = +"},
        "other-name": {**shorter, "dept": "finance"},
        "name-in-capitals": {**shorter, "Department": "finance"},
        "other-border": {**shorter, "departmentf": "inance"},
        "one-less": plain,
        "one-more": {**_BOUND, "more": ""},
        "empty-value": {**_BOUND, "purpose": ""},
        "blank-at-the-end": {**_BOUND, "purpose": "invoice "},
    }
    return [Case(name, context) for name, context in changes.items()]


@rule(
    "CRY-010",
    level=Level.MUST,
    family="cryptography",
    statement="A blob made with an EncryptionContext does not open with another one or with none.",
    provenance="documented",
    source=CONTEXT,
    stage="service",
    promises=(
        "semantics/context-needed-again",
        "semantics/context-wrong",
    ),
    operations=("Encrypt", "Decrypt"),
    cases=_others,
)
def context_binds(kms: Kms, context: Context) -> None:
    """Open a blob with a context that differs in one respect, then with the right one."""
    key = kms.provide("symmetric-key")
    text = b64(kms.bytes(16))
    blob = text_in(kms, encrypted(kms, key["id"], text, _BOUND), "CiphertextBlob")
    expect_closed(kms, ask_decrypt(kms, blob, context), "another EncryptionContext")
    expect_opens(kms, blob, text, _BOUND)


@rule(
    "CRY-011",
    level=Level.MUST,
    family="cryptography",
    statement="A blob made without an EncryptionContext does not open with one.",
    provenance="documented",
    source=CONTEXT,
    stage="service",
    promises=("semantics/context-unexpected",),
    operations=("Encrypt", "Decrypt"),
)
def none_is_not_any(kms: Kms) -> None:
    """Open a blob of no context with one."""
    key = kms.provide("symmetric-key")
    text = b64(kms.bytes(16))
    blob = text_in(kms, encrypted(kms, key["id"], text), "CiphertextBlob")
    expect_closed(kms, ask_decrypt(kms, blob, {"purpose": "any"}), "a context where none was")
    expect_opens(kms, blob, text)


def _spellings() -> list[Case]:
    items = list(_BOUND.items())

    def turned(separators: tuple[str, str], *, ascii_only: bool, indent: int | None) -> str:
        return json.dumps(
            dict(reversed(items)), separators=separators, ensure_ascii=ascii_only, indent=indent
        )

    return [
        Case("other-order", turned((",", ":"), ascii_only=False, indent=None)),
        Case("spaced", turned((" , ", " : "), ascii_only=False, indent=None)),
        Case("lines", turned((",", ": "), ascii_only=False, indent=2)),
        Case("escaped", turned((",", ":"), ascii_only=True, indent=None)),
    ]


@rule(
    "CRY-012",
    level=Level.MUST,
    family="cryptography",
    statement="An EncryptionContext is compared as a map: order, spacing and escapes of its JSON "
    "do not matter.",
    provenance="documented",
    source=CONTEXT,
    stage="service",
    promises=("semantics/context-map",),
    operations=("Encrypt", "Decrypt"),
    cases=_spellings,
)
def context_is_a_map(kms: Kms, spelling: str) -> None:
    """Open a blob with the same context spelt in another way."""
    key = kms.provide("symmetric-key")
    text = b64(kms.bytes(16))
    blob = text_in(kms, encrypted(kms, key["id"], text, _BOUND), "CiphertextBlob")
    opened = kms.expect_success(
        kms.call("Decrypt", {"CiphertextBlob": blob}, extra_pairs=[("EncryptionContext", spelling)])
    )
    kms.expect(
        opened.data.get("Plaintext") == text,
        "Decrypt answers the text that was encrypted",
        opened,
    )


def _contexts() -> list[Case]:
    def long(number: int) -> dict[str, str]:
        """Return a context whose JSON text has the most characters there may be."""
        names = {f"name-{place:04}": "value" for place in range(number)}
        room = _LONGEST - len(json.dumps({**names, "rest": ""}, separators=(",", ":")))
        return {**names, "rest": "x" * room}

    return [
        Case("one-pair", {"a": "b"}),
        Case("odd-characters", {'quote"d': "back\\slash", "a=b&c": "d=e&f", "tab\t": "line\n"}),
        Case("non-ascii", {"钥匙": "ключ", "😀": "ü"}),
        Case("empty-value", {"a": ""}),
        Case("many-pairs", {f"n{place}": str(place) for place in range(60)}),
        Case("longest", long(1)),
        Case("longest-of-many", long(200)),
    ]


@rule(
    "CRY-013",
    level=Level.MUST,
    family="cryptography",
    statement="Any map of texts serves as EncryptionContext, up to 8,192 characters; the blob "
    "opens with it and not without.",
    provenance="documented",
    source=CONTEXT,
    stage="service",
    promises=("semantics/context-length",),
    operations=("Encrypt", "Decrypt"),
    cases=_contexts,
)
def contexts_of_all_kinds(kms: Kms, context: dict[str, str]) -> None:
    """Encrypt and decrypt with a context that sloppy handling spoils."""
    key = kms.provide("symmetric-key")
    text = b64(kms.bytes(16))
    sent = encrypted(kms, key["id"], text, context, placement="form")
    blob = text_in(kms, sent, "CiphertextBlob")
    expect_opens(kms, blob, text, context, placement="form")
    expect_closed(kms, ask_decrypt(kms, blob), "without the EncryptionContext")


_Blob = Callable[[Kms, str], str]


def _makers() -> list[Case]:
    def maker(operation: str) -> _Blob:
        def blob(kms: Kms, key: str) -> str:
            request = {"KeyId": key, "EncryptionContext": dict(_BOUND)}
            return text_in(kms, done(kms, operation, request), "CiphertextBlob")

        return blob

    names = ("GenerateDataKey", "GenerateDataKeyWithoutPlaintext")
    return [Case(name, maker(name), name) for name in names]


@rule(
    "CRY-014",
    level=Level.MUST,
    family="cryptography",
    statement="The blob of a data key is bound to the EncryptionContext it was made with.",
    provenance="documented",
    source=CONTEXT,
    stage="service",
    promises=("semantics/context-of-data-keys",),
    operations=("GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "Decrypt"),
    cases=_makers,
)
def data_key_is_bound(kms: Kms, make: _Blob) -> None:
    """Open the blob of a data key without its context, with another, with its own."""
    blob = make(kms, kms.provide("symmetric-key")["id"])
    for context in (None, {**_BOUND, "purpose": "other"}):
        expect_closed(kms, ask_decrypt(kms, blob, context), "another EncryptionContext")
    kms.expect_success(ask_decrypt(kms, blob, _BOUND))


@rule(
    "CRY-015",
    level=Level.SHOULD,
    family="cryptography",
    statement="A wrong EncryptionContext, a changed blob and a blob of nobody are refused with a "
    "4xx and a code, not with a server error.",
    provenance="inferred",
    source="no source names the code; errors of the caller are 4xx (KMS Responses page)",
    stage="service",
    operations=("Decrypt",),
)
def refusals_are_the_callers(kms: Kms) -> None:
    """Send what does not open in four ways."""
    key = kms.provide("symmetric-key")
    blob = text_in(kms, encrypted(kms, key["id"], b64(kms.bytes(16)), _BOUND), "CiphertextBlob")
    changed = blob[:-8] + ("AAAA" if blob[-8:-4] != "AAAA" else "BBBB") + blob[-4:]
    for wrong, context in (
        (blob, None),
        (changed, _BOUND),
        (b64(kms.bytes(96)), None),
        (b64(kms.bytes(3)), None),
    ):
        kms.expect_refused(ask_decrypt(kms, wrong, context), why="a blob that does not open")
