"""Makes results folders for the tests of reports: real operations, every verdict, hostile text.

`python tests/reports/sample_results.py FOLDER` writes the folder that the picture in README shows.
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import specs

HOSTILE = (
    "</script><script>window.pwned=1</script>",
    '"><img src=x onerror="window.pwned=1">',
    "NUL \x00 ESC \x1b[31mred\x1b[0m BEL \x07",
    "four bytes \U0001f511 and \U00020000",
    "right to left \u202eevil\u202c",
    "]]> <!-- & &amp; {{ 7*7 }} ${7*7} [bold]",
    "lone \ud800 surrogate",
    "line one\nline two\r\nline three\u2028line four",
)

RULES: dict[str, tuple[str, str, str, str, str]] = {
    "ENV-001": (
        "envelope",
        "answer",
        "MUST",
        "Every answer, good or bad, carries a RequestId.",
        "Responses, AlibabaCloudDocs/kms (2021-07)",
    ),
    "ENV-004": (
        "envelope",
        "answer",
        "MUST",
        "An error names HostId, Code and Message.",
        "Responses, https://help.aliyun.com/document_detail/69010.html",
    ),
    "CON-001": (
        "contract",
        "service",
        "MUST",
        "A valid request is accepted, and the answer matches the response schema.",
        "Python SDK alibabacloud_kms20160120 3.3.1",
    ),
    "CON-002": (
        "contract",
        "parameter",
        "MUST",
        "A request with one invalid parameter is refused with the documented code.",
        "KMS Responses page, AlibabaCloudDocs/kms (2021-07)",
    ),
    "CON-003": (
        "contract",
        "parameter",
        "SHOULD",
        "Page numbers are integers on the wire.",
        "Common parameters, AlibabaCloudDocs/kms (2021-07)",
    ),
    "AUT-003": (
        "authentication",
        "authentication",
        "MUST",
        "A request with a wrong signature is refused with SignatureDoesNotMatch.",
        "Sign requests, https://help.aliyun.com/document_detail/69012.html",
    ),
    "AUT-011": (
        "authentication",
        "authentication",
        "MUST",
        "A used nonce is refused with SignatureNonceUsed.",
        "Common parameters, AlibabaCloudDocs/kms (2021-07)",
    ),
    "AZR-001": (
        "authorisation",
        "authorisation",
        "MUST",
        "An identity without rights is refused with Forbidden.NoPermission.",
        "KMS Responses page, AlibabaCloudDocs/kms (2021-07)",
    ),
    "SHR-002": (
        "shared-gateway",
        "gateway",
        "MUST",
        "The operation is reachable over HTTPS.",
        "Endpoints, AlibabaCloudDocs/kms (2021-07)",
    ),
    "EFF-001": (
        "effects",
        "state",
        "MUST",
        "What was created is described and listed.",
        "CreateKey, AlibabaCloudDocs/kms (2021-07)",
    ),
    "PAG-001": (
        "paging",
        "service",
        "MUST",
        "A walk over all pages shows each thing once.",
        "ListKeys, AlibabaCloudDocs/kms (2021-07)",
    ),
    "IDM-001": (
        "idempotency",
        "state",
        "SHOULD",
        "Repeating a call that changes nothing succeeds.",
        "EnableKey, AlibabaCloudDocs/kms (2021-07)",
    ),
}

#: How a demanding but plausible target does: rule, operation (or all) and verdict.
FINDINGS: dict[tuple[str, str | None], tuple[str, str, str | None, str | None]] = {
    ("CON-002", "Encrypt"): (
        "fail",
        "A plaintext of 6,145 bytes was accepted; the documented limit is 6,144.",
        "400 InvalidParameter",
        "200",
    ),
    ("CON-002", "ScheduleKeyDeletion"): (
        "fail",
        "PendingWindowInDays=6 was accepted; the documented minimum is 7.",
        "400 InvalidParameter",
        "200",
    ),
    ("AUT-011", "GenerateDataKey"): (
        "fail",
        "The second request with the same SignatureNonce was answered like the first.",
        "400 SignatureNonceUsed",
        "200",
    ),
    ("EFF-001", "CreateAlias"): (
        "flaky",
        "The new alias was missing from ListAliases, and there when asked again.",
        "alias listed",
        "not listed, then listed",
    ),
    ("PAG-001", "ListKeys"): (
        "fail",
        "Key key-hzz6… stands on page 2 and on page 3.",
        "each key once",
        "1 key twice",
    ),
    ("ENV-004", "GetPublicKey"): ("hang", "No complete answer within 10 s.", "an answer", "none"),
    ("IDM-001", "EnableKey"): (
        "warn",
        "EnableKey on an enabled key was refused.",
        "200",
        "409 Rejected.Enabled",
    ),
    ("CON-003", "ListSecrets"): ("warn", "TotalCount came as text.", "integer", 'string "3"'),
    ("AZR-001", "TagResource"): (
        "known",
        "A read-only identity may tag keys.",
        "403 Forbidden.NoPermission",
        "200",
    ),
    ("SHR-002", "OpenKmsService"): (
        "not-applicable",
        "The target does not offer OpenKmsService and declines it with 404 InvalidAction.NotFound.",
        None,
        None,
    ),
    ("EFF-001", "ImportKeyMaterial"): (
        "not-testable",
        "GetParametersForImport failed with 500 InternalFailure, so no import token was there.",
        None,
        None,
    ),
    ("CON-001", "ConnectKmsInstance"): (
        "not-testable",
        'Starting an instance costs money; allow it with billable = ["ConnectKmsInstance"].',
        None,
        None,
    ),
    ("CON-001", "AsymmetricSign"): (
        "harness-error",
        "KeyError: 'Digest' while the request was made.",
        None,
        None,
    ),
}


def operations() -> list[str]:
    folder = specs.root() / "kms-api"
    return sorted(p.name.removesuffix(".json") for p in folder.iterdir() if p.name.endswith("json"))


@cache
def category(operation: str) -> str:
    text = (specs.root() / "kms-api" / f"{operation}.json").read_text(encoding="utf-8")
    return str(json.loads(text)["category"])


def header(**changes: Any) -> dict[str, Any]:
    return {
        "event": "header",
        "schema": 1,
        "suite": "0.1.0",
        "profile": {"name": "shared-gateway-ram", "version": "1"},
        "target": "acme-kms-emulator",
        "region": "cn-hangzhou",
        "started": "2026-11-25T20:15:04Z",
        "seed": 20161120,
        "selection": [],
        "gateways": {
            "shared": {"https": "https://127.0.0.1:8443", "http": "http://127.0.0.1:8080"}
        },
        "safety": "schedules-deletion",
        "command": "kms-conformance run --target acme.toml --seed 20161120",
        "environment": {"python": "3.11.9", "platform": "Linux x86_64", "openssl": "3.5.1"},
    } | changes


def rule_event(
    rule: str, case: str | None, operation: str | None, **changes: Any
) -> dict[str, Any]:
    family, stage, level, statement, source = RULES[rule]
    return {
        "event": "rule",
        "rule": rule,
        "case": case,
        "family": family,
        "operation": operation,
        "level": level,
        "provenance": "documented",
        "source": source,
        "link": source[source.index("https://") :] if "https://" in source else None,
        "statement": statement,
        "stage": stage,
        "gateway": "shared",
        "verdict": "pass",
        "message": None,
        "seconds": 0.004,
        "attempts": 1,
        "exchanges": [],
        "readings": {},
        "replay": None,
        "curl": None,
        "tags": ["kms-api"],
    } | changes


def footer(events: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    rules = [event for event in events if event["event"] == "rule"]
    counts = Counter(event["verdict"] for event in rules)
    readings: dict[str, Counter[str]] = {}
    for event in rules:
        for reading, option in event["readings"].items():
            readings.setdefault(reading, Counter())[option] += 1
    broken = counts["fail"] + counts["hang"] + counts["flaky"]
    untested = counts["not-testable"]
    code = 4 if counts["harness-error"] else 1 if broken else 3 if untested else 0
    return {
        "event": "footer",
        "finished": "2026-11-25T20:15:47Z",
        "seconds": 43.2,
        "counts": dict(counts),
        "exit_code": code,
        "complete": not untested,
        "stop_reason": None,
        "readings": {name: dict(options) for name, options in readings.items()},
        "requests": 3 * len(rules),
    } | changes


def evidence(identifier: str, event: dict[str, Any], *, text: str = "") -> dict[str, Any]:
    operation = event["operation"] or "DescribeKey"
    answered = event["verdict"] != "hang"
    answer = {"RequestId": "4c8ae23f-0d34-4e2c-9a2f-5a1d6b0e8c11", "Message": text or "ok"}
    body = json.dumps(answer, indent=None)
    query = f"Action={operation}&Version=2016-01-20&Format=JSON&KeyId=key-hzz65f3a1b2c3d4e5f6g"
    return {
        "schema": 1,
        "id": identifier,
        "operation": operation,
        "rule": event["rule"],
        "case": event["case"],
        "purpose": "one byte more than the documented limit",
        "identity": "full",
        "scheme": "V3",
        "gateway": "shared",
        "listener": "https",
        "started": "2026-11-25T20:15:09.125Z",
        "seconds": 0.0041,
        "parameters": {"KeyId": "key-hzz65f3a1b2c3d4e5f6g", "Plaintext": "<redacted>"},
        "request": {
            "method": "POST",
            "url": f"https://127.0.0.1:8443/?{query}",
            "headers": [
                ["Host", "127.0.0.1:8443"],
                ["x-acs-action", operation],
                ["x-acs-version", "2016-01-20"],
                [
                    "Authorization",
                    "ACS3-HMAC-SHA256 Credential=<redacted>,SignedHeaders=host,Signature=<redacted>",
                ],
            ],
            "body": {"text": "Plaintext=<redacted>", "bytes": 8203},
        },
        "response": {
            "status": 200,
            "headers": [["Content-Type", "application/json;charset=utf-8"], ["Date", text]],
            "body": {"text": body, "bytes": len(body)},
            "request_id": answer["RequestId"],
            "code": None,
            "problems": [],
        }
        if answered
        else None,
        "problem": None if answered else "no complete answer within 10 s",
        "curl": event["curl"],
    }


def rule_events(*, harness_error: bool, variants: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Yield one event for each rule and operation, `variants` for each contract rule."""
    rng = random.Random(seed)
    listing = {"PAG-001": ("List",), "EFF-001": ("Create", "Import", "Tag"), "IDM-001": ("Enable",)}
    for rule in RULES:
        for operation in operations():
            if rule in listing and not operation.startswith(listing[rule]):
                continue
            contract = rule in ("CON-001", "CON-002")
            for number in range(variants if contract else 1):
                case = f"{operation}-{number:02d}" if contract else operation
                event = rule_event(
                    rule, case, operation, seconds=round(rng.lognormvariate(-5, 1), 4)
                )
                if rule in {"CON-001", "SHR-002"}:
                    event["cells"] = [f"shared-ram-api-{category(operation)}"]
                if rule == "CON-001" and operation == "Encrypt":
                    event["readings"] = {"plaintext-of-encrypt": "base64"}
                if rule == "ENV-004":
                    event["readings"] = {
                        "xml-root": ("KMS", "operation-response")[len(operation) % 2]
                    }
                finding = FINDINGS.get((rule, operation))
                if finding and finding[0] == "harness-error" and not harness_error:
                    finding = None
                if finding and (number == 0 or (operation == "Encrypt" and number < 3)):
                    _apply(event, *finding)
                yield event


