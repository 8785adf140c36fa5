"""Faults of the filters of lists."""

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_handler
from conformance.reference.faults.tools import SDK, with_params, without_params


@fault(
    "filters-ignored",
    breaks=(
        "PAG-011",
        "PAG-012",
    ),
    statement="Filters of lists are ignored.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        ["ListKeys", "ListSecrets"],
        lambda call, original: original(without_params(call, "Filters")),
    )


@fault(
    "first-filter-only",
    breaks=("PAG-011",),
    statement="Of several filters only the first counts.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.combine_filters
    endpoint.seams.combine_filters = lambda filters: original(list(filters)[:1])


@fault(
    "first-filter-value-only",
    breaks=(
        "PAG-011",
        "PAG-012",
    ),
    statement="Of several values of a filter only the first counts.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.combine_filters
    endpoint.seams.combine_filters = lambda filters: original(
        [{**row, "Values": row["Values"][:1]} for row in filters]
    )


@fault(
    "repeated-filter-replaces",
    breaks=("PAG-011",),
    statement="A filter key that comes twice replaces the first instead of adding to it.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def combine(filters: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
        return {row["Key"].lower(): set(row["Values"]) for row in filters}

    endpoint.seams.combine_filters = combine


def _secret_filter_ignored(endpoint: Endpoint, name: str) -> None:
    original = endpoint.seams.combine_filters
    endpoint.seams.combine_filters = lambda filters: original(
        [row for row in filters if row["Key"] != name]
    )


@fault(
    "description-filter-ignored",
    breaks=("PAG-018",),
    statement="ListSecrets does not look at the filter Description.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    _secret_filter_ignored(endpoint, "Description")


@fault(
    "secret-type-filter-ignored",
    breaks=("PAG-018",),
    statement="ListSecrets does not look at the filter SecretType.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    _secret_filter_ignored(endpoint, "SecretType")


@fault(
    "last-filter-only",
    breaks=("PAG-011", "PAG-012"),
    statement="Of several filters only the last counts.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.combine_filters
    endpoint.seams.combine_filters = lambda filters: original(list(filters)[-1:])


@fault(
    "filters-are-alternatives",
    breaks=("PAG-011", "PAG-012"),
    statement="What matches one of several filters is listed; with a single one all is right.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def listed(call: Call, original: Handler) -> dict[str, Any]:
        filters = call.params.get("Filters", [])
        outer, inner = _rows_of(call)
        if len({row["Key"].lower() for row in filters}) < 2:
            return original(call)
        rows: list[Any] = []
        for row in filters:
            every = with_params(call, Filters=[row], PageNumber=1, PageSize=1_000_000)
            rows += [one for one in original(every)[outer][inner] if one not in rows]
        answer = original(call)
        return {**answer, outer: {inner: rows}, "TotalCount": len(rows)}

    wrap_handler(endpoint, ["ListKeys", "ListSecrets"], listed)


def _rows_of(call: Call) -> tuple[str, str]:
    assert call.operation.paging is not None
    outer, _, inner = call.operation.paging["list"].partition(".")
    return outer, inner


@fault(
    "tag-filters-know-first-tags-only",
    breaks=("PAG-019",),
    statement="Filters by tag go by the tags that a key or secret was created with.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    first: dict[str, Any] = {}

    def remember(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        for things in (call.account.keys, call.account.secrets):
            for name, thing in things.items():
                first.setdefault(name, dict(thing.tags))
        return answer

    def listed(call: Call, original: Handler) -> dict[str, Any]:
        things: Any = call.account.keys
        if call.operation.name == "ListSecrets":
            things = call.account.secrets
        now = {name: thing.tags for name, thing in things.items()}
        for name, thing in things.items():
            thing.tags = first.get(name, thing.tags)
        try:
            return original(call)
        finally:
            for name, thing in things.items():
                thing.tags = now[name]

    wrap_handler(endpoint, ["CreateKey", "CreateSecret"], remember)
    wrap_handler(endpoint, ["ListKeys", "ListSecrets"], listed)


@fault(
    "alias-filter-keeps-former-key",
    breaks=("PAG-019",),
    statement="ListKeys by AliasName finds the key that the alias was made for, wherever it moved.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    made: dict[str, str] = {}

    def create(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        made[call.params["AliasName"]] = call.params["KeyId"]
        return answer

    def listed(call: Call, original: Handler) -> dict[str, Any]:
        aliases = call.account.aliases
        now = {name: alias.key_id for name, alias in aliases.items()}
        for name, alias in aliases.items():
            alias.key_id = made.get(name, alias.key_id)
        try:
            return original(call)
        finally:
            for name, alias in aliases.items():
                alias.key_id = now[name]

    wrap_handler(endpoint, ["CreateAlias"], create)
    wrap_handler(endpoint, ["ListKeys"], listed)
