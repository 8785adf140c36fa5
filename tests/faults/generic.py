"""The same figure for a generic tester: schemathesis, on an OpenAPI made from the specs.

    python -m tests.faults.generic [--most N] [--cases N] [--seconds S]

Each operation becomes a path of its own with its request and response schemas and a link from
CreateKey to what takes a KeyId; a bridge signs what arrives and passes it on, favours that KMS API
itself does not grant. A fault counts as killed when schemathesis reports a failure that it does not report of
the plain endpoint. The faults are those of the published comparison (public_corpus.json). Writes
tests/faults/generic.json, which the kill score shows. Needs `python tests/sdk/environments.py
schemathesis`, an environment of its own; says so where that cannot be made.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "sdk"))

from environments import EnvironmentProblem, python_of
from seeding import faults, plain
from strength_report import corpus

from conformance.client.caller import Caller
from conformance.run.verdict import Outcome
from conformance.spec import catalogue
from conformance.spec.keywords import request_schema
from conformance.target import Target

HERE = Path(__file__).parent
SEED = 7
OPERATIONS = (
    *("CreateKey", "DescribeKey", "ListKeys", "EnableKey", "DisableKey", "Encrypt", "Decrypt"),
    *("GenerateDataKey", "ScheduleKeyDeletion", "CancelKeyDeletion", "CreateAlias", "ListAliases"),
    *("ReEncrypt", "AsymmetricEncrypt", "AsymmetricDecrypt", "ListResourceTags", "TagResource"),
    *("CreateSecret", "GetSecretValue", "PutSecretValue", "ListTagResources", "UpdateAlias"),
)


def schema_of(value: Any) -> Any:
    """Return a schema without the suite's own keywords."""
    if isinstance(value, list):
        return [schema_of(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {name: schema_of(part) for name, part in value.items() if not name.startswith("x-")}


def _resolved(schema: Any, definitions: Mapping[str, Any], depth: int = 0) -> Any:
    if isinstance(schema, list):
        return [_resolved(part, definitions, depth) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema and depth < 12:
        found = definitions[schema["$ref"].rpartition("/")[2]]
        rest = {name: part for name, part in schema.items() if name != "$ref"}
        return _resolved({**found, **rest}, definitions, depth + 1)
    return {name: _resolved(part, definitions, depth) for name, part in schema.items()}


def openapi() -> dict[str, Any]:
    """Return the operations as OpenAPI 3.1, a path each."""
    definitions = catalogue().document("definitions")["$defs"]
    error = {
        "type": "object",
        "required": ["RequestId", "Code", "Message"],
        "properties": {name: {"type": "string"} for name in ("RequestId", "Code", "Message")},
    }
    paths = {}
    for name in OPERATIONS:
        operation = catalogue().operations[name]
        response = schema_of(_resolved(dict(operation.response), definitions))
        body = schema_of(request_schema(operation))
        answers: dict[str, Any] = {
            "200": {"description": "done", "content": {"application/json": {"schema": response}}},
            "4XX": {"description": "refused", "content": {"application/json": {"schema": error}}},
        }
        if name == "CreateKey":
            answers["200"]["links"] = {
                f"to{other}": {
                    "operationId": other,
                    "requestBody": {"KeyId": "$response.body#/KeyMetadata/KeyId"},
                }
                for other in OPERATIONS
                if "KeyId" in catalogue().operations[other].request["properties"]
            }
        paths[f"/{name}"] = {
            "post": {
                "operationId": name,
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {**body, "type": "object"}}},
                },
                "responses": answers,
            }
        }
    return {"openapi": "3.1.0", "info": {"title": "KMS", "version": "2016-01-20"}, "paths": paths}


