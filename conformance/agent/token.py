"""The token that callers show: of a variable, or of a file that is made when missing."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.agent.settings import Settings
from conformance.target.problems import UsageError

_SCHEME = "file://"
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Token:
    """A token and where it was taken from, in words that may be shown."""

    value: str = field(repr=False)
    source: str = ""


def find_token(settings: Settings, environ: Mapping[str, str] | None = None) -> Token:
    """Return the token: of the first variable that is set, else of the token file.

    A variable holds the token itself, or ``file://`` and the path of its file. Without a variable
    the token file is read, or made with a new token that its owner alone can read.

    Raises:
        UsageError: When a file cannot be read or made, or holds no token.
    """
    variables = os.environ if environ is None else environ
    for name in settings.token_variables:
        value = variables.get(name, "")
        if value.startswith(_SCHEME):
            path = Path(value.removeprefix(_SCHEME))
            return _checked(_read(path, f"the variable {name}"), f"{name}, the file {path}")
        if value:
            return _checked(value.strip(), f"the variable {name}")
    path = settings.token_file
    if path.exists():
        return _checked(_read(path, "the configuration"), f"the file {path}")
    return Token(_make(path), f"the file {path}, made at start")


def _checked(value: str, source: str) -> Token:
    if not value:
        raise UsageError(f"{source} holds no token: put one into it")
    if not value.isascii() or not value.isprintable():
        raise UsageError(
            f"{source} holds what no header can carry: a token is printable ASCII on one line"
        )
    return Token(value, source)


def _read(path: Path, named_by: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise UsageError(f"the token file {path} that {named_by} names is not text") from None
    except OSError as error:
        raise UsageError(
            f"the token file {path} that {named_by} names cannot be read ({error.strerror}): "
            "name a readable file, or put the token itself into KMS_TOKEN"
        ) from None


def _make(path: Path) -> str:
    value = secrets.token_urlsafe(_BYTES)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(
            f"the token file {path} cannot be made ({error.strerror}): "
            "name another with --token-file, or put a token into KMS_TOKEN"
        ) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(value)
    return value
