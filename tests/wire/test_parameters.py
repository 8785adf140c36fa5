"""Logical parameters to wire pairs and back."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.failures import DuplicateParameter, NotTransmittable, WireError
from conformance.wire.parameters import ParameterCodec, decode_parameters, encode_parameters

SCHEMA = {
    "type": "object",
    "properties": {
        "KeyId": {"type": "string"},
        "DryRun": {"type": "string", "enum": ["true", "false"]},
        "PageSize": {"type": "integer"},
        "Ratio": {"type": "number"},
        "All": {"type": "boolean"},
        "Filters": {"type": "array", "x-wire": "json"},
        "EncryptionContext": {"type": "object", "x-wire": "json"},
        "ResourceId": {"type": "array", "x-wire": "repeat-list", "items": {"type": "string"}},
        "Tag": {
            "type": "array",
            "x-wire": "repeat-list",
            "items": {
                "type": "object",
                "properties": {"Key": {"type": "string"}, "Value": {"type": "string"}},
            },
        },
        "ExtendedConfig": {
            "type": "object",
            "x-wire": "dotted",
            "properties": {"CustomData": {"type": "object"}, "Name": {"type": "string"}},
        },
        "ZoneIds": {"type": "array", "x-wire": "csv", "items": {"type": "string"}},
    },
}
CODEC = ParameterCodec(SCHEMA)

LOGICAL = {
    "KeyId": "key-1",
    "DryRun": "false",
    "PageSize": 10,
    "All": True,
    "Filters": [{"Key": "KeyState", "Values": ["Enabled"]}],
    "EncryptionContext": {"ключ": "a b"},
    "ResourceId": ["a", "b"],
    "Tag": [{"Key": "k", "Value": ""}, {"Key": "l"}],
    "ExtendedConfig": {"CustomData": {"a": "b"}, "Name": "n"},
    "ZoneIds": ["z-a", "z-b"],
}
PAIRS = [
    ("KeyId", "key-1"),
    ("DryRun", "false"),
    ("PageSize", "10"),
    ("All", "true"),
    ("Filters", '[{"Key":"KeyState","Values":["Enabled"]}]'),
    ("EncryptionContext", '{"ключ":"a b"}'),
    ("ResourceId.1", "a"),
    ("ResourceId.2", "b"),
    ("Tag.1.Key", "k"),
    ("Tag.1.Value", ""),
    ("Tag.2.Key", "l"),
    ("ExtendedConfig.CustomData", '{"a":"b"}'),
    ("ExtendedConfig.Name", "n"),
    ("ZoneIds", "z-a,z-b"),
]


def test_each_encoding_is_written_as_documented():
    assert encode_parameters(SCHEMA, LOGICAL) == PAIRS


def test_each_encoding_is_read_back():
    assert decode_parameters(SCHEMA, reversed(PAIRS)) == LOGICAL


json_text = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | json_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(json_text, inner, max_size=3),
    max_leaves=8,
)
sane = st.fixed_dictionaries(
    {},
    optional={
        "KeyId": json_text,
        "PageSize": st.integers(),
        "All": st.booleans(),
        "Filters": st.lists(json_values, max_size=3),
        "EncryptionContext": st.dictionaries(json_text, json_text, max_size=3),
        "ResourceId": st.lists(json_text, min_size=1, max_size=12),
        "Tag": st.lists(
            st.fixed_dictionaries({"Key": json_text}, optional={"Value": json_text}),
            min_size=1,
            max_size=12,
        ),
        "ExtendedConfig": st.fixed_dictionaries(
            {"CustomData": st.dictionaries(json_text, json_text, max_size=3)}
        ),
        "ZoneIds": st.lists(st.text(alphabet="abc-0", min_size=1, max_size=5), max_size=3),
        "Undeclared": json_text,
    },
)


@given(sane, st.randoms())
def test_parameters_round_trip_in_any_order(params, random):
    pairs = CODEC.encode(params)
    random.shuffle(pairs)
    assert CODEC.decode(pairs) == params
    assert CODEC.travels(params)


any_pairs = st.lists(
    st.tuples(
        st.sampled_from([name for name, _ in PAIRS])
        | st.sampled_from(["Tag", "Tag.01.Key", "Tag.x", "ExtendedConfig", "ResourceId.0", "?"])
        | st.text(max_size=5),
        st.text(max_size=10) | st.sampled_from(["[1]", "{}", "true", "01", "[" * 3000, "1e9"]),
    ),
    max_size=6,
)


@given(any_pairs)
def test_any_pairs_decode_or_are_duplicates(pairs):
    with contextlib.suppress(DuplicateParameter):
        CODEC.decode(pairs)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("All", "True", True),
        ("All", "False", False),
        ("All", "TRUE", "TRUE"),
        ("All", "1", "1"),
        ("DryRun", "True", "true"),
        ("DryRun", "yes", "yes"),
        ("KeyId", "True", "True"),
        ("PageSize", "-3", -3),
        ("PageSize", "010", "010"),
        ("PageSize", "1.0", "1.0"),
        ("PageSize", "ten", "ten"),
        ("PageSize", "", ""),
        ("PageSize", "١٠", "١٠"),
        ("PageSize", "9" * 5000, "9" * 5000),
        ("Ratio", "0.5", 0.5),
        ("Ratio", "2", 2),
        ("Ratio", "1e5", "1e5"),
        ("Filters", "not json", "not json"),
        ("Filters", "[1", "[1"),
        ("Filters", "NaN", "NaN"),
        ("EncryptionContext", '{"a":"\\ud800"}', '{"a":"\\ud800"}'),
        ("EncryptionContext", "{'a': 'b'}", "{'a': 'b'}"),
        ("ResourceId", '["a","b"]', ["a", "b"]),
        ("Tag", '[{"Key":"k"}]', [{"Key": "k"}]),
        ("ExtendedConfig", '{"CustomData":{"a":"b"}}', {"CustomData": {"a": "b"}}),
        ("ExtendedConfig.CustomData.a.b", "c", {"ExtendedConfig": {"CustomData": {"a.b": "c"}}}),
        ("ExtendedConfig.CustomData", "text", {"ExtendedConfig": {"CustomData": "text"}}),
        ("ZoneIds", "", []),
        ("Unknown", "7", "7"),
        ("Tag.01.Key", "k", "k"),
        ("ResourceId.0", "a", "a"),
    ],
)
def test_what_clients_send_instead_and_what_stays_text(name, text, value):
    decoded = CODEC.decode([(name, text)])
    if isinstance(value, dict) and name.startswith("ExtendedConfig."):
        assert decoded == value
    else:
        assert decoded == {name: value}
        assert type(decoded[name]) is type(value)


def test_flattened_custom_data_of_the_python_sdk():
    pairs = [("ExtendedConfig.CustomData.a", "1"), ("ExtendedConfig.CustomData.b", "2")]
    assert CODEC.decode(pairs) == {"ExtendedConfig": {"CustomData": {"a": "1", "b": "2"}}}


def test_list_items_are_ordered_by_number_not_by_text():
    pairs = [(f"ResourceId.{n}", str(n)) for n in (10, 2, 1)]
    assert CODEC.decode(pairs) == {"ResourceId": ["1", "2", "10"]}


@pytest.mark.parametrize(
    "pairs",
    [
        [("KeyId", "a"), ("KeyId", "b")],
        [("Unknown", "a"), ("Unknown", "a")],
        [("ResourceId.1", "a"), ("ResourceId.1", "b")],
        [("ResourceId", '["a"]'), ("ResourceId.1", "a")],
        [("Tag.1", "a"), ("Tag.1.Key", "k")],
        [("Tag.1.Key", "k"), ("Tag.1", "a")],
        [("ExtendedConfig.CustomData", "{}"), ("ExtendedConfig.CustomData.a", "b")],
        [("ExtendedConfig.CustomData.a", "b"), ("ExtendedConfig.CustomData", "{}")],
    ],
)
def test_duplicates_are_reported(pairs):
    with pytest.raises(DuplicateParameter):
        CODEC.decode(pairs)


@pytest.mark.parametrize(
    "params",
    [
        {"KeyId": None},
        {"ResourceId": []},
        {"Tag": [{}]},
        {"ExtendedConfig": {}},
        {"ZoneIds": ["a,b"]},
        {"ZoneIds": [""]},
        {"Filters": [float("nan")]},
    ],
)
def test_what_cannot_travel_is_said_to(params):
    with pytest.raises(NotTransmittable):
        CODEC.encode(params)
    assert not CODEC.travels(params)


@pytest.mark.parametrize(
    ("params", "travels"),
    [
        ({"All": "true"}, False),  # arrives as a boolean
        ({"PageSize": "10"}, False),  # arrives as an integer
        ({"PageSize": "ten"}, True),
        ({"PageSize": 1.5}, False),
        ({"KeyId": 5}, False),  # arrives as text
        ({"KeyId": True}, False),
        ({"Filters": "text"}, True),
        ({"Filters": {"a": 1}}, True),
        ({"EncryptionContext": {"a": True}}, True),
        ({"EncryptionContext": None}, True),
        ({"ResourceId": [1]}, False),
        ({"ResourceId": "a"}, True),
    ],
)
def test_wrong_types_travel_only_where_they_arrive_wrong(params, travels):
    assert CODEC.travels(params) is travels


def test_references_are_followed():
    definitions = {"kms:definitions#/$defs/PageSize": {"type": "integer", "minimum": 1}}
    schema = {
        "properties": {"PageSize": {"$ref": "kms:definitions#/$defs/PageSize", "default": 10}}
    }
    assert decode_parameters(schema, [("PageSize", "5")], definitions.__getitem__) == {
        "PageSize": 5
    }
    with pytest.raises(WireError, match="pass resolve"):
        decode_parameters(schema, [("PageSize", "5")])


def test_unknown_encodings_are_refused_with_the_known_ones():
    with pytest.raises(WireError, match="known are csv, dotted, json"):
        ParameterCodec({"properties": {"A": {"x-wire": "yaml"}}})
