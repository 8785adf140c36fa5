"""The reference endpoint against its baselines."""

import base64
import hashlib
import json
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from environments import python_of
from raw import Measured, measure
from served import Served, serving
from signed_requests import moto_get_secret_value, null_gets, signed
from table import Ratio

from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import AccessKey

HERE = Path(__file__).resolve().parent
#: Turns of a round: on a shared machine the pace of the cores changes within a second, and what is
#: compared has to be measured at the same pace. A round compares the sums over its turns.
TURNS = 4
SECRET = {"SecretName": "bench/secret"}


def address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


def credential(served: Served) -> AccessKey:
    full = served.ready["identities"]["full"]
    return AccessKey(full["access_key_id"], full["access_key_secret"])


def call(served: Served, action: str, params: dict[str, Any]) -> dict[str, Any]:
    """One call outside the measurement."""
    request = httpx.Request(
        "POST",
        f"{served.ready['http']}/?Action={action}&Version=2016-01-20",
        data=params,
    )
    with httpx.Client(trust_env=False) as client:
        answer = client.send(Acs3Auth(credential(served)).sign_request(request))
    answer.raise_for_status()
    return dict(answer.json())


@contextmanager
def with_secret() -> Iterator[Served]:
    with serving() as served:
        call(served, "CreateSecret", {**SECRET, "SecretData": "s" * 32, "VersionId": "v1"})
        yield served


