"""How many endpoints a need takes, in words, with what the answer assumes."""

from math import ceil

from load.scenarios import Promise
from load.slo import Objectives

_FEW = 10
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def count_word(count: int) -> str:
    """Return a small number in words."""
    return _WORDS[count] if count < len(_WORDS) else f"{count:,}"


def limits_in_words(objectives: Objectives) -> str:
    """Return the latency limits as people say them."""
    limits = [f"{n.replace('_', '.')} under {v:g} ms" for n, v in objectives.latency.items()]
    return " and ".join(limits) or "the limits of the SLO file"


def sizing(need: float, found: float, objectives: Objectives, promises: list[Promise]) -> list[str]:
    """Return sentences that answer how many endpoints a need takes.

    Args:
        need: Requests per second.
        found: Rate that one endpoint was measured to carry within the limits.
        objectives: The limits.
        promises: Documented rates of instance sizes; quotas of a shared gateway do not scale.
    """
    if found <= 0:
        return ["No rate was found that keeps the limits, so that nothing can be said of a size."]
    count = ceil(need / found - 1e-9)
    spare = 1 - need / (count * found)
    plural = "endpoint" if count == 1 else "endpoints"
    sentences = [
        (
            f"For {need:,.0f} QPS with {limits_in_words(objectives)}: {count_word(count)} {plural} "
            f"like this one, at {found:,.0f} QPS each as measured, {spare:.0%} to spare."
        ),
        (
            "Assumed: the same mix of operations, requests spread evenly, endpoints that do not "
            "slow each other, and a generator as near to them as this one."
        ),
    ]
    sizes = [p for p in promises if not p.quota]
    if sizes:
        # The smallest size that does for each number of instances.
        offers: dict[int, float] = {}
        for size in sorted(sizes, key=lambda size: size.rate):
            offers.setdefault(ceil(need / size.rate - 1e-9), size.rate)
        words = [
            f"{count_word(count)} {'instance' if count == 1 else 'instances'} of {rate:,.0f}"
            for count, rate in sorted(offers.items())[:3]
            if count <= _FEW
        ]
        if words:
            sentences.append(f"By the documented sizes alone: {', or '.join(words)}.")
    quota = next((p for p in promises if p.quota), None)
    if quota is not None and need > quota.rate:
        sentences.append(
            f"A shared gateway is throttled at {quota.rate:,.0f} QPS per account and region for "
            "this group, and that cannot be raised: the need takes dedicated instances."
        )
    return sentences
