"""Faults of the second endpoint: labels of secrets and their window."""

from typing import Any

from deviation import around, before, everywhere, fault, tolerating
from wrong_secrets import FAMILIES, PLAIN, SECRETS
from wrong_versions import saved, stages


def _remove(original: Any, store: Any, params: Any) -> Any:
    off = params.get("RemoveFromVersion")
    if off and "MoveToVersion" not in params and params.get("VersionStage", "").startswith("ACS"):
        saved(store, params, lambda s: stages(s, **{params["VersionStage"]: None}))
        return {"SecretName": params["SecretName"]}
    return original(store, params)


fault(
    "current-removable",
    "ACSCurrent can be taken off",
    around("UpdateSecretVersionStage", _remove),
    *FAMILIES,
    PLAIN,
)


def _unmoved(original: Any, store: Any, params: Any) -> Any:
    secret = store.secret(params)
    answer = original(store, params)
    store.put("secret", secret["name"], secret)
    return answer


fault(
    "stage-move-without-effect",
    "UpdateSecretVersionStage has no effect",
    around("UpdateSecretVersionStage", _unmoved),
    *FAMILIES,
)


fault(
    "stage-remove-ignored",
    "RemoveFromVersion has no effect",
    around(
        "UpdateSecretVersionStage",
        lambda f, s, p: f(s, p) if "MoveToVersion" in p else _unmoved(f, s, p),
    ),
    *FAMILIES,
)


def _copied(original: Any, store: Any, params: Any) -> Any:
    old = {v["id"]: list(v["stages"]) for v in store.secret(params)["versions"]}
    answer = original(store, params)
    if params.get("MoveToVersion"):
        saved(
            store,
            params,
            lambda s: [
                v.update(stages=sorted({*v["stages"], *old[v["id"]]})) for v in s["versions"]
            ],
        )
    return answer


fault(
    "stage-copied",
    "a moved label stays on its former version",
    around("UpdateSecretVersionStage", _copied),
    *FAMILIES,
)


fault(
    "stages-nine",
    "a secret has any number of labels",
    everywhere("check_labels", lambda _: lambda *_: None),
    *FAMILIES,
    gates=False,
)
fault(
    "stage-neither",
    "UpdateSecretVersionStage needs neither version",
    tolerating("UpdateSecretVersionStage", "MissingParameter"),
    PLAIN,
    SECRETS,
)
fault(
    "deprecated-always",
    "versions without label are always listed",
    before(
        "ListSecretVersionIds",
        lambda p: (
            {**p, "IncludeDeprecated": "true"}
            if p.get("IncludeDeprecated", "false") == "false"
            else p
        ),
    ),
    *FAMILIES,
)
fault(
    "deprecated-never",
    "versions without label are never listed",
    before(
        "ListSecretVersionIds",
        lambda p: (
            {**p, "IncludeDeprecated": "false"} if p.get("IncludeDeprecated") == "true" else p
        ),
    ),
    *FAMILIES,
)


def in_window(operation: str) -> Any:
    """Let an operation work while the secret waits for deletion."""

    def change(original: Any, store: Any, params: Any) -> Any:
        found = store.get("secret", params.get("SecretName", ""))
        if not found or not found["gone"]:
            return original(store, params)
        store.put("secret", found["name"], {**found, "gone": ""})
        try:
            return original(store, params)
        finally:
            now_there = store.get("secret", found["name"])
            if now_there:
                store.put("secret", found["name"], {**now_there, "gone": found["gone"]})

    return around(operation, change)


for name, sure in (
    ("GetSecretValue", False),
    ("PutSecretValue", False),
    ("UpdateSecret", True),
    ("DeleteSecret", True),
):
    fault(
        f"window-{name}",
        f"{name} works while the secret waits for deletion",
        in_window(name),
        *FAMILIES,
        gates=sure,
    )
