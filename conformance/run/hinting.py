"""What a run may tell about the target file beside its verdicts."""

from collections.abc import Iterable

from conformance.run.judging import CaseResult
from conformance.run.verdict import Verdict

#: How an endpoint says that it does not know an operation (specs/errors.json).
_UNKNOWN = (
    "InvalidAction",
    "InvalidApi",
    "UnsupportedOperation",
    "UnknownOperation",
    "UnknownAction",
)
_BROKEN = frozenset({Verdict.FAIL, Verdict.WARN, Verdict.FLAKY})


def undeclared(results: Iterable[CaseResult]) -> str | None:
    """Name the operations that the target answered as unknown, and where to declare that.

    A target that offers less than the service fails where its file does not say so. That is a slip
    in the file more often than a fault of the target, and it shows in many rules at once.

    Returns:
        One sentence, None where every operation that a broken rule called is known.
    """
    unknown: set[str] = set()
    known: set[str] = set()
    for result in results:
        if result.verdict not in _BROKEN:
            continue
        for exchange in result.exchanges:
            if exchange.gateway != "shared" or exchange.identity != "full":
                continue
            answered = exchange.code or ""
            (unknown if answered.startswith(_UNKNOWN) else known).add(exchange.operation)
    names = sorted(unknown - known)
    if not names:
        return None
    listed = ", ".join(f'"operation:{name}"' for name in names)
    what = "an operation is" if len(names) == 1 else f"{len(names)} operations are"
    return (
        f"{what} answered as unknown; where the target is not meant to offer that, declare it in "
        f"the target file under [offers]: without = [{listed}]"
    )
