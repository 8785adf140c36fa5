"""What the suite adds to a bare pooled httpx loop that signs the same calls."""

import time
from collections.abc import Callable, Iterator

import httpx
from table import Ratio

from conformance.client.caller import Caller
from conformance.client.resources.base import Names, Resources
from conformance.run.context import Bench, Kms
from conformance.spec import catalogue
from conformance.spec.random_requests import Params, random_request
from conformance.target.embedded import embedded_target
from conformance.target.model import Target
from conformance.wire.acs3 import Acs3Auth

OPERATION = "GetRandomPassword"


def runner(rounds: int, count: int) -> Iterator[Ratio]:
    """Calls and property examples of the suite against the bare loop, by rate."""
    few = max(300, count // 3)
    with embedded_target() as target:
        caller = Caller(target)
        names = Names("bench")
        bench = Bench(target, caller, names, Resources(caller, names), seed=1)
        kms = Kms(bench, "bench")
        plain, examples = [], []
        for _ in range(rounds):
            bare = _rate(lambda: _bare(target, few), few)
            plain.append(_rate(lambda: _suite(kms, few), few) / bare)
            examples.append(_rate(lambda: _property(kms, few), few) / bare)
        caller.close()
        yield Ratio("suite calls per second", "bare pooled httpx", tuple(plain), 0.75)
        yield Ratio("property examples per second", "bare pooled httpx", tuple(examples), 0.35)


def _rate(run: Callable[[], None], count: int) -> float:
    started = time.perf_counter()
    run()
    return count / (time.perf_counter() - started)


def _bare(target: Target, count: int) -> None:
    """The loop that anyone would write: one client, signed calls, parsed answers."""
    signer = Acs3Auth(target.identities["full"])
    url = f"{target.gateways['shared'].listeners['https']}/?Action={OPERATION}&Version=2016-01-20"
    ca = target.gateways["shared"].ca
    with httpx.Client(trust_env=False, auth=signer, verify=str(ca) if ca else True) as client:
        for _ in range(count):
            answer = client.post(f"{url}&PasswordLength=20")
            assert len(answer.json()["RandomPassword"]) == 20


def _suite(kms: Kms, count: int) -> None:
    for _ in range(count):
        answer = kms.expect_success(kms.call(OPERATION, {"PasswordLength": 20}))
        kms.expect(
            len(answer.data["RandomPassword"]) == 20, "the length that was asked for", answer
        )
        kms.exchanges.clear()


def _property(kms: Kms, count: int) -> None:
    def check(params: Params) -> None:
        kms.call(OPERATION, params)

    kms.property(random_request(catalogue().operations[OPERATION]), check, max_examples=count)
