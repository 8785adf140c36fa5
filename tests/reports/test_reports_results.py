"""Results folders are read as they are, and what is wrong with them is named."""

import json
from pathlib import Path

import pytest
import sample_results as sample

from reports import results
from reports.results import load, read
from reports.vocabulary import VERDICTS


def folder_of(tmp_path: Path, *events: dict | str) -> Path:
    lines = [event if isinstance(event, str) else json.dumps(event) + "\n" for event in events]
    (tmp_path / "results.jsonl").write_text("".join(lines), encoding="utf-8")
    return tmp_path


PASS = sample.rule_event("ENV-001", "Encrypt", "Encrypt")
FOOTER = sample.footer([PASS])


def test_every_verdict_is_read(hostile: Path) -> None:
    run = load(hostile)
    assert {result.verdict for result in run.results} == set(VERDICTS)
    assert run.header.target == sample.HOSTILE[0]
    assert sum(run.whole().counts.values()) == len(run.results)


def test_evidence_is_read_when_asked_for(plausible: Path) -> None:
    run = load(plausible)
    failed = next(result for result in run.results if result.verdict == "fail")
    assert run.evidence(failed.exchanges[0])["request"]["method"] == "POST"


def test_lone_surrogates_are_replaced_everywhere(hostile: Path) -> None:
    for result in load(hostile).results:
        json.dumps([result.message, result.case, list(result.readings)]).encode()
        (result.message or "").encode("utf-8")


def test_reading_is_streaming(tmp_path: Path) -> None:
    """The first event is there although a later line is broken."""
    events = read(folder_of(tmp_path, sample.header(), "no JSON\n", PASS))
    assert next(events).target == "acme-kms-emulator"
    with pytest.raises(results.InvalidEventError, match=r"results\.jsonl:2 is no JSON"):
        next(events)


def test_run_without_footer_is_shown_but_proves_nothing(tmp_path: Path) -> None:
    run = load(folder_of(tmp_path, sample.header(), PASS))
    assert run.footer is None
    assert len(run.results) == 1
    with pytest.raises(results.IncompleteRunError, match="cut short after 1 cases"):
        run.whole()


@pytest.mark.parametrize("length", [1, 40, -2])
def test_last_line_cut_in_the_middle_counts_as_not_written(tmp_path: Path, length: int) -> None:
    cut = json.dumps(FOOTER)[:length]
    assert load(folder_of(tmp_path, sample.header(), PASS, cut)).footer is None


@pytest.mark.parametrize(
    ("events", "error", "text"),
    [
        ((), results.EmptyResultsError, "is empty"),
        ((PASS, FOOTER), results.NoHeaderError, "does not begin with a header"),
        (("[]\n",), results.NoHeaderError, "does not begin with a header"),
        ((sample.header(schema=2),), results.UnknownSchemaError, "format 2; this version reads"),
        ((sample.header(), sample.header()), results.InvalidEventError, ":2: a second header"),
        ((sample.header(), PASS, PASS), results.DuplicateCaseError, r"ENV-001\[Encrypt\] stands"),
        ((sample.header(), PASS, FOOTER, PASS), results.InvalidEventError, "after the footer"),
        ((sample.header(), {"event": "noise"}), results.InvalidEventError, "known are header"),
        ((sample.header(), "{}\n"), results.InvalidEventError, "unknown event None"),
        ((sample.header(), FOOTER), results.InvalidEventError, "the footer counts"),
        ((sample.header(seed="x"),), results.InvalidEventError, "seed: 'x' is not of type"),
        ((sample.header(), PASS | {"colour": 1}), results.InvalidEventError, "colour"),
        ((sample.header(), PASS | {"verdict": "ok"}), results.InvalidEventError, "verdict: 'ok'"),
        ((sample.header(), PASS | {"exchanges": ["../x"]}), results.InvalidEventError, "exchanges"),
    ],
)
def test_wrong_results_are_named(tmp_path: Path, events: tuple, error: type, text: str) -> None:
    with pytest.raises(error, match=text):
        load(folder_of(tmp_path, *events))


def test_missing_folder_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(results.MissingResultsError, match="Name the folder that a run wrote"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "text"),
    [(None, "cannot be read"), ("{", "is no JSON"), ("{}", "is a required property")],
)
def test_wrong_evidence_is_named(tmp_path: Path, content: str | None, text: str) -> None:
    (tmp_path / "evidence").mkdir()
    if content is not None:
        (tmp_path / "evidence" / "a-1.json").write_text(content)
    with pytest.raises(results.MissingEvidenceError, match=text):
        results.read_evidence(tmp_path, "a-1")
