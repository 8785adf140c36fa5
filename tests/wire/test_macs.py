"""HMAC from prepared states is the HMAC of the standard library."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.macs import KeyedHash, keyed_hash


@given(key=st.binary(max_size=300), message=st.binary(), name=st.sampled_from(["sha1", "sha256"]))
def test_the_same_as_the_standard_library(key: bytes, message: bytes, name: str) -> None:
    assert KeyedHash(key, name).digest(message) == hmac.digest(key, message, name)


@given(first=st.binary(), second=st.binary())
def test_messages_leave_no_trace_in_the_next(first: bytes, second: bytes) -> None:
    prepared = KeyedHash(b"key", "sha256")
    prepared.digest(first)
    assert prepared.digest(second) == hmac.digest(b"key", second, "sha256")


def test_key_is_secret_and_suffix() -> None:
    assert keyed_hash("sécret", "sha1", "&").digest(b"x") == hmac.digest(
        "sécret&".encode(), b"x", "sha1"
    )


def test_unknown_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="unsupported hash"):
        KeyedHash(b"key", "sha0")
