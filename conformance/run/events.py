"""Writes results.jsonl as things happen: header, an event a line, footer."""

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from conformance.target.problems import UsageError

FILE = "results.jsonl"
EVIDENCE = "evidence"


class ResultsLost(Exception):  # noqa: N818 - names what happened
    """The results cannot be written any more, such as on a full disk."""


def time_text(moment: datetime | None = None) -> str:
    """Return a time as results carry it: UTC with milliseconds."""
    moment = (moment or datetime.now(UTC)).astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class ResultsFolder:
    """The folder that a run leaves.

    Args:
        path: Created when missing; results of an earlier run in it are replaced.

    Raises:
        UsageError: When it cannot be written to, or holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._refuse_strangers()
            shutil.rmtree(path / EVIDENCE, ignore_errors=True)
            self._file: TextIO = (path / FILE).open("w", encoding="utf-8", newline="\n")
            (path / EVIDENCE).mkdir(exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise UsageError(f"{path} is not a folder: give another with --results") from None
        except OSError as error:
            raise UsageError(
                f"the results folder {path} cannot be written ({error.strerror}): "
                "give another with --results"
            ) from None

    def _refuse_strangers(self) -> None:
        names = {entry.name for entry in self.path.iterdir()}
        if names and FILE not in names:
            raise UsageError(
                f"{self.path} holds other files and no {FILE}: give a new or empty folder with "
                "--results"
            )

    def write(self, event: Mapping[str, Any]) -> None:
        """Append one event.

        Raises:
            ResultsLost: When it cannot be written.
        """
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        try:
            self._file.write(line.encode("utf-8", "replace").decode() + "\n")
            self._file.flush()
        except (OSError, ValueError) as error:
            raise ResultsLost(_lost(self.path, error)) from None

    def write_evidence(self, identifier: str, document: Mapping[str, Any]) -> None:
        """Write one exchange.

        Raises:
            ResultsLost: When it cannot be written.
        """
        text = json.dumps(document, ensure_ascii=False, indent=1)
        try:
            file = self.path / EVIDENCE / f"{identifier}.json"
            file.write_bytes(text.encode("utf-8", "replace") + b"\n")
        except OSError as error:
            raise ResultsLost(_lost(self.path, error)) from None

    def take_evidence(self, folder: Path) -> None:
        """Move the evidence of another results folder into this one.

        Raises:
            ResultsLost: When it cannot be written.
        """
        try:
            for file in sorted((folder / EVIDENCE).glob("*.json")):
                shutil.move(file, self.path / EVIDENCE / file.name)
        except OSError as error:
            raise ResultsLost(_lost(self.path, error)) from None

    def close(self) -> None:
        """Close the file; whatever could not be written is lost already."""
        try:
            self._file.close()
        except OSError:
            return


def _lost(path: Path, error: Exception) -> str:
    why = getattr(error, "strerror", None) or str(error)
    return f"the results in {path} cannot be written ({why}): free space or give another folder"


def read_events(folder: Path) -> list[dict[str, Any]]:
    """Return the events of a results folder; a last line that was cut off is left out.

    Raises:
        UsageError: When there are none.
    """
    file = folder / FILE if folder.is_dir() else folder
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        raise UsageError(f"{folder} holds no {FILE}: give the folder of a run") from None
    events = []
    for number, line in enumerate(lines, 1):
        try:
            events.append(json.loads(line))
        except ValueError:
            if number < len(lines):
                raise UsageError(
                    f"{file}, line {number}, is not JSON: the file is damaged"
                ) from None
    if not events:
        raise UsageError(f"{file} is empty: give the folder of a run")
    return events
