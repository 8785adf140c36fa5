"""Generated examples with the run's seed: Hypothesis without its database, clock and health checks.

An outcome other than a violation ends the search at once: shrinking a time-out would cost a
time-out for every step.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from conformance.run.verdict import Inconsistent, Outcome, Violation

if TYPE_CHECKING:
    from conformance.run.context import Kms

T = TypeVar("T")


class _Stop(BaseException):
    """Carries what ends the search past Hypothesis, which catches Exception."""

    def __init__(self, cause: Exception) -> None:
        super().__init__()
        self.cause = cause


def run_property(
    kms: "Kms",
    strategy: SearchStrategy[T],
    check: Callable[[T], None],
    number: int,
    max_examples: int,
) -> None:
    """Check ``max_examples`` examples; see `Kms.property`."""
    last: list[Violation] = []

    def one(example: T) -> None:
        # Only the exchanges of the example that decides are evidence.
        del kms.exchanges[:-_KEPT]
        try:
            check(example)
        except Violation as violation:
            last.append(violation)
            raise
        except Outcome as outcome:
            raise _Stop(outcome) from None
        except Exception as error:
            if error.__class__.__module__.startswith("hypothesis"):
                raise  # Hypothesis steers its search with exceptions of its own
            raise _Stop(error) from None

    run = seed(number)(
        settings(
            max_examples=max_examples,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
            verbosity=Verbosity.quiet,
        )(given(strategy)(one))
    )
    try:
        run()
    except _Stop as stop:
        raise stop.cause from None
    except Flaky:
        violation = last[-1]
        raise Inconsistent(
            f"failed once and then passed: {violation.message}", violation.exchanges
        ) from None


#: Exchanges kept from earlier examples, so that what led to a failure can be seen.
_KEPT = 20
