"""One run inside pytest: collection, items, verdicts as outcomes, exit status."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from conformance.run.engine import Engine, RunOptions
from conformance.run.judging import CaseResult, Exit
from conformance.run.planning import PlannedCase, Selector, make_plan
from conformance.run.profiles import default_profile, find_profile, rules_of
from conformance.run.progress import Progress, Quiet
from conformance.run.recording import suite_version
from conformance.run.registry import load_rules
from conformance.run.verdict import Verdict
from conformance.target import UsageError, load_target
from conformance.target.embedded import embedded_target

#: Engine that the command line has opened for the pytest run it is about to start.
PREPARED: Engine | None = None
#: Shows how that run goes on.
PROGRESS: Progress = Quiet()

_SKIPPED = frozenset({Verdict.NOT_APPLICABLE, Verdict.NOT_TESTABLE, Verdict.KNOWN})


class CaseFailed(Exception):  # noqa: N818 - what pytest shows for a failed case
    """A case whose verdict is none of pass, warn or skipped."""


class RuleItem(pytest.Item):
    """One case of a rule."""

    planned: PlannedCase
    engine: Engine

    def runtest(self) -> None:
        """Run the case; the verdict becomes pytest's outcome."""
        PROGRESS.begin(self.planned)
        result = self.engine.run(self.planned)
        PROGRESS.end(result)
        if self.engine.stop_reason is not None:
            self.session.shouldstop = self.engine.stop_reason
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

    engine: Engine

    def collect(self) -> Iterator[RuleItem]:
        """Yield the planned cases of this module."""
        for planned in self.engine.own_cases():
            file = sys.modules[planned.rule.module].__file__
            if file is not None and Path(file) == self.path:
                item: RuleItem = RuleItem.from_parent(self, name=planned.id)
                item.planned = planned
                item.engine = self.engine
                yield item


class PytestRun:
    """Hooks of an active run."""

    def __init__(self, config: pytest.Config) -> None:
        self._stack = ExitStack()
        self.engine = self._from_options(config) if PREPARED is None else PREPARED
        self._paths = set(files_of(self.engine))

    def _from_options(self, config: pytest.Config) -> Engine:
        option = config.option
        embedded = option.kms_target == "embedded"
        try:
            target = (
                self._stack.enter_context(embedded_target())
                if embedded
                else load_target(Path(option.kms_target))
            )
            profile = (
                default_profile(None if embedded else target)
                if option.kms_profile is None
                else find_profile(option.kms_profile, suite_version())
            )
            selectors = [Selector.parse(text) for text in option.kms_select]
            options = RunOptions(
                results=Path(option.kms_results) if option.kms_results else None,
                seed=option.kms_seed,
                profile=(profile.name, profile.version),
                command="pytest --kms-target",
                ephemeral=embedded,
            )
            plan = make_plan(rules_of(profile, load_rules()), selectors, target)
            return self._stack.enter_context(Engine(target, plan, options))
        except UsageError as error:
            self._stack.close()
            raise pytest.UsageError(str(error)) from None

    @pytest.hookimpl
    def pytest_sessionstart(self) -> None:
        """End at once when the target cannot be put to the test."""
        if self.engine.stop_reason is not None:
            pytest.exit(self.engine.stop_reason, returncode=int(self.engine.exit_code))

    @pytest.hookimpl
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """Collect modules that declare rules."""
        if file_path not in self._paths:
            return None
        collector: RuleFile = RuleFile.from_parent(parent, path=file_path)
        collector.engine = self.engine
        return collector

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Close the run; the exit status is the suite's."""
        if exitstatus == pytest.ExitCode.INTERRUPTED and self.engine.stop_reason is None:
            self.engine.stop_reason = "interrupted"
        self.engine.close()
        self._stack.close()
        if exitstatus != pytest.ExitCode.INTERNAL_ERROR:
            session.exitstatus = int(self.engine.exit_code)
        else:
            session.exitstatus = int(Exit.HARNESS_ERROR)


def files_of(engine: Engine) -> list[Path]:
    """Return the files that declare the planned rules, those of other distributions too."""
    modules = dict.fromkeys(planned.rule.module for planned in engine.own_cases())
    files = (sys.modules[name].__file__ for name in modules)
    return [Path(file) for file in files if file]


def _conclude(result: CaseResult) -> None:
    text = result.message or result.verdict.value
    if result.verdict in _SKIPPED:
        pytest.skip(f"{result.verdict.value}: {text}")
    if result.verdict not in {Verdict.PASS, Verdict.WARN}:
        raise CaseFailed(f"{result.verdict.value}: {text}")
