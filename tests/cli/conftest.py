"""Keeps the suite's own folder of the machine out of the tests."""

import pytest


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("KMS_CONFORMANCE_STATE", str(tmp_path_factory.mktemp("state")))
