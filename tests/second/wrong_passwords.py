"""Faults of the second endpoint: dry runs and passwords."""

import base64
import string

import core
from deviation import after, before, fault, instead
from wrong_contexts import CRYPTO, EFFECTS, PLAIN
from wrong_keys import without
from wrong_windows import within

fault(
    "dry-run-ignored",
    "DryRun has no effect",
    instead("CRYPTOGRAPHY", ("Nothing",)),
    PLAIN,
    CRYPTO,
    EFFECTS,
)


PASSWORD = "GetRandomPassword"
fault(
    "password-32-always",
    "passwords always have 32 letters",
    before(
        PASSWORD,
        lambda p: (
            without(p, "PasswordLength")
            if p.get("PasswordLength", "").isdigit() and 8 <= int(p["PasswordLength"]) <= 128
            else p
        ),
    ),
    CRYPTO,
    EFFECTS,
    PLAIN,
)
fault(
    "password-of-four",
    "passwords of 4 letters are made",
    within(PASSWORD, "PasswordLength", 4, 128),
    PLAIN,
)
fault(
    "password-of-500",
    "passwords of 500 letters are made",
    within(PASSWORD, "PasswordLength", 8, 500),
    PLAIN,
)
fault(
    "password-repeats",
    "passwords repeat",
    after(
        PASSWORD,
        lambda a, s, p: {
            "RandomPassword": "Aa1!" * (len(a["RandomPassword"]) // 4)
            + "x" * (len(a["RandomPassword"]) % 4)
        },
    ),
    CRYPTO,
    EFFECTS,
)
for kind, _letters in (
    ("Lowercase", string.ascii_lowercase),
    ("Uppercase", string.ascii_uppercase),
    ("Numbers", string.digits),
    ("Punctuation", ""),
):
    fault(
        f"password-{kind.lower()}",
        f"Exclude{kind} has no effect",
        before(
            PASSWORD,
            lambda p, n=f"Exclude{kind}": without(p, n) if p.get(n) in ("true", "false") else p,
        ),
        CRYPTO,
        EFFECTS,
    )
fault(
    "password-characters",
    "ExcludeCharacters has no effect",
    before(PASSWORD, lambda p: without(p, "ExcludeCharacters")),
    CRYPTO,
    EFFECTS,
)
fault(
    "password-types",
    "RequireEachIncludedType has no effect",
    after(
        PASSWORD,
        lambda a, s, p: (
            {"RandomPassword": "a" * len(a["RandomPassword"])}
            if p.get("RequireEachIncludedType") == "true"
            and p.get("ExcludeLowercase") != "true"
            and "a" not in p.get("ExcludeCharacters", "")
            else a
        ),
    ),
    CRYPTO,
    EFFECTS,
)
fault(
    "base64-lenient",
    "letters outside base64 are skipped",
    instead("unbase64", lambda p, n: base64.b64decode(core.needed(p, n) + "===")),
    PLAIN,
)
