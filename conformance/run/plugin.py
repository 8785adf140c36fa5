"""pytest plugin: collects rules as items ``RULE-ID[case]`` and reports their verdicts.

Active only with ``--kms-target`` (or from ``kms-conformance run``); in any other test run it adds
its options and nothing else.

    pytest --kms-target target.toml --pyargs conformance.rules
"""

import sys
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("kms", "Alibaba Cloud KMS conformance")
    group.addoption(
        "--kms-target",
        metavar="FILE",
        help='target file (TOML), or "embedded" for the embedded endpoint; activates the plugin',
    )
    group.addoption("--kms-results", metavar="DIR", help="folder for results.jsonl and evidence")
    group.addoption(
        "--kms-seed", type=int, default=0, metavar="N", help="seed of every random choice"
    )
    group.addoption("--kms-profile", metavar="NAME", help="profile to run")
    group.addoption(
        "--kms-select",
        action="append",
        default=[],
        metavar="KIND:PATTERN",
        help="run matching cases only: rule:ENV-*, operation:Encrypt, family:, tag:, level: ...",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Prepare a run when a target is given."""
    if config.option.kms_target is None and _prepared() is None:
        return
    from conformance.run.pytest_run import PytestRun

    config.pluginmanager.register(PytestRun(config), "kms-conformance-run")


def _prepared() -> Any:
    """Return what the command line prepared, None in a plain pytest run."""
    module = sys.modules.get("conformance.run.pytest_run")
    return getattr(module, "PREPARED", None) if module else None
