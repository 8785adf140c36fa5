"""Patterns mean what ECMA-262 says, not what Python says."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from independent_judge import ecma

import specs
from conformance.spec.patterns import PatternError, parse


def patterns():
    found = set()

    def walk(node):
        if isinstance(node, dict):
            if isinstance(node.get("pattern"), str) and node.get("pattern") != "inferred":
                found.add(node["pattern"])
            for part in node.values():
                walk(part)
        elif isinstance(node, list):
            for part in node:
                walk(part)

    folder = specs.root()
    for entry in [folder / "definitions.json", *(folder / "kms-api").iterdir()]:
        walk(json.loads(entry.read_text(encoding="utf-8")))
    return sorted(found - {"documented", "observed"})


ALL = patterns()


@pytest.mark.parametrize("source", ALL)
def test_every_pattern_of_the_specs_is_understood(source):
    pattern = parse(source)
    sample = pattern.sample()
    assert sample is None or ecma(source).search(sample)


@given(data=st.data())
def test_verdict_equals_that_of_an_independent_translation(data):
    source = data.draw(st.sampled_from(ALL))
    near = st.one_of(
        parse(source).strategy(),
        st.text(alphabet="aZ09/-_.:+=@ \n\r٣３é\u2028*$\\0kms", max_size=20),
    )
    text = data.draw(near) + data.draw(st.sampled_from(["", "\n", " ", "٣", "é"]))
    assert parse(source).matches(text) is (ecma(source).search(text) is not None)


@given(data=st.data())
def test_strategy_gives_matching_texts_of_the_wanted_length(data):
    source = data.draw(st.sampled_from(ALL))
    low, _ = parse(source).bounds
    text = data.draw(parse(source).strategy(low, low + 40))
    assert ecma(source).search(text)
    assert low <= len(text) <= low + 40


@pytest.mark.parametrize(
    ("source", "text"),
    [("^[a-z]{2}$", "aa\n"), (r"^\d+$", "٣"), (r"^\w+$", "é"), ("^[0-9]+[dhms]$", "7d\n")],
)
def test_what_python_would_let_pass_does_not_match(source, text):
    assert re.search(source, text), "Python's own reading lets it pass"
    assert not parse(source).matches(text)


def test_dot_takes_no_line_ends():
    assert not parse("^a.b$").matches("a\rb")
    assert not parse("^a.b$").matches("a\u2028b")
    assert parse("^a.b$").matches("a😀b")


@pytest.mark.parametrize(
    ("source", "length"), [("^alias/[a-z]+$", 255), ("^[0-9]{4}-[0-9]{2}$", 7), ("^(ab|c)+$", 8)]
)
def test_sample_has_the_wanted_length(source, length):
    text = parse(source).sample(length)
    assert text is not None
    assert len(text) == length
    assert ecma(source).search(text)


def test_sample_of_an_impossible_length_is_none():
    assert parse("^[0-9]{4}$").sample(5) is None
    assert parse("^alias/[a-z]+$").sample(3) is None


def test_varied_sample_goes_through_the_alphabet():
    text = parse("^[A-Za-z0-9_/+=.@-]+$").sample(70, varied=True)
    assert text is not None
    assert set("_/+=.@-") <= set(text)


def test_reserved_beginnings_are_known():
    assert parse("^(?!aliyun|acs:)[a-z:]+$").forbidden_beginnings == ("aliyun", "acs:")
    assert parse("^alias/(?!acs)").forbidden_beginnings == ("alias/acs",)


@pytest.mark.parametrize(
    "source",
    [r"(a)\1", "(?<=a)b", "(?<name>a)", r"\bword", r"\p{L}", "(a", "a)", "*a", "[z-a]", "[a", "^*",
     r"[\D]", "a\\"],
)  # fmt: skip
def test_constructs_outside_the_subset_are_refused(source):
    with pytest.raises(PatternError, match="pattern"):
        parse(source)