@contextmanager
def child(*command: str) -> Iterator[dict[str, Any]]:
    """A baseline server that says where it listens."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield {**json.loads(process.stdout.readline())}
        finally:
            process.terminate()


def burst(
    served: Served,
    action: str,
    params: dict[str, Any],
    count: int,
    scheme: str,
    where: str = "http",
) -> Measured:
    """Send `count` freshly signed calls and check that all succeeded."""
    url = served.ready[where]
    requests = signed(url, credential(served), action, params, count, scheme)
    tls = ssl.create_default_context(cafile=served.ready["ca"]) if where == "https" else None
    measured = measure(address(url), requests, served.process.pid, tls=tls)
    if measured.bad:
        raise RuntimeError(f"{measured.bad} of {count} {action} calls were refused")
    return measured


def endpoint(rounds: int, count: int) -> Iterator[Ratio]:
    """GetSecretValue, signature checked, against a GET that does nothing."""
    with with_secret() as served, child(sys.executable, str(HERE / "null_server.py")) as null:
        ratios: dict[str, list[float]] = {"RPC-1.0": [], "V3": []}
        few = count // TURNS
        for _ in range(rounds):
            spent = dict.fromkeys(("null", *ratios), 0.0)
            for _ in range(TURNS):
                host = f"127.0.0.1:{null['port']}"
                bare = measure(("127.0.0.1", null["port"]), null_gets(host, few), null["pid"])
                spent["null"] += bare.cpu
                for scheme in ratios:
                    spent[scheme] += burst(served, "GetSecretValue", SECRET, few, scheme).cpu
            for scheme, values in ratios.items():
                values.append(spent["null"] / spent[scheme])
        for scheme, goal in (("RPC-1.0", 0.30), ("V3", 0.35)):
            yield Ratio(
                f"GetSecretValue, {scheme}, by CPU", "null GET", tuple(ratios[scheme]), goal
            )


def emulator(rounds: int, count: int) -> Iterator[Ratio]:
    """The same against moto_server, which checks no signature."""
    python = python_of("moto")
    with with_secret() as served:
        port = _free_port()
        command = [str(python), "-m", "moto.server", "-p", str(port)]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                _create_moto_secret(port)
                few = max(100, count // 10)
                values = []
                for _ in range(rounds):
                    theirs = measure(
                        ("127.0.0.1", port),
                        moto_get_secret_value(f"127.0.0.1:{port}", "bench", few),
                        process.pid,
                    )
                    ours = burst(served, "GetSecretValue", SECRET, count, "V3")
                    values.append(theirs.cpu / ours.cpu)
            finally:
                process.kill()
        yield Ratio("GetSecretValue, V3, by CPU", "moto_server", tuple(values), 15)


def tls(rounds: int, count: int) -> Iterator[Ratio]:
    """TLS on kept-alive connections against plain HTTP."""
    with with_secret() as served:
        values = []
        for _ in range(rounds):
            plain = burst(served, "GetSecretValue", SECRET, count, "V3")
            secure = burst(served, "GetSecretValue", SECRET, count, "V3", "https")
            values.append(plain.cpu / secure.cpu)
        yield Ratio("GetSecretValue over TLS 1.3, by CPU", "plain HTTP", tuple(values), 0.65)


def signing(rounds: int, count: int) -> Iterator[Ratio]:
    """RSA-2048 PSS over HTTP against the same calls without a server, by rate."""
    own = rsa.generate_private_key(65537, 2048)
    digest = hashlib.sha256(b"bench").digest()
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    with serving() as served:
        key = call(served, "CreateKey", {"KeySpec": "RSA_2048", "KeyUsage": "SIGN/VERIFY"})
        name = key["KeyMetadata"]["KeyId"]
        versions = call(served, "ListKeyVersions", {"KeyId": name})["KeyVersions"]["KeyVersion"]
        params = {
            "KeyId": name,
            "KeyVersionId": versions[0]["KeyVersionId"],
            "Algorithm": "RSA_PSS_SHA_256",
            "Digest": base64.b64encode(digest).decode(),
        }
        few = max(200, count // 4) // TURNS
        values = []
        for _ in range(rounds):
            bare = over = 0.0
            for _ in range(TURNS):
                started = time.process_time()
                for _ in range(few):
                    own.sign(digest, pss, utils.Prehashed(hashes.SHA256()))
                bare += (time.process_time() - started) / few * 1e6
                over += burst(served, "AsymmetricSign", params, few, "V3").cpu
            values.append(bare / over)
        yield Ratio("AsymmetricSign RSA_2048 PSS, by CPU", "bare cryptography", tuple(values), 0.65)


def memory(rounds: int, count: int) -> Iterator[Ratio]:
    """Resident memory after 100,000 requests against that after the first 10,000."""
    del rounds, count
    with with_secret() as served:
        process = psutil.Process(served.process.pid)
        burst(served, "GetSecretValue", SECRET, 10_000, "V3")
        early = process.memory_info().rss
        for _ in range(9):
            burst(served, "GetSecretValue", SECRET, 10_000, "V3")
        yield Ratio(
            "memory after 100,000 requests",
            "after 10,000",
            (process.memory_info().rss / early,),
            1.10,
            at_most=True,
        )


def life(rounds: int, count: int) -> Iterator[Ratio]:
    """From spawn to ready against a bare import of what it stands on; and how long it takes to stop."""
    del count
    ups, stops = [], []
    bare = [
        sys.executable,
        "-c",
        "import uvicorn, cryptography.hazmat.primitives.asymmetric.rsa, jsonschema, httpx",
    ]
    for _ in range(max(3, rounds)):
        started = time.perf_counter()
        subprocess.run(bare, check=True)
        imported = time.perf_counter() - started
        started = time.perf_counter()
        with serving() as served:
            ups.append((time.perf_counter() - started) / imported)
            started = time.perf_counter()
            served.process.terminate()
            served.process.wait()
            stops.append(time.perf_counter() - started)
    yield Ratio("start until ready", "bare import", tuple(ups), 2.5, at_most=True)
    yield Ratio("stop", "the clock", (statistics.median(stops),), 0.5, at_most=True, unit=" s")


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _create_moto_secret(port: int) -> None:
    with httpx.Client(trust_env=False) as client:
        for _ in range(100):
            try:
                client.post(
                    f"http://127.0.0.1:{port}/",
                    headers={
                        "x-amz-target": "secretsmanager.CreateSecret",
                        "content-type": "application/x-amz-json-1.1",
                        "authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/"
                        "secretsmanager/aws4_request, SignedHeaders=host, Signature=0",
                    },
                    json={"Name": "bench", "SecretString": "s" * 32},
                ).raise_for_status()
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
    raise RuntimeError("moto_server did not start")
