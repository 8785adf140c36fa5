"""The official Python SDKs drive the reference endpoint over HTTPS with its private CA.

Each runs in an environment of its own, made from its lock file, through the whole of `story`, errors
included: with an AccessKey and with an STS token; the newer SDK with V3 and with RPC-1.0.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from environments import python_of
from served import Served, serving
from story import Memory, Step, story

pytestmark = pytest.mark.sdk
HERE = Path(__file__).resolve().parent

SDKS = {
    "aliyun-python-sdk-kms, RPC-1.0": ("sdk-v1", "driver_v1.py", None),
    "alibabacloud-kms20160120, V3": ("sdk-v2", "driver_v2.py", None),
    "alibabacloud-kms20160120, RPC-1.0": ("sdk-v2", "driver_v2.py", "v2"),
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Served]:
    with serving() as served:
        yield served


class Driver:
    """One SDK process that answers a line for a line."""

    def __init__(self, sdk: str, endpoint: Served, identity: str, folder: Path) -> None:
        environment, program, mode = SDKS[sdk]
        self.sdk = sdk
        credential = endpoint.ready["identities"][identity]
        clean = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        self.process = subprocess.Popen(
            [python_of(environment), HERE / program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=clean,
        )
        self._send(
            {
                "endpoint": urlsplit(endpoint.ready["https"]).netloc,
                "ca": endpoint.ready["ca"],
                "region": endpoint.ready["region"],
                "id": credential["access_key_id"],
                "secret": credential["access_key_secret"],
                "token": credential.get("security_token"),
                "mode": mode,
            }
        )

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def call(self, step: Step, memory: Memory) -> dict[str, Any]:
        self._send({"operation": step.operation, "params": step.parameters(memory)})
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr
            pytest.fail(
                f"the driver ended at {step.operation}:\n{self.process.stderr.read()[-2000:]}"
            )
        return json.loads(line)

    def close(self) -> None:
        self.process.communicate(timeout=10)


@pytest.mark.parametrize("identity", ["full", "sts"])
@pytest.mark.parametrize("sdk", SDKS)
def test_an_official_sdk_goes_through_the_story(
    sdk: str, identity: str, endpoint: Served, tmp_path: Path
) -> None:
    steps = story(f"{abs(hash((sdk, identity))) % 10**8}")
    assert len({step.operation for step in steps}) >= 30
    driver = Driver(sdk, endpoint, identity, tmp_path)
    memory: Memory = {}
    try:
        for step in steps:
            answered = driver.call(step, memory)
            if isinstance(step.expect, str):
                assert not answered["ok"], f"{step.operation} should have been refused: {answered}"
                assert answered["code"] == step.expect, answered
                continue
            assert answered["ok"], f"{step.operation}: {answered}"
            if step.keep:
                memory[step.keep] = answered["answer"]
            if step.expect:
                assert step.expect(answered["answer"], memory), f"{step.operation}: {answered}"
    finally:
        driver.close()
