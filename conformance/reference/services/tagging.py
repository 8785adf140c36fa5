"""Tags as they stand in requests and answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.reference.call import Call, seam
from conformance.reference.errors import KmsError
from conformance.reference.services.tables import maximum


def tags_from(call: Call, rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return tags given as a list of TagKey and TagValue; of a repeated key the last value counts.

    Raises:
        KmsError: Rejected.LimitExceeded.
    """
    return set_tags(call, {}, {row["TagKey"]: row["TagValue"] for row in rows})


def set_tags(call: Call, present: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return a resource's tags after setting new ones."""
    tags: dict[str, str] = call.endpoint.seams.with_tags(present, new)
    return tags


@seam
def with_tags(present: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return a resource's tags after setting new ones; a key that is there changes its value.

    Raises:
        KmsError: Rejected.LimitExceeded beyond 20 tags (one page says 10).
    """
    tags = {**present, **new}
    if len(tags) > maximum("tags-per-resource"):
        message = f"A resource has at most {maximum('tags-per-resource')} tags."
        raise KmsError("Rejected.LimitExceeded", message)
    return tags


def tag_rows(tags: Mapping[str, str]) -> dict[str, Any]:
    """Return tags in the form in which descriptions show them."""
    return {"Tag": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]}
