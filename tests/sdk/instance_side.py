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


class Sdk:
    """One process of the SDK that answers a line for a line."""

    def __init__(self, endpoint: Served, key_file: Path, ca: str | None = None) -> None:
        dedicated = endpoint.ready["gateways"]["dedicated"]
        self.process = subprocess.Popen(
            [python_of("instance-sdk"), HERE / "driver_instance.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=key_file.parent,
            env={"PATH": os.environ["PATH"], "HOME": str(key_file.parent)},
        )
        self._send(
            {
                "endpoint": urlsplit(dedicated["https"]).netloc,
                "ca": ca or dedicated["ca"],
                "file": str(key_file),
                "password": PASSWORD,
            }
        )

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, operation: str, **values: Any) -> dict[str, Any]:
        packed = {
            name: {"base64": base64.b64encode(value).decode()}
            if isinstance(value, bytes)
            else value
            for name, value in values.items()
        }
        self._send({"operation": operation, "values": packed})
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr
            pytest.fail(f"the driver ended at {operation}:\n{self.process.stderr.read()[-2000:]}")
        return dict(json.loads(line))

    def __call__(self, operation: str, **values: Any) -> dict[str, Any]:
        answered = self.ask(operation, **values)
        if not answered["ok"]:
            raise Refused(operation, answered["status"], answered["code"], answered["message"])
        return {
            name: base64.b64decode(value["base64"]) if isinstance(value, dict) else value
            for name, value in answered["answer"].items()
        }

    def close(self) -> None:
        self.process.communicate(timeout=10)
