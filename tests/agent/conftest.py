"""One endpoint for all tests of agents, and short waits."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.reference.endpoint import Endpoint
from conformance.rules.agent import answering, asking, caching, running
from conformance.target.embedded import embedded_agent

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "faults")]
#: Seconds that stand for every TTL that a rule waits for.
SHORT = 0.25


@pytest.fixture(scope="session")
def upstream(tmp_path_factory):
    """A target with a control surface, and an agent that nobody starts."""
    from harness import served

    endpoint = Endpoint()
    endpoint.witness.recording = True
    with served(endpoint, tmp_path_factory.mktemp("upstream")) as target:
        yield replace(target, agent=embedded_agent())


@pytest.fixture
def short_waits(monkeypatch):
    for module in (asking, answering, caching, running):
        if hasattr(module, "SHORT"):
            monkeypatch.setattr(module, "SHORT", SHORT)
    monkeypatch.setattr(asking, "BEYOND", 0.05)
