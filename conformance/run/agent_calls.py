"""The part of `conformance.run.context.Kms` that leads to the agent under test."""

from typing import TYPE_CHECKING, Protocol

from conformance.client.agent.session import Agent
from conformance.client.agent.starting import AgentSettings
from conformance.client.exchange import Exchange
from conformance.run.verdict import NotTestable

if TYPE_CHECKING:
    from conformance.run.context import Bench


class _Host(Protocol):
    """What this part needs of the whole."""

    _bench: "Bench"
    exchanges: list[Exchange]


class AgentCalls:
    """The agent under test."""

    def agent(
        self: _Host,
        *,
        ttl: float | None = None,
        response_type: int = 0,
        gateway: str = "shared",
    ) -> Agent:
        """Return the agent under test, started when it is first asked for.

        Args:
            ttl: Seconds for which it is to keep values, where the rule waits for their end.
            response_type: Shape of its answers.
            gateway: Gateway that it is to ask.

        Raises:
            NotTestable: When it does not start, or cannot be had like that.
        """
        usual = AgentSettings()
        wanted = AgentSettings(usual.ttl if ttl is None else ttl, response_type, gateway)
        if self._bench.agents is None:
            raise NotTestable("this run has no agent")
        return self._bench.agents.get(wanted, self.exchanges.append)