def _apply(
    event: dict[str, Any], verdict: str, message: str, expected: str | None, found: str | None
) -> None:
    item = f"{event['rule']}[{event['case']}]"
    event |= {
        "verdict": verdict,
        "message": message,
        "expected": expected,
        "found": found,
        "replay": f"kms-conformance replay '{item}' --target acme.toml --seed 20161120",
    }
    if verdict in ("fail", "hang", "flaky", "warn", "known"):
        event["attempts"] = 2
        event["exchanges"] = [f"{event['rule']}-{event['case']}-1"]
        event["curl"] = (
            "curl --cacert ca.pem -X POST 'https://127.0.0.1:8443/' \\\n"
            f"  -H 'x-acs-action: {event['operation']}' -H \"Authorization: $KMS_AUTHORIZATION\""
        )
    if verdict == "hang":
        event["seconds"] = 10.003
    if verdict == "known":
        event["baseline"] = {
            "reason": "tags carry no rights in this product",
            "owner": "storage team",
            "expires": "2027-03-31",
        }


def write(
    folder: Path, events: list[dict[str, Any]], *, end: bool = True, texts: tuple[str, ...] = ("",)
) -> Path:
    """Write a results folder with evidence for every event that names some."""
    (folder / "evidence").mkdir(parents=True, exist_ok=True)
    lines = [*events, footer(events)] if end else events
    with (folder / "results.jsonl").open("w", encoding="utf-8") as file:
        for event in lines:
            file.write(json.dumps(event) + "\n")
    index = 0
    for event in events:
        for identifier in event.get("exchanges", ()):
            document = evidence(identifier, event, text=texts[index % len(texts)])
            path = folder / "evidence" / f"{identifier}.json"
            path.write_text(json.dumps(document), encoding="utf-8")
            index += 1
    return folder


