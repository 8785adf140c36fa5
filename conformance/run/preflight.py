"""One look before a run: does anything answer, and does it take the credentials?"""

from functools import cache

from conformance.client.building import Scheme
from conformance.client.caller import Caller
from conformance.client.exchange import Exchange
from conformance.run.judging import Exit
from conformance.run.verdict import Outcome
from conformance.spec import catalogue

#: Seconds within which a living target answers anything at all.
PATIENCE = 6.0
#: The operation that needs no permission and no resource.
PROBE = "DescribeRegions"


class CannotRun(Exception):  # noqa: N818 - why there is no run
    """The target cannot be put to the test; the message says why, ``exit_code`` what it means."""

    def __init__(self, message: str, exit_code: Exit) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def look(caller: Caller) -> None:
    """Ask the target one simple thing.

    Raises:
        CannotRun: When there is no answer, or when it takes the credentials of the identity "full"
            by neither scheme.
    """
    refusals = []
    schemes: tuple[Scheme, ...] = ("V3", "RPC-1.0")
    for scheme in schemes:
        exchange = _ask(caller, scheme)
        if not _refuses_credentials(exchange):
            return
        refusals.append(exchange.describe())
    raise CannotRun(
        f"the target refuses the credentials of the identity 'full' ({', '.join(refusals)}): check "
        "access key id, secret and token, and the clock of this machine",
        Exit.USAGE,
    )


def answers(caller: Caller) -> bool:
    """Tell whether the target answers anything at all."""
    try:
        _ask(caller, "V3")
    except CannotRun:
        return False
    return True


def _ask(caller: Caller, scheme: Scheme) -> Exchange:
    patience = min(PATIENCE, caller.target.timeout)
    gateway = "shared" if "shared" in caller.target.gateways else "dedicated"
    try:
        return caller.call(PROBE, scheme=scheme, timeout=patience, gateway=gateway, patient=False)
    except Outcome as outcome:
        raise CannotRun(outcome.message, Exit.INCOMPLETE) from None


def _refuses_credentials(exchange: Exchange) -> bool:
    return 400 <= exchange.status < 500 and exchange.code in _credential_codes()


@cache
def _credential_codes() -> frozenset[str]:
    failures = catalogue().document("auth-failures")["failures"]
    kinds = {
        "unknown-access-key",
        "malformed-access-key",
        "disabled-access-key",
        "signature-mismatch",
        "stale-timestamp",
        "missing-security-token",
        "malformed-security-token",
        "mismatched-security-token",
        "expired-security-token",
    }
    codes = {
        answer["code"]
        for failure in failures
        if failure["kind"] in kinds
        for family in failure["answers"].values()
        for answer in family
    }
    # These stand for other failures as well, which a probe may meet with right credentials.
    return frozenset(codes - {"InvalidParameter", "MissingParameter", "Forbidden.NoPermission"})
