"""What is wrong with a random password, by the parameters of GetRandomPassword."""

import string
from collections.abc import Mapping
from typing import Any

#: The parameter that leaves a type of characters out, and the type.
_TYPES: Mapping[str, str] = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}
_DEFAULT_LENGTH = 32


def password_problem(password: str, params: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a password, None when nothing is; never the password itself."""
    length = params.get("PasswordLength", _DEFAULT_LENGTH)
    if len(password) != length:
        return f"a password has {length} characters, found {len(password)}"
    if not all(mark.isascii() and mark.isprintable() and mark != " " for mark in password):
        return "a password consists of letters, digits and punctuation"
    excluded = set(params.get("ExcludeCharacters", ""))
    if excluded & set(password):
        return "a password has none of ExcludeCharacters"
    for name, alphabet in _TYPES.items():
        found = bool(set(alphabet) & set(password))
        if params.get(name) == "true" and found:
            return f"a password has no characters of the type that {name} leaves out"
        wanted = params.get("RequireEachIncludedType") == "true" and set(alphabet) - excluded
        if params.get(name) != "true" and wanted and not found:
            return "a password has a character of each type that is not left out"
    return None