def plausible(folder: Path) -> Path:
    """Write the run of a plausible target: a handful of failures, one harness error less."""
    note = {
        "event": "note",
        "level": "warning",
        "message": "The target answered 429 twice; slowed.",
    }
    body = list(rule_events(harness_error=False, variants=6))
    return write(folder, [header(planned=len(body)), *body, note])


def whole_matrix(folder: Path) -> Path:
    """Write a run that decided every cell of the wire: one leaks, one could not be tested."""
    matrix = json.loads((specs.root() / "matrix.json").read_text(encoding="utf-8"))
    body = []
    for number, cell in enumerate(matrix["wire"]):
        for case in range(3 + number % 5):
            event = rule_event("SHR-002", f"{cell['id']}-{case}", None, cells=[cell["id"]])
            if case == 0 and cell["id"] == "dedicated-ram-api-management":
                _apply(
                    event, "fail", "DisableKey was served by the dedicated gateway.", "4xx", "200"
                )
            if cell["id"] == "shared-aap-api-secret-retrieval":
                _apply(event, "not-testable", "The policy could not be created.", None, None)
            body.append(event)
    return write(folder, [header(planned=len(body)), *body])


def every_verdict(folder: Path) -> Path:
    """Write a run with every verdict and hostile text in every member that is free text."""
    body = list(rule_events(harness_error=True, variants=2))
    for number, text in enumerate(HOSTILE):
        event = rule_event("CON-002", text, "Encrypt")
        _apply(event, "fail", text, text, text)
        event |= {
            "statement": text,
            "source": text,
            "tags": [text],
            "exchanges": [f"hostile-{number}"],
            "curl": text,
            "replay": text,
            "readings": {text: text},
        }
        body.append(event)
    body.append(rule_event("CON-003", HOSTILE[0], HOSTILE[0], family=HOSTILE[1]))
    head = header(target=HOSTILE[0], command=HOSTILE[1], planned=len(body), selection=["CON-*"])
    return write(folder, [head, *body], texts=HOSTILE)


def large(folder: Path, cases: int, *, failing: bool) -> Path:
    """Write a run of so many cases, all of which fail or pass."""
    names = operations()
    rules = list(RULES)
    body = []
    for number in range(cases):
        rule = rules[number % len(rules)]
        event = rule_event(rule, f"case-{number:05d}", names[number % len(names)])
        if failing:
            _apply(event, "fail", "expected 400 InvalidParameter, found 200", "400", "200")
        body.append(event)
    return write(folder, [header(planned=cases), *body])


if __name__ == "__main__":
    print(plausible(Path(sys.argv[1])))
