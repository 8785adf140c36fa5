"""What an agent answers: three shapes, values as they are, versions and stages, errors."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from conformance.client.exchange import Exchange
from conformance.rules.agent.asking import (
    KIN,
    PAGES,
    SHORT,
    agent_rule,
    answers,
    expect_refused,
    lead,
    new_secret,
    read,
    service,
    value_of,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level
from conformance.spec import catalogue


def response_types() -> Iterator[Case]:
    """Yield the values of ResponseType."""
    for number in (0, 1, 2):
        yield Case(str(number), number)


def _complaint(schema: Mapping[str, Any], document: Any) -> str | None:
    """Return what is wrong with a document, without its values; None when nothing is."""
    validator = Draft202012Validator(schema, registry=catalogue().registry)
    errors = sorted(validator.iter_errors(document), key=lambda error: len(error.absolute_path))
    if not errors:
        return None
    first = errors[0]
    place = "/".join(map(str, first.absolute_path)) or "the answer"
    if first.validator == "required":
        missing = sorted(set(first.validator_value) - set(first.instance))
        return f"{place} lacks {', '.join(missing)}"
    return f"{place} breaks {first.validator}"


@agent_rule(
    "AGT-020",
    level=Level.MUST,
    statement="ResponseType decides the shape of an answer: 0 as GetSecretValue of KMS, 1 as that "
    "of AWS Secrets Manager, 2 as a secret of HashiCorp KV.",
    provenance="documented",
    source="KMS Agent pages, ResponseType (2025-03 to 2026)",
    stage="answer",
    cases=response_types,
)
def answers_in_the_shape_asked_for(kms: Kms, response_type: int) -> None:
    """The members by which the shape is known are there, and hold name, version and value."""
    agent = kms.agent(response_type=response_type)
    described = answers(response_type)
    secret = new_secret(kms, agent)
    exchange = agent.read(secret.name)
    kms.expect(exchange.status == 200, f"expected 200, found {exchange.status}", exchange)
    document = exchange.answer.data
    kms.expect(document is not None, "the answer should be a JSON object", exchange)
    wrong = _complaint(described["core"], document)
    kms.expect(
        wrong is None,
        f"under ResponseType {response_type} ({described['title']}), {wrong}",
        exchange,
    )
    for what, wanted in (("name", secret.name), ("version", secret.version)):
        pointers = described["members"][what]
        found = lead(document, pointers)
        kms.expect(
            not pointers or found == wanted,
            f"{' or '.join(pointers)} should be the {what} of the secret, found {found!r}",
            exchange,
        )
    if response_type != 2:
        kms.expect(
            value_of(agent, exchange) == secret.value,
            f"{described['members']['text'][0]} should be the value of the secret, found another",
            exchange,
        )


@agent_rule(
    "AGT-021",
    level=Level.SHOULD,
    statement="An answer holds all that the interface it is modelled on documents, and a JSON "
    "value stands in HashiCorp KV member by member.",
    provenance="inferred",
    source="GetSecretValue of KMS API and of AWS Secrets Manager; KV engine of HashiCorp Vault",
    stage="answer",
    readings=("agent-version-stages", "agent-kv-version", "agent-created-date"),
    cases=response_types,
)
def answers_hold_everything(kms: Kms, response_type: int) -> None:
    """The whole shape; where it is not known which is meant, either is right."""
    agent = kms.agent(response_type=response_type)
    described = answers(response_type)
    secret = new_secret(kms, agent)
    exchange = agent.read(secret.name)
    kms.expect(exchange.status == 200, f"expected 200, found {exchange.status}", exchange)
    document = exchange.answer.data or {}
    wrong = _complaint(described["full"], document)
    kms.expect(wrong is None, f"under ResponseType {response_type}, {wrong}", exchange)
    _note_reading(kms, response_type, document, exchange)
    if response_type == 2:
        found = lead(document, described["members"]["text"])
        kms.expect(
            found == json.loads(secret.value),
            "a value that is a JSON object should stand member by member in data, or in the data "
            "within it, found other members",
            exchange,
        )


def _note_reading(
    kms: Kms, response_type: int, document: Mapping[str, Any], exchange: Exchange
) -> None:
    if response_type == 0:
        wrapped = isinstance(document.get("VersionStages"), Mapping)
        kms.showed("agent-version-stages", "wrapped" if wrapped else "list", exchange)
    elif response_type == 1:
        number = isinstance(document.get("CreatedDate"), int | float)
        kms.showed("agent-created-date", "number" if number else "text", exchange)
    else:
        second = isinstance(document["data"].get("data"), Mapping)
        kms.showed("agent-kv-version", "2" if second else "1", exchange)


_TEXTS: Mapping[str, str] = {
    "json-text": '{"a":"\\u0022","b":[1,2.50,null],"c":{"d":"\\\\"}}',
    "spaces-and-lines": "  canary begins and ends with space \r\n\t",
    "scripts": "canary 凭据 пароль 🔑 é",
    "markup": "canary <&>\"'%20+%00/",
    "long": "canary" + "x" * 20_000,
}


def texts() -> Iterator[Case]:
    """Yield values that are easily changed on the way."""
    for name in (*_TEXTS, "binary"):
        yield Case(name, name)


@agent_rule(
    "AGT-022",
    level=Level.MUST,
    statement="A value is answered as KMS has it, character by character, fresh from KMS and out "
    "of the cache.",
    provenance="documented",
    source=PAGES,
    stage="answer",
    cases=texts,
)
def answers_values_as_they_are(kms: Kms, name: str) -> None:
    """What is read twice is what was put."""
    agent = kms.agent()
    if name == "binary":
        value = base64.b64encode(kms.bytes(300)).decode()
        secret = agent.upstream.create(value, SecretDataType="binary")
    else:
        secret = agent.upstream.create(_TEXTS[name])
    held = agent.upstream.call("GetSecretValue", {"SecretName": secret.name}).data
    for when in ("fresh from KMS", "out of the cache"):
        exchange = agent.read(secret.name)
        kms.expect(exchange.status == 200, f"expected 200, found {exchange.status}", exchange)
        kms.expect(
            value_of(agent, exchange) == held.get("SecretData"),
            f"{when}, the value should be that of KMS, found another",
            exchange,
        )


@agent_rule(
    "AGT-023",
    level=Level.SHOULD,
    statement="A version is asked for by versionId, and does not take the place of the current "
    "one.",
    provenance="inferred",
    source=KIN,
    stage="service",
)
def selects_a_version(kms: Kms) -> None:
    """An earlier version and the current one are told apart, whichever is read first."""
    _selects(kms, {"versionId": "v1"})


@agent_rule(
    "AGT-024",
    level=Level.SHOULD,
    statement="A version is asked for by versionStage, and does not take the place of the current "
    "one.",
    provenance="inferred",
    source=KIN,
    stage="service",
)
def selects_a_stage(kms: Kms) -> None:
    """ACSPrevious and the current version are told apart, whichever is read first."""
    _selects(kms, {"versionStage": "ACSPrevious"})


def _selects(kms: Kms, params: Mapping[str, str]) -> None:
    agent = kms.agent()
    named = ", ".join(f"{name}={value}" for name, value in params.items())
    for earlier_first in (True, False):
        old = new_secret(kms, agent)
        new = agent.upstream.put(old, old.value.replace("app", "new"), "v2")
        order = [(params, old), ({}, new)]
        for asked, wanted in (order if earlier_first else order[::-1]) * 2:
            exchange = agent.read(old.name, params=asked)
            kms.expect(
                exchange.status == 200,
                f"asked for {named if asked else 'the current version'}, the agent should answer "
                f"200, found {exchange.status}",
                exchange,
            )
            kms.expect(
                value_of(agent, exchange) == wanted.value,
                f"asked for {named if asked else 'the current version'}, the agent should answer "
                f"version {wanted.version}, found another value",
                exchange,
            )


@agent_rule(
    "AGT-025",
    level=Level.SHOULD,
    statement="What KMS refuses, the agent refuses: an unknown secret gets no success, and may be "
    "read as soon as it is there.",
    provenance="inferred",
    source=KIN,
    stage="service",
)
def passes_refusals_on(kms: Kms) -> None:
    """An unknown name is refused; once the secret is made, its value is answered."""
    agent = kms.agent(ttl=SHORT)
    name = kms.fresh_name("secret")
    refused = agent.read(name)
    kms.expect(
        400 <= refused.status < 600,
        f"an unknown secret should be refused, found {refused.status}",
        refused,
    )
    secret = new_secret(kms, agent, name=name)
    read(kms, agent, secret, "once the secret is there")


@agent_rule(
    "AGT-026",
    level=Level.SHOULD,
    statement="When KMS refuses, the answer is JSON that names its code as __type.",
    provenance="inferred",
    source=KIN,
    stage="answer",
    safety="read-only",
)
def names_the_code_of_kms(kms: Kms) -> None:
    """An unknown secret leads to the code that KMS has for it."""
    agent = kms.agent()
    exchange = agent.read(kms.fresh_name("secret"))
    found = (exchange.answer.data or {}).get("__type")
    kms.expect(
        found == "Forbidden.ResourceNotFound",
        f"__type should be Forbidden.ResourceNotFound, found {found!r}",
        exchange,
    )


def refusals() -> Iterator[Case]:
    """Yield requests that the agent itself refuses, with the status of programs of its kind."""
    for one in service()["refusals"]:
        if one["refusal"] in {"forwarded", "token", "method", "path", "parameter", "name"}:
            yield Case(one["refusal"], (one["refusal"], one["status"]))


@agent_rule(
    "AGT-027",
    level=Level.SHOULD,
    statement="The agent refuses with the status that programs of its kind have for the reason.",
    provenance="inferred",
    source=KIN,
    stage="gateway",
    cases=refusals,
)
def refuses_by_status(kms: Kms, case: tuple[str, int]) -> None:
    """One thing is wrong with each request."""
    reason, status = case
    agent = kms.agent()
    secret = new_secret(kms, agent)
    read(kms, agent, secret, "with nothing wrong")
    if reason == "forwarded":
        forwarded = [("x-forwarded-for", "203.0.113.7")]
        exchange = agent.read(secret.name, headers=forwarded)
    elif reason == "token":
        exchange = agent.read(secret.name, token=None)
    elif reason == "method":
        exchange = agent.read(secret.name, method="POST")
    elif reason == "path":
        exchange = agent.ask(f"/v9/{secret.name}", secret=secret.name)
    elif reason == "parameter":
        exchange = agent.read(secret.name, params={"unknownParameter": "1"})
    else:
        exchange = agent.read("", form="query")
    expect_refused(kms, agent, exchange, secret, f"for {reason}")
    kms.expect(
        exchange.status == status,
        f"for {reason}, the status should be {status}, found {exchange.status}",
        exchange,
    )


@agent_rule(
    "AGT-028",
    level=Level.SHOULD,
    statement="The agent tells without a token that it is well.",
    provenance="inferred",
    source=KIN,
    stage="gateway",
    safety="read-only",
)
def tells_that_it_is_well(kms: Kms) -> None:
    """The health path answers 200 without a token."""
    agent = kms.agent()
    health = service()["health"]
    exchange = agent.ask(health["path"], token=None)
    kms.expect(
        exchange.status == 200,
        f"{health['path']} should answer 200, found {exchange.status}",
        exchange,
    )
