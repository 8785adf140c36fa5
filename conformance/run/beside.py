"""Half of a run against the embedded endpoint, in a process of its own beside the other half.

Cases do not depend on each other, and a second endpoint costs nothing: two processes with an
endpoint each keep two cores busy. The half is an ordinary run of chosen rules, with results of its
own, which the run that started it takes over: evidence there is redacted already, by whoever knows
the secrets.
"""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.run.events import read_events
from conformance.run.proofs import FILE as PROOFS
from conformance.run.registry import Rule
from conformance.target.problems import UsageError

if TYPE_CHECKING:
    from typing import Self

#: Rules of the half, which take about as long as all others.
RULES = ("CON-*", "AGT-*", "RACE-*")
#: Seconds that a half which is told to end may take for it.
_ENDING = 20.0


class Half(NamedTuple):
    """What the half has left.

    Attributes:
        folder: Its results, there until the context is left.
        events: Of its results: header, rules, notes, footer where it came to its end.
        proofs: Rules by the promise that they have put to the test.
        problem: Why it is not whole, None when it is.
    """

    folder: Path
    events: list[dict[str, Any]]
    proofs: Mapping[str, Sequence[str]]
    problem: str | None


class Beside:
    """Runs the half, from entering the context on.

    Args:
        options: Of ``kms-conformance run``, as the other half was started with; its own selection
            and results folder are added.
    """

    def __init__(self, options: Sequence[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kms-conformance-")
        self._results = Path(self._folder.name) / "half"
        chosen = [part for pattern in RULES for part in ("--rule", pattern)]
        self._command = [
            *(sys.executable, "-m", "conformance.cli", "run", "--no-reports"),
            *("--results", str(self._results), *chosen, *options),
        ]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Self":
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._last_words(at_once=True)
        self._folder.cleanup()

    @staticmethod
    def has(rule: Rule) -> bool:
        """Tell whether a rule belongs to the half."""
        return any(fnmatchcase(rule.id, pattern) for pattern in RULES)

    def join(self, *, at_once: bool) -> Half:
        """Wait for the half, or end it, and return what it has left.

        Args:
            at_once: Do not wait for cases that were not run yet.
        """
        told = self._last_words(at_once=at_once)
        try:
            events = read_events(self._results)
        except UsageError:
            return Half(self._results, [], {}, told or "it left no results")
        proofs: Mapping[str, Sequence[str]] = {}
        if (self._results / PROOFS).is_file():
            document = json.loads((self._results / PROOFS).read_text(encoding="utf-8"))
            proofs = document["promises"]
        footer = events[-1] if events[-1]["event"] == "footer" else None
        problem = (
            (told or "it did not come to its end") if footer is None else footer["stop_reason"]
        )
        return Half(self._results, events, proofs, problem)

    def _last_words(self, *, at_once: bool) -> str:
        """Wait for the process, or end it; return the last line of what it said, if anything."""
        process = self._process
        if process is None:
            return ""
        if at_once:
            process.send_signal(signal.SIGTERM)
        try:
            said = process.communicate(timeout=_ENDING if at_once else None)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            said = process.communicate()[1]
        self._process = None  # not before: waiting may be interrupted
        return said.strip().rpartition("\n")[2]
