"""Allure results, by the model classes of allure-python-commons, which allure-pytest writes with.

    epic      family             severity  from level: blocker (binding MUST) ... trivial (MAY)
    feature   operation          link      the source, where it has an address
    story     rule: statement    labels    verdict, level, provenance, stage, tags

    pass, warn                     passed, a warning with its message and tag
    fail, hang, flaky              failed, flaky marked so
    harness-error                  broken
    not-testable                   broken for a binding promise, else skipped
    not-applicable, known          skipped, known marked so

Allure leaves skipped cases out of its percentage, so its figures are no verdict; the page, the
certificate and the exit code are. HTML made by the `allure` command calls an analytics service when
it is opened; nothing here does.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from hashlib import md5
from pathlib import Path
from typing import Any

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import (
    Attachment,
    Label,
    Link,
    Parameter,
    Status,
    StatusDetails,
    TestResult,
)
from allure_commons.types import AttachmentType, LabelType, LinkType, Severity

from reports import transcript
from reports.digest import Digest
from reports.results import MissingEvidenceError, RuleResult, Run
from reports.text import visible
from reports.vocabulary import BROKEN, REPORTED, outcome, profile, sentence

#: Exchanges attached to a case; the last one, which shows the verdict, is always among them.
ATTACHED = 5
#: Cases of a rule and verdict that carry their evidence; a dead target fails thousands alike.
CASES = 50

CATEGORIES = [
    {"name": "Broken promises", "matchedStatuses": ["failed"]},
    {"name": "Harness errors", "matchedStatuses": ["broken"], "messageRegex": "harness-error:.*"},
    {"name": "Not testable", "matchedStatuses": ["broken"], "messageRegex": "not-testable:.*"},
    {"name": "Known failures", "matchedStatuses": ["skipped"], "messageRegex": "known:.*"},
    {
        "name": "Not applicable",
        "matchedStatuses": ["skipped"],
        "messageRegex": "not-applicable:.*",
    },
]


def render(numbers: Digest, path: Path) -> Path:
    """Write an allure-results folder, in place of an earlier one."""
    run = numbers.run
    shutil.rmtree(path, ignore_errors=True)
    make: Any = AllureFileLogger  # its methods carry no types
    log = make(str(path))
    seen: Counter[tuple[str, str]] = Counter()
    clock = _milliseconds(run.header.started)
    for result in run.results:
        start = _milliseconds(result.started) if result.started else clock
        clock = start + round(result.seconds * 1000)
        kind = (result.rule, result.verdict)
        seen[kind] += 1
        attachments = _attachments(run, result, log) if seen[kind] <= CASES else ()
        log.report_result(_test(run, result, start, clock, list(attachments)))
    (path / "categories.json").write_text(json.dumps(CATEGORIES), encoding="utf-8")
    (path / "environment.properties").write_text(_environment(run), encoding="utf-8")
    return path


def _test(
    run: Run, result: RuleResult, start: int, stop: int, attachments: list[Attachment]
) -> TestResult:
    return TestResult(
        uuid=_digest(run.header.started, str(run.header.seed), result.name),
        historyId=_digest(result.name),
        testCaseId=_digest(result.rule),
        fullName=visible(f"{result.family}.{result.name}"),
        name=visible(result.name),
        description=visible(result.statement),
        status=_status(result),
        statusDetails=_details(result),
        stage="finished",
        start=start,
        stop=stop,
        labels=list(_labels(result)),
        links=list(_links(result)),
        parameters=list(_parameters(result)),
        attachments=attachments,
        titlePath=[visible(result.family), visible(result.operation or "any operation")],
    )


def _status(result: RuleResult) -> str:
    if result.verdict in ("pass", "warn"):
        return str(Status.PASSED)
    if result.verdict in BROKEN:
        return str(Status.FAILED)
    untested = result.verdict == "not-testable" and result.gates
    if untested or result.verdict == "harness-error":
        return str(Status.BROKEN)
    return str(Status.SKIPPED)


def _details(result: RuleResult) -> StatusDetails | None:
    if result.verdict == "pass":
        return None
    lines = (
        ("expected", result.expected),
        ("found", result.found),
        ("source", result.source),
        ("replay", result.replay),
        ("curl", result.curl),
    )
    return StatusDetails(
        known=result.verdict == "known",
        flaky=result.verdict == "flaky",
        message=visible(f"{result.verdict}: {result.message or result.statement}"),
        trace="\n".join(f"{label}: {visible(value)}" for label, value in lines if value),
    )


def _labels(result: RuleResult) -> Iterable[Label]:
    yield Label(LabelType.EPIC, visible(result.family))
    yield Label(LabelType.FEATURE, visible(result.operation or "any operation"))
    yield Label(LabelType.STORY, visible(f"{result.rule}: {result.statement}"))
    yield Label(LabelType.SEVERITY, _severity(result).value)
    yield Label(LabelType.SUITE, visible(result.family))
    yield Label(LabelType.FRAMEWORK, "kms-conformance")
    yield Label(LabelType.LANGUAGE, "python")
    marks = (result.verdict, result.level, result.provenance, result.stage, *result.tags)
    for mark in dict.fromkeys(marks):
        yield Label(LabelType.TAG, visible(mark))


def _links(result: RuleResult) -> Iterable[Link]:
    if result.link:
        yield Link(type=LinkType.LINK, url=result.link, name=visible(result.source))


def _severity(result: RuleResult) -> Severity:
    if result.gates:
        return Severity.BLOCKER
    levels = {"MUST": Severity.CRITICAL, "SHOULD": Severity.NORMAL, "MAY": Severity.TRIVIAL}
    return levels[result.level]


def _parameters(result: RuleResult) -> Iterable[Parameter]:
    facts = {
        "rule": result.rule,
        "case": result.case,
        "level": result.level,
        "provenance": result.provenance,
        "stage": result.stage,
        "source": result.source,
        **{f"reading {name}": option for name, option in result.readings.items()},
    }
    for name, value in facts.items():
        if value is not None:
            yield Parameter(name=visible(name), value=visible(value))


def _attachments(run: Run, result: RuleResult, log: Any) -> Iterable[Attachment]:
    if result.verdict not in REPORTED:
        return
    for number, identifier in enumerate(result.exchanges[-ATTACHED:]):
        try:
            exchange = run.evidence(identifier)
        except MissingEvidenceError as error:
            yield _attach(log, result, f"evidence {identifier}", f"{number}-missing", str(error))
            continue
        for part, content in (
            ("request", transcript.request(exchange)),
            ("answer", transcript.answer(exchange)),
        ):
            yield _attach(log, result, f"{part} {identifier}", f"{number}-{part}", content)
    if result.curl:
        yield _attach(log, result, "curl", "curl", result.curl)


def _attach(log: Any, result: RuleResult, name: str, part: str, content: str) -> Attachment:
    kind = AttachmentType.TEXT
    source = f"{_digest(result.name, part)}-attachment.{kind.extension}"
    log.report_attached_data(visible(content), source)
    return Attachment(name=visible(name), source=source, type=kind.mime_type)


def _environment(run: Run) -> str:
    """Return a Java properties file, non-ASCII and control characters escaped."""
    head = run.header
    facts: dict[str, Any] = {
        "verdict": sentence(run),
        "outcome": outcome(run),
        "profile": profile(run),
        "suite": head.suite,
        "target": head.target,
        "seed": head.seed,
        "safety": head.safety,
        "command": head.command,
        **head.environment,
    }
    return "".join(f"{_property(name)}={_property(str(value))}\n" for name, value in facts.items())


def _property(text: str) -> str:
    escaped = json.dumps(visible(text))[1:-1].replace('\\"', '"')
    return "".join(f"\\{sign}" if sign in " =:#!" else sign for sign in escaped)


def _digest(*parts: str) -> str:
    content = "\n".join(parts).encode("utf-8", "replace")
    return md5(content, usedforsecurity=False).hexdigest()


def _milliseconds(time: str) -> int:
    return round(datetime.fromisoformat(time).timestamp() * 1000)
