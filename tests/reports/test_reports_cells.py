"""The picture of the matrix: every cell says what it promises, what came out, and what decides it."""

import json
from pathlib import Path
from typing import Any

import sample_results as sample
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import specs
from reports import cells, cells_text
from reports.results import load

MATRIX = json.loads((specs.root() / "matrix.json").read_text(encoding="utf-8"))


def event(case: str, cell: str, verdict: str = "pass", rule: str = "SHR-002") -> dict[str, Any]:
    return sample.rule_event(rule, case, None, verdict=verdict, cells=[cell])


def picture(folder: Path, *events: dict[str, Any]) -> cells.Picture:
    sample.write(folder, [sample.header(planned=len(events)), *events])
    return cells.picture(load(folder))


def cell(shown: cells.Picture, identifier: str) -> cells.Cell:
    return next(one for one in (*shown.wire, *shown.integrations) if one.id == identifier)


def test_without_a_run_every_cell_says_what_it_promises() -> None:
    shown = cells.picture()
    assert (len(shown.wire), len(shown.integrations)) == (24, 96)
    for one in (*shown.wire, *shown.integrations):
        assert one.said
        assert one.source
        assert one.ways
        assert one.proof is None
    promises = [one.promise for one in shown.wire]
    assert {name: promises.count(name) for name in cells.PROMISES} == {
        "open": 5,
        "conditional": 3,
        "closed": 15,
        "disputed": 1,
    }


def test_each_of_the_96_says_what_decides_it() -> None:
    reasons = {reason["id"]: reason for reason in MATRIX["reasons"]}
    for one in cells.picture().integrations:
        if one.spec["answer"] == "open" or "server" in one.spec["enforcedBy"]:
            assert one.ways[0] == "wire", one.id
        else:
            assert one.ways[0] in {"client", "documentation"}, one.id
            named = {reasons[name]["decidedBy"] for name in one.spec["reasons"]}
            assert set(one.ways) == named, one.id
        assert one.decided.endswith(".")


def test_no_cell_is_blank_when_nothing_was_decided(tmp_path: Path) -> None:
    shown = picture(tmp_path)
    assert {one.proof.verdict for one in shown.wire if one.proof} == {"not-run"}
    assert {one.said for one in shown.integrations} == {"not run", "documented"}
    assert not shown.decided
    assert not shown.leads


def test_a_cell_shows_its_worst_verdict(tmp_path: Path) -> None:
    closed, opened = "dedicated-ram-api-management", "dedicated-ram-api-cryptographic"
    shown = picture(
        tmp_path,
        event("a", closed),
        event("b", closed, "fail"),
        event("c", opened),
        event("d", opened, "not-applicable"),
        event("e", "shared-aap-api-management", "not-applicable"),
        event("f", "shared-aap-api-cryptographic", "fail"),
    )
    found = {one.id: one for one in shown.wire}
    assert found[closed].said == "not always refused"
    assert found["shared-aap-api-cryptographic"].said == "not refused"
    assert found[opened].said == "works"
    assert found["shared-aap-api-management"].said == "not applicable"
    proof = found[closed].proof
    assert proof is not None
    assert dict(proof.counts) == {"fail": 1, "pass": 1}
    assert [rule.rule for rule in proof.rules] == ["SHR-002"]
    assert shown.decided == 4


def test_the_wire_decides_for_clients_and_their_own_rules_add(tmp_path: Path) -> None:
    wire = "dedicated-ram-api-secret-retrieval"
    shown = picture(
        tmp_path,
        event("a", wire),
        event("b", f"{wire}.kms-agent", "fail"),
        event("c", "shared-ram-api-management.kms-agent"),
    )
    assert cell(shown, f"{wire}.alibaba-cloud-sdk").said == "works"
    assert cell(shown, f"{wire}.kms-agent").said == "works in part"
    assert cell(shown, "shared-ram-api-management.kms-agent").said == "refused"
    assert cell(shown, "shared-ram-api-management.secret-sdk").said == "not run"
    assert cell(shown, "shared-aap-api-secret-retrieval.kms-agent").said == "documented"


def test_document_and_text(tmp_path: Path, plausible: Path) -> None:
    meta = specs.root() / "meta"
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in meta.iterdir()]
    registry = Registry().with_resources([(s["$id"], Resource.from_contents(s)) for s in schemas])
    schema = next(s for s in schemas if s["$id"] == "kms:meta/matrix-report")
    judge = Draft202012Validator(schema, registry=registry)
    run = load(plausible)
    for given in (None, run):
        shown = cells.picture(given, {"shared-ram-api-management": ["SHR-002"]})
        document = cells.document(shown, given, "0.1.0")
        assert list(judge.iter_errors(document)) == []
        text = cells_text.text(shown, given)
        for one in (*shown.wire, *shown.integrations):
            assert one.id in text
    assert document["wire"][0]["verdict"] == "not-testable"
    assert document["wire"][0]["rules"] == ["CON-001", "SHR-002"]


def test_a_run_that_decided_everything_leaves_nothing_open(tmp_path: Path) -> None:
    shown = cells.picture(load(sample.whole_matrix(tmp_path)))
    found = {one.id: one.proof.verdict for one in shown.wire if one.proof}
    assert "not-run" not in found.values()
    assert shown.leads
    assert found["dedicated-ram-api-management"] == "fail"
    leaking = [one for one in shown.integrations if one.proof and one.proof.verdict == "fail"]
    assert {one.wire["id"] for one in leaking} == {"dedicated-ram-api-management"}
    assert len(leaking) == 4


def test_everything_that_the_filter_looks_at_says_what_it_is_about() -> None:
    """The script of the page reads `data-text` of each finding."""
    for template in (Path(cells.__file__).parent / "templates").glob("*.j2"):
        for line in template.read_text(encoding="utf-8").splitlines():
            assert '<details class="finding"' not in line or "data-text=" in line, line
