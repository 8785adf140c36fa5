"""JUnit XML as Jenkins, GitLab, GitHub and Azure read it: a suite for each family, a case for each.

pass, warn            passed; a warning is told in system-out
fail, hang, flaky     failure, typed by the verdict
harness-error         error
not-testable          error "incomplete" for a binding promise, else skipped
not-applicable, known skipped, with the reason
"""

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from reports.digest import Digest
from reports.results import RuleResult, Run
from reports.text import visible
from reports.vocabulary import BROKEN, outcome, profile, sentence

OUTCOME_TAGS = ("failure", "error", "skipped")


def render(numbers: Digest, path: Path) -> Path:
    """Write the report."""
    tree = ET.ElementTree(document(numbers.run))
    ET.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)
    return path


def document(run: Run) -> ET.Element:
    """Return the report as an element; a run that was cut short carries an error of its own."""
    root = ET.Element("testsuites", name="kms-conformance")
    families: dict[str, list[RuleResult]] = {}
    for result in run.results:
        families.setdefault(result.family, []).append(result)
    for family, results in sorted(families.items()):
        root.append(_suite(run, family, results))
    if run.footer is None:
        root.append(_cut_short(run))
    _tally(root, root.iter("testcase"))
    return root


def _suite(run: Run, family: str, results: list[RuleResult]) -> ET.Element:
    suite = ET.Element("testsuite", name=visible(family), timestamp=_timestamp(run))
    properties = ET.SubElement(suite, "properties")
    head = run.header
    for name, value in {
        "profile": profile(run),
        "suite": head.suite,
        "target": head.target,
        "seed": str(head.seed),
        "safety": head.safety,
        "command": head.command,
        "outcome": outcome(run),
        "verdict": sentence(run),
    }.items():
        _property(properties, name, value)
    for result in results:
        suite.append(_case(result))
    _tally(suite, suite.iter("testcase"))
    return suite


def _case(result: RuleResult) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=visible(".".join(filter(None, (result.family, result.operation)))),
        name=visible(result.name),
        time=f"{result.seconds:.3f}",
    )
    properties = ET.SubElement(case, "properties")
    for name, value in (
        ("rule", result.rule),
        ("verdict", result.verdict),
        ("level", result.level),
        ("provenance", result.provenance),
        ("stage", result.stage),
        ("source", result.source),
        *((f"reading:{reading}", option) for reading, option in result.readings.items()),
    ):
        _property(properties, name, value)
    _outcome(case, result)
    return case


def _outcome(case: ET.Element, result: RuleResult) -> None:
    message = visible(result.message or result.statement)
    if result.verdict in BROKEN:
        tag, kind = "failure", result.verdict
    elif result.verdict == "harness-error":
        tag, kind = "error", result.verdict
    elif result.verdict == "not-testable" and result.gates:
        tag, kind = "error", "incomplete"
    elif result.verdict in ("not-testable", "not-applicable", "known"):
        ET.SubElement(case, "skipped", message=f"{result.verdict}: {message}")
        return
    else:
        if result.verdict == "warn":
            ET.SubElement(case, "system-out").text = visible(_details(result))
        return
    ET.SubElement(case, tag, type=kind, message=message).text = visible(_details(result))


def _details(result: RuleResult) -> str:
    lines = (
        (result.verdict, result.message),
        ("rule", f"{result.rule} ({result.level}, {result.provenance}): {result.statement}"),
        ("source", result.source),
        ("expected", result.expected),
        ("found", result.found),
        ("replay", result.replay),
        ("curl", result.curl),
        ("evidence", ", ".join(f"evidence/{name}.json" for name in result.exchanges)),
    )
    return "\n".join(f"{label}: {value}" for label, value in lines if value)


def _cut_short(run: Run) -> ET.Element:
    suite = ET.Element("testsuite", name="run", timestamp=_timestamp(run))
    case = ET.SubElement(suite, "testcase", classname="run", name="complete", time="0.000")
    ET.SubElement(case, "error", type="incomplete", message=sentence(run))
    _tally(suite, [case])
    return suite


def _timestamp(run: Run) -> str:
    """Return the start without zone, as the common readers want it."""
    return run.header.started[:19]


def _property(properties: ET.Element, name: str, value: str) -> None:
    ET.SubElement(properties, "property", name=visible(name), value=visible(value))


def _tally(element: ET.Element, cases: Iterable[ET.Element]) -> None:
    """Count cases into the attributes that readers expect, time in seconds."""
    children = list(cases)
    totals = {tag: sum(case.find(tag) is not None for case in children) for tag in OUTCOME_TAGS}
    seconds = sum(float(case.get("time", "0")) for case in children)
    element.set("tests", str(len(children)))
    element.set("failures", str(totals["failure"]))
    element.set("errors", str(totals["error"]))
    element.set("skipped", str(totals["skipped"]))
    element.set("time", f"{seconds:.3f}")
