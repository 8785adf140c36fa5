from pathlib import Path

import pytest
import sample_results as sample


@pytest.fixture(scope="session")
def plausible(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a plausible target: some failures, no harness error."""
    return sample.plausible(tmp_path_factory.mktemp("plausible"))


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with every verdict, and hostile text wherever text is free."""
    return sample.every_verdict(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="session")
def dead(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of ten thousand cases that all failed."""
    return sample.large(tmp_path_factory.mktemp("dead"), 10_000, failing=True)


@pytest.fixture
def conformant(tmp_path: Path) -> Path:
    """A small run in which everything was kept."""
    events = [sample.rule_event("ENV-001", name, name) for name in ("Encrypt", "Decrypt")]
    return sample.write(tmp_path / "conformant", [sample.header(planned=2), *events])
