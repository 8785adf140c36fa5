"""How many variants each operation has, and of the refused ones how many assert a code."""

from dataclasses import dataclass

from conformance.spec.catalogue import catalogue
from conformance.spec.transports import usual
from conformance.spec.variants import variants


@dataclass(frozen=True, slots=True)
class Row:
    """Counts of one operation.

    Attributes:
        operation: Its name.
        parameters: How many it has.
        positives: Variants that must succeed.
        specials: Valid variants with another outcome.
        negatives: Variants with one fault.
        coded: Negatives and specials whose error code is asserted.
        gating: Variants whose expectation makes a target conformant or not.
        transports: Different ways over the wire among all of them.
        total: All variants.
    """

    operation: str
    parameters: int
    positives: int
    specials: int
    negatives: int
    coded: int
    gating: int
    transports: int
    total: int


def coverage_table() -> list[Row]:
    """Return one row an operation, in alphabetical order."""
    rows = []
    for operation in catalogue():
        found = variants(operation)
        polarities = [variant.polarity for variant in found]
        rows.append(
            Row(
                operation=operation.name,
                parameters=len(operation.request.get("properties", {})),
                positives=polarities.count("positive"),
                specials=polarities.count("special"),
                negatives=polarities.count("negative"),
                coded=sum(bool(variant.expectation.codes) for variant in found),
                gating=sum(variant.expectation.gates for variant in found),
                transports=len({variant.transport for variant in found} | {usual(operation)}),
                total=len(found),
            )
        )
    return rows


def render(rows: list[Row]) -> str:
    """Return the table as text, with a sum at the end."""
    columns = ("operation", "params", "positive", "special", "negative", "coded", "gating", "ways")
    head = f"{columns[0]:<32}" + "".join(f"{name:>10}" for name in (*columns[1:], "total"))
    lines = [head, "-" * len(head)]
    sums = [0] * 8
    for row in rows:
        numbers = (
            row.parameters, row.positives, row.specials, row.negatives, row.coded, row.gating,
            row.transports, row.total,
        )  # fmt: skip
        sums = [total + number for total, number in zip(sums, numbers, strict=True)]
        lines.append(f"{row.operation:<32}" + "".join(f"{number:>10}" for number in numbers))
    shown = [*sums[:6], "", sums[7]]
    lines += ["-" * len(head), f"{'sum':<32}" + "".join(f"{number:>10}" for number in shown)]
    return "\n".join(lines)


def main() -> int:
    """Print the table; return 0."""
    print(render(coverage_table()))
    return 0
