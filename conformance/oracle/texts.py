"""Base64 as answers must have it, and what requests in other forms of it mean."""

import base64
import binascii


def canonical_base64(text: str) -> bytes | None:
    """Return the bytes of standard base64 with padding and zero trailing bits, None otherwise."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if base64.b64encode(decoded).decode("ascii") == text else None


def lenient_base64(text: str) -> bytes | None:
    """Return the bytes of base64 without padding, with white space or odd trailing bits.

    Decoders that are not strict take these; None for what is no base64 at all.
    """
    dense = "".join(text.split()).rstrip("=")
    try:
        return base64.b64decode(dense + "=" * (-len(dense) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
