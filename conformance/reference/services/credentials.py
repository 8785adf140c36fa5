"""Credentials inside managed secrets: read from what CreateSecret is given, made anew at rotation.

Each type has one shape for the credential that GetSecretValue answers. Rds, Redis, PolarDB:
account name and password; RAMCredentials: access key with the time it was made; ECS: user with
password or key pair. Two-account secrets take turns between an account and its clone.
"""

import base64
import json
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from conformance.reference.services.passwords import PasswordRules, random_password

Credential = dict[str, str]

#: SecretData that asks the service to make the first credential.
AUTO = "$Auto"
#: SecretSubType values of each managed type; the first is assumed where none is given (inferred).
SUB_TYPES: Mapping[str, tuple[str, ...]] = {
    "Rds": ("SingleUser", "DoubleUsers"),
    "Redis": ("DoubleUsers",),
    "PolarDB": ("DoubleUsers",),
    "RAMCredentials": ("RamUserAccessKey",),
    "ECS": ("Password", "SSHKey"),
}
_PASSWORD = PasswordRules(require_each_type=True, exclude_characters="\"'\\/$&<>")


@dataclass(frozen=True, slots=True)
class ManagedKind:
    """Type and configuration of a managed secret."""

    type: str
    config: Mapping[str, Any]

    @property
    def sub_type(self) -> str:
        """SecretSubType, or the usual one of the type."""
        return str(self.config.get("SecretSubType", SUB_TYPES[self.type][0]))

    def check(self) -> None:
        """Refuse a sub-type that this type of secret does not have.

        Raises:
            ValueError: Naming the sub-types there are.
        """
        if self.sub_type not in SUB_TYPES[self.type]:
            known = ", ".join(SUB_TYPES[self.type])
            raise ValueError(f"SecretSubType of {self.type} is one of {known}")


def first_credential(kind: ManagedKind, secret_data: str, now: datetime) -> str:
    """Return what GetSecretValue answers for the first version.

    Raises:
        ValueError: When SecretData or ExtendedConfig do not fit the type; the message does not
            repeat them.
    """
    kind.check()
    return json.dumps(_FIRST[kind.type](kind, secret_data, now))


def next_credential(kind: ManagedKind, current: str, now: datetime) -> str:
    """Return the credential that follows the current one at rotation."""
    return json.dumps(_NEXT[kind.type](kind, json.loads(current), now))


def _parse(secret_data: str) -> Mapping[str, Any]:
    try:
        data = json.loads(secret_data)
    except ValueError:
        data = None
    if isinstance(data, dict):
        return data
    raise ValueError("SecretData of this type of secret is a JSON object")


def _texts(data: Any, *names: str) -> Credential:
    if not isinstance(data, dict) or not all(isinstance(data.get(name), str) for name in names):
        raise ValueError(f"SecretData of this type of secret needs {' and '.join(names)}")
    return {name: data[name] for name in names}


def _first_of(data: Any, member: str) -> Any:
    rows = data.get(member)
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"SecretData of this type of secret needs a list {member}")
    return rows[0]


def _account(name: str) -> Credential:
    return {"AccountName": name, "AccountPassword": random_password(_PASSWORD)}


def _first_listed_account(_kind: ManagedKind, secret_data: str, _now: datetime) -> Credential:
    account = _first_of(_parse(secret_data), "Accounts")
    return _texts(account, "AccountName", "AccountPassword")


def _first_made_account(kind: ManagedKind, secret_data: str, _now: datetime) -> Credential:
    if secret_data != AUTO:
        raise ValueError(f"SecretData of {kind.type} is {AUTO}")
    return _account(str(kind.config.get("AccountName", "kms")))


def _next_account(kind: ManagedKind, current: Credential, _now: datetime) -> Credential:
    name = current["AccountName"]
    if kind.sub_type == "SingleUser":
        return _account(name)
    first = str(kind.config.get("AccountName", name.removesuffix("_clone")))
    clone = str(kind.config.get("CloneAccountName", f"{first}_clone"))
    return _account(first if name == clone else clone)


def _stamp(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _first_access_key(_kind: ManagedKind, secret_data: str, now: datetime) -> Credential:
    row = _first_of(_parse(secret_data), "AccessKeys")
    return {**_texts(row, "AccessKeyId", "AccessKeySecret"), "GenerateTimestamp": _stamp(now)}


def _next_access_key(_kind: ManagedKind, _current: Credential, now: datetime) -> Credential:
    letters = string.ascii_letters + string.digits
    return {
        "AccessKeyId": "LTAI" + "".join(secrets.choice(letters) for _ in range(20)),
        "AccessKeySecret": "".join(secrets.choice(letters) for _ in range(30)),
        "GenerateTimestamp": _stamp(now),
    }


def _first_login(kind: ManagedKind, secret_data: str, _now: datetime) -> Credential:
    data = _parse(secret_data)
    if kind.sub_type == "Password":
        return _texts(data, "UserName", "Password")
    return _texts(data, "UserName", "PublicKey", "PrivateKey")


def _next_login(kind: ManagedKind, current: Credential, _now: datetime) -> Credential:
    if kind.sub_type == "Password":
        return {"UserName": current["UserName"], "Password": random_password(_PASSWORD)}
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return {
        "UserName": current["UserName"],
        "PublicKey": public.decode("ascii"),
        "PrivateKey": private.decode("ascii"),
    }


_FIRST: Mapping[str, Callable[[ManagedKind, str, datetime], Credential]] = {
    "Rds": _first_listed_account,
    "Redis": _first_made_account,
    "PolarDB": _first_made_account,
    "RAMCredentials": _first_access_key,
    "ECS": _first_login,
}
_NEXT: Mapping[str, Callable[[ManagedKind, Credential, datetime], Credential]] = {
    "Rds": _next_account,
    "Redis": _next_account,
    "PolarDB": _next_account,
    "RAMCredentials": _next_access_key,
    "ECS": _next_login,
}


def token(octets: int = 32) -> str:
    """Return random base64 text; ``octets`` is the length before encoding."""
    return base64.b64encode(secrets.token_bytes(octets)).decode("ascii")
