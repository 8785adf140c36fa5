"""pytest plugin: collects rules as items ``RULE-ID[case]`` and reports their verdicts.

Active only with ``--kms-target`` (or from ``kms-conformance run``); in any other test run it adds
its options and nothing else.

    pytest --kms-target target.toml --pyargs conformance.rules
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

KEY = pytest.StashKey["Any"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("kms", "Alibaba Cloud KMS conformance")
    group.addoption(
        "--kms-target",
        metavar="FILE",
        help='target file (TOML), or "embedded" for the embedded endpoint; activates the plugin',
    )
    group.addoption("--kms-results", metavar="DIR", help="folder for results.jsonl and evidence")
    group.addoption("--kms-seed", type=int, metavar="N", help="seed of every random choice")
    group.addoption(
        "--kms-select",
        action="append",
        default=[],
        metavar="KIND:PATTERN",
        help="run matching cases only: rule:ENV-*, operation:Encrypt, family:, tag:, level: ...",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Prepare a run when a target is given."""
    if config.option.kms_target is None and _prepared(config) is None:
        return
    from conformance.run.pytest_run import PytestRun

    config.pluginmanager.register(PytestRun(config), "kms-conformance-run")


def _prepared(config: pytest.Config) -> Any:
    """Return what the command line prepared, None in a plain pytest run."""
    module = sys.modules.get("conformance.run.pytest_run")
    return getattr(module, "PREPARED", None) if module else None


def rule_files() -> Iterator[Path]:
    """Yield the files that declare rules, those of other distributions too."""
    from conformance.run.registry import load_rules

    modules = dict.fromkeys(rule.module for rule in load_rules().values())
    for name in modules:
        file = sys.modules[name].__file__
        if file is not None:
            yield Path(file)
