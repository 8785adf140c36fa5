"""Environments of their own for the official SDKs, whose pins do not suit those of the suite.

Each is made once from its lock file, `requirements/<name>.lock`, as `.venv-<name>` beside the
sources, with every file checked against its hash, and made anew when the lock file changes.
By hand: `python tests/sdk/environments.py sdk-v2`.
"""

import hashlib
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class EnvironmentProblem(RuntimeError):
    """An environment could not be made; the message holds the last lines of uv."""


def python_of(name: str) -> Path:
    """Return the interpreter of an SDK's environment, which is made first where it is missing.

    Args:
        name: Name of a lock file in requirements/, such as "sdk-v2".

    Raises:
        EnvironmentProblem: When the packages cannot be installed.
    """
    lock = ROOT / "requirements" / f"{name}.lock"
    folder = ROOT / f".venv-{name}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    mark = folder / "lock.sha256"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    with _alone(ROOT / ".venv-locks" / name):
        if python.exists() and mark.exists() and mark.read_text() == wanted:
            return python
        venv.create(folder, clear=True)
        # A tenth of the time that pip takes, which would be minutes for all of them.
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python]
        command += ["--compile-bytecode", "--require-hashes", "-r", lock]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        if finished.returncode != 0:
            last = "\n".join(finished.stderr.splitlines()[-5:])
            raise EnvironmentProblem(f"installing {lock.name} failed:\n{last}")
        mark.write_text(wanted)
    return python


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from making the same environment meanwhile."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    path.parent.mkdir(exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    print(python_of(sys.argv[1]))
