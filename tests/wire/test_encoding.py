"""Percent-encoding and parameter pairs."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.encoding import (
    canonical_query,
    decode_pairs,
    encode_query,
    percent_encode,
    percent_encode_canonical,
)
from conformance.wire.failures import WireError

pairs = st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=6)


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("AZaz09-_.~", "AZaz09-_.~"),
        ("a b", "a%20b"),
        ("*+!'()", "%2A%2B%21%27%28%29"),
        ("/:=&%", "%2F%3A%3D%26%25"),
        ("%41", "%2541"),
        ("密🔑", "%E5%AF%86%F0%9F%94%91"),
        ("\x00\n\x7f", "%00%0A%7F"),
        ("", ""),
    ],
)
def test_percent_encode(text, encoded):
    assert percent_encode(text) == encoded


@given(st.text())
def test_percent_encode_is_rfc_3986_in_upper_case(text):
    assert percent_encode(text) == quote(text, safe="-_.~")


@given(pairs)
def test_second_encoding_equals_a_full_one(some):
    query = canonical_query(some)
    assert percent_encode_canonical(query) == quote(query, safe="-_.~")


@given(pairs)
def test_canonical_query_sorts_in_byte_order(some):
    plain = sorted(some, key=lambda pair: (pair[0].encode(), pair[1].encode()))
    expected = "&".join(f"{quote(n, safe='~')}={quote(v, safe='~')}" for n, v in plain)
    assert canonical_query(some) == expected


def test_canonical_query_keeps_empty_values_and_orders_bytewise():
    names = ["a", "_x", "Z", "AccessKeyId", "A.2", "A.10"]
    assert canonical_query([(name, "") for name in names]) == "A.10=&A.2=&AccessKeyId=&Z=&_x=&a="


@given(pairs, st.booleans())
def test_query_round_trip(some, plus):
    written = encode_query(some, plus=plus)
    assert decode_pairs(written) == some
    assert decode_pairs(written.encode()) == some


def test_plus_and_escape_are_the_same_space():
    assert decode_pairs("a=x+y&b=x%20y&c=x%2By") == [("a", "x y"), ("b", "x y"), ("c", "x+y")]


def test_values_are_decoded_once():
    assert decode_pairs("a=%2541") == [("a", "%41")]


def test_names_without_value_and_empty_parts():
    assert decode_pairs("a&&b=&=c&") == [("a", ""), ("b", ""), ("", "c")]


@pytest.mark.parametrize(
    "raw", [b"a=%", b"a=%4", b"a=%zz", b"%g0=1", b"a=%FF", b"a=\xff", b"%C3=x"]
)
def test_broken_pairs_are_refused(raw):
    with pytest.raises(WireError):
        decode_pairs(raw)


@given(st.binary())
def test_any_bytes_decode_or_are_refused(raw):
    try:
        decoded = decode_pairs(raw)
    except WireError:
        return
    assert decode_pairs(encode_query(decoded)) == [pair for pair in decoded if pair]


def test_lone_surrogates_are_refused():
    with pytest.raises(WireError, match="surrogate"):
        percent_encode("\ud800")
