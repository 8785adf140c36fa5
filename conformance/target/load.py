"""Reads target files: TOML, checked against specs/meta/target.schema.json.

Secrets come from environment variables or from files. Inline they are allowed only where every
listener is on loopback, so that a file that can reach a real account can be committed and shared.
Relative paths count from the folder of the target file.
"""

import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from conformance.spec import catalogue
from conformance.target.agent import read_agent
from conformance.target.checking import complaint, did_you_mean
from conformance.target.model import Gateway, Target, is_loopback
from conformance.target.problems import TargetError
from conformance.target.trust import check_ca_file
from conformance.wire.credentials import AccessKey, ClientKey, StsToken
from conformance.wire.failures import WireError

_AWAY_RATE = 20.0
_LISTENERS = ("https", "http", "internet")
_TOKEN_KINDS = frozenset({"sts", "expired-sts"})


def load_target(
    path: Path, environ: Mapping[str, str] | None = None, *, agent_alone: bool = False
) -> Target:
    """Read and check a target file.

    Args:
        path: The TOML file.
        environ: Source of secrets named by ``*_env``; the process's own by default.
        agent_alone: Whether a file that describes an agent to start, and no gateway, will do.

    Raises:
        TargetError: With one sentence that says what is wrong and how to mend it.
    """
    document = _read(path)
    _check_roots(path, document.get("gateways"))
    found = complaint("meta/target.schema", document, secret=("identities", "agent"))
    if found is not None:
        raise TargetError(f"{path}: {found}")
    _check_complete(path, document, agent_alone=agent_alone)
    folder = path.resolve().parent
    gateways = _gateways(path, folder, document.get("gateways", {}), document.get("resources", {}))
    loopback = all(is_loopback(u) for g in gateways.values() for u in g.listeners.values())
    head = document["target"]
    offers = document.get("offers", {})
    _check_operations(path, "target.billable", head.get("billable", []))
    _check_operations(path, "offers.operations", offers.get("operations", []))
    source = _Secrets(path, folder, os.environ if environ is None else environ, loopback)
    return Target(
        name=head["name"],
        region=head["region"],
        account=head.get("account"),
        safety=head.get("safety", "destructive" if loopback else "read-only"),
        billable=frozenset(head.get("billable", [])),
        rate=head.get("rate", None if loopback else _AWAY_RATE),
        timeout=float(head.get("timeout", 10)),
        case_timeout=float(head.get("case_timeout", 120)),
        gateways=MappingProxyType(gateways),
        identities=MappingProxyType(
            {
                kind: source.credential(kind, keys)
                for kind, keys in document.get("identities", {}).items()
                if "client_key_file" not in keys
            }
        ),
        client_keys=MappingProxyType(
            {
                kind: source.client_key(kind, keys)
                for kind, keys in document.get("identities", {}).items()
                if "client_key_file" in keys
            }
        ),
        resources=MappingProxyType(document.get("resources", {})),
        operations=frozenset(offers["operations"]) if "operations" in offers else None,
        without=frozenset(offers.get("without", [])),
        control=document.get("control", {}).get("url"),
        path=path,
        agent=read_agent(path, folder, document["agent"], environ) if "agent" in document else None,
    )


def _check_complete(path: Path, document: Mapping[str, Any], *, agent_alone: bool) -> None:
    """Refuse a file without gateways, unless it is about an agent that the suite starts."""
    missing = [name for name in ("gateways", "identities") if name not in document]
    if len(missing) == 2 and "command" in document.get("agent", {}):
        if agent_alone:
            return
        raise TargetError(
            f"{path} describes an agent and no gateway, which serves kms-conformance run only: "
            "add [gateways] and [identities]"
        )
    if missing:
        words = " and ".join(map(repr, missing))
        raise TargetError(f"{path}: {words} is missing")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TargetError(
            f"there is no target file {path}: give one with --target, "
            "or leave the option out to use the embedded endpoint"
        ) from None
    except OSError as error:
        raise TargetError(f"the target file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TargetError(f"{path} is not UTF-8 text: a target file is TOML in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path} is not valid TOML: {error}") from None


def _gateways(
    path: Path, folder: Path, tables: Mapping[str, Any], resources: Mapping[str, Any]
) -> dict[str, Gateway]:
    gateways = {}
    for name, table in tables.items():
        listeners = {key: table[key].rstrip("/") for key in _LISTENERS if key in table}
        if not listeners:
            raise TargetError(f"{path}: [gateways.{name}] names no address: give https or http")
        for key, url in listeners.items():
            _check_port(path, f"gateways.{name}.{key}", url)
        ca = None
        if "ca" in table:
            place = f"{path} in [gateways.{name}]"
            ca = check_ca_file(folder / Path(table["ca"]).expanduser(), named_by=place)
        instance = table.get("instance", resources.get("instance")) if name == "dedicated" else None
        switch = table.get("internet_switch")
        gateways[name] = Gateway(name, MappingProxyType(listeners), ca, instance, switch)
    return gateways


