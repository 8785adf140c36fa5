"""Keeps the suite's own folder of the machine out of the tests; starts an endpoint for them."""

import sys
from pathlib import Path

import pytest

from conformance.target.embedded import embedded_target

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("KMS_CONFORMANCE_STATE", str(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="session")
def endpoint():
    """The embedded endpoint as a target, in a process of its own."""
    with embedded_target() as target:
        yield target
