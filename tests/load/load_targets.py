"""Target files for the endpoint, with a faulty relay in front of it or without."""

import json
import subprocess
import sys
import tomllib
from contextlib import contextmanager


@contextmanager
def middlebox(endpoint, tmp_path, *faults, safety="destructive"):
    """A faulty relay in front of the endpoint, as a target file."""
    port = endpoint["http"].rpartition(":")[2]
    command = [sys.executable, "-m", "load.bench.middlebox", "--upstream", port, *faults]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        mine = json.loads(process.stdout.readline())["port"]
        yield write_target(tmp_path, endpoint, f"http://127.0.0.1:{mine}", safety=safety), process
        process.stdin.close()


def write_target(tmp_path, endpoint, url, *, ca=None, identity="full", safety="destructive"):
    """Write a target file for one listener, for the identities of the endpoint."""
    listener = "https" if url.startswith("https") else "http"
    keys = endpoint["identities"][identity]
    lines = [
        "[target]",
        'name = "behind a middlebox"',
        f'region = "{endpoint["region"]}"',
        f'safety = "{safety}"',
        "timeout = 5",
        "[gateways.shared]",
        f'{listener} = "{url}"',
        *([f'ca = "{ca}"'] if ca else []),
        "[identities.full]",
        *(f'{name} = "{value}"' for name, value in keys.items()),
    ]
    path = tmp_path / "target.toml"
    path.write_text("\n".join(lines))
    tomllib.loads(path.read_text())
    return path
