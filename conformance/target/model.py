"""What is under test: gateways, callers, what is offered and what may be done to it."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from conformance.spec.catalogue import Safety
from conformance.target.agent import AgentEntry
from conformance.wire.credentials import AccessKey, ClientKey, StsToken

ListenerName = Literal["https", "http", "internet"]

#: Safety levels from the harmless to the harmful; a level allows all before it.
SAFETY_LEVELS: tuple[Safety, ...] = ("read-only", "creates", "schedules-deletion", "destructive")


def safety_rank(level: str) -> int:
    """Return the place of a safety level; the higher, the more harm."""
    return SAFETY_LEVELS.index(level)


def is_address(capability: str) -> bool:
    """Tell whether a capability is an address that no target has to have.

    Which gateways a target has is what its file is about: one that it does not name is none.
    """
    return capability.startswith("gateway:") or capability == "listener:internet"


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this machine only."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway: its listeners by name (https, http, internet) and who certifies it.

    Attributes:
        name: "shared" or "dedicated".
        listeners: Listener name to base URL without trailing slash. "https" stands in a VPC, or on
            a side that is not told.
        ca: PEM file to trust instead of the public authorities.
        instance: Id of the instance behind a dedicated gateway, None where it is not told.
        internet_switch: On the shared gateway, whether the instance is open to cryptography from
            the Internet: "on", "off", or None where it is not told.
    """

    name: str
    listeners: Mapping[str, str]
    ca: Path | None = None
    instance: str | None = None
    internet_switch: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A target as its file describes it.

    Attributes:
        name: Name in reports.
        region: Region id.
        account: Account id in ARNs, None when it is to be learned.
        safety: Highest safety level allowed.
        billable: Operations that may cost money and are allowed nevertheless.
        rate: Most requests a second, None for no limit.
        timeout: Seconds for one call, connecting included.
        case_timeout: Seconds for one case of a rule.
        gateways: By name.
        identities: Access keys by kind of caller; "full" is always there.
        client_keys: Client keys of access points by kind of caller.
        resources: Ready-made things by bundle name.
        operations: Names of the operations offered, None for all.
        without: Capabilities that are declared absent, such as "spec:EC_SM2".
        control: Control surface of the reference endpoint, None elsewhere.
        agent: KMS Agent under test, None where there is none.
        path: The file, None for the embedded target.
    """

    name: str
    region: str
    gateways: Mapping[str, Gateway]
    identities: Mapping[str, AccessKey | StsToken] = field(repr=False)
    account: str | None = None
    safety: Safety = "read-only"
    billable: frozenset[str] = frozenset()
    rate: float | None = None
    timeout: float = 10.0
    case_timeout: float = 120.0
    resources: Mapping[str, Any] = field(default_factory=dict)
    operations: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    control: str | None = None
    client_keys: Mapping[str, ClientKey] = field(default_factory=dict, repr=False)
    path: Path | None = None
    agent: AgentEntry | None = None

    @property
    def loopback(self) -> bool:
        """Whether every listener is on this machine."""
        return all(
            is_loopback(url)
            for gateway in self.gateways.values()
            for url in gateway.listeners.values()
        )

    @property
    def secrets(self) -> list[str]:
        """Values of credentials that must never be shown."""
        found = [credential.secret for credential in self.identities.values()]
        found += [getattr(credential, "token", "") for credential in self.identities.values()]
        return found if self.agent is None else [*found, self.agent.token or ""]

    def allows(self, level: str) -> bool:
        """Tell whether something of this safety level may be done."""
        return safety_rank(level) <= safety_rank(self.safety)

    def has_declined(self, capability: str) -> bool:
        """Tell whether the file declares the capability absent, as leaving [agent] out does."""
        kind, _, name = capability.partition(":")
        if capability in self.without or (capability == "feature:agent" and self.agent is None):
            return True
        return kind == "operation" and self.operations is not None and name not in self.operations

    def lacks(self, capability: str) -> str | None:
        """Return what the file would have to contain for a capability, None when it has it.

        Only capabilities that the file itself must provide for are judged: identities, gateways
        and listeners. Operations, specs and the rest are offered unless declared absent.
        """
        kind, _, name = capability.partition(":")
        if kind == "identity" and name not in self.identities and name not in self.client_keys:
            return f"[identities.{name}]"
        if kind == "gateway" and name not in self.gateways:
            return f"[gateways.{name}]"
        if kind == "listener" and not any(name in g.listeners for g in self.gateways.values()):
            return f"{name} = ... under [gateways.shared]"
        if kind == "feature" and name == "control" and self.control is None:
            return "[control]"
        return None
