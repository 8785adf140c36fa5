"""The frame of symmetric ciphertexts, and base64 in its forms."""

import base64

from conformance.oracle import blobs
from conformance.oracle.texts import canonical_base64, lenient_base64

#: Made with two libraries; the parts are in the comment of each line.
BLOB = (
    "MDAwMDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxAAECAwQFBgcICQoL"  # id and IV 00..0b
    "JkWAaKei+ibROVDGz1319ZJbem3TU9Vk"  # aGVsbG8= under 00..1f, with its tag
)
KEY = bytes(range(32))
CONTEXT = {"b": "2", "a": "1"}


def test_a_worked_blob_opens():
    raw = base64.b64decode(BLOB)
    frame = blobs.unpack(raw)
    assert frame is not None
    assert frame.version == "00000000-0000-4000-8000-000000000001"
    assert frame.iv == bytes(range(12))
    assert blobs.opened(KEY, raw, CONTEXT) == b"aGVsbG8="
    assert blobs.opened(KEY, raw, dict(reversed(CONTEXT.items()))) == b"aGVsbG8="


def test_what_does_not_fit_does_not_open():
    raw = base64.b64decode(BLOB)
    assert blobs.opened(KEY, raw) is None
    assert blobs.opened(KEY, raw, {"a": "1"}) is None
    assert blobs.opened(bytes(32), raw, CONTEXT) is None
    assert blobs.opened(KEY, raw[:-1], CONTEXT) is None
    assert blobs.opened(KEY, raw[:64], CONTEXT) is None
    assert blobs.unpack(b"\xff" * 100) is None


def test_context_hash():
    # SHA-256 of a=1&b=2
    assert blobs.bound(CONTEXT).hex() == (
        "8e85be58c1c372ac29fe7bfa80d8ddcbd04a4032c7b51c1c026d67c55b1ab23f"
    )
    assert blobs.bound({}) == blobs.bound(None) == b""


def test_canonical_base64():
    assert canonical_base64("aGVsbG8=") == b"hello"
    assert canonical_base64("") == b""
    for text in ("aGVsbG8", "aGVsbG9=", "aGVs bG8=", "aGVsbG8=\n", "QQ==QQ==", "a-_b", "é"):
        assert canonical_base64(text) is None, text


def test_lenient_base64():
    assert lenient_base64("aGVsbG8") == b"hello"
    assert lenient_base64("aGVs\nbG8=") == b"hello"
    assert lenient_base64("plaintext") is None
    assert lenient_base64("секрет") is None
