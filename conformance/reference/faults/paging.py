"""Faults of lists: pages, totals, tokens."""

from collections.abc import Sequence
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.errors import KmsError
from conformance.reference.faults.registry import fault, wrap_answer, wrap_handler
from conformance.reference.faults.tools import SDK, with_params

_PAGED = (
    "ListKeys",
    "ListAliases",
    "ListAliasesByKeyId",
    "ListKeyVersions",
    "ListSecrets",
    "ListSecretVersionIds",
)


@fault(
    "page-off-by-one",
    breaks=(
        "EFF-008",
        "EFF-050",
    ),
    statement="Every page begins one row late.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.page_slice = lambda rows, number, size: rows[
        (number - 1) * size + 1 : number * size + 1
    ]


@fault(
    "page-one-row-too-long",
    breaks=("PAG-002",),
    statement="Every page has one row more than asked for.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.page_slice = lambda rows, number, size: rows[
        (number - 1) * size : number * size + 1
    ]


@fault(
    "pages-count-from-zero",
    breaks=(
        "EFF-008",
        "EFF-040",
    ),
    statement="Page 1 answers the second page.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.page_slice = lambda rows, number, size: rows[number * size : (number + 1) * size]


@fault(
    "page-number-ignored",
    breaks=(
        "PAG-005",
        "PAG-013",
    ),
    statement="Every page is the first one.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.page_slice = lambda rows, _number, size: rows[:size]


@fault(
    "page-size-ignored",
    breaks=("PAG-002",),
    statement="PageSize is ignored and ten rows a page are answered.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.page_slice = lambda rows, number, _size: rows[(number - 1) * 10 : number * 10]


@fault(
    "page-past-the-end-is-refused",
    breaks=(
        "PAG-002",
        "PAG-005",
    ),
    statement="A page past the last one gives 500.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def page(rows: Sequence[Any], number: int, size: int) -> Sequence[Any]:
        if number > 1 and (number - 1) * size >= len(rows):
            raise KmsError("InternalFailure", "The service failed.")
        return rows[(number - 1) * size : number * size]

    endpoint.seams.page_slice = page


@fault(
    "pages-in-another-order",
    breaks=(
        "PAG-006",
        "PAG-013",
    ),
    statement="Pages after the first come from the list turned around.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.page_slice = lambda rows, number, size: (
        rows[:size] if number == 1 else rows[::-1][(number - 1) * size : number * size]
    )


@fault(
    "total-is-the-page",
    breaks=("PAG-002",),
    statement="TotalCount is the number of rows of the page.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.page_total = lambda rows, number, size: len(
        rows[(number - 1) * size : number * size]
    )


@fault(
    "total-one-too-many",
    breaks=("PAG-002",),
    statement="TotalCount is one too large.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.page_total = lambda rows, _number, _size: len(rows) + 1


@fault(
    "page-number-always-one",
    breaks=("PAG-003",),
    statement="PageNumber of the answer is always 1.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["PageNumber"] = 1

    wrap_answer(endpoint, _PAGED, change)


@fault(
    "page-size-not-repeated",
    breaks=(
        "PAG-003",
        "PAG-004",
    ),
    statement="PageSize of the answer is the number of rows.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        assert call.operation.paging is not None
        outer, inner = call.operation.paging["list"].split(".")
        answer["PageSize"] = len(answer[outer][inner])

    wrap_answer(endpoint, _PAGED, change)


@fault(
    "twenty-keys-a-page-by-default",
    breaks=("PAG-004",),
    statement="ListKeys answers 20 keys a page where 10 are the default.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        "ListKeys",
        lambda call, original: original(
            with_params(call, PageSize=call.params.get("PageSize", 20))
        ),
    )


@fault(
    "counts-are-text",
    breaks=(
        "ENV-008",
        "PAG-005",
    ),
    statement="TotalCount is text instead of a number.",
    source="SDK model, Python SDK alibabacloud-kms20160120 3.3.1",
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        answer["TotalCount"] = str(answer["TotalCount"])

    wrap_answer(endpoint, _PAGED, change)


@fault(
    "made-up-token-accepted",
    breaks=("PAG-016",),
    statement="NextToken may be anything: the first page answers (fakecloud PR #64).",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.position_of_token

    def position(token: str) -> int:
        try:
            return int(original(token))
        except KmsError:
            return 0

    endpoint.seams.position_of_token = position


@fault(
    "last-page-has-a-token",
    breaks=("PAG-014",),
    statement="NextToken of the last page is not empty.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.token_of_position
    endpoint.seams.token_of_position = lambda _position, total: original(total, total + 1)


@fault(
    "token-page-loses-a-row",
    breaks=("PAG-015",),
    statement="A page by NextToken begins one row late.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.position_of_token
    endpoint.seams.position_of_token = lambda token: int(original(token)) + 1 if token else 0


@fault(
    "empty-list-is-refused",
    breaks=(
        "ENV-008",
        "STA-003",
    ),
    statement="A list without rows gives 404 instead of an empty page.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        if answer["TotalCount"] == 0:
            raise KmsError("Forbidden.ResourceNotFound", "Nothing was found.")
        return answer

    wrap_handler(endpoint, _PAGED, wrapper)


@fault(
    "waiting-keys-not-listed",
    breaks=("PAG-017",),
    statement="ListKeys leaves out keys that wait for their deletion.",
    source="Impact of the key state on API operations, page 44211",
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        keys = call.account.keys
        gone = {name: key for name, key in keys.items() if key.state == "PendingDeletion"}
        for name in gone:
            del keys[name]
        try:
            return original(call)
        finally:
            keys.update(gone)

    wrap_handler(endpoint, "ListKeys", wrapper)


@fault(
    "keys-waiting-for-material-are-not-listed",
    breaks=("PAG-017",),
    statement="ListKeys leaves out keys that are PendingImport.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def listed(call: Call, original: Handler) -> dict[str, Any]:
        keys = call.account.keys
        everything = dict(keys)
        for name in [name for name, key in keys.items() if key.state == "PendingImport"]:
            del keys[name]
        try:
            return original(call)
        finally:
            keys.clear()
            keys.update(everything)

    wrap_handler(endpoint, ["ListKeys"], listed)


@fault(
    "pages-of-fifty-at-most",
    breaks=("PAG-020",),
    statement="A page has fifty rows at most, whatever PageSize says.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.page_slice
    endpoint.seams.page_slice = lambda rows, number, size: original(rows, number, size)[:50]
