"""What tests of SDKs need on the side of an instance: keys and secrets in it, and its SDK."""

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from environments import python_of
from served import Served

from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import AccessKey

HERE = Path(__file__).resolve().parent
PASSWORD = "Passw0rd-of-a-test"
TEXT = b"a text \x00\xff"


class Manager:
    """Makes things over the shared gateway."""

    def __init__(self, served: Served) -> None:
        self.served = served
        full = served.ready["identities"]["full"]
        self._auth = Acs3Auth(AccessKey(full["access_key_id"], full["access_key_secret"]))
        self.instance = served.ready["gateways"]["dedicated"]["instance"]

    def __call__(self, action: str, **params: Any) -> dict[str, Any]:
        url = f"{self.served.ready['http']}/?Action={action}&Version=2016-01-20"
        with httpx.Client(trust_env=False) as client:
            request = client.build_request("POST", url, data=params)
            answer = client.send(self._auth.sign_request(request))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def key(self, spec: str = "Aliyun_AES_256", **params: Any) -> str:
        made = self("CreateKey", KeySpec=spec, DKMSInstanceId=self.instance, **params)
        return str(made["KeyMetadata"]["KeyId"])


class Refused(Exception):
    """A refusal as the SDK tells it."""


class Process:
    """One process of an SDK, in its own environment, that answers a line for a line.

    Args:
        environment: Name of its lock file.
        driver: Its program in this folder.
        folder: Where it runs, and its home.
        first: Says where and as whom.
    """

    def __init__(self, environment: str, driver: str, folder: Path, first: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [python_of(environment), HERE / driver],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        )
        self._send(first)

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def told(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a line; the test fails when the driver has ended."""
        self._send(message)
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr
            pytest.fail(f"the driver ended at {message}:\n{self._process.stderr.read()[-2000:]}")
        return dict(json.loads(line))

    def close(self) -> None:
        self._process.communicate(timeout=10)


class Sdk(Process):
    """The KMS Instance SDK."""

    def __init__(self, endpoint: Served, key_file: Path, ca: str | None = None) -> None:
        dedicated = endpoint.ready["gateways"]["dedicated"]
        first = {
            "endpoint": urlsplit(dedicated["https"]).netloc,
            "ca": ca or dedicated["ca"],
            "file": str(key_file),
            "password": PASSWORD,
        }
        super().__init__("instance-sdk", "driver_instance.py", key_file.parent, first)

    def ask(self, operation: str, **values: Any) -> dict[str, Any]:
        packed = {
            name: {"base64": base64.b64encode(value).decode()}
            if isinstance(value, bytes)
            else value
            for name, value in values.items()
        }
        return self.told({"operation": operation, "values": packed})

    def __call__(self, operation: str, **values: Any) -> dict[str, Any]:
        answered = self.ask(operation, **values)
        if not answered["ok"]:
            raise Refused(operation, answered["status"], answered["code"], answered["message"])
        return {
            name: base64.b64decode(value["base64"]) if isinstance(value, dict) else value
            for name, value in answered["answer"].items()
        }
