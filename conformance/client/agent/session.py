"""An agent under test as rules see it, and all the agents of a run."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from conformance.client.agent.starting import AgentProcess, AgentSettings
from conformance.client.agent.upstream import Upstream, is_plain
from conformance.client.building import Outgoing
from conformance.client.caller import Caller
from conformance.client.exchange import Exchange
from conformance.client.resources.base import Names
from conformance.client.transport import Transport
from conformance.run.verdict import NotTestable
from conformance.spec import catalogue
from conformance.target.agent import AgentEntry
from conformance.target.embedded import embedded_target
from conformance.target.model import Target
from conformance.wire.envelope import parse

#: Longest TTL that a rule waits for, in seconds.
PATIENCE = 10.0
#: Stands for the token of the agent, whatever it is.
RIGHT = "\0"


class Agent:
    """One agent that runs.

    Attributes:
        url: Where it listens.
        token: What it wants to be shown.
        ttl: Seconds for which it keeps values, None where that is not known.
        upstream: The KMS that it asks.
    """

    def __init__(
        self,
        entry: AgentEntry,
        upstream: Upstream,
        settings: AgentSettings,
        on_exchange: Callable[[Exchange], None],
    ) -> None:
        self.upstream = upstream
        self.settings = settings
        self.on_exchange = on_exchange
        self._process: AgentProcess | None = None
        if entry.command:
            self._process = AgentProcess(entry, upstream.target, settings)
            self.url, self.token = self._process.url, self._process.token
            self.ttl: float | None = settings.ttl
        else:
            self.url, self.token, self.ttl = entry.url, entry.token or "", entry.ttl
        self._log = entry.log
        self._transport = Transport(self.url, None)
        self._timeout = upstream.target.timeout

    @property
    def alive(self) -> bool:
        """Whether it still runs, as far as that is known."""
        return self._process is None or self._process.alive

    def close(self) -> None:
        """End it, if the suite has started it."""
        self._transport.close()
        if self._process is not None:
            self._process.stop()

    def written(self) -> str:
        """Return what it has written so far: its log, and what it has printed.

        Raises:
            NotTestable: When that cannot be had.
        """
        if self._process is not None:
            return self._process.written()
        if self._log is None:
            raise NotTestable("where the agent writes its log is not known: give log under [agent]")
        try:
            return self._log.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise NotTestable(
                f"the log of the agent {self._log} cannot be read: {error.strerror}"
            ) from None

    def log_lines(self) -> list[str]:
        """Return the lines of its log file.

        Raises:
            NotTestable: When there is no file that is known to be the log.
        """
        path = self._process.log if self._process is not None else self._log
        if path is None or not path.exists():
            raise NotTestable(
                "the agent writes no log file that is known: let its command or configuration "
                "hold {log}, or give log under [agent]"
            )
        text = path.read_text(encoding="utf-8", errors="replace")
        return [line for line in text.splitlines() if line.strip()]

    # --- asking -------------------------------------------------------------------------------

    def read(
        self,
        name: str,
        *,
        form: str = "path",
        params: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Exchange:
        """Ask for a secret by one of the two forms; ``more`` are arguments of `ask`."""
        target = address(name, form, params or {})
        return self.ask(target, secret=name, **more)

    def ask(
        self,
        target: str,
        *,
        method: str = "GET",
        token: str | None = RIGHT,
        header: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        content: bytes = b"",
        secret: str | None = None,
        timeout: float | None = None,
    ) -> Exchange:
        """Send a request and return what came back.

        Args:
            target: Path and query.
            method: As sent.
            token: The right one unless told, none when None.
            header: Header of the token, the first of the specs unless told.
            headers: Further headers.
            content: Body.
            secret: Name of the secret that it is about, for the record.
            timeout: Seconds instead of the target's.

        Raises:
            Hang, TransportProblem: When there is no answer.
        """
        shown = self.token if token == RIGHT else token
        carried = [] if shown is None else [(header or token_headers()[0], shown)]
        host = self.url.removeprefix("http://")
        fixed = [("Host", host), ("user-agent", "kms-conformance"), ("accept", "*/*")]
        sized = [("content-length", str(len(content)))] if content else []
        outgoing = Outgoing(method, self.url, target, (*fixed, *carried, *headers, *sized), content)
        started = datetime.now(UTC)
        answer = self._transport.send(outgoing, timeout or self._timeout)
        exchange = Exchange(
            operation="GetSecretValue",
            method=method,
            url=self.url + target,
            request_headers=outgoing.headers,
            request_body=content,
            status=answer.status,
            response_headers=answer.headers,
            response_body=answer.body,
            answer=parse(answer.status, answer.headers, answer.body),
            seconds=answer.seconds,
            identity="agent",
            scheme="agent",
            parameters={} if secret is None else {"SecretName": secret},
            gateway="agent",
            listener="http",
            started=started,
            signer="other",
        )
        self.on_exchange(exchange)
        return exchange


def address(name: str, form: str, params: Mapping[str, str]) -> str:
    """Return path and query that ask for a secret."""
    known = {one["form"]: one for one in catalogue().document("agent/service")["forms"]}
    described = known[form]
    if described["parameter"] is None:
        path, pairs = described["path"] + name, dict(params)
    else:
        path, pairs = described["path"], {described["parameter"]: name, **params}
    return f"{path}?{urlencode(pairs)}" if pairs else path


def token_headers() -> tuple[str, ...]:
    """Return the headers that may carry the token."""
    return tuple(catalogue().document("agent/service")["token"]["headers"])


class Agents:
    """The agents of a run, each started when it is first asked for.

    Args:
        target: Says how.
        caller: Calls the target.
        names: Makes names for things on the target.
        learn: Is told of secrets, so that none is recorded.
    """

    def __init__(
        self, target: Target, caller: Caller, names: Names, learn: Callable[[str], None]
    ) -> None:
        self._target = target
        self._caller = caller
        self._names = names
        self._learn = learn
        self._stack = ExitStack()
        self._upstream: Upstream | None = None
        self._agents: dict[AgentSettings, Agent] = {}

    def get(self, settings: AgentSettings, on_exchange: Callable[[Exchange], None]) -> Agent:
        """Return an agent with these settings; one that has ended is started again.

        Raises:
            NotTestable: When it cannot be had.
        """
        entry = self._target.agent
        if entry is None:
            raise NotTestable("the target file has no [agent]")
        if not entry.command:
            settings = _as_it_runs(entry, settings)
        agent = self._agents.get(settings)
        if agent is None or not agent.alive:
            if agent is not None:
                agent.close()
            agent = Agent(entry, self._behind(entry), settings, on_exchange)
            self._learn(agent.token)
            self._agents[settings] = agent
        agent.on_exchange = on_exchange
        return agent

    def close(self) -> None:
        """End what was started."""
        for agent in self._agents.values():
            agent.close()
        self._agents.clear()
        self._stack.close()

    def _behind(self, entry: AgentEntry) -> Upstream:
        """Return the KMS of the agents: the target, or one of the suite where that may be wrong."""
        if self._upstream is None:
            caller = self._caller
            if entry.command and not is_plain(self._target):
                own = self._stack.enter_context(embedded_target(("--record",)))
                for credential in own.identities.values():
                    self._learn(credential.secret)
                caller = Caller(own)
                self._stack.callback(caller.close)
            self._upstream = Upstream(caller, self._names, self._learn)
            self._stack.callback(self._upstream.close)
        return self._upstream


def _as_it_runs(entry: AgentEntry, wanted: AgentSettings) -> AgentSettings:
    """Return the settings of an agent that runs already, when they will do."""
    if wanted.gateway != AgentSettings().gateway:
        raise NotTestable("the gateway of an agent that runs cannot be chosen: give a command")
    if wanted.response_type != entry.response_type:
        raise NotTestable(
            f"the agent runs with response_type {entry.response_type}, the rule is about "
            f"{wanted.response_type}: give a command, so that the suite can start it anew"
        )
    if wanted.ttl < AgentSettings().ttl and (entry.ttl is None or not 0 < entry.ttl <= PATIENCE):
        raise NotTestable(
            f"the rule waits until a value is no longer fresh: give ttl of at most {PATIENCE:g} "
            "seconds under [agent], for which the agent keeps values, or a command"
        )
    return replace(wanted, ttl=entry.ttl or 0)
