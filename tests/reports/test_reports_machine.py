"""JUnit, Allure, certificate and badge say what the results say, and survive hostile text."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sample_results as sample
from defusedxml import ElementTree
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import reports
import specs
from reports.results import IncompleteRunError, load


def render(folder: Path, kind: str) -> Path:
    (path,) = reports.render(folder, [kind])
    return path


def cut_short(folder: Path) -> Path:
    return sample.write(
        folder, [sample.header(planned=9), sample.rule_event("ENV-001", "a", "Encrypt")], end=False
    )


def documents(folder: Path, pattern: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob(pattern)]


def validate(document: Any, name: str) -> None:
    registry: Registry[Any] = Registry()
    for path in (specs.root() / "meta").iterdir():
        if path.name.endswith(".schema.json"):
            schema = json.loads(path.read_text(encoding="utf-8"))
            registry = registry.with_resource(schema["$id"], Resource.from_contents(schema))
    Draft202012Validator({"$ref": f"kms:meta/{name}"}, registry=registry).validate(document)


# --- JUnit ----------------------------------------------------------------------------------------


def test_junit_counts_verdicts_as_ci_reads_them(hostile: Path) -> None:
    root = ElementTree.parse(render(hostile, "junit")).getroot()
    cases = list(root.iter("testcase"))
    verdicts = Counter(result.verdict for result in load(hostile).results)
    kinds = Counter(
        (child.tag, child.get("type"))
        for case in cases
        for child in case
        if child.tag in ("failure", "error", "skipped")
    )
    assert kinds == {
        ("failure", "fail"): verdicts["fail"],
        ("failure", "hang"): verdicts["hang"],
        ("failure", "flaky"): verdicts["flaky"],
        ("error", "harness-error"): verdicts["harness-error"],
        ("error", "incomplete"): verdicts["not-testable"],
        ("skipped", None): verdicts["known"] + verdicts["not-applicable"],
    }
    assert int(root.get("tests")) == len(cases) == sum(verdicts.values())
    assert int(root.get("failures")) == sum(
        int(suite.get("failures")) for suite in root.findall("testsuite")
    )


def test_junit_skips_what_is_untested_and_not_binding(tmp_path: Path) -> None:
    events = [
        sample.rule_event("ENV-001", str(number), "Encrypt", verdict="not-testable") | changes
        for number, changes in enumerate(({"level": "SHOULD"}, {"provenance": "inferred"}, {}))
    ]
    root = ElementTree.parse(
        render(sample.write(tmp_path, [sample.header(), *events]), "junit")
    ).getroot()
    assert (root.get("skipped"), root.get("errors")) == ("2", "1")


def test_junit_of_a_run_cut_short_is_not_green(tmp_path: Path) -> None:
    root = ElementTree.parse(render(cut_short(tmp_path), "junit")).getroot()
    (error,) = root.iter("error")
    assert error.get("type") == "incomplete"
    assert "after 1 of 9 cases" in error.get("message")


def test_junit_carries_what_repeats_a_failure(plausible: Path) -> None:
    root = ElementTree.parse(render(plausible, "junit")).getroot()
    failure = next(root.iter("failure"))
    assert "replay: kms-conformance replay" in failure.text
    properties = {p.get("name"): p.get("value") for p in root.find("testsuite/properties")}
    assert properties["seed"] == "20161120"
    assert properties["outcome"] == "not conformant"


# --- Allure ---------------------------------------------------------------------------------------


def test_allure_results_carry_area_operation_rule_and_source(plausible: Path) -> None:
    folder = render(plausible, "allure")
    found = documents(folder, "*-result.json")
    assert len(found) == len(load(plausible).results)
    case = next(item for item in found if item["name"] == "PAG-001[ListKeys]")
    labels = {label["name"]: label["value"] for label in case["labels"] if label["name"] != "tag"}
    assert labels["epic"] == "paging"
    assert labels["feature"] == "ListKeys"
    assert labels["story"].startswith("PAG-001: ")
    assert labels["severity"] == "blocker"
    assert case["status"] == "failed"
    linked = next(item for item in found if item["name"].startswith("AUT-003"))
    assert linked["links"][0]["url"] == "https://help.aliyun.com/document_detail/69012.html"


def test_allure_attachments_are_there_and_redacted(plausible: Path) -> None:
    folder = render(plausible, "allure")
    case = next(
        item for item in documents(folder, "*-result.json") if item["name"] == "CON-002[Encrypt-00]"
    )
    texts = [(folder / a["source"]).read_text(encoding="utf-8") for a in case["attachments"]]
    assert len(texts) == 3
    assert "Plaintext=<redacted>" in texts[0]
    assert texts[1].startswith("HTTP 200")


def test_allure_statuses_follow_verdicts(hostile: Path) -> None:
    folder = render(hostile, "allure")
    seen = {
        (item["statusDetails"]["message"].partition(":")[0], item["status"])
        for item in documents(folder, "*-result.json")
        if "statusDetails" in item
    }
    assert seen == {
        ("fail", "failed"),
        ("hang", "failed"),
        ("flaky", "failed"),
        ("warn", "passed"),
        ("known", "skipped"),
        ("not-applicable", "skipped"),
        ("not-testable", "broken"),
        ("harness-error", "broken"),
    }
    assert not [path for path in folder.iterdir() if path.suffix in (".js", ".html")]


def test_allure_names_evidence_that_is_missing(tmp_path: Path) -> None:
    folder = sample.plausible(tmp_path)
    for path in (folder / "evidence").iterdir():
        path.unlink()
    attachments = render(folder, "allure").glob("*-attachment.txt")
    assert any("cannot be read" in path.read_text(encoding="utf-8") for path in attachments)


# --- Certificate ----------------------------------------------------------------------------------


def test_certificate_is_valid_and_fits_its_results(hostile: Path, conformant: Path) -> None:
    for folder, good in ((hostile, False), (conformant, True)):
        path = render(folder, "certificate")
        told = json.loads(path.read_text(encoding="utf-8"))
        validate(told, "certificate")
        assert told["conformant"] is good
        assert reports.verify(path).good


def test_certificate_of_a_selection_does_not_say_conformant(tmp_path: Path) -> None:
    events = [sample.header(selection=["ENV-*"]), sample.rule_event("ENV-001", "a", "Encrypt")]
    told = json.loads(render(sample.write(tmp_path, events), "certificate").read_text())
    assert (told["exit_code"], told["conformant"], told["whole_profile"]) == (0, False, False)


def test_changed_results_do_not_fit_the_certificate(conformant: Path) -> None:
    path = render(conformant, "certificate")
    lines = conformant / "results.jsonl"
    lines.write_text(lines.read_text().replace("Encrypt", "encrypt"))
    verification = reports.verify(path)
    assert not verification.good
    assert "SHA-256 differs" in verification.problems[0]


@pytest.mark.parametrize(
    ("member", "value"),
    [("conformant", False), ("verdict", "Splendid."), ("counts", {"pass": 3}), ("seed", 1)],
)
def test_changed_statement_is_named(conformant: Path, member: str, value: Any) -> None:
    path = render(conformant, "certificate")
    path.write_text(json.dumps(json.loads(path.read_text()) | {member: value}))
    (problem,) = reports.verify(path).problems
    assert problem.startswith(f"{member}: the certificate says")


def test_run_cut_short_has_no_certificate(tmp_path: Path) -> None:
    folder = cut_short(tmp_path)
    with pytest.raises(IncompleteRunError):
        reports.render(folder, ["certificate"])
    names = {path.name for path in reports.render(folder)}
    assert "certificate.json" not in names
    assert "report.html" in names


@pytest.mark.parametrize(("content", "text"), [("{", "is no JSON"), ("{}", "is no certificate")])
def test_other_files_are_no_certificates(tmp_path: Path, content: str, text: str) -> None:
    path = tmp_path / "certificate.json"
    path.write_text(content)
    with pytest.raises(reports.CertificateError, match=text):
        reports.verify(path)


# --- Badge and formats ----------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "text"), [("conformant", "conformant"), ("hostile", "harness")])
def test_badge_says_the_outcome(request: pytest.FixtureRequest, kind: str, text: str) -> None:
    svg = render(request.getfixturevalue(kind), "badge").read_text(encoding="utf-8")
    root = ElementTree.fromstring(svg)
    assert text in root.get("aria-label")
    assert "href" not in svg


def test_badge_counts_broken_rules(plausible: Path) -> None:
    assert "5 broken" in render(plausible, "badge").read_text(encoding="utf-8")


def test_unknown_format_lists_the_known_ones(conformant: Path) -> None:
    with pytest.raises(reports.UnknownFormatError, match="known are html, junit, allure"):
        reports.render(conformant, ["pdf"])


def test_the_generated_results_fit_the_schemas(hostile: Path) -> None:
    events = map(json.loads, (hostile / "results.jsonl").open(encoding="utf-8"))
    unlike = [event for event in events if event.get("verdict") != "pass"]
    assert {event["event"] for event in unlike} == {"header", "rule", "footer"}
    for event in unlike:
        validate(event, "results")
    for document in documents(hostile / "evidence", "*.json"):
        validate(document, "evidence")
