"""Faults of the second endpoint: deletion of secrets, batches."""

import json
from typing import Any, ClassVar

from core import Refused
from deviation import after, around, before, fault, tolerating
from wrong_keys import without
from wrong_secrets import FAMILIES, PLAIN
from wrong_stages import _unmoved
from wrong_versions import saved
from wrong_windows import within


def then(operation: str, change: Any) -> Any:
    """Change the stored secret after an operation."""
    return after(operation, lambda a, s, p: (saved(s, p, change), a)[-1])


fault(
    "window-default-seven",
    "a window left out means 7 days",
    before(
        "DeleteSecret",
        lambda p: (
            p
            if {"RecoveryWindowInDays", "ForceDeleteWithoutRecovery"} & set(p)
            else {**p, "RecoveryWindowInDays": "7"}
        ),
    ),
    *FAMILIES,
)
fault(
    "window-of-a-day",
    "a window of 1 day is taken",
    within("DeleteSecret", "RecoveryWindowInDays", 1, 30),
    PLAIN,
    *FAMILIES,
)
fault(
    "window-of-100",
    "a window of 100 days is taken",
    within("DeleteSecret", "RecoveryWindowInDays", 7, 100),
    PLAIN,
    *FAMILIES,
)
fault(
    "force-ignored",
    "a forced deletion can be restored",
    before("DeleteSecret", lambda p: without(p, "ForceDeleteWithoutRecovery")),
    *FAMILIES,
)
fault(
    "force-always",
    "every deletion is forced",
    before(
        "DeleteSecret",
        lambda p: (
            {**without(p, "RecoveryWindowInDays"), "ForceDeleteWithoutRecovery": "true"}
            if p.get("RecoveryWindowInDays", "7").isdigit()
            and 7 <= int(p.get("RecoveryWindowInDays", "7")) <= 30
            else p
        ),
    ),
    *FAMILIES,
)
fault(
    "restored-empty",
    "a restored secret has its first version only",
    then(
        "RestoreSecret",
        lambda s: s.update(versions=[{**s["versions"][0], "stages": ["ACSCurrent"]}]),
    ),
    *FAMILIES,
)
fault(
    "restored-without-stages",
    "a restored secret has lost labels of its own",
    then(
        "RestoreSecret",
        lambda s: [
            v.update(stages=[x for x in v["stages"] if x == "ACSCurrent"]) for v in s["versions"]
        ],
    ),
    *FAMILIES,
)
fault(
    "restore-living",
    "restoring a living secret succeeds",
    tolerating("RestoreSecret", "Rejected.ResourceInUse"),
    *FAMILIES,
)
fault(
    "restore-without-effect",
    "RestoreSecret has no effect",
    around("RestoreSecret", _unmoved),
    *FAMILIES,
)
fault(
    "deleted-not-planned",
    "DescribeSecret does not show PlannedDeleteTime",
    after("DescribeSecret", lambda a, s, p: without(a, "PlannedDeleteTime")),
    *FAMILIES,
)
fault(
    "deleted-unknown",
    "a secret in its window is unknown to DescribeSecret",
    around(
        "DescribeSecret",
        lambda f, s, p: f(s, p if not s.secret(p)["gone"] else {**p, "SecretName": "none"}),
    ),
    *FAMILIES,
)


class Graves:
    kept: ClassVar[dict[str, Any]] = {}


def buried(original: Any, store: Any, params: Any) -> Any:
    found = store.get("secret", params.get("SecretName", ""))
    answer = original(store, params)
    if found and store.get("secret", found["name"]) is None:
        Graves.kept[found["name"]] = found
    return answer


def risen(original: Any, store: Any, params: Any) -> Any:
    answer = original(store, params)
    old = Graves.kept.get(params["SecretName"])
    if old:
        saved(
            store,
            params,
            lambda s: s.update(
                versions=[
                    {**v, "stages": []} for v in old["versions"] if v["id"] != params["VersionId"]
                ]
                + s["versions"],
                tags={**old["tags"], **s["tags"]},
            ),
        )
    return answer


def grave(stack: Any) -> None:
    around("DeleteSecret", buried)(stack)
    around("CreateSecret", risen)(stack)


fault(
    "secret-risen", "a new secret has the versions of a deleted one of its name", grave, *FAMILIES
)


def _raise(status: int, code: str) -> Any:
    raise Refused(status, code)


fault(
    "batch-fails-whole",
    "one unknown secret fails the whole batch",
    after(
        "BatchGetSecretValue",
        lambda a, s, p: a if not a["Errors"] else _raise(404, "Forbidden.ResourceNotFound"),
    ),
    *FAMILIES,
)
fault(
    "batch-silent",
    "a batch says nothing of what it did not find",
    after("BatchGetSecretValue", lambda a, s, p: {**a, "Errors": []}),
    *FAMILIES,
)
fault(
    "batch-mixed",
    "a batch mixes up values",
    after(
        "BatchGetSecretValue",
        lambda a, s, p: {
            **a,
            "SecretValues": [
                {**one, "SecretData": other["SecretData"]}
                for one, other in zip(
                    a["SecretValues"], a["SecretValues"][1:] + a["SecretValues"][:1], strict=True
                )
            ],
        },
    ),
    *FAMILIES,
)


def _twenty(text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return json.dumps(found[:20]) if isinstance(found, list) else text


fault(
    "batch-of-21",
    "a batch takes more than 20 secrets",
    before(
        "BatchGetSecretValue",
        lambda p: {**p, "SecretsList": _twenty(p["SecretsList"])} if "SecretsList" in p else p,
    ),
    PLAIN,
    *FAMILIES,
)
