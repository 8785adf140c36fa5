"""JSON bodies of answers: compact, and with characters beyond ASCII as they are."""

import json
from typing import Any

try:
    import orjson
except ImportError:  # no wheel of it here: the standard encoder does all the work
    orjson = None  # type: ignore[assignment]

_encode = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def json_body(members: dict[str, Any], *, errors: str = "strict") -> bytes:
    """Return members as UTF-8.

    Args:
        members: What an answer says.
        errors: What becomes of half a surrogate pair, see `str.encode`.
    """
    if orjson is not None:
        try:
            return orjson.dumps(members)  # the same bytes at an eighth of the cost
        except TypeError:  # half a surrogate pair, or an integer of more than 64 bits
            pass
    return _encode(members).encode(errors=errors)
