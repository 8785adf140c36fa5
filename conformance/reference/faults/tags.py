"""Faults of tags."""

from collections.abc import Mapping
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_answer, wrap_handler
from conformance.reference.faults.tools import (
    DOCS_2021,
    KEY_STATES,
    SDK,
    allow,
    key_of,
    with_params,
    without_params,
)
from conformance.reference.services.finding import not_found


@fault(
    "tag-value-does-not-change",
    breaks=("EFF-030",),
    statement="Tagging with a key that is there keeps the old value.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.with_tags = lambda present, new: {**new, **present}


@fault(
    "tagging-replaces-all-tags",
    breaks=("EFF-030",),
    statement="TagResource takes away the tags that were there.",
    source=DOCS_2021,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.with_tags = lambda _present, new: dict(new)


@fault(
    "tags-without-limit",
    breaks=("EFF-083",),
    statement="A resource takes any number of tags.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.with_tags = lambda present, new: {**present, **new}


@fault(
    "tagging-does-nothing",
    breaks=("EFF-030",),
    statement="TagResource succeeds and sets no tag.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(endpoint, "TagResource", lambda _call, _original: {})


@fault(
    "tag-value-lost",
    breaks=("EFF-030",),
    statement="ListResourceTags answers tags with empty values.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        for row in answer["Tags"]["Tag"]:
            row["TagValue"] = ""

    wrap_answer(endpoint, "ListResourceTags", change)


@fault(
    "untagging-takes-all-tags",
    breaks=("EFF-030",),
    statement="UntagResource takes every tag away.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.without_tags = lambda _present, _keys: {}


@fault(
    "untagging-does-nothing",
    breaks=("EFF-032",),
    statement="UntagResource and UntagResources succeed and take no tag away.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.without_tags = lambda present, _keys: dict(present)


@fault(
    "unbound-tag-key-is-an-error",
    breaks=("EFF-032",),
    statement="UntagResources with a key that is not bound is refused.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def without_tags(present: Mapping[str, str], keys: Any) -> dict[str, str]:
        if not set(keys) <= present.keys():
            raise not_found("tag")
        return {name: value for name, value in present.items() if name not in keys}

    endpoint.seams.without_tags = without_tags


@fault(
    "all-wins-over-tag-keys",
    breaks=("EFF-032",),
    statement="UntagResources takes all tags away although TagKey names some.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        if call.params.get("All"):
            call = without_params(call, "TagKey")
        return original(call)

    wrap_handler(endpoint, "UntagResources", wrapper)


@fault(
    "only-the-first-resource-is-tagged",
    breaks=(
        "EFF-032",
        "PAG-015",
    ),
    statement="TagResources tags the first of several resources only.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        "TagResources",
        lambda call, original: original(
            with_params(call, ResourceId=call.params["ResourceId"][:1])
        ),
    )


@fault(
    "key-pending-deletion-is-tagged",
    breaks=("STA-002", "KEY-001"),
    statement="TagResource and UntagResource work with a key that waits for its deletion.",
    source=KEY_STATES,
)
def _(endpoint: Endpoint) -> None:
    allow(endpoint, ["TagResource", "UntagResource"], "PendingDeletion")


@fault(
    "tag-rows-not-filtered",
    breaks=("PAG-014",),
    statement="ListTagResources answers other resources than those asked for.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        "ListTagResources",
        lambda call, original: original(without_params(call, "ResourceId", "Tag")),
    )


@fault(
    "tag-rows-of-another-kind",
    breaks=("EFF-030",),
    statement="ResourceType of ListTagResources rows is always secret.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        for row in answer["TagResources"]["TagResource"]:
            row["ResourceType"] = "secret"

    wrap_answer(endpoint, "ListTagResources", change)


@fault(
    "secret-tags-are-not-kept",
    breaks=("EFF-030",),
    statement="TagResource with SecretName succeeds and sets no tag.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        secret = call.account.secrets.get(call.params.get("SecretName", ""))
        before = dict(secret.tags) if secret else {}
        answer = original(call)
        if secret is not None:
            secret.tags = before
        return answer

    wrap_handler(endpoint, "TagResource", wrapper)


@fault(
    "new-description-clears-tags",
    breaks=("EFF-003",),
    statement="UpdateKeyDescription takes the tags of the key away.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        key_of(call).tags = {}
        return answer

    wrap_handler(endpoint, "UpdateKeyDescription", wrapper)


@fault(
    "tag-keys-in-small-letters",
    breaks=("EFF-030", "EFF-032"),
    statement="Tag keys are kept in small letters.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.with_tags = lambda present, new: {
        **present,
        **{key.lower(): value for key, value in new.items()},
    }


@fault(
    "backslash-in-tag-doubled",
    breaks=("EFF-031",),
    statement="ListResourceTags and ListTagResources double the backslashes of tag values.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> dict[str, Any]:
        outer = "Tags" if "Tags" in answer else "TagResources"
        for row in next(iter(answer[outer].values())):
            row["TagValue"] = row["TagValue"].replace("\\", "\\\\")
        return answer

    wrap_answer(endpoint, ["ListResourceTags", "ListTagResources"], change)
