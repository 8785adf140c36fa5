"""One look before a run: does anything answer, and does it take the credentials?"""

from functools import cache

from conformance.client.building import Scheme
from conformance.client.caller import Caller
from conformance.client.exchange import Exchange
from conformance.run.judging import Exit
from conformance.run.verdict import Outcome, TransportProblem
from conformance.spec import catalogue

#: Seconds within which a living target answers anything at all.
PATIENCE = 6.0
#: Operations that need no resource; the first needs no permission either.
_QUESTIONS: tuple[tuple[str, Scheme], ...] = (
    ("DescribeRegions", "V3"),
    ("DescribeRegions", "RPC-1.0"),
    ("ListKeys", "V3"),
    ("ListKeys", "RPC-1.0"),
)


class CannotRun(Exception):  # noqa: N818 - why there is no run
    """The target cannot be put to the test; the message says why, ``exit_code`` what it means."""

    def __init__(self, message: str, exit_code: Exit) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class WrongCertificate(Exception):  # noqa: N818 - what was found
    """The target shows a certificate of a trusted authority that is not for it, or not in force."""


def look(caller: Caller) -> bool:
    """Ask the target a few simple things; tell whether any of them succeeds.

    Where nothing succeeds, a refusal proves nothing: an endpoint that refuses everything would keep
    every promise about bad requests.

    Raises:
        CannotRun: When there is no answer, or when it takes the credentials of the identity "full"
            by neither scheme.
    """
    refusals = []
    for operation, scheme in _QUESTIONS:
        try:
            exchange = _ask(caller, scheme, operation)
        except WrongCertificate:
            # A broken promise, for which there is a rule; over TLS nothing else can be tested.
            return False
        if _is_right(exchange):
            return True
        if _refuses_credentials(exchange):
            refusals.append(exchange.describe())
    if len(refusals) < len(_QUESTIONS):
        return False
    found = ", ".join(dict.fromkeys(refusals))
    raise CannotRun(
        f"the target refuses the credentials of the identity 'full' ({found}): check "
        "access key id, secret and token, and the clock of this machine",
        Exit.USAGE,
    )


def answers(caller: Caller) -> bool:
    """Tell whether the target answers anything at all."""
    try:
        _ask(caller, "V3", "DescribeRegions")
    except WrongCertificate:
        return True
    except CannotRun:
        return False
    return True


def _is_right(exchange: Exchange) -> bool:
    """Tell whether an answer is a success with the documented members, RequestId apart."""
    validator = catalogue().operations[exchange.operation].response_validator
    return exchange.ok and validator.is_valid({**exchange.data, "RequestId": "any"})


def _ask(caller: Caller, scheme: Scheme, operation: str) -> Exchange:
    patience = min(PATIENCE, caller.target.timeout)
    gateway = "shared" if "shared" in caller.target.gateways else "dedicated"
    try:
        return caller.call(
            operation, scheme=scheme, timeout=patience, gateway=gateway, patient=False
        )
    except Outcome as outcome:
        if isinstance(outcome, TransportProblem) and outcome.own:
            raise WrongCertificate from None
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
