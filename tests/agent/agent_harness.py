"""Agents in threads of this process, over one endpoint, for rules and for clients.

with agents_in_threads(target, caller_of(target), "agent-needs-no-token") as agents:
    engine.bench.agents = agents
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conformance.agent.application import Agent as Application
from conformance.agent.cache import Cache
from conformance.agent.deviations import put_into_force
from conformance.agent.log import Log
from conformance.agent.retrieval import Retrieval
from conformance.agent.server import Server
from conformance.agent.settings import Settings, load_settings
from conformance.agent.token import Token
from conformance.agent.upstream import Upstream
from conformance.client.agent.session import Agent, Agents
from conformance.client.agent.starting import AgentSettings
from conformance.target.agent import AgentEntry


@dataclass
class Running:
    """One agent in a thread."""

    application: Application
    server: Server
    settings: Settings
    token: str = field(repr=False)

    def __post_init__(self):
        started = threading.Event()
        self._thread = threading.Thread(target=self.server.run, args=(started.set,), daemon=True)
        self._thread.start()
        assert started.wait(60)

    @property
    def url(self):
        return self.server.url

    def stop(self):
        self.server.stop()
        self._thread.join(10)
        self.application.retrieval.upstream.close()
        self.application.log.close()


def start(target_file, log_file, *, fault=None, harmless=None, **options) -> Running:
    """Start an agent on a free port; ``options`` are settings."""
    settings = load_settings(
        None, {"target": target_file, "port": 0, "log_file": log_file, **options}
    )
    upstream = Upstream(settings)
    token = Token(secrets.token_urlsafe(24))
    retrieval = Retrieval(settings, upstream, Cache(settings.ttl, settings.cache_size))
    application = Application.make(settings, token, retrieval, Log(settings))
    put_into_force(application, "fault", [fault] if fault else [])
    put_into_force(application, "harmless", [harmless] if harmless else [])
    return Running(application, Server(application), settings, token.value)


@contextmanager
def running(target_file, log_file, **options) -> Iterator[Running]:
    """Yield an agent on a free port."""
    agent = start(target_file, log_file, **options)
    try:
        yield agent
    finally:
        agent.stop()


class InThreads(Agents):
    """Gives rules agents that run in threads, each with the deviation that is wanted."""

    def __init__(self, engine, folder: Path, *, fault=None, harmless=None):
        super().__init__(
            engine.target, engine.caller, engine.bench.names, engine.redactor.learn_value
        )
        self._folder = folder
        self._deviation = {"fault": fault, "harmless": harmless}
        self._threads = []

    def get(self, settings: AgentSettings, on_exchange):
        agent = self._agents.get(settings)
        if agent is None:
            log = self._folder / f"agent-{len(self._threads)}.log"
            wanted = {
                "ttl": settings.ttl,
                "response_type": settings.response_type,
                "gateway": settings.gateway,
            }
            thread = start(self._target.path, log, **wanted, **self._deviation)
            self._threads.append(thread)
            entry = AgentEntry(url=thread.url, token=thread.token, ttl=settings.ttl, log=log)
            self._learn(thread.token)
            agent = self._agents[settings] = Agent(
                entry, self._behind(entry), settings, on_exchange
            )
        agent.on_exchange = on_exchange
        return agent

    def close(self):
        super().close()
        for thread in self._threads:
            thread.stop()
        self._threads.clear()
