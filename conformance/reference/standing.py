"""Client keys that a written target file names as callers: valid ones, one too early, one too late.

They stand for what an owner made before the endpoint was started. The private half is written to
files and not kept.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from conformance.reference.model import AccessPoint, AccessPolicy, ClientKey
from conformance.reference.services.client_key_file import new_client_key_file
from conformance.reference.services.material import new_rsa_key

if TYPE_CHECKING:
    from conformance.reference.endpoint import Endpoint

_ROLES = "RbacPermission/Template/"
_EVERYTHING = ["key/*", "secret/*"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A client key: its scope, and days from now until it begins and ends."""

    scope: str
    begins: int
    ends: int
    pair: int


#: By the names that target files use. Making a key pair takes time, therefore they share two.
_CLIENT_KEYS: Mapping[str, Standing] = {
    "client-key": Standing("instance", -1, 365, 0),
    "client-key-shared": Standing("shared", -1, 365, 1),
    "expired-client-key": Standing("both", -30, -1, 1),
    "not-yet-valid-client-key": Standing("both", 30, 365, 0),
}


@cache
def _key_pair(_number: int) -> RSAPrivateKey:
    return new_rsa_key(2048)


def write_client_keys(endpoint: "Endpoint", folder: Path) -> dict[str, tuple[Path, Path]]:
    """Make the client keys with their access points, and write their files.

    Returns:
        By name, the file that the console hands out and the file of its password.
    """
    account, now = endpoint.account, endpoint.clock.now()
    _make_policies(endpoint)
    files = {}
    for name, standing in _CLIENT_KEYS.items():
        names = {"instance": ["standing-instance"], "shared": ["standing-shared"]}
        policies = names.get(standing.scope, ["standing-instance", "standing-shared"])
        point = AccessPoint(f"standing-{name}", now, policies=policies)
        account.access_points[point.name] = point
        key_id, password = f"KAAP.{uuid4()}", f"Aa1-{token_urlsafe(18)}"
        begin, end = (now + timedelta(days=days) for days in (standing.begins, standing.ends))
        pair = _key_pair(standing.pair)
        made = new_client_key_file(pair, key_id, password, begin, end)
        account.client_keys[key_id] = ClientKey(
            key_id,
            point.name,
            now,
            begin,
            end,
            made.public_key,
            certificate_pem=made.certificate_pem,
        )
        document = {"KeyId": key_id, "PrivateKeyData": base64.b64encode(made.pkcs12).decode()}
        files[name] = (
            _write(folder / f"{name}.json", json.dumps(document)),
            _write(folder / f"{name}.password", password),
        )
    return files


def _make_policies(endpoint: "Endpoint") -> None:
    now, policies = endpoint.clock.now(), endpoint.account.access_policies
    for name, scope, roles in (
        ("instance", endpoint.instance_id, ("CryptoServiceKeyUser", "CryptoServiceSecretUser")),
        ("shared", "shared", ("SecretUser",)),
    ):
        policy = AccessPolicy(
            f"standing-{name}",
            now,
            permissions=[f"{_ROLES}{role}" for role in roles],
            resources=_EVERYTHING,
            kms_instance=scope,
        )
        policies[policy.name] = policy


def _write(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")
    return path
