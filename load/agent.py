"""KMS Agent under load: plain HTTP on this machine, a token in place of a signature."""

from contextlib import ExitStack

from conformance.client.agent.session import address, token_headers
from conformance.client.agent.starting import AgentProcess, AgentSettings
from conformance.run.verdict import NotTestable
from conformance.target.model import Target
from load.checks import digest_of
from load.corpus import Case
from load.failures import NothingProven
from load.papers import Papers
from load.signing import AGENT
from load.things import VARIANTS, Things


class AgentTemplate:
    """A request for a secret, the same each time.

    Args:
        token: What the agent wants to be shown.
        authority: Value of the Host header.
        secret: Name of the secret.
    """

    def __init__(self, token: str, authority: str, secret: str) -> None:
        self._request = (
            f"GET {address(secret, 'path', {})} HTTP/1.1\r\nHost: {authority}\r\n"
            f"User-Agent: {AGENT}\r\nAccept: */*\r\n{token_headers()[0]}: {token}\r\n\r\n"
        ).encode()

    def sign(self) -> bytes:
        """Return the request, which carries no signature."""
        return self._request


class AgentPreparation:
    """Prepares requests to an agent.

    Args:
        things: Secrets on the KMS that it asks.
        shape: ResponseType of the agent.
    """

    def __init__(self, things: Things, shape: int) -> None:
        self._things = things
        self._shape = shape

    def cases(self, operation: str) -> list[Case]:
        """Return the requests of GetSecretValue, the only operation: every value is compared."""
        values = self._things.secrets()
        cases = []
        for name, share in self._things.shares(list(values)):
            digest = digest_of(values[name])
            expect = {"kind": "secret", "secret": name, "digest": digest, "shape": self._shape}
            pairs = (("SecretName", name),)
            cases.append(Case(operation, pairs, share * VARIANTS, expect, "agent"))
        return cases

    def close(self) -> None:
        """Close nothing: an agent is not called beforehand."""


def started_agent(target: Target, gateway: str, stack: ExitStack) -> Papers:
    """Return address and token of the agent of a target, started when it has to be.

    Args:
        target: Names the agent, and is what it asks.
        gateway: The gateway that a started one asks.
        stack: Ends what was started.

    Raises:
        NothingProven: When it does not start.
    """
    entry = target.agent
    assert entry is not None
    if not entry.command:
        return Papers(agent=(entry.url, entry.token or ""))
    try:
        process = AgentProcess(entry, target, AgentSettings(gateway=gateway))
    except NotTestable as problem:
        raise NothingProven(str(problem)) from None
    stack.callback(process.stop)
    return Papers(agent=(process.url, process.token))
