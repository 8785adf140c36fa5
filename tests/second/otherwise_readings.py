"""Harmless variations of the second endpoint: readings of the documentation."""

import base64
import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import core
import keys
import rotation
import vault
from core import Refused, invalid
from deviation import Patch, after, around, before, deep, everywhere, tolerating, variation


def bounds(name: str, low: int, high: int) -> Patch:
    real = core.whole
    return everywhere(
        "whole",
        lambda f: (
            lambda p, n, a, b, d=None: (
                real(p, n, low, high, d) if n == name else real(p, n, a, b, d)
            )
        ),
    )


def _in_china(text: str) -> str:
    """The same moment with nanoseconds and the offset of China."""
    there = datetime.fromisoformat(text).astimezone(timezone(timedelta(hours=8)))
    return f"{there:%Y-%m-%dT%H:%M:%S}.123456789+08:00"


variation("window-up-to-30", "keys wait 30 days at most", bounds("PendingWindowInDays", 7, 30))


def rotating(low: int, high: int) -> Patch:
    def check(original: Any, store: Any, params: Any) -> Any:
        text = params.get("RotationInterval", "")
        if (
            re.fullmatch("[0-9]{1,12}[dhms]", text)
            and params.get("EnableAutomaticRotation", "").lower() == "true"
            and not low <= keys.seconds_of(text) <= high
        ):
            raise invalid("RotationInterval")
        return original(store, params)

    return around("UpdateRotationPolicy CreateKey", check)


variation("rotation-of-a-year", "keys rotate each year only", rotating(365 * 86400, 365 * 86400))
variation(
    "rotation-up-to-a-year", "keys rotate each year at the latest", rotating(7 * 86400, 365 * 86400)
)
variation(
    "usage-by-default",
    "KeyUsage left out is always ENCRYPT/DECRYPT",
    before(
        "CreateKey",
        lambda p: (
            {"KeyUsage": "ENCRYPT/DECRYPT", **p}
            if p.get("KeySpec", "RSA").startswith("RSA") and "KeySpec" in p
            else p
        ),
    ),
)


def versions_of(which: bool) -> Patch:
    def change(original: Any, store: Any, params: Any) -> Any:
        key = rotation.rotatable(store, params)
        if (key["spec"] == "Aliyun_AES_256") is not which:
            raise Refused(400, "Rejected.UnsupportedOperation")
        return original(store, params)

    return around("CreateKeyVersion", change)


variation("versions-of-pairs", "only asymmetric keys get versions", versions_of(False))
variation("versions-of-symmetric", "only symmetric keys get versions", versions_of(True))


def weekly(original: Any, store: Any, params: Any) -> Any:
    key = rotation.rotatable(store, params)
    if key["spec"] != "Aliyun_AES_256":
        last = datetime.fromisoformat(key["versions"][-1]["born"])
        if last + timedelta(days=7) > core.now():
            raise Refused(400, "Rejected.LimitExceeded")
    return original(store, params)


variation("versions-weekly", "a new version takes a week", around("CreateKeyVersion", weekly))


def few_tags(original: Any, store: Any, params: Any) -> Any:
    thing = store.get("key", params.get("KeyId", "")) or store.get(
        "secret", params.get("SecretName", "")
    )
    try:
        new = {one["TagKey"] for one in json.loads(params.get("Tags", "[]"))}
    except (ValueError, TypeError, KeyError):
        new = set()
    if len(set(thing["tags"] if thing else ()) | new) > 10:
        raise Refused(400, "Rejected.LimitExceeded")
    return original(store, params)


variation(
    "tags-at-most-ten", "TagResource keeps to 10 tags a resource", around("TagResource", few_tags)
)
variation(
    "force-and-window",
    "a window beside force is ignored",
    before(
        "DeleteSecret",
        lambda p: (
            {k: v for k, v in p.items() if k != "RecoveryWindowInDays"}
            if p.get("ForceDeleteWithoutRecovery") == "true"
            else p
        ),
    ),
)


def simply_oldest(original: Any, store: Any, params: Any) -> Any:
    found = store.get("secret", params.get("SecretName", ""))
    old = [v["id"] for v in found["versions"]] if found else []
    answer = original(store, params)
    secret = store.secret(params)
    if len(old) == 10 and params["VersionId"] not in old:
        by_id = {v["id"]: v for v in [*found["versions"], *secret["versions"]]}
        secret["versions"] = [by_id[one] for one in [*old[1:], params["VersionId"]]]
        if not any("ACSCurrent" in v["stages"] for v in secret["versions"]):
            secret["versions"][-1]["stages"].append("ACSCurrent")
        store.put("secret", secret["name"], secret)
    return answer


variation(
    "oldest-version-goes",
    "the oldest version goes, labelled or not",
    around("PutSecretValue", simply_oldest),
)


def follows(original: Any, store: Any, params: Any) -> Any:
    holder = (
        next(
            (v["id"] for v in store.secret(params)["versions"] if "ACSCurrent" in v["stages"]), None
        )
        if store.get("secret", params.get("SecretName", ""))
        else None
    )
    answer = original(store, params)
    if params["VersionStage"] == "ACSCurrent" and params.get("MoveToVersion") != holder:
        secret = store.secret(params)
        vault.take(secret, "ACSPrevious")
        for version in secret["versions"]:
            if version["id"] == holder:
                version["stages"].append("ACSPrevious")
        store.put("secret", secret["name"], secret)
    return answer


