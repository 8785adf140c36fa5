"""What a refused call answers: a documented code, its HTTP status and a message for people."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from conformance.spec import catalogue

#: Status of a code that no document gives one for: the refusals of the service are client errors.
_UNDOCUMENTED_STATUS = 400


class KmsError(Exception):
    """A refusal as the caller sees it.

    Args:
        code: Error code, such as ``Forbidden.KeyNotFound``.
        message: One sentence for people; it must hold no secret of the request.
        status: HTTP status; looked up in specs/errors.json when left out.
        extra: Further members of the answer, such as AccessDeniedDetail.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status_of(code) if status is None else status
        self.extra: Mapping[str, Any] = extra or {}


@cache
def _statuses() -> dict[str, int]:
    found: dict[str, int] = {}
    for error in catalogue().document("errors")["errors"]:
        if error["scope"] != "instance-api" and error["status"] is not None:
            found.setdefault(error["code"], error["status"])
    return found


def status_of(code: str) -> int:
    """Return the HTTP status of a code as specs/errors.json states it, 400 where it states none."""
    return _statuses().get(code, _UNDOCUMENTED_STATUS)
