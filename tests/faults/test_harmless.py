"""Harmless variations cost no verdict: what passes on the plain endpoint passes on each of them.

A fifth of the variations takes part each day, and a twentieth of the rules for each of them; of rules
with several cases one. In the kill score (`make strength`) an eighth of the rules meets each
variation, and with KMS_CONFORMANCE_THOROUGH all cases of all rules do.
"""

import os
from datetime import UTC, datetime

import pytest
from harness import REPORTS, opened, planned, rules, served

from conformance.reference.deviations import known, put_into_force
from conformance.reference.endpoint import Endpoint
from conformance.run.verdict import Verdict

THOROUGH = bool(os.environ.get("KMS_CONFORMANCE_THOROUGH"))
NAMES = sorted(known("harmless"))
#: One rule in so many meets each variation.
_SHARE = 20
_DAYS = 5
TODAY = datetime.now(UTC).toordinal() % _DAYS


def chosen(place):
    """Return every rule's cases, or one of each: another for each variation."""
    if THOROUGH:
        return planned(list(rules()))
    cases = [
        planned([name]) for number, name in enumerate(rules()) if (number + place) % _SHARE == 0
    ]
    return [several[place * 7 % len(several)] for several in cases]


def verdicts(folder, cases, *harmless):
    """Return case id to verdict and message on an endpoint with some variations."""
    endpoint = Endpoint()
    put_into_force(endpoint, "harmless", harmless)
    with served(endpoint, folder) as target, opened(target, cases) as engine:
        results = [engine.run(case) for case in cases]
    return {result.planned.id: (result.verdict, result.message) for result in results}


def test_there_are_at_least_twenty():
    assert len(NAMES) >= 20


def test_the_plain_endpoint_breaks_nothing(tmp_path):
    found = verdicts(tmp_path, chosen(0))
    reported = {case: told for case, told in found.items() if told[0] in REPORTS}
    assert not reported, reported


@pytest.mark.parametrize("name", NAMES if THOROUGH else NAMES[TODAY::_DAYS])
def test_it_costs_no_verdict(name, tmp_path):
    cases = chosen(NAMES.index(name))
    found = verdicts(tmp_path, cases, name)
    doubtful = [case for case in cases if found[case.id][0] is not Verdict.PASS]
    (tmp_path / "plain").mkdir()
    plain = verdicts(tmp_path / "plain", doubtful) if doubtful else {}
    lost = [case for case in plain if plain[case][0] is Verdict.PASS]
    assert not lost, "\n".join(f"{case}: {found[case][0]} {found[case][1]}" for case in lost)
