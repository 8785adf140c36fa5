"""Faults of the second endpoint: secrets."""

import json
from typing import Any

import core
from core import Refused
from deviation import after, around, before, fault, method, recoded
from wrong_keys import without

SECRETS, EFFECTS, PLAIN = "secrets", "effects", "contract"
FAMILIES = (SECRETS, EFFECTS, "idempotency")


def data(change: Any) -> Any:
    """Change values before they are stored."""
    return before(
        "CreateSecret PutSecretValue",
        lambda p: {**p, "SecretData": change(p["SecretData"])} if "SecretData" in p else p,
    )


fault(
    "value-stripped",
    "values lose blanks at their ends",
    data(lambda text: text.strip() or text),
    SECRETS,
    EFFECTS,
    PLAIN,
)
fault(
    "value-lines",
    "CR LF in values becomes LF",
    data(lambda text: text.replace("\r\n", "\n")),
    SECRETS,
    EFFECTS,
    PLAIN,
)
fault(
    "value-ascii",
    "letters beyond ASCII are lost in values",
    data(lambda text: text.encode("ascii", "replace").decode()),
    SECRETS,
    EFFECTS,
    PLAIN,
)
fault(
    "value-beyond-plane",
    "letters beyond U+FFFF are lost in values",
    data(lambda text: "".join(c if ord(c) < 65536 else "?" for c in text)),
    SECRETS,
    EFFECTS,
    PLAIN,
)
fault(
    "value-cut",
    "values are cut after 4,096 letters",
    data(lambda text: text[:4096] if len(text) <= 30720 else text),
    SECRETS,
    EFFECTS,
    PLAIN,
)


def _rewritten(text: str) -> str:
    try:
        return json.dumps(json.loads(text), separators=(",", ":"))
    except ValueError:
        return text


fault(
    "value-json",
    "values that are JSON are written anew",
    data(_rewritten),
    SECRETS,
    EFFECTS,
    gates=True,
)


fault(
    "value-unlimited",
    "values have no limit",
    data(lambda text: text[:30000] if len(text) > 30720 else text),
    PLAIN,
    SECRETS,
)
fault(
    "value-by-letters",
    "the limit of values counts letters",
    data(
        lambda text: (
            text
            if len(text.encode()) <= 30720 or len(text) > 30720
            else text.encode("ascii", "replace").decode()
        )
    ),
    PLAIN,
    SECRETS,
    gates=False,
)
fault(
    "kind-lost",
    "SecretDataType is always text",
    before(
        "CreateSecret PutSecretValue",
        lambda p: without(p, "SecretDataType") if p.get("SecretDataType") == "binary" else p,
    ),
    SECRETS,
    EFFECTS,
)
fault(
    "name-acs",
    "reserved names of secrets are taken",
    before(
        "CreateSecret",
        lambda p: (
            {**p, "SecretName": p["SecretName"].replace("acs/", "bcs/", 1)}
            if p.get("SecretName", "").startswith("acs/")
            else p
        ),
    ),
    PLAIN,
    SECRETS,
    "effects",
)
fault(
    "name-any",
    "names of secrets may contain anything",
    before(
        "CreateSecret",
        lambda p: (
            {
                **p,
                "SecretName": "".join(
                    c if c.isascii() and (c.isalnum() or c in "_/+=.@-") else "x"
                    for c in p["SecretName"]
                ),
            }
            if p.get("SecretName")
            else p
        ),
    ),
    PLAIN,
    SECRETS,
)
fault(
    "name-unlimited",
    "names of secrets have no limit",
    before(
        "CreateSecret",
        lambda p: {**p, "SecretName": p["SecretName"][:192]} if "SecretName" in p else p,
    ),
    PLAIN,
    SECRETS,
)
fault(
    "version-id-unlimited",
    "version ids have no limit",
    before(
        "CreateSecret", lambda p: {**p, "VersionId": p["VersionId"][:64]} if "VersionId" in p else p
    ),
    PLAIN,
    SECRETS,
)
fault(
    "secret-in-any-case",
    "names of secrets count in any case",
    method(
        core.Store,
        "secret",
        lambda f: (
            lambda s, p: f(
                s,
                {
                    **p,
                    "SecretName": next(
                        (
                            x["name"]
                            for x in s.all("secret")
                            if x["name"].lower() == p.get("SecretName", "").lower()
                        ),
                        p.get("SecretName", ""),
                    ),
                }
                if p.get("SecretName")
                else p,
            )
        ),
    ),
    SECRETS,
    EFFECTS,
    gates=False,
)
fault(
    "secret-arn-unknown",
    "ARNs of secrets are unknown",
    method(
        core.Store,
        "secret",
        lambda f: (
            lambda s, p: f(
                s, {**p, "SecretName": "none"} if p.get("SecretName", "").startswith("acs:") else p
            )
        ),
    ),
    PLAIN,
    SECRETS,
    EFFECTS,
)
fault(
    "secret-unknown-400",
    "an unknown secret is 400",
    recoded("Forbidden.ResourceNotFound", 400),
    *FAMILIES,
    PLAIN,
)
fault("secret-exists-400", "a taken name is 400", recoded("Rejected.ResourceExist", 400), *FAMILIES)
fault(
    "secret-window-otherwise",
    "a secret in its window is told as existing",
    recoded("Rejected.ResourceInDeleteWindow", 409, "Rejected.ResourceExist"),
    *FAMILIES,
)
fault(
    "secret-restore-otherwise",
    "restoring a living secret is told as existing",
    recoded("Rejected.ResourceInUse", 409, "Rejected.ResourceExist"),
    *FAMILIES,
)


