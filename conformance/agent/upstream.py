"""Asks KMS, as a RAM identity of a target file, over the gateway that the settings name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from conformance.agent.settings import Settings
from conformance.spec import catalogue, resolve
from conformance.target import Target, load_target
from conformance.target.model import is_loopback
from conformance.target.problems import UsageError
from conformance.target.trust import trust_context
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import AccessKey, StsToken
from conformance.wire.encoding import encode_query
from conformance.wire.envelope import parse
from conformance.wire.identity import KMS_VERSION

_CONNECTIONS = 100


class Away(Exception):  # noqa: N818 - what was found, no error of the agent
    """KMS could not be asked: no answer, or none that can be read."""


@dataclass(frozen=True, slots=True)
class Said:
    """What KMS answered.

    Attributes:
        status: HTTP status.
        members: Members of the body.
        code: Error code of a refusal.
        message: Error text of a refusal.
    """

    status: int
    members: Mapping[str, Any] = field(repr=False)
    code: str = ""
    message: str = field(default="", repr=False)

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    @property
    def passing(self) -> bool:
        """Whether the same call may soon succeed: errors of the service, and limits of rate."""
        known = catalogue().errors.kms_api.get(self.code)
        return self.status >= 500 or (known is not None and known.retryable is True)


class Upstream:
    """One gateway of one target.

    Args:
        settings: Name target, gateway and identity.

    Raises:
        UsageError: When they name nothing that can be asked.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.target is None:
            raise UsageError(
                "no upstream: name a target file with --target, or as Target under [Kms] of the "
                "configuration; kms-conformance serve prints one that is ready for use"
            )
        self.target: Target = load_target(settings.target)
        credential = _credential(self.target, settings)
        gateway = self.target.gateways.get(settings.gateway)
        if gateway is None:
            raise UsageError(
                f"the target file {settings.target} has no [gateways.{settings.gateway}]: "
                "add it, or choose another gateway"
            )
        listener = next(name for name in ("https", "http") if name in gateway.listeners)
        self.url = gateway.listeners[listener]
        self._client = httpx.Client(
            auth=Acs3Auth(credential),
            verify=trust_context(gateway.ca) if listener == "https" else True,
            timeout=settings.timeout,
            trust_env=not is_loopback(self.url),
            limits=httpx.Limits(max_connections=_CONNECTIONS),
        )

    def call(self, operation: str, params: Mapping[str, str]) -> Said:
        """Send one call; may be called from several threads.

        Raises:
            Away: When there is no answer that can be read.
        """
        named = {"Action": operation, "Version": KMS_VERSION, **params}
        url = f"{self.url}/?{encode_query(list(named.items()))}"
        try:
            response = self._client.post(url, headers={"accept": "application/json"})
        except httpx.TransportError as error:
            raise Away(type(error).__name__) from None
        known = catalogue().operations[operation]
        answer = parse(
            response.status_code,
            list(response.headers.items()),
            response.content,
            known.response,
            operation=operation,
            resolve=resolve,
        )
        if answer.data is None:
            raise Away("unreadable answer")
        return Said(answer.status, answer.data, answer.code or "", answer.message or "")

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


def _credential(target: Target, settings: Settings) -> AccessKey | StsToken:
    found: object = target.identities.get(settings.identity)
    if found is None:
        raise UsageError(
            f"the target file {settings.target} has no [identities.{settings.identity}]: "
            f"it has {', '.join(target.identities)}"
        )
    if not isinstance(found, AccessKey | StsToken):
        raise UsageError(
            f"the identity {settings.identity!r} of {settings.target} is no RAM credential: an "
            "agent asks with an access key or a temporary one"
        )
    return found
