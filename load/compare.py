"""Two runs side by side: what got better, what got worse, what cannot be said."""

from collections.abc import Mapping
from typing import Any

Results = Mapping[str, Any]

#: Changes below these are noise on a shared machine: a quarter of a latency, a twentieth of a rate.
_LATENCY_NOISE, _RATE_NOISE = 0.25, 0.05
_MILLISECOND = 0.5


def differences(before: Results, after: Results) -> list[dict[str, Any]]:
    """Return the measures that both runs have, with what became of them.

    Each has name, before, after, unit, change (share) and word: better, worse or same.
    """
    rows: list[dict[str, Any] | None] = [
        _rate("good requests per second", before["summary"]["goodput"], after["summary"]["goodput"])
    ]
    rows += [
        _latency(
            f"latency {name.replace('_', '.')}",
            before["summary"]["latency"][name],
            after["summary"]["latency"][name],
        )
        for name in ("p50", "p95", "p99", "p99_9")
    ]
    for operation in sorted(before["operations"].keys() & after["operations"].keys()):
        pair = (results["operations"][operation]["latency"]["p99"] for results in (before, after))
        rows.append(_latency(f"{operation} p99", *pair))
    rows.append(_share("errors", _errors(before), _errors(after)))
    if "capacity" in before and "capacity" in after:
        rates = (before["capacity"]["rate"], after["capacity"]["rate"])
        rows.append(_rate("capacity, requests per second", *rates))
    return [row for row in rows if row is not None]


def obstacles(before: Results, after: Results) -> list[str]:
    """Return why two runs cannot be compared fairly, in words."""
    found = []
    for part, word in (("scenario", "scenarios"), ("target", "targets")):
        names = ("id", "mix") if part == "scenario" else ("gateway", "scheme")
        if any(before[part][name] != after[part][name] for name in names):
            found.append(f"the {word} differ")
    if before["kind"] == after["kind"] == "run":
        rates = before["summary"]["offered"], after["summary"]["offered"]
        if abs(rates[0] - rates[1]) > 0.02 * max(rates):
            found.append(f"the offered rates differ: {rates[0]:,.0f} and {rates[1]:,.0f}")
    for name, results in (("first", before), ("second", after)):
        if results["verdict"]["code"] == 4:
            found.append(f"the {name} run is invalid: its instrument was at fault")
    return found


def in_words(before: Results, after: Results) -> str:
    """Return the comparison as lines of text."""
    lines = [f"{before['started'][:19]}  ->  {after['started'][:19]}"]
    lines += [f"  caution: {obstacle}" for obstacle in obstacles(before, after)]
    lines += [
        f"  {row['word']:<7}{row['name']}: {row['before']:,.4g} -> {row['after']:,.4g} "
        f"{row['unit']} ({row['change']:+.0%})"
        for row in differences(before, after)
    ]
    verdicts = before["verdict"]["summary"], after["verdict"]["summary"]
    lines.append(f"  verdict: {verdicts[0]}  ->  {verdicts[1]}")
    return "\n".join(lines)


def worse(before: Results, after: Results) -> bool:
    """Tell whether anything got worse beyond noise, the verdict included."""
    kept = before["verdict"]["code"] == 0 and after["verdict"]["code"] == 1
    return kept or any(row["word"] == "worse" for row in differences(before, after))


def _errors(results: Results) -> float:
    outcomes = results["summary"]["outcomes"]
    total = sum(outcomes.values())
    return 1 - outcomes.get("ok", 0) / total if total else 0.0


def _row(name: str, before: float, after: float, unit: str, word: str) -> dict[str, Any]:
    change = (after - before) / before if before else (0.0 if after == before else 1.0)
    return {
        "name": name,
        "before": before,
        "after": after,
        "unit": unit,
        "change": round(change, 4),
        "word": word,
    }


def _latency(name: str, before: float | None, after: float | None) -> dict[str, Any] | None:
    if before is None or after is None:
        return None
    small = abs(after - before) <= max(_LATENCY_NOISE * before, _MILLISECOND)
    word = "same" if small else "worse" if after > before else "better"
    return _row(name, before, after, "ms", word)


def _rate(name: str, before: float, after: float) -> dict[str, Any]:
    small = abs(after - before) <= _RATE_NOISE * max(before, after)
    return _row(
        name, before, after, "/s", "same" if small else "better" if after > before else "worse"
    )


def _share(name: str, before: float, after: float) -> dict[str, Any]:
    small = abs(after - before) <= 0.001
    return _row(
        name, before, after, "", "same" if small else "worse" if after > before else "better"
    )
