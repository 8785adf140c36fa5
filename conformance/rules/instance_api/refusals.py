"""Keys that are not there, not fit, not enabled; what is too large; who may do what."""

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.rules.instance_api.asking import (
    API,
    CRYPTOGRAPHY,
    ERRORS,
    PAGES,
    RETRIEVAL,
    TEXT,
    aes,
    done,
    expect_code,
    expect_served,
    instance_rule,
    key_pair,
    named_cases,
    require_served,
    right_request,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level
from conformance.wire.credentials import ClientKey
from conformance.wire.protobuf import field_bytes

_AAP = "Use application access points page (zh)"
_WITH_KEY = tuple(
    operation.name for operation in API if operation.documented and "KeyId" in operation.request
)
#: Operations whose key is named by the request alone.
_NAMED = tuple(name for name in _WITH_KEY if name != "AdvanceDecrypt")


@instance_rule(
    "INS-100",
    level=Level.MUST,
    statement="A key that there is not is answered by Forbidden.KeyNotFound.",
    provenance="documented",
    source=ERRORS,
    stage="state",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_NAMED),
)
def unknown_key(kms: Kms, operation: str) -> None:
    """Name a key that nobody made, and an alias."""
    values = right_request(kms, operation)
    for reference in (f"key-{kms.random.getrandbits(64):x}", kms.fresh_name("alias")):
        asked = kms.call_instance(operation, {**values, "KeyId": reference})
        expect_code(kms, asked, "unknown-key")


@instance_rule(
    "INS-101",
    level=Level.MUST,
    statement="A key that does not belong to the instance is answered by Forbidden.KeyNotFound.",
    provenance="documented",
    source=ERRORS,
    stage="state",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(("Encrypt", "AdvanceEncrypt", "GenerateDataKey")),
)
def key_of_none(kms: Kms, operation: str) -> None:
    """Name a key that belongs to no instance."""
    outside = kms.provide("symmetric-key")["id"]
    values = {**right_request(kms, operation), "KeyId": outside}
    expect_code(kms, kms.call_instance(operation, values), "unknown-key")


@instance_rule(
    "INS-102",
    level=Level.MUST,
    statement="An Advance operation that is asked to encrypt with an asymmetric key is answered by "
    "404 Forbidden.OnlySymmetricKeySupported.",
    provenance="documented",
    source=PAGES,
    stage="state",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(("AdvanceEncrypt", "AdvanceGenerateDataKey")),
)
def advance_with_pair(kms: Kms, operation: str) -> None:
    """Name an RSA key."""
    key = key_pair(kms, "RSA_2048", "ENCRYPT/DECRYPT")
    values = {**right_request(kms, operation), "KeyId": key}
    expect_code(kms, kms.call_instance(operation, values), "only-symmetric")


def _rsa_encrypting(kms: Kms) -> str:
    return key_pair(kms, "RSA_2048", "ENCRYPT/DECRYPT")


def _rsa_signing(kms: Kms) -> str:
    return key_pair(kms, "RSA_2048", "SIGN/VERIFY")


_UNFIT: Mapping[str, tuple[str, Any, Mapping[str, Any]]] = {
    "Sign-symmetric": ("Sign", aes, {}),
    "Verify-symmetric": ("Verify", aes, {}),
    "GetPublicKey-symmetric": ("GetPublicKey", aes, {}),
    "Sign-encrypting": ("Sign", _rsa_encrypting, {"Algorithm": "RSA_PSS_SHA_256"}),
    "Encrypt-signing": ("Encrypt", _rsa_signing, {}),
    "GenerateDataKey-asymmetric": ("GenerateDataKey", _rsa_encrypting, {}),
    "GenerateDataKeyPair-asymmetric": ("GenerateDataKeyPair", _rsa_encrypting, {}),
}


@instance_rule(
    "INS-103",
    level=Level.MUST,
    statement="A key whose kind or usage does not fit the operation is answered by "
    "UnsupportedOperation.",
    provenance="documented",
    source=ERRORS,
    stage="state",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_UNFIT),
)
def unfit_keys(kms: Kms, case: tuple[str, Any, Mapping[str, Any]]) -> None:
    """Name a key of another kind or usage."""
    operation, key, change = case
    values = {**right_request(kms, operation), "KeyId": key(kms), **change}
    asked = kms.call_instance(operation, values)
    if operation.startswith("Generate") and asked.code == API.errors["only-symmetric"].code:
        # Documented for the Advance forms, and as good a reason here.
        expect_code(kms, asked, "only-symmetric")
        return
    expect_code(kms, asked, "unsupported-operation")


def _state_cases() -> Iterable[Case]:
    for operation in ("Encrypt", "Decrypt", "AdvanceEncrypt", "AdvanceDecrypt", "GenerateDataKey"):
        yield Case(operation, operation, operation)


