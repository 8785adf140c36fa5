"""Faults of the second endpoint: what is told of keys."""

from datetime import timedelta
from typing import Any

import core
import keys
from core import now, stamp
from deviation import after, before, fault

EFFECTS, STATES, KEYS = "effects", "states", "keys"
CIPHERS = (
    "Encrypt Decrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncrypt AsymmetricSign"
    " AsymmetricVerify AsymmetricEncrypt AsymmetricDecrypt"
)


def shown(change: Any) -> Any:
    """Change what is told about a key: `change(metadata)`."""
    told = lambda answer, *_: {"KeyMetadata": change(dict(answer["KeyMetadata"]))}  # noqa: E731
    return after("CreateKey DescribeKey", told)


def without(params: Any, *names: str) -> Any:
    return {name: value for name, value in params.items() if name not in names}


fault(
    "spec-by-default-rsa",
    "KeySpec left out means RSA_2048",
    before("CreateKey", lambda p: {"KeySpec": "RSA_2048", **p}),
    KEYS,
    EFFECTS,
    "contract",
)
fault(
    "spec-unknown-taken",
    "an unknown KeySpec means the default",
    before(
        "CreateKey",
        lambda p: (
            without(p, "KeySpec")
            if p.get("KeySpec") not in (None, "Aliyun_AES_256", *keys.SIGNING)
            else p
        ),
    ),
    "contract",
    EFFECTS,
)
fault(
    "spec-in-any-case",
    "KeySpec counts in any case",
    before(
        "CreateKey",
        lambda p: (
            {**p, "KeySpec": "Aliyun_AES_256"}
            if p.get("KeySpec", "").lower() == "aliyun_aes_256"
            else p
        ),
    ),
    "contract",
    gates=False,
)
fault(
    "origin-in-any-case",
    "Origin counts in any case",
    before(
        "CreateKey",
        lambda p: {**p, "Origin": "EXTERNAL"} if p.get("Origin", "").upper() == "EXTERNAL" else p,
    ),
    "contract",
    KEYS,
)
fault(
    "usage-ignored",
    "KeyUsage of RSA keys is always SIGN/VERIFY",
    before(
        "CreateKey",
        lambda p: {**p, "KeyUsage": "SIGN/VERIFY"} if p.get("KeySpec", "").startswith("RSA") else p,
    ),
    EFFECTS,
    KEYS,
    "cryptography",
)
fault(
    "description-cut",
    "descriptions are cut after 255 letters",
    before(
        "CreateKey UpdateKeyDescription",
        lambda p: {**p, "Description": p.get("Description", "")[:255]},
    ),
    EFFECTS,
    "contract",
    KEYS,
)
fault(
    "description-unlimited",
    "descriptions have no limit",
    before("CreateKey", lambda p: {**p, "Description": p.get("Description", "")[:8192]}),
    "contract",
)
fault(
    "description-stripped",
    "descriptions lose blanks at their ends",
    before(
        "CreateKey UpdateKeyDescription",
        lambda p: {
            **p,
            **({"Description": p["Description"].strip()} if "Description" in p else {}),
        },
    ),
    EFFECTS,
    "contract",
    gates=False,
)
fault(
    "id-is-alias",
    "DescribeKey names the alias that was asked for",
    after(
        "DescribeKey", lambda a, s, p: {"KeyMetadata": {**a["KeyMetadata"], "KeyId": p["KeyId"]}}
    ),
    EFFECTS,
    KEYS,
    "cryptography",
)
fault(
    "arn-of-nobody",
    "ARNs lack the account",
    shown(lambda m: {**m, "Arn": m["Arn"].replace(core.ACCOUNT, "")}),
    "contract",
    KEYS,
    EFFECTS,
)
fault(
    "arn-with-other-key",
    "ARNs end in the version",
    shown(lambda m: {**m, "Arn": m["Arn"][:-4] + "0000"}),
    KEYS,
    EFFECTS,
    "contract",
)
fault(
    "born-again",
    "CreationDate is the time of the call",
    shown(lambda m: {**m, "CreationDate": stamp(now() + timedelta(minutes=5))}),
    KEYS,
    EFFECTS,
)
fault(
    "spec-not-shown-right",
    "DescribeKey shows every pair as RSA_2048",
    shown(lambda m: {**m, "KeySpec": "RSA_2048"} if m["KeySpec"] in keys.SIGNING else m),
    EFFECTS,
    KEYS,
)
fault(
    "state-in-capitals",
    "states are shown in capitals",
    shown(lambda m: {**m, "KeyState": m["KeyState"].upper()}),
    "contract",
    EFFECTS,
)
fault(
    "primary-for-pairs",
    "asymmetric keys show a primary version",
    shown(lambda m: {"PrimaryKeyVersion": m["KeyId"], **m}),
    KEYS,
    EFFECTS,
)
fault(
    "primary-missing",
    "symmetric keys do not show their primary version",
    shown(lambda m: without(m, "PrimaryKeyVersion")),
    KEYS,
    EFFECTS,
)
fault(
    "delete-date-always",
    "DeleteDate is always shown",
    shown(lambda m: {"DeleteDate": stamp(now()), **m}),
    STATES,
    EFFECTS,
    KEYS,
)
fault(
    "delete-date-missing",
    "DeleteDate is never shown",
    shown(lambda m: without(m, "DeleteDate")),
    STATES,
    EFFECTS,
    KEYS,
)