def _check_roots(path: Path, tables: Any) -> None:
    """Refuse addresses with a path, by which no official client could reach the target."""
    from urllib.parse import urlsplit

    for name, table in tables.items() if isinstance(tables, dict) else ():
        for key in _LISTENERS:
            url = table.get(key) if isinstance(table, dict) else None
            try:
                below = urlsplit(url).path.strip("/") if isinstance(url, str) else ""
            except ValueError:
                continue
            if below:
                raise TargetError(
                    f"{path}: gateways.{name}.{key} has the path /{below}, but KMS API is at the "
                    "root of its host and signatures say so: write scheme://host:port"
                )


def _check_port(path: Path, place: str, url: str) -> None:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise TargetError(f"{path}: {place} is no usable address; write scheme://host:port")


def _check_operations(path: Path, place: str, names: list[str]) -> None:
    known = catalogue().operations
    for name in names:
        if name not in known:
            raise TargetError(
                f"{path}: {place} names the unknown operation {name!r}{did_you_mean(name, known)}"
            )


class _Secrets:
    """Finds credentials for one target file."""

    def __init__(
        self, path: Path, folder: Path, environ: Mapping[str, str], inline_allowed: bool
    ) -> None:
        self._path = path
        self._folder = folder
        self._environ = environ
        self._inline_allowed = inline_allowed

    def credential(self, kind: str, keys: Mapping[str, str]) -> AccessKey | StsToken:
        """Return the credential of one kind of caller."""
        access_key_id = self._value(kind, keys, "access_key_id")
        secret = self._value(kind, keys, "access_key_secret")
        if access_key_id is None or secret is None:
            missing = "access_key_id" if access_key_id is None else "access_key_secret"
            raise TargetError(
                f"{self._path}: [identities.{kind}] lacks {missing}_env (or {missing}"
                f"{'_file' if missing.endswith('secret') else ''})"
            )
        token = self._value(kind, keys, "security_token")
        if kind in _TOKEN_KINDS and token is None:
            raise TargetError(
                f"{self._path}: [identities.{kind}] lacks security_token_env or _file"
            )
        if token is not None:
            return StsToken(access_key_id, secret, token)
        return AccessKey(access_key_id, secret)

    def client_key(self, kind: str, keys: Mapping[str, str]) -> ClientKey:
        """Return the client key of one kind of caller."""
        file = self._folder / Path(keys["client_key_file"]).expanduser()
        place = f"client_key_file of [identities.{kind}] in {self._path}"
        password = self._value(kind, keys, "client_key_password")
        if password is None:
            raise TargetError(
                f"{self._path}: [identities.{kind}] lacks client_key_password_env or _file"
            )
        try:
            document = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise TargetError(f"the file {file}, {place}, cannot be read") from None
        try:
            found = ClientKey.from_document(document, password)
        except WireError as problem:
            raise TargetError(f"the file {file}, {place}, is not usable: {problem}") from None
        self._refuse_expired(kind, found)
        return found

    def _refuse_expired(self, kind: str, client_key: ClientKey) -> None:
        """Refuse a client key that is over where one is named that should work."""
        end = client_key.not_after
        if end is not None and end < datetime.now(UTC) and kind.startswith("client-key"):
            raise TargetError(
                f"the client key {client_key.id} that [identities.{kind}] of {self._path} names "
                f"ended on {end:%Y-%m-%d}: create another with CreateClientKey"
            )

    def _value(self, kind: str, keys: Mapping[str, str], name: str) -> str | None:
        given = [key for key in (name, f"{name}_env", f"{name}_file") if key in keys]
        if not given:
            return None
        if len(given) > 1:
            raise TargetError(
                f"{self._path}: [identities.{kind}] gives both {given[0]} and {given[1]}: keep one"
            )
        if given[0].endswith("_env"):
            return self._from_environment(kind, given[0], keys[given[0]])
        if given[0].endswith("_file"):
            return self._from_file(kind, given[0], keys[given[0]])
        if name != "access_key_id" and not self._inline_allowed:
            raise TargetError(
                f"{self._path}: [identities.{kind}] holds {name} in plain text, which is allowed "
                f"for loopback targets only: use {name}_env or {name}_file"
            )
        return keys[name]

    def _from_environment(self, kind: str, key: str, variable: str) -> str:
        value = self._environ.get(variable, "")
        if not value:
            raise TargetError(
                f"the environment variable {variable} is not set; "
                f"{self._path} names it as {key} of [identities.{kind}]"
            )
        return value

    def _from_file(self, kind: str, key: str, name: str) -> str:
        file = self._folder / Path(name).expanduser()
        try:
            value = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise TargetError(
                f"the file {file} cannot be read; "
                f"{self._path} names it as {key} of [identities.{kind}]"
            ) from None
        if not value:
            raise TargetError(f"the file {file}, {key} of [identities.{kind}], is empty")
        return value
