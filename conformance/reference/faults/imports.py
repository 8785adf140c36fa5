"""Faults of imported key material."""

from datetime import timedelta
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, replace_error, wrap_handler
from conformance.reference.faults.tools import DOCS_2021, RESPONSES, SDK, key_of, with_params
from conformance.reference.model import Key
from conformance.reference.services.tables import key_specs

_SOURCE_607841 = "Import key material pages 607841"


@fault(
    "other-material-accepted",
    breaks=("IDM-013", "KEY-022"),
    statement="A key takes material other than that it is bound to.",
    source=_SOURCE_607841,
)
def _(endpoint: Endpoint) -> None:
    def accepts(key: Key, material: bytes) -> bool:
        return len(material) == int(key_specs()[key.spec]["keyBytes"])

    endpoint.seams.accepts_material = accepts


@fault(
    "material-of-any-length-accepted",
    breaks=("KEY-023",),
    statement="A key takes 16 bytes of material where its spec wants 32.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.accepts_material

    def accepts(key: Key, material: bytes) -> bool:
        return len(material) == 16 or bool(original(key, material))

    endpoint.seams.accepts_material = accepts


@fault(
    "token-of-another-key-accepted",
    breaks=("KEY-024",),
    statement="ImportKeyMaterial takes a token that was issued for another key.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.token_of_key = lambda row, _key: row is not None


@fault(
    "import-token-never-expires",
    breaks=("KEY-042",),
    statement="ImportKeyMaterial takes a token that is older than 24 hours.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.token_is_over = lambda _row, _now: False


@fault(
    "import-token-lives-an-hour",
    breaks=("KEY-025", "EFF-009"),
    statement="TokenExpireTime is one hour ahead instead of 24.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.import_token_life = lambda: timedelta(hours=1)


@fault(
    "import-parameters-repeat",
    breaks=("KEY-025", "EFF-009"),
    statement="GetParametersForImport answers the same public key and token each time.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    given: dict[str, dict[str, Any]] = {}

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key_id = key_of(call).id
        if key_id not in given:
            given[key_id] = original(call)
        return given[key_id]

    wrap_handler(endpoint, "GetParametersForImport", wrapper)


@fault(
    "bad-import-token-answers-other-code",
    breaks=("KEY-024",),
    statement="A token of another key is refused as InvalidParameter.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    replace_error(endpoint, lambda error: error.code == "InvalidImportToken", "InvalidParameter")


@fault(
    "material-of-kms-is-imported",
    breaks=("KEY-028", "EFF-009"),
    statement="GetParametersForImport works with a key whose material KMS made.",
    source=RESPONSES,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        before = key.origin
        key.origin = "EXTERNAL"
        try:
            return original(call)
        finally:
            key.origin = before

    wrap_handler(endpoint, "GetParametersForImport", wrapper)


@fault(
    "past-expiry-accepted",
    breaks=("KEY-027", "EFF-007"),
    statement="ImportKeyMaterial takes a KeyMaterialExpireUnix that lies in the past.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        expiry = call.params.get("KeyMaterialExpireUnix", 0)
        if 0 < expiry < call.now.timestamp():
            call = with_params(call, KeyMaterialExpireUnix=0)
        return original(call)

    wrap_handler(endpoint, "ImportKeyMaterial", wrapper)


@fault(
    "material-never-expires",
    breaks=("KEY-041",),
    statement="Imported material works after its expiry.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.material_due = lambda _key, _now: False


@fault(
    "deleted-material-still-works",
    breaks=("EFF-007", "STA-001", "KEY-002", "KEY-021"),
    statement="DeleteKeyMaterial succeeds and the key stays Enabled.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if key_of(call).origin != "EXTERNAL":
            return original(call)
        return {}

    wrap_handler(endpoint, "DeleteKeyMaterial", wrapper)


@fault(
    "deleted-material-unbinds-the-key",
    breaks=("KEY-022",),
    statement="After DeleteKeyMaterial the key takes any material.",
    source=_SOURCE_607841,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        key_of(call).material_digest = None
        return answer

    wrap_handler(endpoint, "DeleteKeyMaterial", wrapper)


@fault(
    "imported-key-stays-pending",
    breaks=("EFF-007", "IDM-013", "KEY-020"),
    statement="ImportKeyMaterial succeeds and the key stays PendingImport.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = key_of(call)
        before = key.state
        answer = original(call)
        key.state = before
        return answer

    wrap_handler(endpoint, "ImportKeyMaterial", wrapper)


@fault(
    "wrapped-under-another-hash",
    breaks=("KEY-020", "IDM-013", "STA-005"),
    statement="Material wrapped with OAEP over SHA-256 is refused: SHA-1 is expected.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        row = call.account.import_tokens.get(call.params["ImportToken"])
        if row is None or row.wrapping_algorithm != "RSAES_OAEP_SHA_256":
            return original(call)
        row.wrapping_algorithm = "RSAES_OAEP_SHA_1"
        try:
            return original(call)
        finally:
            row.wrapping_algorithm = "RSAES_OAEP_SHA_256"

    wrap_handler(endpoint, "ImportKeyMaterial", wrapper)
