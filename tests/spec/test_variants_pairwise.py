"""Covering arrays hold every pair they can, with few rows."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from conformance.spec.pairwise import covering

FACTORS = st.dictionaries(
    st.sampled_from("ABCDEF"),
    st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True),
    min_size=2,
)


def pairs_of(row):
    return set(combinations(sorted(row.items()), 2))


def all_pairs(factors):
    return {
        ((one, left), (other, right))
        for one, other in combinations(sorted(factors), 2)
        for left in factors[one]
        for right in factors[other]
    }


@given(FACTORS)
def test_every_pair_occurs(factors):
    rows = covering(factors)
    assert set().union(*map(pairs_of, rows)) == all_pairs(factors)
    assert all(row.keys() == factors.keys() for row in rows)


@given(FACTORS, st.integers(0, 9))
def test_pairs_that_no_allowed_row_holds_are_left_out(factors, unwanted):
    def feasible(row):
        return list(row.values()).count(unwanted) < 2

    rows = covering(factors, feasible)
    assert all(feasible(row) for row in rows)
    wanted = {pair for pair in all_pairs(factors) if feasible(dict(pair))}
    assert set().union(set(), *map(pairs_of, rows)) == wanted


def test_few_rows_are_enough():
    rows = covering(dict.fromkeys("ABCDEFGHIJKL", (True, False)))
    assert len(rows) <= 16, "of 4,096 combinations"


@given(FACTORS)
def test_rows_are_the_same_every_time(factors):
    assert covering(factors) == covering(factors)
