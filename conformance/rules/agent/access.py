"""Who may ask an agent: this machine alone, with the token, for values alone."""

from collections.abc import Iterator

from conformance.client.agent.exposure import exposed
from conformance.client.agent.session import Agent, token_headers
from conformance.client.agent.upstream import Secret
from conformance.rules.agent.asking import (
    PAGES,
    SERVER,
    agent_rule,
    expect_refused,
    expect_value,
    new_secret,
    service,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level
from conformance.spec import catalogue

_FORMS = ("path", "query")


def forms() -> Iterator[Case]:
    """Yield the two forms of a request."""
    for one in service()["forms"]:
        yield Case(one["form"], one["form"])


def headers() -> Iterator[Case]:
    """Yield the headers that may carry the token."""
    for name in token_headers():
        yield Case(name, name)


@agent_rule(
    "AGT-001",
    level=Level.MUST,
    statement="The agent listens on loopback only.",
    provenance="documented",
    source=PAGES,
    stage="gateway",
)
def listens_on_loopback_only(kms: Kms) -> None:
    """Its port is open on no other address of this machine, and answers on loopback."""
    agent = kms.agent()
    secret = new_secret(kms, agent)
    expect_value(kms, agent, agent.read(secret.name), secret, "on loopback")
    found = exposed(agent.url)
    kms.expect(
        not found, f"the agent should listen on loopback only, found it on {', '.join(found)}"
    )


@agent_rule(
    "AGT-002",
    level=Level.MUST,
    statement="A request without the token is forbidden.",
    provenance="documented",
    source=SERVER,
    stage="authentication",
    cases=forms,
)
def needs_the_token(kms: Kms, form: str) -> None:
    """Nothing is answered without the token, be the value in the cache or not."""
    agent = kms.agent()
    secret = new_secret(kms, agent)
    for when in ("while nothing is cached", "while the value is cached"):
        refused = agent.read(secret.name, form=form, token=None)
        expect_refused(kms, agent, refused, secret, f"without the token, {when}")
        right = agent.read(secret.name, form=form)
        expect_value(kms, agent, right, secret, "with the token")


def wrong_tokens() -> Iterator[Case]:
    """Yield ways in which a token is not the right one."""
    for name in ("another", "first-half", "longer", "other-case", "empty", "all-but-the-last"):
        yield Case(name, name)


def _wrong(kms: Kms, agent: Agent, way: str) -> str:
    right = agent.token
    wrong = {
        "another": f"wrong-{kms.bytes(16).hex()}",
        "first-half": right[: len(right) // 2],
        "longer": f"{right}x",
        "other-case": right.swapcase(),
        "empty": "",
        "all-but-the-last": right[:-1],
    }[way]
    return wrong if wrong != right else f"{right}x"


@agent_rule(
    "AGT-003",
    level=Level.MUST,
    statement="A token is good only when it equals the one that the agent has read at start.",
    provenance="documented",
    source=SERVER,
    stage="authentication",
    cases=wrong_tokens,
)
def refuses_a_wrong_token(kms: Kms, way: str) -> None:
    """A token that is not quite the right one opens nothing, in either header."""
    agent = kms.agent()
    secret = new_secret(kms, agent)
    expect_value(kms, agent, agent.read(secret.name), secret, "with the token")
    for header in token_headers():
        refused = agent.read(secret.name, token=_wrong(kms, agent, way), header=header)
        expect_refused(kms, agent, refused, secret, f"with a wrong token in {header} ({way})")


@agent_rule(
    "AGT-004",
    level=Level.MUST,
    statement="The token is taken from either of the headers X-KMS-Token and X-Vault-Token.",
    provenance="documented",
    source=PAGES,
    stage="authentication",
    cases=headers,
)
def takes_either_header(kms: Kms, header: str) -> None:
    """One of the headers alone is enough."""
    agent = kms.agent()
    secret = new_secret(kms, agent)
    answered = agent.read(secret.name, header=header)
    expect_value(kms, agent, answered, secret, f"with the token in {header}")


@agent_rule(
    "AGT-005",
    level=Level.MUST,
    statement="A secret is asked for by its name in the path, or in the parameter secretId.",
    provenance="documented",
    source=PAGES,
    stage="service",
    cases=forms,
)
def understands_both_forms(kms: Kms, form: str) -> None:
    """Each form gives each of two secrets its own value."""
    agent = kms.agent()
    for secret in (new_secret(kms, agent), new_secret(kms, agent)):
        answered = agent.read(secret.name, form=form)
        expect_value(kms, agent, answered, secret, f"asked by the form {form!r}")


def other_methods() -> Iterator[Case]:
    """Yield methods that are not for reading, by form."""
    for form in _FORMS:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            yield Case(f"{method} {form}", (method, form))


_CLOSED = (
    "shared-ram-api-management.kms-agent",
    "shared-ram-api-cryptographic.kms-agent",
)


def _does_more(operation: str) -> bool:
    """Tell whether an operation does more than to read; an unknown one does nothing."""
    known = catalogue().operations.get(operation)
    if known is None:
        return False
    return known.safety != "read-only" or known.category == "cryptographic"


def _expect_no_effect(kms: Kms, agent: Agent, secret: Secret, what: str) -> None:
    """Expect that nothing but reading has reached KMS, and that a secret is as it was."""
    if agent.upstream.counts:
        arrived = (one.operation for one in agent.upstream.arrivals())
        changing = [operation for operation in arrived if _does_more(operation)]
        kms.expect(
            not changing,
            f"{what} should reach KMS as reading at most, found a call of {', '.join(changing)}",
            *kms.exchanges[-1:],
        )
    now = agent.upstream.call("GetSecretValue", {"SecretName": secret.name})
    kms.expect(
        now.data.get("SecretData") == secret.value,
        f"{what} should leave the secret as it was, found another value",
        *kms.exchanges[-1:],
    )


def _forget(agent: Agent) -> None:
    if agent.upstream.counts:
        agent.upstream.forget()


@agent_rule(
    "AGT-006",
    level=Level.MUST,
    statement="The agent retrieves values and does nothing else: no other method changes a secret.",
    provenance="documented",
    source="KMS integration overview (2025-06)",
    stage="gateway",
    operations=(),
    cells=_CLOSED,
    cases=other_methods,
)
def other_methods_change_nothing(kms: Kms, case: tuple[str, str]) -> None:
    """A request by another method, with a value as its body, leaves the secret as it is."""
    method, form = case
    agent = kms.agent()
    secret = new_secret(kms, agent)
    expect_value(kms, agent, agent.read(secret.name), secret, "before")
    _forget(agent)
    body = b'{"SecretData":"changed","VersionId":"v2","SecretString":"changed"}'
    json_body = (("content-type", "application/json"),)
    agent.read(secret.name, form=form, method=method, headers=json_body, content=body)
    _expect_no_effect(kms, agent, secret, f"{method} by the form {form!r}")


def other_paths() -> Iterator[Case]:
    """Yield paths by which something else might be asked for; ``{}`` is the name of a secret."""
    named = {
        "action-in-the-query": "/?Action=DeleteSecret&SecretName={}"
        "&ForceDeleteWithoutRecovery=true&Version=2016-01-20",
        "action-beside-a-name": "/v1/{}?Action=DeleteSecret&ForceDeleteWithoutRecovery=true",
        "action-beside-secret-id": "/secretsmanager/get?secretId={}&Action=PutSecretValue"
        "&SecretData=changed&VersionId=v2",
        "put": "/secretsmanager/put?secretId={}&secretData=changed&versionId=v2",
        "delete": "/secretsmanager/delete?secretId={}&forceDeleteWithoutRecovery=true",
        "create-key": "/?Action=CreateKey&Version=2016-01-20",
        "encrypt": "/?Action=Encrypt&KeyId={}&Plaintext=aGVsbG8%3D&Version=2016-01-20",
    }
    for name, path in named.items():
        yield Case(name, path)


@agent_rule(
    "AGT-007",
    level=Level.MUST,
    statement="The agent has no route for management or cryptography: no path leads to it.",
    provenance="documented",
    source="KMS integration overview (2025-06)",
    stage="gateway",
    operations=(),
    cells=_CLOSED,
    cases=other_paths,
)
def other_paths_change_nothing(kms: Kms, path: str) -> None:
    """What asks for another operation reaches KMS as no such operation."""
    agent = kms.agent()
    secret = new_secret(kms, agent)
    expect_value(kms, agent, agent.read(secret.name), secret, "before")
    _forget(agent)
    for method in ("GET", "POST"):
        agent.ask(path.format(secret.name), method=method, secret=secret.name)
    _expect_no_effect(kms, agent, secret, "a request for another operation")
