"""What rules about agents share: secrets to ask for, and where an answer holds what."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from conformance.client.agent.session import PATIENCE, Agent
from conformance.client.agent.upstream import Secret
from conformance.client.exchange import Exchange
from conformance.run.context import Kms
from conformance.run.registry import rule
from conformance.run.verdict import NotTestable
from conformance.spec import catalogue

PAGES = "KMS Agent pages, overview and use (2025-03 to 2026)"
SERVER = "KMS Agent pages, section Server of the configuration (2025-03 to 2026)"
KIN = (
    "Programs of the same kind: third-party variant jht5945/alibaba-cloud-kms-agent (2024-12), "
    "AWS Secrets Manager Agent (2026); no page of KMS says"
)
#: Seconds for which values are kept where a rule waits for their end.
SHORT = 1.0
#: Seconds beyond the TTL after which a value is no longer fresh on any clock.
BEYOND = 0.3
#: Secrets that grow old together: one for each rule that takes one.
_AT_A_TIME = 5
#: Seconds beyond the TTL: no page says how long an agent falls back to a value.
_OLD_AT_MOST = 5.0
CELLS = ("shared-ram-api-secret-retrieval.kms-agent",)

#: Declares a rule of this family; most are about reading a value.
agent_rule = partial(
    rule,
    family="agent",
    operations=("GetSecretValue",),
    needs=("feature:agent",),
    safety="creates",
    cells=CELLS,
)


def service() -> Mapping[str, Any]:
    """Return what the specs say of agents."""
    document: Mapping[str, Any] = catalogue().document("agent/service")
    return document


def answers(response_type: int) -> Mapping[str, Any]:
    """Return what the specs say of answers under a ResponseType."""
    document: Mapping[str, Any] = catalogue().document(f"agent/response-type-{response_type}")
    return document


def new_secret(kms: Kms, agent: Agent, **more: str) -> Secret:
    """Make a secret whose value is a JSON object, as secrets often are.

    Args:
        kms: The run.
        agent: Whose upstream is to hold it.
        more: Name, and further parameters of CreateSecret.
    """
    password = f"canary-{kms.bytes(12).hex()}"
    value = json.dumps({"username": "app", "password": password})
    return agent.upstream.create(value, parts=(password,), **more)


def lead(document: Any, pointers: list[str]) -> Any:
    """Return what the first JSON pointer that leads somewhere leads to, else None."""
    for pointer in pointers:
        found = document
        for name in pointer.split("/")[1:]:
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is not None:
            return found
    return None


def value_of(agent: Agent, exchange: Exchange, kind: str = "text") -> Any:
    """Return the value in an answer, None where there is none."""
    members = answers(agent.settings.response_type)["members"]
    return lead(exchange.answer.data, members[kind])


def expect_value(kms: Kms, agent: Agent, exchange: Exchange, secret: Secret, when: str) -> None:
    """Expect that an answer is a success with the value of a secret."""
    kms.expect(
        exchange.status == 200,
        f"{when}, the agent should answer 200 with the value, found {exchange.status}",
        exchange,
    )
    found = value_of(agent, exchange)
    what = "another value" if isinstance(found, str) else "no value where one should stand"
    kms.expect(found == secret.value, f"{when}, the agent should answer the value of the secret, "
               f"found {what}", exchange)  # fmt: skip


def expect_refused(kms: Kms, agent: Agent, exchange: Exchange, secret: Secret, why: str) -> None:
    """Expect that an answer is no success and gives nothing of a secret away."""
    kms.expect(
        exchange.status >= 400,
        f"{why}, the agent should refuse, found {exchange.status}",
        exchange,
    )
    told = exchange.response_body.decode("utf-8", "replace")
    password = str(json.loads(secret.value)["password"])
    kms.expect(
        password not in told, f"{why}, the refusal should hold no value, found it there", exchange
    )
    kms.expect(
        agent.token not in told,
        f"{why}, the refusal should hold no token, found it there",
        exchange,
    )


def read(kms: Kms, agent: Agent, secret: Secret, when: str) -> Exchange:
    """Read a secret that has to be answered."""
    exchange = agent.read(secret.name)
    expect_value(kms, agent, exchange, secret, when)
    return exchange


@dataclass(frozen=True)
class Aged:
    """A secret whose value an agent has fetched, and when, by the monotonic clock."""

    secret: Secret
    fetched: float


def old_secret(kms: Kms, agent: Agent) -> Secret:
    """Return a secret whose value the agent has, and which is no longer fresh.

    Several are made and read at a time, so that rules wait for the same while.
    """
    pool: list[Aged] = kms.memo.setdefault(("old secrets", agent.url), [])
    too_old = time.monotonic() - lifetime(agent) - _OLD_AT_MOST
    while pool and pool[0].fetched < too_old:
        pool.pop(0)
    if not pool:
        for _ in range(_AT_A_TIME):
            secret = new_secret(kms, agent)
            read(kms, agent, secret, "while KMS is there")
            pool.append(Aged(secret, time.monotonic()))
    aged = pool.pop(0)
    time.sleep(max(0.0, aged.fetched + lifetime(agent) + BEYOND - time.monotonic()))
    return aged.secret


def wait_until_old(agent: Agent) -> None:
    """Return when what the agent has just fetched is no longer fresh."""
    time.sleep(lifetime(agent) + BEYOND)


def lifetime(agent: Agent) -> float:
    """Return the TTL of an agent that a rule waits for.

    Raises:
        NotTestable: When it is not known, or too long.
    """
    if agent.ttl is None or agent.ttl > PATIENCE:
        raise NotTestable("the time for which the agent keeps values is not known")
    return agent.ttl
