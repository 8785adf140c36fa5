"""Where the requests of a run go, and who sends them."""

from dataclasses import dataclass, field

from conformance.target.model import Target
from conformance.wire.credentials import AccessKey, ClientKey, StsToken
from load.agent import AgentTemplate
from load.caller import Caller
from load.connection import Address
from load.corpus import Case
from load.failures import LoadError
from load.instance import InstanceCaller, InstanceTemplate
from load.options import Options
from load.papers import Papers
from load.safety import address_of
from load.scenarios import calls_of
from load.signing import Template, template

#: Identity of target files whose client key serves the instance.
_CLIENT_KEY = "client-key"


@dataclass(frozen=True, slots=True)
class Place:
    """Where requests go and who sends them.

    Attributes:
        address: Of the gateway or agent under load.
        target: As its file describes it.
        options: Of the run.
        papers: What the target file does not hold; without them a client key or an agent may still
            have to be made.
    """

    address: Address
    target: Target
    options: Options
    papers: Papers = field(default_factory=Papers, repr=False)

    @classmethod
    def of(cls, target: Target, options: Options, papers: Papers | None = None) -> "Place":
        """Find the gateway and the caller that the options name.

        Raises:
            LoadError: When the target file has not got them.
        """
        papers = papers or Papers()
        url = address_of(target, options)
        ca = target.gateways[options.gateway].ca
        if options.api == "agent":
            return cls(_agent_address(target, papers), target, options, papers)
        place = cls(Address.from_url(url, str(ca) if ca else None), target, options, papers)
        if options.api == "instance":
            place._check_client_key()
        else:
            place.ram()
        return place

    def with_papers(self, papers: Papers) -> "Place":
        """Return the same place with what a run has made."""
        return Place.of(self.target, self.options, papers)

    def ram(self) -> AccessKey | StsToken:
        """Return the access key that signs calls of KMS API.

        Raises:
            LoadError: When the target file has not got it.
        """
        name = self.options.identity
        if name not in self.target.identities:
            raise LoadError(
                f"target {self.target.name!r} has no identity {name!r}: its file has "
                f"{', '.join(self.target.identities)}"
            )
        return self.target.identities[name]

    def client_key(self) -> ClientKey | None:
        """Return the client key that signs calls of KMS Instance API, None when it is to come."""
        return self.papers.client_key or self.target.client_keys.get(_CLIENT_KEY)

    def _check_client_key(self) -> None:
        """Refuse a target without a client key on which none can be made either."""
        if self.client_key() is not None:
            return
        absent = self.target.has_declined("feature:access-points")
        if absent or not self.target.allows("schedules-deletion"):
            raise LoadError(
                f"target {self.target.name!r} has no client key, and none may be made there: give "
                "client_key_file under [identities.client-key]"
            )

    def caller(self) -> Caller:
        """Return a client of KMS API at the place under load, for calls beside it."""
        return Caller(self.address, self.ram(), self.options.scheme, self.target.timeout)

    def instance_caller(self) -> InstanceCaller:
        """Return a client of KMS Instance API, for calls beside the load."""
        client_key = self.client_key()
        assert client_key is not None
        return InstanceCaller(self.address, client_key, self.target.timeout)

    def management(self) -> Caller:
        """Return a client of the gateway on which keys and secrets are made."""
        gateway = self.target.gateways.get("shared")
        if gateway is None:
            gateway = self.target.gateways[self.options.gateway]
        elif self.options.api == "kms" and self.options.gateway == "shared":
            return self.caller()
        url = gateway.listeners.get("https") or next(iter(gateway.listeners.values()))
        address = Address.from_url(url, str(gateway.ca) if gateway.ca else None)
        return Caller(address, self.ram(), self.options.scheme, self.target.timeout)

    def template(self, case: Case) -> Template:
        """Return a request, complete but for what changes with each sending."""
        authority = self.address.authority
        if case.api == "agent":
            assert self.papers.agent is not None
            return AgentTemplate(self.papers.agent[1], authority, case.pairs[0][1])
        if case.api == "instance":
            client_key = self.client_key()
            assert client_key is not None
            call = calls_of("instance")[case.operation]
            return InstanceTemplate(client_key, authority, call, case.body)
        return template(self.options.scheme, self.ram(), authority, case.operation, case.pairs)


def _agent_address(target: Target, papers: Papers) -> Address:
    """Return where the agent listens, or will do."""
    if papers.agent is not None:
        return Address.from_url(papers.agent[0])
    if target.agent is None:
        raise LoadError(
            f"target {target.name!r} has no agent: give url and token of one that runs, or a "
            "command that starts one, under [agent]"
        )
    return Address.from_url(target.agent.url)
