"""KMS as the agent under test sees it: secrets are made there, and what arrives is counted.

It is the target itself when the agent runs already, or when the target is the embedded endpoint
without a deviation, and else the embedded endpoint in a process of its own. Counting and failing
need the control surface of the embedded endpoint.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from conformance.client.caller import Caller
from conformance.client.exchange import Exchange
from conformance.client.resources.base import Names
from conformance.run.verdict import NotTestable
from conformance.target.model import Target

_CONTROL_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret on the upstream, with its current value and version."""

    name: str
    value: str = field(repr=False)
    version: str = "v1"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that arrived upstream.

    Attributes:
        operation: What it asked for.
        secret: The secret it was about, None for none.
        status: How it was answered.
        scheme: How it was signed.
        gateway: shared or dedicated.
    """

    operation: str
    secret: str | None
    status: int
    scheme: str
    gateway: str


class Upstream:
    """KMS behind an agent.

    Args:
        caller: Calls it as the suite, not as the agent.
        names: Makes names for secrets.
        learn: Is told of every value, so that none is recorded.
    """

    def __init__(self, caller: Caller, names: Names, learn: Callable[[str], None]) -> None:
        self._caller = caller
        self._names = names
        self._learn = learn
        self._recording = False
        self._control = httpx.Client(trust_env=False, timeout=_CONTROL_TIMEOUT)

    def close(self) -> None:
        """Let the upstream go back to counting without keeping."""
        if self._recording:
            with contextlib.suppress(NotTestable):
                self._post("/witness", {"record": False, "clear": True})
        self._control.close()

    @property
    def target(self) -> Target:
        """The target that the agent asks."""
        return self._caller.target

    # --- secrets ------------------------------------------------------------------------------

    def create(
        self, value: str, *, parts: tuple[str, ...] = (), name: str | None = None, **more: str
    ) -> Secret:
        """Make a secret.

        Args:
            value: Its value.
            parts: Pieces of the value that are secret by themselves.
            name: A fresh one unless told.
            more: Further parameters of CreateSecret.
        """
        for part in (value, *parts):
            self._learn(part)
        secret = Secret(name or self._names.fresh("secret"), value)
        named = {
            "SecretName": secret.name,
            "SecretData": value,
            "VersionId": secret.version,
            "Description": self._names.marker,
        }
        self.call("CreateSecret", {**named, **more})
        return secret

    def on_instance(self) -> dict[str, str]:
        """Return parameters that put a secret on an instance, with a key that was made there.

        Raises:
            NotTestable: When the upstream names no instance.
        """
        instance = self.target.resources.get("instance")
        if instance is None:
            raise NotTestable("no instance: name one as instance under [resources]")
        params = {"DKMSInstanceId": instance, "Description": self._names.marker}
        key = self.call("CreateKey", params).data.get("KeyMetadata", {}).get("KeyId")
        return {"DKMSInstanceId": instance, "EncryptionKeyId": str(key)}

    def put(self, secret: Secret, value: str, version: str) -> Secret:
        """Give a secret another current value."""
        self._learn(value)
        params = {"SecretName": secret.name, "SecretData": value, "VersionId": version}
        self.call("PutSecretValue", params)
        return Secret(secret.name, value, version)

    def delete(self, secret: Secret) -> None:
        """Remove a secret at once."""
        self.call(
            "DeleteSecret",
            {"SecretName": secret.name, "ForceDeleteWithoutRecovery": "true"},
        )

    def call(self, operation: str, params: Mapping[str, Any]) -> Exchange:
        """Ask the upstream for something that has to succeed.

        Raises:
            NotTestable: When it does not.
        """
        exchange = self._caller.call(operation, params)
        if not exchange.ok:
            raise NotTestable(
                f"{operation}, by which the rule prepares itself, ended with {exchange.describe()}",
                (exchange,),
            )
        return exchange

    # --- counting and failing -----------------------------------------------------------------

    @property
    def counts(self) -> bool:
        """Whether what arrives can be counted, and answers be made to fail."""
        return self.target.control is not None

    def forget(self) -> None:
        """Begin to count anew."""
        self._recording = True
        self._post("/witness", {"record": True, "clear": True})

    def arrivals(self) -> list[Arrival]:
        """Return what has arrived since `forget`, in order."""
        seen = self._asked("GET", "/witness")["requests"]
        return [
            Arrival(
                operation=one["action"],
                secret=_secret_of(one),
                status=one["status"],
                scheme=one["scheme"],
                gateway="dedicated" if one["listener"] == "dedicated" else "shared",
            )
            for one in seen
        ]

    def retrievals(self, secret: Secret) -> int:
        """Return how often the value of a secret was asked for since `forget`."""
        return sum(
            arrival.operation == "GetSecretValue" and arrival.secret == secret.name
            for arrival in self.arrivals()
        )

    @contextmanager
    def failing(self, step: Mapping[str, Any]) -> Iterator[None]:
        """Answer every request by a step of specs/meta/script.schema.json, until left."""
        self._post("/script", {**step, "times": 0})
        try:
            yield
        finally:
            self._asked("DELETE", "/script")

    def away(self) -> Any:
        """Reset every connection in place of an answer, until left."""
        return self.failing({"reset": True})

    def refusing(self, status: int, code: str) -> Any:
        """Refuse every request, until left."""
        body = {
            "Code": code,
            "Message": "By order.",
            "HttpStatus": status,
            "RequestId": "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0",
        }
        headers = [["content-type", "application/json;charset=utf-8"]]
        return self.failing({"status": status, "headers": headers, "body": json.dumps(body)})

    def _post(self, path: str, document: Any) -> Any:
        return self._asked("POST", path, document)

    def _asked(self, method: str, path: str, document: Any = None) -> Any:
        control = self.target.control
        if control is None:
            raise NotTestable(
                "what reaches KMS cannot be counted here: let the suite start the agent (command "
                "under [agent]), or give it kms-conformance serve as its upstream ([control])"
            )
        content = None if document is None else json.dumps(document)
        headers = {} if content is None else {"content-type": "application/json"}
        try:
            answer = self._control.request(method, control + path, content=content, headers=headers)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise NotTestable(
                f"the control surface of the upstream does not answer ({type(error).__name__})"
            ) from None
        return answer.json()


def is_plain(target: Target) -> bool:
    """Tell whether a target is the embedded endpoint without any deviation in force."""
    if target.control is None:
        return False
    try:
        answer = httpx.get(f"{target.control}/state", trust_env=False, timeout=_CONTROL_TIMEOUT)
        return answer.status_code == 200 and answer.json()["deviations"] == []
    except (httpx.HTTPError, ValueError, KeyError):
        return False


def _secret_of(seen: Mapping[str, Any]) -> str | None:
    pairs = [*(seen["query"] or ()), *(seen["form"] or ())]
    return next((text for name, text in pairs if name == "SecretName"), None)