variation(
    "previous-follows",
    "ACSPrevious follows a moved ACSCurrent",
    around("UpdateSecretVersionStage", follows),
)
variation(
    "planned-as-in-2020",
    "PlannedDeleteTime as in the samples of 2020",
    after(
        "DeleteSecret DescribeSecret",
        lambda a, s, p: deep(a, lambda n, v: _in_china(v) if n == "PlannedDeleteTime" and v else v),
    ),
)
variation(
    "protection-hsm",
    "keys are in hardware",
    after(
        "CreateKey DescribeKey",
        lambda a, s, p: deep(a, lambda n, v: "HSM" if n == "ProtectionLevel" else v),
    ),
)
variation(
    "more-about-keys",
    "keys tell more than they must",
    after(
        "CreateKey DescribeKey",
        lambda a, s, p: {
            "KeyMetadata": {
                "Creator": core.ACCOUNT,
                "LastRotationDate": a["KeyMetadata"]["CreationDate"],
                "DeletionProtection": "Disabled",
                **a["KeyMetadata"],
            }
        },
    ),
)
variation(
    "less-about-keys",
    "CreateKey tells little",
    after(
        "CreateKey",
        lambda a, s, p: {
            "KeyMetadata": {
                k: v
                for k, v in a["KeyMetadata"].items()
                if k
                in (
                    "KeyId",
                    "Arn",
                    "KeyState",
                    "CreationDate",
                    "KeyUsage",
                    "KeySpec",
                    "Origin",
                    "PrimaryKeyVersion",
                    "AutomaticRotation",
                )
            }
        },
    ),
)
variation(
    "expiry-left-out",
    "MaterialExpireTime is left out where material does not expire",
    after(
        "CreateKey DescribeKey",
        lambda a, s, p: {
            "KeyMetadata": {
                k: v for k, v in a["KeyMetadata"].items() if k != "MaterialExpireTime" or v
            }
        },
    ),
)


def _as2(original: Any, store: Any, params: Any) -> Any:
    try:
        return original(store, params)
    except Refused as refused:
        if refused.code == "Rejected.ResourceInDeleteWindow":
            raise Refused(404, "Forbidden.ResourceNotFound") from None
        raise


variation(
    "window-secret-unknown",
    "the value of a secret in its window is not found",
    around("GetSecretValue", _as2),
)


def _stage(original: Any, store: Any, params: Any) -> Any:
    try:
        return original(store, params)
    except Refused as refused:
        if store.get("secret", params.get("SecretName", "")) and refused.status == 404:
            raise invalid("VersionStage") from None
        raise


variation(
    "stage-unknown-400",
    "a stage without version is a bad parameter",
    around("GetSecretValue", _stage),
)


def _conflict(original: Any, store: Any, params: Any) -> Any:
    try:
        return original(store, params)
    except Refused as refused:
        if refused.code == "Rejected.ResourceExist":
            raise invalid("VersionId") from None
        raise


variation(
    "conflict-otherwise",
    "another value for a version is a bad parameter",
    around("PutSecretValue", _conflict),
)


variation(
    "remove-elsewhere-taken",
    "taking a label off a version that has it not succeeds",
    tolerating("UpdateSecretVersionStage", "InvalidParameter", answer={"SecretName": "x"}),
)
variation("service-opens", "OpenKmsService succeeds", around("OpenKmsService", lambda f, s, p: {}))


def _bad(name: str) -> Any:
    raise invalid(name)


variation(
    "base64-strict",
    "base64 is taken in canonical form only",
    everywhere(
        "unbase64",
        lambda f: lambda p, n: f(p, n) if base64.b64encode(f(p, n)).decode() == p[n] else _bad(n),
    ),
)
variation(
    "tag-orphans-refused",
    "a tag without a key is a bad parameter",
    everywhere(
        "tags_of",
        lambda f: (
            lambda p: (
                f(p)
                if all(
                    f"{n[:-6]}.Key" in p for n in p if n.startswith("Tag.") and n.endswith(".Value")
                )
                else _bad("Tag")
            )
        ),
    ),
)
variation(
    "untag-by-list-only",
    "TagKeys is a JSON list only",
    before(
        "UntagResource",
        lambda p: (
            {**p, "TagKeys": p["TagKeys"] if p.get("TagKeys", "[").startswith("[") else "x"}
            if p.get("TagKeys")
            else p
        ),
    ),
)
variation(
    "regions-one",
    "one region is told",
    around(
        "DescribeRegions",
        lambda f, s, p: {
            "Regions": {"Region": [{"RegionId": core.REGION, "RegionEndpoint": "kms.example"}]}
        },
    ),
)
variation(
    "import-needs-other-expiry",
    "KeyMaterialExpireUnix must be given",
    around(
        "ImportKeyMaterial", lambda f, s, p: (core.needed(p, "KeyMaterialExpireUnix"), f(s, p))[-1]
    ),
)


def _full() -> Any:
    raise Refused(400, "Rejected.LimitExceeded")


variation(
    "quota-of-keys",
    "an account has 1,000 keys at most",
    around("CreateKey", lambda f, s, p: f(s, p) if len(s.all("key")) < 1000 else _full()),
)
