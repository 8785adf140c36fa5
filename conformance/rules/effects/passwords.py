"""Random passwords: as long as asked for, of the characters asked for, and never twice the same."""

import string

from conformance.client.exchange import Exchange
from conformance.rules.effects.looking import done
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_PASSWORDS = "GetRandomPassword, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_KINDS = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}
#: So many characters of four kinds hold each kind unless it is left out on purpose.
_LONG = 128


def _password(kms: Kms, **params: str) -> tuple[str, Exchange]:
    exchange = done(kms, "GetRandomPassword", params)
    return str(exchange.data.get("RandomPassword")), exchange


@rule(
    "EFF-015",
    level=Level.MUST,
    family="effects",
    statement="A random password has the length asked for, 32 unless told, leaves out what is "
    "excluded, holds each kind that is not when that is required, and is never the same twice.",
    provenance="documented",
    source=_PASSWORDS,
    stage="service",
    operations=("GetRandomPassword",),
)
def passwords_are_as_asked(kms: Kms) -> None:
    """Ask for passwords of several kinds."""
    plain, exchange = _password(kms)
    kms.expect(len(plain) == 32, "a password has 32 characters unless told", exchange)
    again, exchange = _password(kms)
    kms.expect(plain != again, "two passwords differ", exchange)
    for length in (8, _LONG):
        text, exchange = _password(kms, PasswordLength=str(length))
        kms.expect(len(text) == length, f"the password has {length} characters", exchange)
    for option, characters in _KINDS.items():
        text, exchange = _password(kms, PasswordLength=str(_LONG), **{option: "true"})
        kms.expect(not set(text) & set(characters), f"{option} leaves its kind out", exchange)
    text, exchange = _password(kms, PasswordLength=str(_LONG), ExcludeCharacters="abcXYZ019")
    kms.expect(not set(text) & set("abcXYZ019"), "ExcludeCharacters are left out", exchange)
    text, exchange = _password(kms, PasswordLength="8", RequireEachIncludedType="true")
    kms.expect(
        all(set(text) & set(characters) for characters in _KINDS.values()),
        "RequireEachIncludedType gives a character of each kind",
        exchange,
    )
