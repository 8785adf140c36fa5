"""Faults of the second endpoint: versions of secrets."""

from typing import Any

from core import Refused
from deviation import after, around, fault
from wrong_keys import without
from wrong_secrets import FAMILIES, PLAIN


def saved(store: Any, params: Any, change: Any) -> Any:
    """Change a stored secret: `change(secret)`."""
    secret = store.secret(params)
    change(secret)
    store.put("secret", secret["name"], secret)
    return {}


def reading(change: Any) -> Any:
    """Read other than what was asked for: `change(secret, params)` gives parameters."""
    return around(
        "GetSecretValue",
        lambda f, s, p: f(
            s, change(s.secret(p), p) if s.get("secret", p.get("SecretName", "")) else p
        ),
    )


def known(secret: Any, params: Any, name: str) -> bool:
    return name not in params or any(
        params[name] == v["id"] or params[name] in v["stages"] for v in secret["versions"]
    )


fault(
    "newest-version-read",
    "GetSecretValue answers with the newest version",
    reading(
        lambda s, p: (
            {**p, "VersionId": s["versions"][-1]["id"]}
            if not ({"VersionId", "VersionStage"} & set(p))
            else p
        )
    ),
    *FAMILIES,
)
fault(
    "unknown-stage-current",
    "an unknown stage means ACSCurrent",
    reading(lambda s, p: p if known(s, p, "VersionStage") else without(p, "VersionStage")),
    *FAMILIES,
    PLAIN,
)
fault(
    "unknown-version-current",
    "an unknown version means ACSCurrent",
    reading(lambda s, p: p if known(s, p, "VersionId") else without(p, "VersionId")),
    *FAMILIES,
    PLAIN,
)
fault(
    "stage-ignored",
    "VersionStage has no effect",
    reading(lambda s, p: without(p, "VersionStage") if known(s, p, "VersionStage") else p),
    *FAMILIES,
)
fault(
    "version-ignored",
    "VersionId has no effect",
    reading(lambda s, p: without(p, "VersionId") if known(s, p, "VersionId") else p),
    *FAMILIES,
)
fault(
    "stage-and-version",
    "VersionStage is not looked at beside VersionId",
    reading(lambda s, p: without(p, "VersionStage") if "VersionId" in p else p),
    *FAMILIES,
    gates=False,
)
fault(
    "stages-not-told",
    "GetSecretValue tells ACSCurrent of every version",
    after(
        "GetSecretValue", lambda a, s, p: {**a, "VersionStages": {"VersionStage": ["ACSCurrent"]}}
    ),
    *FAMILIES,
)


def putting(change: Any) -> Any:
    """Change the secret after a value was put: `change(secret, params, stages before)`."""

    def patched(original: Any, store: Any, params: Any) -> Any:
        found = store.get("secret", params.get("SecretName", ""))
        old = {v["id"]: list(v["stages"]) for v in found["versions"]} if found else {}
        answer = original(store, params)
        saved(store, params, lambda secret: change(secret, params, old))
        return answer

    return around("PutSecretValue", patched)


def stages(secret: Any, **wanted: Any) -> None:
    """Put labels on versions by id, and take them from all others."""
    for version in secret["versions"]:
        kept = [label for label in version["stages"] if label not in wanted]
        version["stages"] = kept + [
            label for label, owner in wanted.items() if owner == version["id"]
        ]


fault(
    "previous-not-kept",
    "the former current version gets no label",
    putting(lambda s, p, o: stages(s, ACSPrevious=None)),
    *FAMILIES,
)
fault(
    "previous-is-first",
    "ACSPrevious stays with the first version",
    putting(lambda s, p, o: stages(s, ACSPrevious=s["versions"][0]["id"])),
    *FAMILIES,
)
fault(
    "current-not-moved",
    "a new version does not become current",
    putting(
        lambda s, p, o: stages(
            s, ACSCurrent=next((one for one, labels in o.items() if "ACSCurrent" in labels), None)
        )
    ),
    *FAMILIES,
)
fault(
    "current-always-moved",
    "a new version becomes current even with other labels",
    putting(lambda s, p, o: stages(s, ACSCurrent=p["VersionId"])),
    *FAMILIES,
)
fault(
    "custom-labels-lost",
    "labels of one's own are lost",
    putting(
        lambda s, p, o: [
            v.update(stages=[x for x in v["stages"] if x.startswith("ACS")]) for v in s["versions"]
        ]
    ),
    *FAMILIES,
)
fault(
    "custom-labels-copied",
    "a label stays on its former version too",
    putting(
        lambda s, p, o: [
            v.update(
                stages=sorted(
                    {*v["stages"], *[x for x in o.get(v["id"], []) if not x.startswith("ACS")]}
                )
            )
            for v in s["versions"]
        ]
    ),
    *FAMILIES,
)


def put_over(original: Any, store: Any, params: Any) -> Any:
    def change(secret: Any) -> None:
        for version in secret["versions"]:
            if version["id"] == params.get("VersionId"):
                version["data"] = params.get("SecretData", "")

    if store.get("secret", params.get("SecretName", "")):
        saved(store, params, change)
    return original(store, params)


fault(
    "version-overwritten",
    "a version takes another value",
    around("PutSecretValue", put_over),
    *FAMILIES,
)


def _once(original: Any, store: Any, params: Any) -> Any:
    found = store.get("secret", params.get("SecretName", ""))
    if found and params.get("VersionId") in [v["id"] for v in found["versions"]]:
        raise Refused(409, "Rejected.ResourceExist")
    return original(store, params)


fault(
    "same-version-refused",
    "putting the same again is refused",
    around("PutSecretValue", _once),
    *FAMILIES,
)


def repeated(original: Any, store: Any, params: Any) -> Any:
    found = store.get("secret", params.get("SecretName", ""))
    answer = original(store, params)
    if found and params.get("VersionId") in [v["id"] for v in found["versions"]]:
        saved(store, params, lambda s: stages(s, ACSCurrent=params["VersionId"]))
    return answer


fault(
    "same-version-moves",
    "putting an older version again makes it current",
    around("PutSecretValue", repeated),
    *FAMILIES,
)


def _all_kept(original: Any, store: Any, params: Any) -> Any:
    found = store.get("secret", params.get("SecretName", ""))
    answer = original(store, params)

    def change(secret: Any) -> None:
        names = {v["id"] for v in secret["versions"]}
        secret["versions"] = [
            {**v, "stages": []}
            for v in (found or {"versions": []})["versions"]
            if v["id"] not in names
        ] + secret["versions"]

    saved(store, params, change)
    return answer


fault(
    "versions-unlimited",
    "all versions are kept",
    around("PutSecretValue", _all_kept),
    *FAMILIES,
)


def few(original: Any, store: Any, params: Any) -> Any:
    answer = original(store, params)

    def change(secret: Any) -> None:
        loose = [v for v in secret["versions"] if not v["stages"]]
        while len(secret["versions"]) > 5 and loose:
            secret["versions"].remove(loose.pop(0))

    saved(store, params, change)
    return answer


fault("five-versions", "five versions are kept", around("PutSecretValue", few), *FAMILIES)