def _sealed(kms: Kms, key: str, operation: str) -> dict[str, Any]:
    """Return a request that works while the key is enabled."""
    if operation == "AdvanceDecrypt":
        made = done(kms, "AdvanceEncrypt", KeyId=key, Plaintext=TEXT)
        return {"CiphertextBlob": made.values["CiphertextBlob"]}
    if operation == "Decrypt":
        made = done(kms, "Encrypt", KeyId=key, Plaintext=TEXT)
        names = ("KeyId", "CiphertextBlob", "Iv", "Algorithm")
        return {name: made.values[name] for name in names}
    return {**right_request(kms, operation), "KeyId": key}


@instance_rule(
    "INS-104",
    level=Level.MUST,
    statement="A disabled key is answered by 409 Rejected.Disabled and works again once enabled.",
    provenance="documented",
    source=ERRORS,
    stage="state",
    cells=(CRYPTOGRAPHY,),
    cases=_state_cases,
)
def disabled_key(kms: Kms, operation: str) -> None:
    """Disable a key, use it, enable it, use it."""
    key = aes(kms, fresh=True)
    values = _sealed(kms, key, operation)
    kms.expect_success(kms.call("DisableKey", {"KeyId": key}))
    expect_code(kms, kms.call_instance(operation, values), "key-disabled")
    kms.expect_success(kms.call("EnableKey", {"KeyId": key}))
    expect_served(kms, kms.call_instance(operation, values))


@instance_rule(
    "INS-105",
    level=Level.MUST,
    statement="A key that is scheduled for deletion is answered by 409 Rejected.PendingDeletion.",
    provenance="documented",
    source=ERRORS,
    stage="state",
    cells=(CRYPTOGRAPHY,),
    cases=_state_cases,
)
def key_pending_deletion(kms: Kms, operation: str) -> None:
    """Schedule a key for deletion and use it."""
    key = aes(kms, fresh=True)
    values = _sealed(kms, key, operation)
    window = {"KeyId": key, "PendingWindowInDays": 7}
    kms.expect_success(kms.call("ScheduleKeyDeletion", window))
    expect_code(kms, kms.call_instance(operation, values), "key-pending-deletion")


@instance_rule(
    "INS-106",
    level=Level.MUST,
    statement="A key without material is answered by 409 Rejected.PendingImport.",
    provenance="documented",
    source=ERRORS,
    stage="state",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(("Encrypt", "AdvanceEncrypt", "GenerateDataKey")),
)
def key_pending_import(kms: Kms, operation: str) -> None:
    """Use a key whose material was not imported yet."""
    key = kms.provide("external-key", fresh=True, instance=True)["id"]
    values = {**right_request(kms, operation), "KeyId": key}
    expect_code(kms, kms.call_instance(operation, values), "key-pending-import")


@instance_rule(
    "INS-107",
    level=Level.MUST,
    statement="A body above 3 MB is answered by 413.",
    provenance="documented",
    source=ERRORS,
    stage="gateway",
    operations=("Encrypt",),
    cells=(CRYPTOGRAPHY,),
)
def too_large(kms: Kms) -> None:
    """Send 3 MiB and 4 KiB."""
    require_served(kms)
    body = field_bytes(99, bytes(3 * 1024 * 1024 + 4096))
    asked = kms.call_instance("Encrypt", body=body)
    kms.expect(asked.status == 413, f"413 answers, found {asked.describe()}", asked)


@instance_rule(
    "INS-108",
    level=Level.MUST,
    statement="A body below 3 MB is not too large.",
    provenance="documented",
    source=ERRORS,
    stage="gateway",
    operations=("Encrypt",),
    cells=(CRYPTOGRAPHY,),
)
def large_enough(kms: Kms) -> None:
    """Send 2.9 MB, most of it in a field that is ignored."""
    body = API.encode("Encrypt", right_request(kms, "Encrypt"))
    asked = kms.call_instance("Encrypt", body=body + field_bytes(99, bytes(2_900_000)))
    expect_served(kms, asked)


@instance_rule(
    "INS-109",
    level=Level.SHOULD,
    statement="StatusCode of an Error repeats the HTTP status, and ErrorMessage says something.",
    provenance="inferred",
    source="KMS Instance API, message Error; clients read neither",
    stage="answer",
)
def error_members(kms: Kms) -> None:
    """Look at a refusal."""
    require_served(kms)
    asked = kms.call_instance("GenerateRandom", {"Length": 1000})
    kms.expect_refused(asked)
    found = asked.values["StatusCode"]
    kms.expect(found == asked.status, f"StatusCode is {asked.status}, found {found}", asked)
    kms.expect(asked.message, "ErrorMessage says something", asked)


def _client_key(kms: Kms, **wanted: Any) -> ClientKey:
    made: ClientKey = kms.provide("client-key", {"Scope": "instance", **wanted})["credential"]
    return made


