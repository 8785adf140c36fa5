"""Random passwords."""

from typing import Any

from conformance.oracle.passwords import password_problem
from conformance.rules.cryptography.asking import SDK, done, text_in
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_FLAGS = ("ExcludeLowercase", "ExcludeUppercase", "ExcludeNumbers", "ExcludePunctuation")


@rule(
    "CRY-080",
    level=Level.MUST,
    family="cryptography",
    statement="A random password has the length asked for, 32 unless told, none of what is "
    "excluded, and with RequireEachIncludedType every type that is not.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=(
        "semantics/password-length",
        "semantics/password-exclusions",
    ),
    operations=("GetRandomPassword",),
)
def passwords_are_as_asked(kms: Kms) -> None:
    """Ask for passwords by random parameters, and by none."""
    from hypothesis import strategies as st

    def check(params: dict[str, Any]) -> None:
        sent = done(kms, "GetRandomPassword", params)
        problem = password_problem(text_in(kms, sent, "RandomPassword"), params)
        kms.expect(problem is None, str(problem), sent)

    yes_or_no = st.sampled_from(["true", "false"])
    flags = st.fixed_dictionaries({}, optional=dict.fromkeys(_FLAGS, yes_or_no)).filter(
        lambda chosen: list(chosen.values()).count("true") < len(_FLAGS)
    )
    more = st.fixed_dictionaries(
        {},
        optional={
            "PasswordLength": st.sampled_from([8, 9, 31, 32, 127, 128]),
            "ExcludeCharacters": st.text(st.sampled_from("aeiou01O!#$-_"), max_size=6),
            "RequireEachIncludedType": yes_or_no,
        },
    )
    for fixed in ({}, {"PasswordLength": 8, "RequireEachIncludedType": "true"}):
        check(fixed)
    kms.property(
        st.tuples(flags, more).map(lambda pair: {**pair[0], **pair[1]}),
        check,
    )


@rule(
    "CRY-081",
    level=Level.MUST,
    family="cryptography",
    statement="No random password comes twice.",
    provenance="documented",
    source=SDK,
    stage="service",
    operations=("GetRandomPassword",),
)
def passwords_differ(kms: Kms) -> None:
    """Ask for twelve passwords of 16 characters."""
    sent = [done(kms, "GetRandomPassword", {"PasswordLength": 16}) for _ in range(12)]
    seen = {text_in(kms, exchange, "RandomPassword") for exchange in sent}
    kms.expect(len(seen) == len(sent), "no password comes twice", *sent[-2:])
