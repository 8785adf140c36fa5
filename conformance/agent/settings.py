"""What an agent can be set to: a TOML file, over which options of the command line win.

The file is checked against specs/meta/agent-config.schema.json.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from conformance.agent.service import service
from conformance.target.checking import complaint
from conformance.target.problems import UsageError

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of an agent; times are in seconds. What has no default here has one in specs/.

    Attributes:
        target: Target file of the upstream, None while nothing names one.
        port: On loopback, 0 for a free one.
        token_headers: Headers that may carry the token.
        token_variables: Environment variables that may hold it.
        token_file: Its file where no variable is set.
        path_prefix: Path before the name of a secret.
        max_connections: Most connections at a time.
        response_type: 0 as KMS, 1 as AWS Secrets Manager, 2 as HashiCorp KV.
        ignore_transient: Serve an expired value while KMS cannot be asked.
        ttl: How long a value is served without asking.
        cache_size: Most values kept.
        max_stale: Age at which a value is no longer served in any case.
        gateway: Gateway of the target to ask.
        identity: Identity of the target file to ask as.
        timeout: For one call to KMS.
        log_level: Least level that is logged.
        log_file: Standard error where None.
        log_bytes: Size at which a new file is begun.
        log_backups: Earlier files that are kept.
    """

    target: Path | None = None
    port: int
    token_headers: tuple[str, ...]
    token_variables: tuple[str, ...]
    token_file: Path
    path_prefix: str
    max_connections: int
    response_type: int
    ignore_transient: bool
    ttl: float
    cache_size: int
    max_stale: float = 86_400.0
    gateway: Literal["shared", "dedicated"] = "shared"
    identity: str = "full"
    timeout: float = 10.0
    log_level: str = "info"
    log_file: Path | None = None
    log_bytes: int = 10 * _MEBIBYTE
    log_backups: int = 5


#: Key of the file to setting, by section.
_KEYS: Mapping[str, Mapping[str, str]] = {
    "Server": {
        "HttpPort": "port",
        "SSRFHeaders": "token_headers",
        "SSRFEnvVariables": "token_variables",
        "TokenFile": "token_file",
        "PathPrefix": "path_prefix",
        "MaxConn": "max_connections",
        "ResponseType": "response_type",
        "IgnoreTransientErrors": "ignore_transient",
    },
    "Cache": {"TtlSeconds": "ttl", "CacheSize": "cache_size", "MaxStaleSeconds": "max_stale"},
    "Kms": {
        "Target": "target",
        "Gateway": "gateway",
        "Identity": "identity",
        "TimeoutSeconds": "timeout",
    },
    "Log": {
        "LogLevel": "log_level",
        "LogFile": "log_file",
        "MaxSizeMB": "log_bytes",
        "MaxBackups": "log_backups",
    },
}
_PATHS = frozenset({"target", "token_file", "log_file"})


def load_settings(file: Path | None, options: Mapping[str, Any]) -> Settings:
    """Return the settings of an agent.

    Args:
        file: TOML file, None for none.
        options: Settings by name that win over the file.

    Raises:
        UsageError: When the file cannot be used.
    """
    facts = service()
    values: dict[str, Any] = {
        "token_headers": facts.token_headers,
        "token_variables": facts.token_variables,
        "token_file": Path(facts.token_file),
    }
    values.update(
        {
            name: facts.defaults[key]
            for keys in _KEYS.values()
            for key, name in keys.items()
            if key in facts.defaults
        }
    )
    if file is not None:
        values.update(_from_file(file))
    values.update(options)
    return Settings(**values)


def _from_file(file: Path) -> dict[str, Any]:
    document = _read(file)
    found = complaint("meta/agent-config.schema", document)
    if found is not None:
        raise UsageError(f"{file}: {found}")
    folder = file.resolve().parent
    values: dict[str, Any] = {}
    for section, keys in document.items():
        for key, value in keys.items():
            name = _KEYS[section][key]
            values[name] = _value(name, value, folder)
    return values


def _value(name: str, value: Any, folder: Path) -> Any:
    if name in _PATHS:
        return folder / Path(value).expanduser()
    if name == "log_bytes":
        return int(value * _MEBIBYTE)
    return tuple(value) if isinstance(value, list) else value


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"the configuration {file} cannot be read ({error.strerror}): "
            "name a TOML file with --config"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8 text: a configuration is TOML in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is not valid TOML: {error}") from None
