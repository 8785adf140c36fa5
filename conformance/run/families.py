"""How many cases each operation has, by family of rules."""

from collections import Counter


def by_family() -> str:
    """Return a table: a row an operation, a column a family."""
    from conformance.run.planning import expand
    from conformance.run.registry import load_rules
    from conformance.spec import catalogue

    counts: dict[str, Counter[str]] = {name: Counter() for name in catalogue().operations}
    families: dict[str, None] = {}
    for rule in load_rules().values():
        families[rule.family] = None
        for planned in expand(rule):
            own = planned.case.operation if planned.case else None
            for name in (own,) if own else rule.operations:
                if name in counts:
                    counts[name][rule.family] += 1
    width = max(len(name) for name in counts) + 1
    columns = [family for family in families if any(count[family] for count in counts.values())]
    head = f"{'operation':<{width}}" + "".join(f"{name:>{len(name) + 2}}" for name in columns)
    lines = [head, "-" * len(head)]
    for name, count in counts.items():
        cells = (f"{count[family] or '.':>{len(family) + 2}}" for family in columns)
        lines.append(f"{name:<{width}}" + "".join(cells))
    bare = [name for name, count in counts.items() if not count]
    lines.append("-" * len(head))
    lines.append(f"{len(counts) - len(bare)} of {len(counts)} operations are covered")
    if bare:
        lines.append(f"not covered: {', '.join(bare)}")
    return "\n".join(lines)
