"""Times: right ones pass, stale ones and texts that are no time do not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

from conformance.client.building import Scheme
from conformance.client.exchange import Exchange
from conformance.rules.authentication.answers import (
    RPC_PAGE,
    SCHEMES,
    TABLES,
    V3_PAGE,
    ask,
    expect_failure,
    right_signer,
    twin,
    wrong_signer,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.wire.tamper import signers

_SOURCE = f"{RPC_PAGE}; {V3_PAGE}; {TABLES}"
#: Between the narrowest and the widest window that current pages name.
_BETWEEN = timedelta(minutes=23)
#: What is no difference between two clocks, and what is no clock.
_TRAVEL = timedelta(seconds=20)
_SENSIBLE = timedelta(minutes=14)


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that is off."""

    scheme: Scheme
    minutes: int


def _lag(exchange: Exchange) -> timedelta:
    """Return how far the target's clock, as its Date header shows it, is from this machine's.

    A request is as old as the target's clock says. Less than a few seconds are none, for the header
    counts whole seconds and the answer has travelled.
    """
    try:
        shown = parsedate_to_datetime(exchange.header("date") or "")
        lag = shown - exchange.started
    except (TypeError, ValueError):
        return timedelta()
    return lag if _TRAVEL < abs(lag) < _SENSIBLE else timedelta()


def _clocks(*minutes: int) -> Iterable[Case]:
    for scheme in SCHEMES:
        for offset in minutes:
            yield Case(f"{offset:+d} min {scheme}", Clock(scheme, offset))


@rule(
    "AUTH-020",
    level=Level.MUST,
    family="authentication",
    statement="A request whose time is more than 31 minutes off, past or future, is refused as "
    "stale.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    operations=("ListKeys",),
    tags=("negative",),
    readings=("error-family", "freshness-window"),
    cases=lambda: _clocks(-33, 33, -62, 62, -60 * 24 * 365, 60 * 24 * 365),
)
def stale_time(kms: Kms, clock: Clock) -> None:
    """Sign rightly by a clock that is off by more than any documented window of current pages."""
    kms.require(f"scheme:{clock.scheme}")
    lag = _lag(twin(kms, clock.scheme))
    signer = right_signer(kms, clock.scheme)
    off = signers.shifted(signer, timedelta(minutes=clock.minutes) + lag)
    exchange = ask(kms, clock.scheme, off)
    expect_failure(kms, exchange, "stale-timestamp", why=f"clock {clock.minutes:+d} minutes off")
    if clock.scheme == "RPC-1.0" and clock.minutes == -33:
        between = ask(kms, clock.scheme, signers.shifted(signer, lag - _BETWEEN))
        kms.showed("freshness-window", "31min" if between.ok else "15min", between)


@rule(
    "AUTH-021",
    level=Level.MUST,
    family="authentication",
    statement="A request whose time is up to 14 minutes off, past or future, is served: every "
    "documented window is wider.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    operations=("ListKeys",),
    readings=("freshness-window",),
    cases=lambda: _clocks(-14, -5, 5, 14),
)
def clock_slightly_off(kms: Kms, clock: Clock) -> None:
    """Sign rightly by a clock that is off by less than any documented window."""
    kms.require(f"scheme:{clock.scheme}")
    signer = right_signer(kms, clock.scheme)
    off = timedelta(minutes=clock.minutes) + _lag(ask(kms, clock.scheme, signer))
    exchange = ask(kms, clock.scheme, signers.shifted(signer, off))
    kms.expect(
        exchange.ok,
        f"a request {clock.minutes:+d} minutes off should be served, found {exchange.describe()}",
        exchange,
    )


@rule(
    "AUTH-022",
    level=Level.MUST,
    family="authentication",
    statement="A time that is not of the form yyyy-MM-ddTHH:mm:ssZ is refused as such.",
    provenance="documented",
    source=_SOURCE,
    stage="authentication",
    operations=("ListKeys",),
    tags=("negative",),
    readings=("error-family",),
    cases=lambda: (
        Case(f"{mutation} {scheme}", (scheme, mutation))
        for scheme in SCHEMES
        for mutation in ("time-with-blank", "time-impossible", "time-no-time")
    ),
)
def malformed_time(kms: Kms, how: tuple[Scheme, str]) -> None:
    """Sign rightly with a time that cannot be read."""
    scheme, mutation = how
    kms.require(f"scheme:{scheme}")
    twin(kms, scheme)
    exchange = ask(kms, scheme, wrong_signer(kms, scheme, mutation))
    expect_failure(kms, exchange, "malformed-timestamp", why=mutation)
