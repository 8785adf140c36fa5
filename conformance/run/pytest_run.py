"""One run inside pytest: collection, items, verdicts as outcomes, exit status."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from conformance.run.engine import Engine, RunOptions
from conformance.run.judging import CaseResult
from conformance.run.planning import Plan, PlannedCase, Selector, make_plan
from conformance.run.registry import load_rules
from conformance.run.verdict import Verdict
from conformance.target import UsageError, load_target
from conformance.target.embedded import embedded_target

#: Engine that the command line prepared for the pytest run it is about to start.
PREPARED: Engine | None = None

_SKIPPED = frozenset({Verdict.NOT_APPLICABLE, Verdict.NOT_TESTABLE, Verdict.KNOWN})


class CaseFailed(Exception):  # noqa: N818 - what pytest shows for a failed case
    """A case whose verdict is none of pass, warn or skipped."""


class RuleItem(pytest.Item):
    """One case of a rule."""

    planned: PlannedCase
    engine: Engine

    def runtest(self) -> None:
        """Run the case; the verdict becomes pytest's outcome."""
        result = self.engine.run(self.planned)
        self.user_properties.append(("verdict", result.verdict.value))
        _conclude(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the message alone: the traceback would lead through the runner."""
        if isinstance(excinfo.value, CaseFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Name the case in reports."""
        code = self.planned.rule.check.__code__
        return self.path, code.co_firstlineno - 1, self.name


class RuleFile(pytest.File):
    """A module that declares rules."""

    run: "PytestRun"

    def collect(self) -> Iterator[RuleItem]:
        """Yield the planned cases of this module."""
        for planned in self.run.plan.cases:
            file = sys.modules[planned.rule.module].__file__
            if file is not None and Path(file) == self.path:
                item: RuleItem = RuleItem.from_parent(self, name=planned.id)
                item.planned = planned
                item.engine = self.run.engine
                yield item


class PytestRun:
    """Hooks of an active run."""

    def __init__(self, config: pytest.Config) -> None:
        self._stack = ExitStack()
        if PREPARED is not None:
            self.engine = PREPARED
        else:
            self.engine = self._from_options(config)
        self.plan: Plan = self.engine.plan

    def _from_options(self, config: pytest.Config) -> Engine:
        option = config.option
        try:
            target = (
                self._stack.enter_context(embedded_target())
                if option.kms_target == "embedded"
                else load_target(Path(option.kms_target))
            )
            selectors = [Selector.parse(text) for text in option.kms_select]
            plan = make_plan(load_rules().values(), selectors, target)
            engine = Engine(
                target,
                RunOptions(
                    results=Path(option.kms_results) if option.kms_results else None,
                    seed=option.kms_seed or 0,
                ),
                plan,
            )
            self._stack.enter_context(engine)
        except UsageError as error:
            self._stack.close()
            raise pytest.UsageError(str(error)) from None
        return engine

    @pytest.hookimpl
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """Collect modules that declare rules."""
        if file_path.suffix != ".py" or file_path not in self._files():
            return None
        collector: RuleFile = RuleFile.from_parent(parent, path=file_path)
        collector.run = self
        return collector

    def _files(self) -> set[Path]:
        modules = {planned.rule.module for planned in self.plan.cases}
        files = (sys.modules[name].__file__ for name in modules)
        return {Path(file) for file in files if file}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Close the run; the exit status is the suite's."""
        self._stack.close()
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            session.exitstatus = int(self.engine.exit_code)


def _conclude(result: CaseResult) -> None:
    text = result.message or result.verdict.value
    if result.verdict in _SKIPPED:
        pytest.skip(f"{result.verdict.value}: {text}")
    if result.verdict is Verdict.WARN:
        return
    if result.verdict is not Verdict.PASS:
        raise CaseFailed(f"{result.verdict.value}: {text}")
