"""What the policy of a key or secret denies, whatever RAM allows its caller."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.authentication.answers import answers
from conformance.rules.authorisation.permissions import expect_denied
from conformance.rules.effects.looking import done, new_secret
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotApplicable

_SDK = "Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_POLICIES = f"Overview of key policies; {_SDK}"
_KEY_OF_SECRET = f"Operation descriptions, {_SDK}; Use RAM to control access to KMS (2021-07)"
_TEXT = "cG9saWN5"
#: Seconds in which a policy takes effect: at once on this machine; five minutes are documented for
#: the dedicated gateway, of the shared one nothing is said.
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class _Use:
    """One way to use a key or secret.

    Attributes:
        action: That its policy denies.
        operation: That needs it.
        params: Of that call, from the thing's bundle.
        other: A call on the same thing that needs another action.
    """

    action: str
    operation: str
    params: Callable[[Kms, Mapping[str, Any]], dict[str, Any]]
    other: str


def _named(_: Kms, key: Mapping[str, Any]) -> dict[str, Any]:
    return {"KeyId": key["id"]}


def _encrypt(_: Kms, key: Mapping[str, Any]) -> dict[str, Any]:
    return {"KeyId": key["id"], "Plaintext": _TEXT}


def _blob(kms: Kms, key: Mapping[str, Any]) -> str:
    made = kms.call("Encrypt", _encrypt(kms, key))
    if not made.ok:
        raise _closed(made)
    return str(made.data.get("CiphertextBlob"))


def _decrypt(kms: Kms, key: Mapping[str, Any]) -> dict[str, Any]:
    return {"CiphertextBlob": _blob(kms, key)}


def _from(kms: Kms, key: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "CiphertextBlob": _blob(kms, key),
        "DestinationKeyId": kms.provide("symmetric-key")["id"],
    }


def _to(kms: Kms, key: Mapping[str, Any]) -> dict[str, Any]:
    source = kms.provide("symmetric-key")
    return {"CiphertextBlob": _blob(kms, source), "DestinationKeyId": key["id"]}


def _closed(exchange: Exchange) -> NotApplicable:
    return NotApplicable(
        "keys of an instance do no cryptography over this gateway: the call is answered "
        f"{exchange.describe()} before any policy is set; the Internet switch may be off"
    )


_OF_KEYS = (
    _Use("kms:DescribeKey", "DescribeKey", _named, "ListKeyVersions"),
    _Use("kms:Encrypt", "Encrypt", _encrypt, "DescribeKey"),
    _Use("kms:Decrypt", "Decrypt", _decrypt, "Encrypt"),
    _Use("kms:GenerateDataKey", "GenerateDataKey", _named, "Encrypt"),
    _Use("kms:ReEncryptFrom", "ReEncrypt", _from, "Encrypt"),
    _Use("kms:ReEncryptTo", "ReEncrypt", _to, "Encrypt"),
)


def _secret_value(_: Kms, secret: Mapping[str, Any]) -> dict[str, Any]:
    return {"SecretName": secret["name"]}


def _new_version(kms: Kms, secret: Mapping[str, Any]) -> dict[str, Any]:
    version = f"v-{kms.random.getrandbits(48):012x}"
    return {"SecretName": secret["name"], "SecretData": "changed", "VersionId": version}


_OF_SECRETS = (
    _Use("kms:GetSecretValue", "GetSecretValue", _secret_value, "DescribeSecret"),
    _Use("kms:PutSecretValue", "PutSecretValue", _new_version, "DescribeSecret"),
    _Use("kms:DescribeSecret", "DescribeSecret", _secret_value, "GetSecretValue"),
)


def _policy(kms: Kms, *denied: str) -> dict[str, Any]:
    """Return a policy that allows everything to the whole account, and denies some actions."""
    everybody = {"Principal": {"RAM": [kms.provide("account")["principal"]]}, "Resource": ["*"]}
    statements = [{"Sid": "kms-all", "Effect": "Allow", "Action": ["kms:*"], **everybody}]
    if denied:
        deny = {"Sid": "kms-less", "Effect": "Deny", "Action": list(denied), **everybody}
        statements.append(deny)
    return {"Version": "1", "Statement": statements}


def _set(kms: Kms, reference: Mapping[str, Any], policy: Mapping[str, Any]) -> None:
    kind = "Key" if "KeyId" in reference else "Secret"
    done(kms, f"Set{kind}Policy", {**reference, "PolicyName": "default", "Policy": policy})


def _once(kms: Kms, ask: Callable[[], Exchange], wanted: Callable[[Exchange], bool]) -> Exchange:
    """Ask until the answer is the wanted one, as long as a policy may take."""
    end = time.monotonic() + (0 if kms.target.loopback else _PATIENCE)
    while not wanted(exchange := ask()) and time.monotonic() < end:
        time.sleep(1.0)
    return exchange


def _is_denied(exchange: Exchange) -> bool:
    return (exchange.status, exchange.code) in answers(("no-permission",))


def _decides(kms: Kms, use: _Use, thing: Mapping[str, Any], reference: Mapping[str, Any]) -> None:
    """Set a policy that denies one use, look at it and another one, and set it back."""
    params = use.params(kms, thing)
    before = kms.call(use.operation, params)
    if not before.ok and "KeyId" in reference and use.operation != "DescribeKey":
        raise _closed(before)
    kms.expect_success(before)
    _set(kms, reference, _policy(kms, use.action))
    denied = _once(kms, lambda: kms.call(use.operation, _again(kms, use, params)), _is_denied)
    expect_denied(kms, denied, "full")
    other = {"Plaintext": _TEXT, **reference} if use.other == "Encrypt" else reference
    kms.expect_success(kms.call(use.other, other))
    _set(kms, reference, _policy(kms))
    permitted = _once(
        kms, lambda: kms.call(use.operation, _again(kms, use, params)), lambda answer: answer.ok
    )
    kms.expect_success(permitted)


def _again(kms: Kms, use: _Use, params: dict[str, Any]) -> dict[str, Any]:
    """Return the same request, with another version where one is added."""
    if use.operation != "PutSecretValue":
        return params
    return {**params, "VersionId": f"v-{kms.random.getrandbits(48):012x}"}


def _cases(uses: tuple[_Use, ...]) -> list[Case]:
    return [Case(use.action.removeprefix("kms:"), use, use.operation) for use in uses]


@rule(
    "RAM-011",
    level=Level.MUST,
    family="authorisation",
    statement="What the policy of a key denies is refused with 403 Forbidden.NoPermission to a "
    "caller whom RAM allows it; what it does not deny is done.",
    provenance="documented",
    source=_POLICIES,
    stage="authorisation",
    promises=("semantics/policy-denies", "semantics/reencrypt-permissions"),
    safety="creates",
    tags=("negative",),
    readings=("error-family", "policy-name"),
    cases=lambda: _cases(_OF_KEYS),
)
def key_policy_denies(kms: Kms, use: _Use) -> None:
    """Deny one action on a key of an instance to everybody of the account."""
    key = kms.provide("instance-key", fresh=True)
    _decides(kms, use, key, {"KeyId": key["id"]})


@rule(
    "RAM-012",
    level=Level.MUST,
    family="authorisation",
    statement="What the policy of a secret denies is refused with 403 Forbidden.NoPermission to a "
    "caller whom RAM allows it; what it does not deny is done.",
    provenance="documented",
    source=_POLICIES,
    stage="authorisation",
    promises=("semantics/policy-denies",),
    safety="creates",
    tags=("negative",),
    readings=("error-family", "policy-name"),
    cases=lambda: _cases(_OF_SECRETS),
)
def secret_policy_denies(kms: Kms, use: _Use) -> None:
    """Deny one action on a secret of an instance to everybody of the account."""
    secret = kms.provide("instance-secret", fresh=True)
    _decides(kms, use, secret, {"SecretName": secret["name"]})


@rule(
    "RAM-013",
    level=Level.MUST,
    family="authorisation",
    statement="A value under a customer key is read by who may kms:Decrypt with that key, and "
    "written by who may kms:GenerateDataKey; anyone else gets 403 Forbidden.NoPermission.",
    provenance="documented",
    source=_KEY_OF_SECRET,
    stage="authorisation",
    promises=("semantics/secret-needs-its-key",),
    safety="creates",
    tags=("negative",),
    readings=("error-family", "policy-name"),
    cases=lambda: [
        Case("GetSecretValue", ("kms:Decrypt", "GetSecretValue"), "GetSecretValue"),
        Case("PutSecretValue", ("kms:GenerateDataKey", "PutSecretValue"), "PutSecretValue"),
    ],
)
def secret_needs_its_key(kms: Kms, how: tuple[str, str]) -> None:
    """Deny one use of the key behind a secret, and read or write the secret."""
    action, operation = how
    key = kms.provide("instance-key", fresh=True)
    instance = kms.provide("instance")["id"]
    name, _ = new_secret(kms, EncryptionKeyId=key["id"], DKMSInstanceId=instance)
    secret = {"SecretName": name}
    reading = operation == "GetSecretValue"

    def ask() -> Exchange:
        return kms.call(operation, secret if reading else _new_version(kms, {"name": name}))

    kms.expect_success(ask())
    _set(kms, {"KeyId": key["id"]}, _policy(kms, action))
    expect_denied(kms, _once(kms, ask, _is_denied), "full")
    kms.expect_success(kms.call("DescribeSecret", secret))
    _set(kms, {"KeyId": key["id"]}, _policy(kms))
    kms.expect_success(_once(kms, ask, lambda answer: answer.ok))


@rule(
    "RAM-014",
    level=Level.MUST,
    family="authorisation",
    statement="A policy may name actions that there are not: they have no effect and are no error.",
    provenance="documented",
    source=f"Descriptions of SetKeyPolicy and SetSecretPolicy, {_SDK}",
    stage="service",
    promises=("semantics/policy-unknown-action",),
    safety="creates",
    readings=("policy-name",),
    cases=lambda: [
        Case("key", ("instance-key", "id", "KeyId", "DescribeKey"), "SetKeyPolicy"),
        Case(
            "secret", ("instance-secret", "name", "SecretName", "DescribeSecret"), "SetSecretPolicy"
        ),
    ],
)
def unknown_actions_are_no_error(kms: Kms, how: tuple[str, str, str, str]) -> None:
    """Deny an action that there is not."""
    kind, attribute, parameter, look = how
    reference = {parameter: kms.provide(kind, fresh=True)[attribute]}
    _set(kms, reference, _policy(kms, "kms:ThereIsNoSuchAction"))
    kms.expect_success(kms.call(look, reference))
