"""Create the environment from the lock file: `python3 scripts/setup.py .venv`.

Every file that is installed is checked against its hash. Standard library only, since it runs
before anything is there.
"""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Create or renew the environment named by the first argument."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this very script meets older interpreters
        found = ".".join(map(str, sys.version_info[:3]))
        sys.stderr.write(
            f"Python 3.11 or later is needed, this is {found}; "
            "name another with `make PYTHON=python3.12 certify`.\n"
        )
        return 2
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".venv")
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        print(f"creating {folder}", flush=True)
        venv.create(folder, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    print("installing the locked dependencies", flush=True)
    steps = (
        [*install, "--require-hashes", "-r", str(ROOT / "requirements" / "dev.lock")],
        [*install, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
    )
    for step in steps:
        finished = subprocess.run(step, check=False)
        if finished.returncode != 0:
            sys.stderr.write("installing failed; pip's own words stand above.\n")
            return finished.returncode
    _compile(python)
    return 0


def _compile(python: Path) -> None:
    """Write bytecode at once: a process that has to compile what it imports starts seconds later.

    Left to themselves some set-ups never do it (PYTHONDONTWRITEBYTECODE, pip without --compile).
    """
    print("compiling", flush=True)
    here = "import sysconfig; print(sysconfig.get_path('purelib'))"
    libraries = subprocess.run(
        [str(python), "-c", here], capture_output=True, text=True, check=True
    ).stdout.strip()
    own = [str(ROOT / name) for name in ("conformance", "load", "reports", "specs")]
    # Some libraries bring files for other versions of Python, which do not compile and do no harm.
    subprocess.run(
        [str(python), "-m", "compileall", "-qq", "-j", "0", libraries, *own], check=False
    )


if __name__ == "__main__":
    raise SystemExit(main())
