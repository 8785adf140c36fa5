"""What an agent does with KMS and with what it knows: gateways, signatures, log, many callers."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from conformance.rules.agent.asking import (
    PAGES,
    SHORT,
    agent_rule,
    expect_value,
    new_secret,
    read,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level
from conformance.wire.identity import Scheme

_OF_RAM = {scheme.value for scheme in (Scheme.RPC, Scheme.V3, Scheme.V4)}
#: Connections at a time; the documented most is 800.
_CALLERS = 40


def gateways() -> Iterator[Case]:
    """Yield the gateways that an agent may ask."""
    for name in ("shared", "dedicated"):
        cell = f"{name}-ram-api-secret-retrieval.kms-agent"
        yield Case(name, name, "GetSecretValue", (cell,))


@agent_rule(
    "AGT-030",
    level=Level.MUST,
    statement="The agent asks KMS API by a RAM identity, over the shared or the dedicated gateway "
    "as it is set.",
    provenance="documented",
    source="KMS integration overview (2025-06); KMS Agent pages (2025-03 to 2026)",
    stage="service",
    cells=("*-ram-api-secret-retrieval.kms-agent",),
    cases=gateways,
)
def asks_over_either_gateway(kms: Kms, gateway: str) -> None:
    """A secret of the instance is read over the gateway; what arrives is signed as RAM signs."""
    agent = kms.agent(gateway=gateway)
    secret = new_secret(kms, agent, **agent.upstream.on_instance())
    agent.upstream.forget()
    exchange = agent.read(secret.name)
    expect_value(kms, agent, exchange, secret, f"over the {gateway} gateway")
    arrived = [one for one in agent.upstream.arrivals() if one.secret == secret.name]
    kms.expect(
        any(one.operation == "GetSecretValue" for one in arrived),
        "GetSecretValue of KMS API should reach KMS, found none",
        exchange,
    )
    kms.expect(
        {one.gateway for one in arrived} == {gateway},
        f"the agent should ask the {gateway} gateway, found a call on the other",
        exchange,
    )
    schemes = {one.scheme for one in arrived}
    kms.expect(
        schemes <= _OF_RAM,
        f"the agent should sign as RAM signs, found {', '.join(sorted(schemes))}",
        exchange,
    )


@agent_rule(
    "AGT-031",
    level=Level.MUST,
    statement="Many applications are served at a time: the documented most are 800 connections.",
    provenance="documented",
    source="KMS Agent pages, MaxConn (2025-03 to 2026)",
    stage="service",
)
def serves_many_at_a_time(kms: Kms) -> None:
    """Reads on many connections at once get the value, each of them."""
    agent = kms.agent()
    secret = new_secret(kms, agent)
    read(kms, agent, secret, "alone")
    with ThreadPoolExecutor(_CALLERS) as callers:
        found = list(callers.map(lambda _: agent.read(secret.name), range(_CALLERS)))
    for exchange in found:
        expect_value(kms, agent, exchange, secret, f"with {_CALLERS} callers at a time")


@agent_rule(
    "AGT-032",
    level=Level.SHOULD,
    statement="Neither a value nor the token, nor the access key secret, reaches what the agent "
    "writes.",
    provenance="inferred",
    source=f"{PAGES}: values are kept in memory only",
    stage="service",
)
def writes_no_secret(kms: Kms) -> None:
    """After reads, refusals and an error of KMS, log and output hold nothing secret."""
    agent = kms.agent(ttl=SHORT)
    secret = new_secret(kms, agent)
    for form in ("path", "query"):
        answered = agent.read(secret.name, form=form)
        expect_value(kms, agent, answered, secret, f"asked by the form {form!r}")
    agent.read(secret.name, token=None)
    agent.read(kms.fresh_name("secret"))
    with agent.upstream.refusing(500, "InternalFailure"):
        agent.read(kms.fresh_name("secret"))
    written = agent.written()
    password = str(json.loads(secret.value)["password"])
    hidden = {
        "the value": password,
        "the token": agent.token,
        "the access key secret": agent.upstream.target.identities["full"].secret,
    }
    for what, value in hidden.items():
        coded = base64.b64encode(value.encode()).decode().rstrip("=")
        kms.expect(
            value not in written and coded not in written,
            f"the agent should write no secret, found {what} in what it has written",
            *kms.exchanges[-1:],
        )


@agent_rule(
    "AGT-033",
    level=Level.SHOULD,
    statement="The log is made of lines of JSON.",
    provenance="documented",
    source="KMS Agent pages, section Log of the configuration (2025-03 to 2026)",
    stage="service",
)
def logs_lines_of_json(kms: Kms) -> None:
    """Each line of the log file is a JSON object."""
    agent = kms.agent()
    read(kms, agent, new_secret(kms, agent), "before the log is looked at")
    lines = agent.log_lines()
    wrong = [number for number, line in enumerate(lines, 1) if not _is_object(line)]
    kms.expect(
        not wrong,
        f"each line of the log should be a JSON object, found {len(wrong)} others, the first is "
        f"line {wrong[0] if wrong else 0}",
    )


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
