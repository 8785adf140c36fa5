"""The suite's own folder on this machine: journals of runs, and one lock for each target."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from conformance.target.model import Target
from conformance.target.problems import UsageError

#: Environment variable that names another folder.
VARIABLE = "KMS_CONFORMANCE_STATE"


def state_folder() -> Path:
    """Return the folder, made when missing.

    Raises:
        UsageError: When it cannot be made.
    """
    named = os.environ.get(VARIABLE)
    base = os.environ.get("XDG_STATE_HOME")
    path = Path(named) if named else Path(base or Path.home() / ".local/state") / "kms-conformance"
    try:
        (path / "journals").mkdir(parents=True, exist_ok=True)
        (path / "locks").mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"the folder {path} for journals cannot be made ({error.strerror}): "
            f"name another in {VARIABLE}"
        ) from None
    return path


def target_id(target: Target) -> str:
    """Return an id for the account behind a target: its addresses and the access key id."""
    urls = sorted(url for g in target.gateways.values() for url in g.listeners.values())
    text = json.dumps([urls, target.identities["full"].id])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextlib.contextmanager
def target_lock(target: Target) -> Iterator[None]:
    """Hold a target for one run; the lock ends with the process, however it ends.

    Raises:
        UsageError: When another run holds it.
    """
    path = state_folder() / "locks" / f"{target_id(target)}.lock"
    try:
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the lock {path} cannot be opened ({error.strerror}): "
            f"name another folder in {VARIABLE}"
        ) from None
    with file:
        if not _try_lock(file):
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise UsageError(
                f"a run is at work on {target.name} already ({holder}): wait for it to end"
            )
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        file.flush()
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
