"""How often an agent asks KMS, and what it does while KMS is away."""

import time

from conformance.client.agent.session import Agent
from conformance.client.agent.upstream import Secret
from conformance.rules.agent.asking import (
    PAGES,
    SERVER,
    SHORT,
    agent_rule,
    expect_refused,
    expect_value,
    lifetime,
    new_secret,
    old_secret,
    read,
    value_of,
    wait_until_old,
)
from conformance.run.context import Kms
from conformance.run.registry import Level
from conformance.run.verdict import NotTestable

#: Reads of the same value.
_READS = 5
#: Times that a value may be read after its TTL until the new one has to be there.
_PATIENT_READS = 4
#: An agent may try KMS more than once before it takes it for away, in seconds.
_TRYING = 61.0


@agent_rule(
    "AGT-010",
    level=Level.MUST,
    statement="While a value is fresh it is served from memory: however often it is read, KMS is "
    "asked for it once.",
    provenance="documented",
    source=PAGES,
    stage="service",
)
def asks_once_inside_the_ttl(kms: Kms) -> None:
    """Several reads one after the other lead to one GetSecretValue."""
    agent = kms.agent()
    secret = new_secret(kms, agent)
    agent.upstream.forget()
    started = time.monotonic()
    for _ in range(_READS):
        read(kms, agent, secret, "while the value is fresh")
    if agent.ttl is not None and time.monotonic() - started > agent.ttl:
        raise NotTestable("the reads took longer than the agent keeps values: give it a longer ttl")
    found = agent.upstream.retrievals(secret)
    kms.expect(
        found == 1,
        f"{_READS} reads while the value is fresh should ask KMS once, found {found} times",
        *kms.exchanges[-1:],
    )


@agent_rule(
    "AGT-011",
    level=Level.MUST,
    statement="When the TTL has run out, the value is fetched anew.",
    provenance="documented",
    source=PAGES,
    stage="service",
)
def refreshes_after_the_ttl(kms: Kms) -> None:
    """A new current value shows at the latest some TTLs after it was put."""
    agent = kms.agent(ttl=SHORT)
    secret = old_secret(kms, agent)
    changed = agent.upstream.put(secret, secret.value.replace("app", "new"), "v2")
    _expect_to_show(kms, agent, changed, "after the TTL")


def _expect_to_show(kms: Kms, agent: Agent, secret: Secret, when: str) -> None:
    """Expect a value that is not fresh to be refreshed; each read leaves a whole TTL for it."""
    for attempt in range(_PATIENT_READS):
        if attempt:
            wait_until_old(agent)
        exchange = agent.read(secret.name)
        kms.expect(
            exchange.ok, f"{when}, the agent should answer, found {exchange.status}", exchange
        )
        if value_of(agent, exchange) == secret.value:
            return
    kms.violated(
        f"{when} ({lifetime(agent):g} s), the agent should answer the new value, found another "
        f"{_PATIENT_READS} times",
        exchange,
    )


@agent_rule(
    "AGT-012",
    level=Level.MUST,
    statement="While KMS cannot be reached, the agent falls back to the value that it has, also "
    "when its TTL has run out.",
    provenance="documented",
    source=PAGES,
    stage="service",
)
def serves_the_last_value_while_kms_is_away(kms: Kms) -> None:
    """With every connection to KMS reset, a value that is no longer fresh is still answered."""
    agent = kms.agent(ttl=SHORT)
    secret = old_secret(kms, agent)
    with agent.upstream.away():
        for _ in range(2):
            exchange = agent.read(secret.name, timeout=_TRYING)
            expect_value(kms, agent, exchange, secret, "while KMS is away")


@agent_rule(
    "AGT-013",
    level=Level.MUST,
    statement="While KMS cannot be reached, a value that the agent has never had is not answered.",
    provenance="inferred",
    source=PAGES,
    stage="service",
)
def makes_up_no_value(kms: Kms) -> None:
    """With every connection to KMS reset, a secret that was never read gets no success."""
    agent = kms.agent(ttl=SHORT)
    read(kms, agent, new_secret(kms, agent), "while KMS is there")
    secret = new_secret(kms, agent)
    with agent.upstream.away():
        exchange = agent.read(secret.name, timeout=_TRYING)
    expect_refused(kms, agent, exchange, secret, "while KMS is away and nothing is cached")


@agent_rule(
    "AGT-014",
    level=Level.SHOULD,
    statement="When KMS is there again, values are fetched anew.",
    provenance="inferred",
    source=f"{PAGES}: a value is refreshed when its TTL runs out",
    stage="service",
)
def comes_back_to_kms(kms: Kms) -> None:
    """A value that was served while KMS was away is replaced once it is back."""
    agent = kms.agent(ttl=SHORT)
    secret = old_secret(kms, agent)
    with agent.upstream.away():
        agent.read(secret.name, timeout=_TRYING)
    wait_until_old(agent)
    changed = agent.upstream.put(secret, secret.value.replace("app", "new"), "v2")
    _expect_to_show(kms, agent, changed, "once KMS is back")


@agent_rule(
    "AGT-015",
    level=Level.SHOULD,
    statement="While KMS fails in a passing way, a value whose TTL has run out is still served "
    "(IgnoreTransientErrors, on by default).",
    provenance="documented",
    source=SERVER,
    stage="service",
)
def serves_the_last_value_while_kms_fails(kms: Kms) -> None:
    """ServiceUnavailableTemporary after the TTL does not reach the application."""
    agent = kms.agent(ttl=SHORT)
    secret = old_secret(kms, agent)
    with agent.upstream.refusing(503, "ServiceUnavailableTemporary"):
        exchange = agent.read(secret.name, timeout=_TRYING)
        expect_value(kms, agent, exchange, secret, "while KMS fails")


@agent_rule(
    "AGT-016",
    level=Level.SHOULD,
    statement="A value that KMS no longer gives out is not served for good: a refusal is no "
    "passing error.",
    provenance="inferred",
    source=f"{SERVER}: IgnoreTransientErrors is about passing errors",
    stage="service",
    safety="destructive",
)
def lets_go_of_what_is_gone(kms: Kms) -> None:
    """A secret that was deleted is refused some TTLs later."""
    agent = kms.agent(ttl=SHORT)
    secret = old_secret(kms, agent)
    agent.upstream.delete(secret)
    for attempt in range(_PATIENT_READS):
        if attempt:
            wait_until_old(agent)
        exchange = agent.read(secret.name)
        if not exchange.ok:
            break
    expect_refused(kms, agent, exchange, secret, "after the secret was deleted")
