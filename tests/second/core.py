"""Store, parameters and refusals of the second endpoint."""

import base64
import binascii
import json
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives import serialization

REGION, ACCOUNT = "cn-hangzhou", "1000000000000001"


USERS = {
    # id: (secret, may write, may read, active)
    "LTAI-second-full": ("full-secret-of-second", True, True, True),
    "LTAI-second-reader": ("reader-secret-of-second", False, True, True),
    "LTAI-second-nobody": ("nobody-secret-of-second", False, False, True),
    "LTAI-second-off": ("off-secret-of-second", True, True, False),
    "STS.second-role": ("role-secret-of-second", True, True, True),
    "STS.second-expired": ("late-secret-of-second", True, True, True),
}

TOKENS = {
    "STS.second-role": "token-of-the-role-of-second",
    "STS.second-expired": "token-of-the-past-of-second",
}


Params = dict[str, str]


Answer = dict[str, Any]


OPERATIONS: dict[str, Callable[["Store", Params], Answer]] = {}


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str = "The request was refused.") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


def operation(function: Callable[["Store", Params], Answer]) -> Callable[["Store", Params], Answer]:
    name = "".join(part.capitalize() for part in function.__name__.split("_"))
    OPERATIONS[name.replace("Reencrypt", "ReEncrypt")] = function
    return function


def now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def invalid(name: str) -> Refused:
    return Refused(400, "InvalidParameter", f"The specified parameter {name} is not valid.")


def needed(params: Params, name: str) -> str:
    if not params.get(name):
        raise Refused(400, "MissingParameter", f"The parameter {name} is missing.")
    return params[name]


def choice(params: Params, name: str, allowed: tuple[str, ...], default: str = "") -> str:
    value = params.get(name, default)
    if value != default and value not in allowed:
        raise invalid(name)
    return value


def whole(params: Params, name: str, low: int, high: int, default: int | None = None) -> int:
    if name not in params:
        if default is None:
            raise Refused(400, "MissingParameter", name)
        return default
    if not re.fullmatch(r"[0-9]{1,10}", params[name]) or not low <= int(params[name]) <= high:
        raise invalid(name)
    return int(params[name])


def unbase64(params: Params, name: str) -> bytes:
    try:
        return base64.b64decode(needed(params, name).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise invalid(name) from None


def from_json(params: Params, name: str, kind: type) -> Any:
    if name not in params:
        return None
    try:
        value = json.loads(params[name])
    except ValueError:
        raise invalid(name) from None
    if not isinstance(value, kind):
        raise invalid(name)
    return value


def filters(params: Params) -> list[Any]:
    found = from_json(params, "Filters", list) or []
    for one in found:
        if not isinstance(one, dict) or not isinstance(one.get("Key"), str):
            raise invalid("Filters")
        values = one.get("Values")
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise invalid("Filters")
        if len(values) > 10:
            raise invalid("Filters")
    if len(found) > 10:
        raise invalid("Filters")
    return found


class Store:
    """Documents by kind and name in SQLite; every request is one transaction."""

    def __init__(self) -> None:
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.execute(
            "create table things (kind text, name text, body text, born integer primary key"
            " autoincrement, unique (kind, name))"
        )

    def get(self, kind: str, name: str) -> Any:
        row = self.database.execute(
            "select body from things where kind = ? and name = ?", (kind, name)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, name: str, body: Any) -> None:
        self.database.execute(
            "insert into things (kind, name, body) values (?, ?, ?)"
            " on conflict (kind, name) do update set body = excluded.body",
            (kind, name, json.dumps(body)),
        )

    def drop(self, kind: str, name: str) -> None:
        self.database.execute("delete from things where kind = ? and name = ?", (kind, name))

    def all(self, kind: str) -> list[Any]:
        rows = self.database.execute(
            "select body from things where kind = ? order by born desc", (kind,)
        )
        return [json.loads(body) for (body,) in rows]

    def key(self, reference: str, *, alias: bool = True) -> Any:
        if reference.startswith("alias/"):
            if not alias:
                raise Refused(400, "Unsupported.Alias")
            found = self.get("alias", reference)
            if found is None:
                raise Refused(404, "Forbidden.AliasNotFound")
            reference = found["KeyId"]
        reference = reference.rpartition("key/")[2] if reference.startswith("acs:") else reference
        key = self.get("key", reference)
        if key is None or (key["gone"] and key["gone"] <= stamp(now())):
            raise Refused(404, "Forbidden.KeyNotFound")
        if key["expires"] and key["expires"] <= stamp(now()):
            key["versions"][-1]["material"], key["expires"] = "", ""
            if key["state"] != "PendingDeletion":
                key["state"] = "PendingImport"
        return key

    def usable(self, reference: str) -> Any:
        key = self.key(reference)
        if key["state"] != "Enabled":
            raise Refused(409, f"Rejected.{key['state']}")
        return key

    def secret(self, params: Params) -> Any:
        name = needed(params, "SecretName")
        name = name.partition(":secret/")[2] if name.startswith("acs:kms:") else name
        secret = self.get("secret", name)
        if secret is None:
            raise Refused(404, "Forbidden.ResourceNotFound")
        return secret


def page(params: Params, rows: list[Any], outer: str, inner: str, default: int = 10) -> Answer:
    number = whole(params, "PageNumber", 1, 2**31 - 1, 1)
    size = whole(params, "PageSize", 1, 100, default)
    return {
        outer: {inner: rows[(number - 1) * size : number * size]},
        "TotalCount": len(rows),
        "PageNumber": number,
        "PageSize": size,
    }


def checked_tags(params: Params) -> list[Any] | None:
    tags = from_json(params, "Tags", list)
    if not all(isinstance(tag, dict) for tag in tags or []):
        raise invalid("Tags")
    for tag in tags or []:
        key, value = tag.get("TagKey", ""), tag.get("TagValue", "")
        if not re.fullmatch(r"(?!aliyun|acs:)[A-Za-z0-9/\\_.+=:@-]{1,128}", str(key)):
            raise invalid("Tags")
        if not re.fullmatch(r"[A-Za-z0-9/\\_.+=:@-]{0,128}", str(value)):
            raise invalid("Tags")
    if tags is not None and len(tags) > 20:
        raise invalid("Tags")
    return tags


def symmetric(store: Store, reference: str) -> Any:
    key = store.usable(reference)
    if key["spec"] != "Aliyun_AES_256":
        raise Refused(400, "UnsupportedOperation")
    return key


def checked_policy(params: Params) -> None:
    policy = from_json(params, "Policy", dict)
    if policy is None:
        return
    statements = policy.get("Statement")
    if policy.get("Version") != "1" or not isinstance(statements, list) or not statements:
        raise invalid("Policy")
    for one in statements:
        if not isinstance(one, dict) or one.get("Effect") not in ("Allow", "Deny"):
            raise invalid("Policy")
        people, actions = one.get("Principal"), one.get("Action")
        if not isinstance(people, dict) or not isinstance(people.get("RAM"), list):
            raise invalid("Policy")
        if not isinstance(actions, list) or not all(str(a).startswith("kms:") for a in actions):
            raise invalid("Policy")
        if one.get("Resource") != ["*"]:
            raise invalid("Policy")
        if not re.fullmatch(r"[A-Za-z0-9_/+=.@-]{1,128}", str(one.get("Sid", "x"))):
            raise invalid("Policy")
    if len(params["Policy"].encode()) > 32768:
        raise invalid("Policy")


def private_key(key: Any) -> Any:
    material = next(v["material"] for v in key["versions"] if v["id"] == key["used"])
    return serialization.load_pem_private_key(material.encode(), None)