def create_over(original: Any, store: Any, params: Any) -> Any:
    old = store.get("secret", params.get("SecretName", ""))
    if old:
        store.drop("secret", old["name"])
    try:
        return original(store, params)
    except Refused:
        if old:
            store.put("secret", old["name"], old)
        raise


def over_deleted(original: Any, store: Any, params: Any) -> Any:
    old = store.get("secret", params.get("SecretName", ""))
    return create_over(original, store, params) if old and old["gone"] else original(store, params)


fault(
    "secret-overwritten",
    "CreateSecret replaces a secret of that name",
    around("CreateSecret", create_over),
    *FAMILIES,
)
fault(
    "secret-over-window",
    "CreateSecret replaces a secret in its window",
    around("CreateSecret", over_deleted),
    *FAMILIES,
)
fault(
    "secret-data-described",
    "DescribeSecret carries the value",
    after(
        "DescribeSecret", lambda a, s, p: {**a, "SecretData": s.secret(p)["versions"][-1]["data"]}
    ),
    *FAMILIES,
    "envelope",
    PLAIN,
)
fault(
    "secret-data-listed",
    "ListSecrets carries values",
    after(
        "ListSecrets",
        lambda a, s, p: {
            **a,
            "SecretList": {
                "Secret": [
                    {
                        **one,
                        "SecretData": s.get("secret", one["SecretName"])["versions"][-1]["data"],
                    }
                    for one in a["SecretList"]["Secret"]
                ]
            },
        },
    ),
    *FAMILIES,
    PLAIN,
    "paging",
)
fault(
    "secret-value-echoed",
    "CreateSecret answers with the value",
    after("CreateSecret", lambda a, s, p: {**a, "SecretData": p["SecretData"]}),
    *FAMILIES,
    PLAIN,
    gates=False,
)
fault(
    "secret-description-lost",
    "descriptions of secrets are lost at creation",
    before("CreateSecret", lambda p: without(p, "Description")),
    *FAMILIES,
)
fault(
    "secret-update-lost",
    "UpdateSecret has no effect",
    before("UpdateSecret", lambda p: without(p, "Description")),
    *FAMILIES,
)
fault(
    "secret-tags-always",
    "DescribeSecret always shows tags",
    before(
        "DescribeSecret",
        lambda p: {**p, "FetchTags": "true"} if p.get("FetchTags", "false") == "false" else p,
    ),
    *FAMILIES,
    gates=False,
)
fault(
    "secret-tags-never",
    "DescribeSecret never shows tags",
    before(
        "DescribeSecret",
        lambda p: {**p, "FetchTags": "false"} if p.get("FetchTags") == "true" else p,
    ),
    *FAMILIES,
)
fault(
    "secret-protector-any",
    "any key protects secrets",
    before("CreateSecret", lambda p: without(p, "EncryptionKeyId")),
    PLAIN,
    *FAMILIES,
)
