"""The three shapes of an answer (ResponseType); specs/agent/response-type-N.json describes them."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from conformance.target import Target

Members: TypeAlias = Mapping[str, Any]
Shape: TypeAlias = Callable[[Members, Target], dict[str, Any]]


def kms(members: Members, _target: Target) -> dict[str, Any]:
    """Return the answer of KMS as it came."""
    return dict(members)


def aws(members: Members, target: Target) -> dict[str, Any]:
    """Return the members of GetSecretValue of AWS Secrets Manager; stages keep their names."""
    name = members.get("SecretName", "")
    binary = members.get("SecretDataType") == "binary"
    return {
        "ARN": f"acs:kms:{target.region}:{target.account or ''}:secret/{name}",
        "Name": name,
        "VersionId": members.get("VersionId"),
        "SecretBinary" if binary else "SecretString": members.get("SecretData"),
        "VersionStages": stages(members),
        "CreatedDate": _seconds(members.get("CreateTime")),
    }


def vault(members: Members, _target: Target) -> dict[str, Any]:
    """Return a secret of HashiCorp KV version 2; what is no JSON object stands as ``value``."""
    return {
        "data": {
            "data": as_object(str(members.get("SecretData", ""))),
            "metadata": {
                "created_time": members.get("CreateTime"),
                "version": members.get("VersionId"),
            },
        }
    }


def stages(members: Members) -> list[str]:
    """Return the stages of a version, wrapped or not."""
    found = members.get("VersionStages") or []
    if isinstance(found, Mapping):
        found = found.get("VersionStage") or []
    return list(found)


def as_object(value: str) -> dict[str, Any]:
    """Return the members of a value that is a JSON object, else the value as one."""
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    return found if isinstance(found, dict) and found else {"value": value}


def _seconds(text: Any) -> float | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


SHAPES: Mapping[int, Shape] = {0: kms, 1: aws, 2: vault}
