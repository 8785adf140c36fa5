"""Covering arrays: few rows in which every pair of levels of every two factors occurs."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import TypeVar

Level = TypeVar("Level")
Row = dict[str, Level]
Pair = tuple[tuple[str, int], tuple[str, int]]


def covering(
    factors: Mapping[str, Sequence[Level]],
    feasible: Callable[[Row[Level]], bool] = lambda _: True,
) -> list[Row[Level]]:
    """Return rows that together hold every pair of levels that some feasible row holds.

    Greedy and deterministic: each row begins with the first pair not covered yet and takes for
    every other factor the level that covers most new pairs.

    Args:
        factors: Levels by factor, in order.
        feasible: Whether a (partial) row is allowed. It must hold for every part of an allowed row.
    """
    names = list(factors)
    pairs: dict[Pair, None] = {
        ((one, i), (other, j)): None
        for one, other in combinations(names, 2)
        for i in range(len(factors[one]))
        for j in range(len(factors[other]))
    }
    rows: list[Row[Level]] = []
    while pairs:
        first = next(iter(pairs))
        chosen = dict(first)
        if not feasible(_levels(factors, chosen)):
            del pairs[first]
            continue
        _complete(factors, chosen, pairs, feasible)
        rows.append(_levels(factors, {name: chosen[name] for name in names if name in chosen}))
        for one, other in combinations([name for name in names if name in chosen], 2):
            pairs.pop(((one, chosen[one]), (other, chosen[other])), None)
    return rows


def _complete(
    factors: Mapping[str, Sequence[Level]],
    chosen: dict[str, int],
    pairs: Mapping[Pair, None],
    feasible: Callable[[Row[Level]], bool],
) -> None:
    order = {name: place for place, name in enumerate(factors)}
    for name, levels in factors.items():
        if name in chosen:
            continue

        def gain(level: int, name: str = name) -> int:
            return sum(
                (
                    ((name, level), (other, at))
                    if order[name] < order[other]
                    else ((other, at), (name, level))
                )
                in pairs
                for other, at in chosen.items()
            )

        for level in sorted(range(len(levels)), key=lambda level: (-gain(level), level)):
            chosen[name] = level
            if feasible(_levels(factors, chosen)):
                break
            del chosen[name]


def _levels(factors: Mapping[str, Sequence[Level]], chosen: Mapping[str, int]) -> Row[Level]:
    return {name: factors[name][level] for name, level in chosen.items()}
