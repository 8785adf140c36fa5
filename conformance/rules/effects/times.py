"""When things were made: the time is that of the making, however often and late it is read."""

import time
from typing import Any

from conformance.rules.dates import TURN, is_near, moment
from conformance.rules.effects.looking import done, new_key, new_secret
from conformance.rules.lists import find_row
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotApplicable

#: Operation to its parameters, the member with what is told ("" for the answer), and the time.
Looks = dict[str, tuple[dict[str, Any], str, str]]


def _things() -> list[Case]:
    return [Case(thing, thing) for thing in ("key", "secret")]


@rule(
    "EFF-090",
    level=Level.MUST,
    family="effects",
    statement="A key, a secret and their versions were made when they were made: every answer that "
    "tells the time tells the same one a second later and after a change.",
    provenance="documented",
    source="DescribeKey, DescribeKeyVersion, DescribeSecret, GetSecretValue and "
    "ListSecretVersionIds pages, AlibabaCloudDocs/kms (2021-07)",
    stage="service",
    operations=("DescribeKey", "DescribeSecret", "GetSecretValue"),
    safety="creates",
    cases=_things,
)
def creation_stays(kms: Kms, thing: str) -> None:
    """Read every time of creation, change the thing, and read again."""
    looks, change = _key(kms) if thing == "key" else _secret(kms)
    before = {name: _told(kms, name, *look) for name, look in looks.items()}
    if not any(before.values()):
        raise NotApplicable("no answer tells when the thing was made")
    time.sleep(TURN)
    done(kms, *change)
    for name, look in looks.items():
        after = _told(kms, name, *look)
        kms.expect(
            after == before[name],
            f"{name} tells the same time of creation when asked again, {before[name]}, "
            f"found {after}",
            kms.exchanges[-1],
        )


def _key(kms: Kms) -> tuple[Looks, tuple[str, dict[str, Any]]]:
    key = new_key(kms)
    described = done(kms, "DescribeKey", {"KeyId": key})
    looks: Looks = {"DescribeKey": ({"KeyId": key}, "KeyMetadata", "CreationDate")}
    version = (described.data.get("KeyMetadata") or {}).get("PrimaryKeyVersion")
    if version and kms.offers("operation:DescribeKeyVersion"):
        of_version = {"KeyId": key, "KeyVersionId": version}
        looks["DescribeKeyVersion"] = (of_version, "KeyVersion", "CreationDate")
    return looks, ("UpdateKeyDescription", {"KeyId": key, "Description": f"{kms.marker} changed"})


def _secret(kms: Kms) -> tuple[Looks, tuple[str, dict[str, Any]]]:
    name, _ = new_secret(kms)
    looks: Looks = {
        "DescribeSecret": ({"SecretName": name}, "", "CreateTime"),
        "GetSecretValue": ({"SecretName": name, "VersionId": "v1"}, "", "CreateTime"),
    }
    if kms.offers("operation:ListSecretVersionIds"):
        looks["ListSecretVersionIds"] = ({"SecretName": name}, "VersionIds.VersionId", "CreateTime")
    return looks, ("UpdateSecret", {"SecretName": name, "Description": "changed"})


def _told(kms: Kms, operation: str, params: dict[str, Any], place: str, member: str) -> str | None:
    """Return the time that an answer tells, which must be now; None where it tells none."""
    if operation.startswith("List"):
        row, exchange = find_row(kms, operation, "VersionId", "v1", params)
        found = row or {}
    else:
        exchange = done(kms, operation, params)
        found = exchange.data.get(place) or {} if place else exchange.data
    text = found.get(member)
    if not text:
        return None  # that there is one is for the schema to say
    kms.expect(
        is_near(moment(kms, text, exchange), kms.now()),
        f"{member} of {operation} is now, found {text}",
        exchange,
    )
    return str(text)
