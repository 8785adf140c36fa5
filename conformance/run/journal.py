"""Write-ahead journal of what a run makes on a target.

Before a call that creates something is sent, its intent is on disk, with the name that it gives or
the description by which it can be found again; when the answer is there, so is the name of what was
made. Whatever happens to the process, the journal says what may be left.

One JSON object a line (specs/meta/journal.schema.json): ``open``, then ``intent``, ``made``,
``void`` (refused), ``gone`` (removed) and ``live`` (an earlier removal was taken back), then
``closed``.
"""

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.client.exchange import Exchange
from conformance.run.things import CREATES, DELETES, KINDS, SHORTEST_WINDOW, Kind
from conformance.target.model import Target
from conformance.target.problems import UsageError


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a run meant to make.

    Attributes:
        number: Place in the journal.
        kind: Name of its kind.
        name: Name or id, None while the service has not told it.
        asked: What identifies it meanwhile: description, parent, time.
        state: "intent", "made", "void" or "gone".
    """

    number: int
    kind: str
    name: str | None
    asked: Mapping[str, Any] = field(default_factory=dict)
    state: str = "intent"


@dataclass(frozen=True, slots=True)
class _Token:
    """A call between its request and its answer."""

    operation: str
    params: Mapping[str, Any]
    number: int | None


#: Parameters that help to find a thing whose name is not known.
_ASKED = ("Description", "KeySpec", "KeyUsage", "Origin", "AapName")


class Journal:
    """The journal of one run; a watch of the caller (`conformance.client.caller.Watch`).

    Args:
        path: The file.
        run: Id of the run, part of every marker.
        target: What the run is about.
        durable: Force intents to the disk; not needed for a target that ends with the run.

    Raises:
        UsageError: When the file cannot be written.
    """

    def __init__(self, path: Path, run: str, target: Target, *, durable: bool = True) -> None:
        self.path = path
        self.entries: dict[int, Entry] = {}
        self._by_name: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._durable = durable
        self._fd: int | None
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise UsageError(f"the journal {path} cannot be written: {error.strerror}") from None
        self._write(
            {
                "event": "open",
                "schema": 1,
                "run": run,
                "target": target.name,
                "file": None if target.path is None else str(target.path.resolve()),
                "process": os.getpid(),
                "time": int(time.time()),
            },
            sync=True,
        )

    def before(self, operation: str, params: Mapping[str, Any]) -> object:
        """Write the intent of a call that creates something."""
        kind = CREATES.get(operation)
        if kind is None:
            return _Token(operation, params, None)
        asked = {name: params[name] for name in _ASKED if isinstance(params.get(name), str)}
        with self._lock:
            number = len(self.entries) + 1
            name = kind.name_in(params) if kind.given else None
            if name is not None and name.startswith("$"):
                name = None  # $Auto asks the service to give a name
            entry = Entry(number, kind.name, name, {**asked, "time": int(time.time())})
            self.entries[number] = entry
            self._write(
                {
                    "event": "intent",
                    "number": number,
                    "kind": entry.kind,
                    "name": entry.name,
                    "asked": dict(entry.asked),
                },
                sync=True,
            )
        return _Token(operation, params, number)

    def after(self, token: object, exchange: Exchange | None) -> None:
        """Write what came of a call."""
        assert isinstance(token, _Token)
        operation, params, number = token.operation, token.params, token.number
        if number is not None:
            self._made(CREATES[operation], number, params, exchange)
        elif exchange is not None and exchange.ok:
            self._changed(operation, params)

    def withdraw(self, token: object) -> None:
        """Note that a call never reached the target, so that it made nothing."""
        assert isinstance(token, _Token)
        if token.number is not None:
            with self._lock:
                self._set(token.number, "void")

    def _made(
        self, kind: Kind, number: int, params: Mapping[str, Any], exchange: Exchange | None
    ) -> None:
        if exchange is None or exchange.status >= 500:
            return  # it may or may not be there: the intent stands
        with self._lock:
            if not exchange.ok:
                self._set(number, "void")
                return
            name = kind.name_of(params, exchange.data)
            if name is not None:
                self.entries[number] = replace(self.entries[number], name=name)
                self._by_name[kind.name, name] = number
                self._set(number, "made", sync=True, name=name)

    def _changed(self, operation: str, params: Mapping[str, Any]) -> None:
        if operation in {"CancelKeyDeletion", "RestoreSecret"}:
            kind = KINDS["key" if operation == "CancelKeyDeletion" else "secret"]
            state = "live"
        elif operation in DELETES and _final(operation, params):
            kind, state = DELETES[operation], "gone"
        else:
            return
        number = self._by_name.get((kind.name, kind.name_in(params) or ""))
        if number is not None:
            with self._lock:
                self._set(number, state)

    def gone(self, entry: Entry) -> None:
        """Note that a thing is no longer there."""
        with self._lock:
            self._set(entry.number, "gone")

    def left(self) -> list[Entry]:
        """Return what is or may be there still, the newest first."""
        return [e for e in reversed(self.entries.values()) if e.state in {"intent", "made"}]

    def close(self, *, clean: bool) -> None:
        """Close the journal; a clean one is not needed any more and removed."""
        if self._fd is None:
            return
        if clean:
            self._write({"event": "closed"}, sync=False)
        os.close(self._fd)
        self._fd = None
        if clean:
            self.path.unlink(missing_ok=True)

    def _set(self, number: int, state: str, *, sync: bool = False, **more: str) -> None:
        self.entries[number] = replace(
            self.entries[number], state="made" if state == "live" else state
        )
        self._write({"event": state, "number": number, **more}, sync=sync)

    def _write(self, event: Mapping[str, Any], *, sync: bool) -> None:
        if self._fd is None:
            return
        os.write(self._fd, json.dumps(event, ensure_ascii=True).encode() + b"\n")
        if sync and self._durable:
            os.fsync(self._fd)


def _final(operation: str, params: Mapping[str, Any]) -> bool:
    """Tell whether a removal is as short as it gets."""
    if operation == "ScheduleKeyDeletion":
        return str(params.get("PendingWindowInDays")) == str(SHORTEST_WINDOW)
    if operation == "DeleteSecret":
        return params.get("ForceDeleteWithoutRecovery") == "true"
    return True


@dataclass(frozen=True, slots=True)
class OldJournal:
    """A journal as read from disk."""

    path: Path
    run: str
    target: str
    file: str | None
    entries: tuple[Entry, ...]


def read_journal(path: Path) -> OldJournal | None:
    """Read a journal; a line that was cut off by the end of the process is left out.

    Returns:
        None when not even its first line is whole: nothing was sent then.
    """
    events = list(_events(path))
    if not events or events[0].get("event") != "open":
        return None
    entries: dict[int, Entry] = {}
    for event in events[1:]:
        if event["event"] == "intent":
            number = event["number"]
            entries[number] = Entry(number, event["kind"], event["name"], event["asked"])
        elif event["event"] in {"made", "void", "gone", "live"} and event["number"] in entries:
            old = entries[event["number"]]
            state = "made" if event["event"] == "live" else event["event"]
            entries[old.number] = replace(old, state=state, name=event.get("name", old.name))
    head = events[0]
    left = tuple(e for e in reversed(entries.values()) if e.state in {"intent", "made"})
    return OldJournal(path, head["run"], head["target"], head.get("file"), left)


def _events(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return