@instance_rule(
    "INS-110",
    level=Level.MUST,
    statement="A client key uses the keys that a policy names, and for others "
    "403 Forbidden.NoPermission answers.",
    provenance="documented",
    source=f"{ERRORS}; {_AAP}",
    stage="authorisation",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(("Encrypt", "AdvanceEncrypt", "GenerateDataKey")),
)
def key_not_in_policy(kms: Kms, operation: str) -> None:
    """Use a key that the policy names, and one that it does not."""
    named, other = aes(kms), aes(kms, fresh=True)
    narrow = _client_key(kms, Resources=(f"key/{named}",))
    values = right_request(kms, operation)
    served = kms.call_instance(operation, {**values, "KeyId": named}, identity=narrow)
    expect_served(kms, served)
    refused = kms.call_instance(operation, {**values, "KeyId": other}, identity=narrow)
    expect_code(kms, refused, "no-permission")


@instance_rule(
    "INS-111",
    level=Level.MUST,
    statement="What a ciphertext names is asked for as well: AdvanceDecrypt refuses a client key "
    "whose policies do not name the key.",
    provenance="documented",
    source=f"{ERRORS}; {_AAP}",
    stage="authorisation",
    operations=("AdvanceDecrypt",),
    cells=(CRYPTOGRAPHY,),
)
def key_in_ciphertext(kms: Kms) -> None:
    """Seal with one key, open with a client key that may use another."""
    named, other = aes(kms), aes(kms, fresh=True)
    narrow = _client_key(kms, Resources=(f"key/{named}",))
    made = done(kms, "AdvanceEncrypt", KeyId=other, Plaintext=TEXT)
    values = {"CiphertextBlob": made.values["CiphertextBlob"]}
    refused = kms.call_instance("AdvanceDecrypt", values, identity=narrow)
    expect_code(kms, refused, "no-permission")


@instance_rule(
    "INS-112",
    level=Level.MUST,
    statement="The role for keys does not read secrets, and the role for secrets uses no keys.",
    provenance="documented",
    source=_AAP,
    stage="authorisation",
    cells=(CRYPTOGRAPHY, RETRIEVAL),
)
def roles(kms: Kms) -> None:
    """Ask for what the other role allows."""
    keys_only = _client_key(kms, Permissions=("CryptoServiceKeyUser",))
    secrets_only = _client_key(kms, Permissions=("CryptoServiceSecretUser",))
    encrypt = right_request(kms, "Encrypt")
    read = right_request(kms, "GetSecretValue")
    expect_served(kms, kms.call_instance("Encrypt", encrypt, identity=keys_only))
    refused = kms.call_instance("GetSecretValue", read, identity=keys_only)
    expect_code(kms, refused, "no-permission")
    refused = kms.call_instance("Encrypt", encrypt, identity=secrets_only)
    expect_code(kms, refused, "no-permission")


@instance_rule(
    "INS-113",
    level=Level.MUST,
    statement="Reading a secret takes the use of the key that protects it: without it "
    "Forbidden.NoPermission answers.",
    provenance="documented",
    source=_AAP,
    stage="authorisation",
    operations=("GetSecretValue",),
    cells=(RETRIEVAL,),
)
def protecting_key(kms: Kms) -> None:
    """Allow the secret and another key than the one that protects it."""
    secret = kms.provide("secret", instance=True)
    other = aes(kms, fresh=True)
    names = (f"secret/{secret['name']}", f"key/{other}")
    narrow = _client_key(kms, Resources=names)
    values = {"SecretName": secret["name"]}
    refused = kms.call_instance("GetSecretValue", values, identity=narrow)
    expect_code(kms, refused, "no-permission")
    expect_served(kms, kms.call_instance("GetSecretValue", values))


@instance_rule(
    "INS-114",
    level=Level.MUST,
    statement="A client key whose policies are for the shared gateway does nothing on an instance.",
    provenance="documented",
    source=_AAP,
    stage="authorisation",
    cells=(CRYPTOGRAPHY, RETRIEVAL),
)
def shared_scope(kms: Kms) -> None:
    """Ask with a client key of the other scope; which code answers is not documented."""
    shared = kms.provide("client-key", {"Scope": "shared"})["credential"]
    for operation in ("Encrypt", "GetSecretValue"):
        values = right_request(kms, operation)
        refused = kms.call_instance(operation, values, identity=shared)
        kms.expect_refused(refused, stage="authorisation", why="scope of the shared gateway")


@instance_rule(
    "INS-115",
    level=Level.MUST,
    statement="The access key of a RAM identity is no client key: its id is refused.",
    provenance="documented",
    source="KMS Instance API, common request headers: identity",
    stage="authentication",
    cells=("dedicated-ram-instance-api-cryptographic",),
)
def ram_identity(kms: Kms) -> None:
    """Sign with the right key under the id of an access key."""
    require_served(kms)
    access_key = kms.target.identities["full"].id
    as_ram = ClientKey(access_key, kms.instance_key().private_key)
    refused = kms.call_instance("GenerateRandom", {"Length": 16}, identity=as_ram)
    kms.expect_refused(refused, stage="authentication", why="an access key of RAM")
