"""Renew the lock files in requirements/ from pyproject.toml: names, versions and hashes only."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--quiet",
)


def main() -> int:
    """Resolve the run-time and the development set, and the environments of the SDKs."""
    uv = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *COMMON]
    for name, extra in (("run", []), ("dev", ["--group", "dev"])):
        command = [*uv, *extra, "--output-file", f"requirements/{name}.lock"]
        finished = subprocess.run(command, cwd=ROOT, check=False)
        if finished.returncode != 0:
            return finished.returncode
    compile_sdk = [sys.executable, "-m", "uv", "pip", "compile", *COMMON]
    for source in sorted((ROOT / "requirements").glob("*.in")):
        lock = f"requirements/{source.stem}.lock"
        command = [*compile_sdk, f"requirements/{source.name}", "--output-file", lock]
        finished = subprocess.run(command, cwd=ROOT, check=False)
        if finished.returncode != 0:
            return finished.returncode
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
