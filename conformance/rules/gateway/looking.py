"""Looks at what a call could have changed, through the identity that may see everything.

before = look(kms, operation, params)
... a call that must be refused ...
unchanged(kms, operation, params, before)
"""

from collections.abc import Callable, Mapping
from typing import Any

from conformance.run.context import Kms
from conformance.spec import Operation

Params = Mapping[str, Any]
#: What was seen: question to answer.
Sight = dict[str, Any]
Question = tuple[str, dict[str, Any]]

_PAGE = 100
_PAGES = 50


def _of(operation: str, **names: str) -> Callable[[Params], list[Question]]:
    """Ask an operation about the thing that a parameter of the request names."""

    def questions(params: Params) -> list[Question]:
        found = {ours: params[theirs] for ours, theirs in names.items() if theirs in params}
        return [(operation, found)] if len(found) == len(names) else []

    return questions


def _key(params: Params) -> list[Question]:
    reference = params.get("KeyId") or params.get("ProtectedResourceArn")
    return [("DescribeKey", {"KeyId": reference})] if reference else []


def _alias(params: Params) -> list[Question]:
    # An alias that is there leads to its key.
    return [("DescribeKey", {"KeyId": params["AliasName"]})] if "AliasName" in params else []


def _tag(params: Params) -> list[Question]:
    if "KeyId" in params:
        return [("ListResourceTags", {"KeyId": params["KeyId"]})]
    if "SecretName" in params:
        return _secret(params)
    named = {name: params[name] for name in ("ResourceType", "ResourceId") if name in params}
    return [("ListTagResources", {"RegionId": params.get("RegionId"), **named})] if named else []


def _secret(params: Params) -> list[Question]:
    named = params.get("SecretName")
    return [("DescribeSecret", {"SecretName": named, "FetchTags": "true"})] if named else []


def _secret_versions(params: Params) -> list[Question]:
    named = {"SecretName": params.get("SecretName"), "IncludeDeprecated": "true"}
    return [("ListSecretVersionIds", named), *_secret(params)]


def _client_key(params: Params) -> list[Question]:
    if "ClientKeyId" in params:
        return [("GetClientKey", {"ClientKeyId": params["ClientKeyId"]})]
    return [("ListClientKeys", {"AapName": params.get("AapName")})]


#: What to ask by the kind of thing that an operation creates, changes or deletes.
_QUESTIONS: Mapping[str, Callable[[Params], list[Question]]] = {
    "key": _key,
    "key-material": _key,
    "key-version": _of("ListKeyVersions", KeyId="KeyId"),
    "key-policy": _of("GetKeyPolicy", KeyId="KeyId"),
    "alias": _alias,
    "tag": _tag,
    "secret": _secret,
    "secret-version": _secret_versions,
    "secret-policy": _of("GetSecretPolicy", SecretName="SecretName"),
    "access-point": _of("DescribeApplicationAccessPoint", Name="Name"),
    "access-policy": _of("DescribePolicy", Name="Name"),
    "network-rule": _of("DescribeNetworkRule", Name="Name"),
    "client-key": _client_key,
    "instance": _of("GetKmsInstance", KmsInstanceId="KmsInstanceId"),
    "service": lambda _: [("DescribeAccountKmsStatus", {})],
}


def look(kms: Kms, operation: Operation, params: Params) -> Sight:
    """Return what there is to see of the things that a call would change; nothing for a read."""
    if operation.name == "CreateKey":
        return {"keys": _key_ids(kms)}
    kinds = [kind for group in operation.effects.values() for kind in group]
    questions = [question for kind in kinds for question in _QUESTIONS[kind](params)]
    return {f"{name} {asked}": _seen(kms, name, asked) for name, asked in questions}


def unchanged(kms: Kms, operation: Operation, params: Params, before: Sight) -> None:
    """Raise Violation when things are not as they were before a refused call."""
    if operation.name == "CreateKey":
        _no_new_key(kms, params, before["keys"])
        return
    refused = kms.exchanges[-1:]
    after = look(kms, operation, params)
    differing = [
        question.partition(" ")[0] for question in before if before[question] != after[question]
    ]
    kms.expect(
        not differing,
        f"a refused {operation.name} changes nothing, found another answer of "
        f"{' and '.join(differing)} afterwards",
        *refused,
        *kms.exchanges[-len(after) :],
    )


def _seen(kms: Kms, operation: str, params: Params) -> Any:
    """Return the members of an answer, or why there are none."""
    method = "GET" if operation in {"GetClientKey", "ListClientKeys"} else "POST"
    exchange = kms.call(
        operation, {k: v for k, v in params.items() if v is not None}, method=method
    )
    if not exchange.ok:
        return exchange.describe()
    return {name: value for name, value in exchange.data.items() if name != "RequestId"}


def _key_ids(kms: Kms) -> frozenset[str]:
    found: set[str] = set()
    for page in range(1, _PAGES + 1):
        answer = kms.call("ListKeys", {"PageNumber": page, "PageSize": _PAGE})
        keys = answer.data.get("Keys", {}).get("Key") or []
        found.update(str(key.get("KeyId")) for key in keys)
        if len(keys) < _PAGE:
            break
    return frozenset(found)


def _no_new_key(kms: Kms, params: Params, before: frozenset[str]) -> None:
    """Others may create keys at the same time: only one with our description was ours."""
    for key_id in sorted(_key_ids(kms) - before):
        described = kms.call("DescribeKey", {"KeyId": key_id})
        metadata = described.data.get("KeyMetadata", {})
        kms.expect(
            metadata.get("Description") != params.get("Description"),
            f"a refused CreateKey creates no key, found {key_id}",
            described,
        )
