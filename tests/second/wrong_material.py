"""Faults of the second endpoint: imported material."""

from datetime import timedelta
from typing import Any, ClassVar
from unittest import mock

import core
import material
from deviation import after, around, before, everywhere, fault, method, recoded
from wrong_states import anyhow
from wrong_windows import kept

KEYS, EFFECTS, CRYPTO = "keys", "effects", "cryptography"
IMPORT = "ImportKeyMaterial"
FAMILIES = (KEYS, CRYPTO, EFFECTS, "states")


def import_with(**changes: Any) -> Any:
    """Import with something of the key or the token forced."""

    def change(original: Any, store: Any, params: Any) -> Any:
        if store.get("key", params.get("KeyId", "")):
            kept(store, params, **changes)
        return original(store, params)

    return around(IMPORT, change)


fault(
    "import-other-material",
    "other material is taken at a second import",
    import_with(bound=""),
    *FAMILIES,
)
fault(
    "import-binding-forgotten",
    "deleting material forgets what the key is bound to",
    after("DeleteKeyMaterial", lambda a, s, p: kept(s, p, bound="")),
    *FAMILIES,
)


def any_token(original: Any, store: Any, params: Any) -> Any:
    token = store.get("token", params.get("ImportToken", ""))
    if token:
        store.put("token", params["ImportToken"], {**token, "key": params["KeyId"]})
    return original(store, params)


fault(
    "import-token-of-another",
    "the token of another key is taken",
    around(IMPORT, any_token),
    *FAMILIES,
)


def any_length(original: Any, store: Any, params: Any) -> Any:
    real = material.len if hasattr(material, "len") else len
    with mock.patch.object(
        material, "len", lambda data: 32 if isinstance(data, bytes) else real(data), create=True
    ):
        return original(store, params)


fault("import-any-length", "material of any length is taken", around(IMPORT, any_length), *FAMILIES)
fault(
    "import-past-expiry",
    "an expiry in the past means never",
    before(
        IMPORT,
        lambda p: (
            {**p, "KeyMaterialExpireUnix": "0"}
            if p.get("KeyMaterialExpireUnix", "x").isdigit()
            and int(p["KeyMaterialExpireUnix"]) < 1700000000
            else p
        ),
    ),
    *FAMILIES,
)
fault(
    "import-expiry-ignored",
    "an expiry is forgotten",
    around(IMPORT, lambda f, s, p: (f(s, p), kept(s, p, expires=""))[-1]),
    *FAMILIES,
)
fault(
    "import-keeps-pending",
    "a key stays in PendingImport after the import",
    around(IMPORT, lambda f, s, p: (f(s, p), kept(s, p, state="PendingImport"))[-1]),
    *FAMILIES,
)


def _born(answer: Any, store: Any, params: Any) -> Any:
    told = answer["KeyMetadata"]
    if told["Origin"] != "EXTERNAL":
        return answer
    key = store.key(told["KeyId"])
    key["state"] = "Enabled"
    key["versions"][0]["material"] = "00" * 32
    store.put("key", key["id"], key)
    return {"KeyMetadata": {**told, "KeyState": "Enabled"}}


fault(
    "import-born-enabled",
    "keys of Origin EXTERNAL begin Enabled",
    after("CreateKey", _born),
    *FAMILIES,
)


fault(
    "import-while-pending-deletion",
    "material is taken in PendingDeletion",
    anyhow(IMPORT),
    *FAMILIES,
)


def _back(original: Any, store: Any, params: Any) -> Any:
    key = store.key(params["KeyId"])
    original(store, params)
    store.put("key", key["id"], key)
    return {}


fault(
    "material-not-deleted",
    "DeleteKeyMaterial has no effect",
    around("DeleteKeyMaterial", _back),
    *FAMILIES,
)


fault(
    "material-deleted-enabled",
    "a key without material stays Enabled",
    after("DeleteKeyMaterial", lambda a, s, p: kept(s, p, state="Enabled")),
    *FAMILIES,
)
fault(
    "material-deleted-uncancels",
    "deleting material of a key in PendingDeletion cancels its deletion",
    after("DeleteKeyMaterial", lambda a, s, p: kept(s, p, state="PendingImport", gone="")),
    *FAMILIES,
)
fault(
    "import-any-origin",
    "GetParametersForImport works for every key",
    everywhere("external", lambda f: lambda s, p: s.key(p["KeyId"])),
    *FAMILIES,
)
fault(
    "import-token-garbage-404",
    "a bad token is an unknown resource",
    recoded("InvalidImportToken", 404, "Forbidden.ResourceNotFound"),
    *FAMILIES,
)
fault(
    "import-bad-material-500",
    "bad material is 500",
    recoded("InvalidKeyMaterial", 500, "InternalFailure"),
    *FAMILIES,
)


class Parameters:
    told: ClassVar[dict[str, Any]] = {}


fault(
    "import-same-parameters",
    "GetParametersForImport always answers the same",
    around(
        "GetParametersForImport",
        lambda f, s, p: Parameters.told.setdefault(
            str(
                (id(s), sorted((k, v) for k, v in p.items() if k in ("KeyId", "WrappingAlgorithm")))
            ),
            f(s, p),
        ),
    ),
    *FAMILIES,
)
fault(
    "import-token-once",
    "a token counts once",
    around(IMPORT, lambda f, s, p: (f(s, p), s.drop("token", p["ImportToken"]), {})[-1]),
    *FAMILIES,
)
fault(
    "import-expiry-in-hours",
    "a token lives an hour",
    after(
        "GetParametersForImport",
        lambda a, s, p: {
            **a,
            "TokenExpireTime": core.stamp(core.now() + timedelta(hours=1))
            if hasattr(core, "timedelta")
            else core.stamp(core.now()),
        },
    ),
    *FAMILIES,
)


def _as_oaep(original: Any, store: Any, params: Any) -> Any:
    answer = original(store, params)
    token = store.get("token", answer["ImportToken"])
    if token["algorithm"] == "RSAES_PKCS1_V1_5":
        store.put("token", answer["ImportToken"], {**token, "algorithm": "RSAES_OAEP_SHA_1"})
    return answer


fault(
    "import-pkcs1-as-oaep",
    "RSAES_PKCS1_V1_5 means OAEP",
    around("GetParametersForImport", _as_oaep),
    *FAMILIES,
)


def _sha1(original: Any, store: Any, params: Any) -> Any:
    answer = original(store, params)
    token = store.get("token", answer["ImportToken"])
    if token["algorithm"] == "RSAES_OAEP_SHA_256":
        store.put("token", answer["ImportToken"], {**token, "algorithm": "RSAES_OAEP_SHA_1"})
    return answer


fault(
    "import-hash-swapped",
    "RSAES_OAEP_SHA_256 means SHA-1",
    around("GetParametersForImport", _sha1),
    *FAMILIES,
)


def _shared(original: Any, store: Any, kind: str) -> Any:
    found = original(store, kind)
    if kind == "key":
        for one in found:
            for other in found:
                if one is not other and one["bound"] and one["bound"] == other["bound"]:
                    one.setdefault("lent", []).extend(other["versions"][:1])
        for one in found:
            if one["state"] == "Enabled":
                one["versions"] = one.pop("lent", []) + one["versions"]
            one.pop("lent", None)
    return found


fault(
    "material-shared",
    "keys with the same material open each other's blobs",
    method(core.Store, "all", lambda f: lambda s, kind: _shared(f, s, kind)),
    KEYS,
    CRYPTO,
    gates=False,
)


TAGS = (EFFECTS, "contract", "idempotency", "secrets")