@contextmanager
def bridge(target: Target) -> Iterator[str]:
    """Serve the operations as paths; sign and pass on what comes."""
    caller = Caller(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, content, kind = _passed_on(caller, self.path.strip("/"), text)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        caller.close()


def _passed_on(caller: Caller, name: str, text: bytes) -> tuple[int, bytes, str]:
    refused = json.dumps({"RequestId": "bridge", "Code": "InvalidParameter", "Message": "no JSON"})
    try:
        params = json.loads(text or b"{}")
        pairs = [(key, _wire(value)) for key, value in params.items()]
    except (ValueError, AttributeError):
        return 400, refused.encode(), "application/json"
    try:
        answer = caller.call(name, None, raw_pairs=pairs, placement="form", patient=False)
    except Outcome as outcome:
        return 502, str(outcome).encode(), "text/plain"
    return answer.status, answer.response_body, answer.header("content-type") or "text/plain"


def _wire(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value)


def failures(
    python: Path, url: str, folder: Path, cases: int, seconds: int
) -> set[tuple[str, str]]:
    """Run schemathesis; return what it reports: operation and kind of failure."""
    (folder / "openapi.json").write_text(json.dumps(openapi()))
    report = folder / "junit.xml"
    command = [python, "-m", "schemathesis.cli", "run", folder / "openapi.json", "--url", url]
    command += [
        "-n",
        str(cases),
        "--seed",
        str(SEED),
        "--continue-on-failure",
        "--max-time",
        str(seconds),
    ]
    command += ["--report", "junit", "--report-junit-path", report, "--no-color"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, cwd=folder
    )
    if not report.exists():
        raise RuntimeError(
            f"schemathesis wrote no report: {done.stdout[-400:]}{done.stderr[-400:]}"
        )
    found = set()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - written a moment ago
        for failure in case.iter("failure"):
            text = (failure.get("message") or "") + (failure.text or "")
            for title in re.findall(r"^\s*-\s+(.+)$", text, re.MULTILINE) or [text[:80]]:
                found.add((case.get("name") or "", title.strip()[:80]))
    return found


def of(seeded: Any, python: Path, cases: int, seconds: int) -> set[tuple[str, str]]:
    """Return what is reported of one endpoint."""
    with (
        tempfile.TemporaryDirectory() as folder,
        seeded.open(Path(folder)) as (target, _),
        bridge(target) as url,
    ):
        return failures(python, url, Path(folder), cases, seconds)


def main() -> int:
    """Measure and write; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--most", type=int, default=25, help="faults at most (25)")
    parser.add_argument("--cases", type=int, default=10, help="cases for each operation (10)")
    parser.add_argument("--seconds", type=int, default=45, help="for each endpoint at most (45)")
    arguments = parser.parse_args()
    try:
        python = python_of("schemathesis")
    except EnvironmentProblem as problem:
        print(f"not measured: {problem}", file=sys.stderr)
        return 3
    rows = [row for row in corpus() if row["report"].startswith("comparison")]
    names = list(dict.fromkeys(f"switch:{row['faults'][0]}" for row in rows))[: arguments.most]
    known: set[tuple[str, str]] = set()
    for _ in range(2):  # what the plain endpoint is reported for differs a little between runs
        known |= of(plain("switch"), python, arguments.cases, arguments.seconds)
    print(f"the plain endpoint is reported for {len(known)} things")
    killed = {}
    for name in names:
        found = of(faults()[name], python, arguments.cases, arguments.seconds) - known
        killed[name] = bool(found)
        print(f"{'killed' if found else 'survived':<9} {name}: {sorted(found)[:2]}", flush=True)
    document = {
        "tool": "schemathesis",
        "version": _version(python),
        "faults": len(names),
        "killed": sum(killed.values()),
        "ours": len(_ours(names)),
        "cases": arguments.cases,
        "names": killed,
    }
    (HERE / "generic.json").write_text(json.dumps(document, indent=1) + "\n")
    print(f"{document['killed']} of {document['faults']} killed")
    return 0


def _ours(names: list[str]) -> list[str]:
    import strength_tasks as tasks

    results = [tasks.perform(tasks.Task("fault", name)) for name in names]
    return [result["id"] for result in results if result["verdict"] == "killed"]


def _version(python: Path) -> str:
    code = "import importlib.metadata as m; print(m.version('schemathesis'))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
