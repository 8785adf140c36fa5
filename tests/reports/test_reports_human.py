"""Summary, difference and page: the verdict first, nothing that deceives or runs."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import sample_results as sample
from test_reports_machine import cut_short, validate

import reports
from reports.digest import digest
from reports.results import load
from reports.text import duration, visible
from reports.vocabulary import sentence

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")


def small(folder: Path, *verdicts: str, head: dict | None = None, **changes: object) -> Path:
    """A run of one rule with these verdicts; `changes` are the footer's."""
    events = [
        sample.rule_event("ENV-001", f"case-{number}", "Encrypt", verdict=verdict)
        for number, verdict in enumerate(verdicts)
    ]
    sample.write(folder, [sample.header(**(head or {})), *events], end=False)
    with (folder / "results.jsonl").open("a") as file:
        file.write(json.dumps(sample.footer(events, **changes)) + "\n")
    return folder


@pytest.mark.parametrize(
    ("verdicts", "head", "footer", "text"),
    [
        (["pass"], {}, {}, "Conformant: every MUST of shared-gateway-ram 1 is kept."),
        (["pass", "known"], {}, {}, "is kept (1 case known)."),
        (["pass"], {"selection": ["ENV-*"]}, {}, "Conformant: every MUST of shared-gateway-ram 1,"),
        (["fail", "hang"], {}, {}, "Not conformant to shared-gateway-ram 1: 1 rule broken in 2"),
        ([], {}, {"exit_code": 2, "stop_reason": "no rule matches X-*."}, "Nothing was run: no"),
        (["not-testable"], {}, {}, "Incomplete: 1 MUST case could not be tested; conformance is"),
        (
            ["pass"],
            {"planned": 7},
            {"exit_code": 3, "stop_reason": "time budget over"},
            "Incomplete: 1 of 7 cases run (time budget over);",
        ),
        (["harness-error"], {}, {}, "Harness error: 1 case ended by the suite's own fault."),
        (["pass"], {}, {"exit_code": 5, "stale": ["ENV-001"]}, "1 baseline entry no longer fail"),
    ],
)
def test_the_verdict_is_a_sentence(
    tmp_path: Path, verdicts: list[str], head: dict, footer: dict, text: str
) -> None:
    folder = small(tmp_path, *verdicts, head=head, **footer)
    assert text in sentence(load(folder))
    assert reports.summary(folder).startswith(sentence(load(folder))[:60])


def test_run_cut_short_says_so_everywhere(tmp_path: Path) -> None:
    folder = cut_short(tmp_path)
    assert reports.summary(folder).startswith("Incomplete: the run was cut short after 1 of 9")
    (page,) = reports.render(folder, ["html"])
    assert "The run was cut short after 1 of 9 cases" in page.read_text(encoding="utf-8")


def test_summary_names_rule_difference_source_and_replay(plausible: Path) -> None:
    text = reports.summary(plausible, width=200)
    assert "✕ CON-002 MUST A request with one invalid parameter is refused" in text
    assert "expected 400 InvalidParameter, found 200 (A plaintext of 6,145 bytes" in text
    assert "source: KMS Responses page" in text
    assert "replay: kms-conformance replay 'CON-002[Encrypt-00]' --target acme.toml" in text
    assert "plaintext-of-encrypt: base64 (6)" in text
    assert "allow it with billable" in text
    assert "\nAgain: kms-conformance run --target acme.toml --seed 20161120\n" in text


def test_replay_line_is_not_wrapped(plausible: Path) -> None:
    lines = reports.summary(plausible, width=40).splitlines()
    assert any(
        line.endswith("replay 'PAG-001[ListKeys]' --target acme.toml --seed 20161120")
        for line in lines
    )


def test_summary_is_coloured_only_when_asked(plausible: Path) -> None:
    assert "\x1b[" not in reports.summary(plausible)
    assert "\x1b[1;31m" in reports.summary(plausible, colour=True)


def test_summary_says_where_the_page_is(tmp_path: Path) -> None:
    folder = small(tmp_path, "pass")
    assert f"Results: {folder.resolve()}" in reports.summary(folder)
    reports.render(folder, ["html"])
    assert f"Page: {folder.resolve()}/report.html" in reports.summary(folder)


def test_text_outputs_hold_nothing_that_a_terminal_obeys(hostile: Path) -> None:
    reports.render(hostile, ["all"])
    outputs = [reports.summary(hostile), reports.diff(hostile, hostile).text()]
    outputs += [
        (hostile / name).read_text(encoding="utf-8")
        for name in ("report.html", "junit.xml", "badge.svg", "summary.txt")
    ]
    for text in outputs:
        assert not CONTROL.findall(text)


def test_matrix_shows_the_worst_of_each_cell(plausible: Path) -> None:
    matrix = digest(load(plausible)).matrix
    assert matrix["Encrypt"]["contract"].worst == "fail"
    assert matrix["Encrypt"]["contract"].counts == {"fail": 3, "pass": 10}
    assert matrix["Decrypt"]["contract"].worst == "pass"
    assert len(matrix) == len(sample.operations())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.00084, "0.8 ms"),
        (0.24, "240 ms"),
        (3.21, "3.2 s"),
        (245, "4 min 05 s"),
        (7380, "2 h 03 min"),
    ],
)
def test_durations_are_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_invisible_characters_are_named() -> None:
    assert visible("a\x00b\u202ec\td\r\ne") == "a⟨U+0000⟩b⟨U+202E⟩c\td\ne"


# --- Difference -----------------------------------------------------------------------------------


def test_difference_tells_worse_from_better(tmp_path: Path) -> None:
    before = small(tmp_path / "a", "pass", "fail", "warn", "pass", "known")
    after = small(tmp_path / "b", "fail", "pass", "pass", "pass", "pass", "pass", "hang")
    found = reports.diff(before, after)
    names = {
        kind: [change.case for change in getattr(found, kind)]
        for kind in ("newly_failing", "fixed", "changed", "added", "removed")
    }
    assert names == {
        "newly_failing": ["case-0", "case-6"],
        "fixed": ["case-1", "case-4"],
        "changed": ["case-2"],
        "added": ["case-5"],
        "removed": [],
    }
    assert found.worse
    assert found.text().startswith("2 newly failing, 2 fixed, 1 changed, 1 added.")
    validate(json.loads(found.json()), "diff")
    back = reports.diff(after, before)
    assert [change.case for change in back.newly_failing] == ["case-1"]
    assert [change.case for change in back.removed] == ["case-5", "case-6"]


def test_difference_shows_other_readings(tmp_path: Path) -> None:
    folders = []
    for name, option in (("a", "KMS"), ("b", "operation-response")):
        event = sample.rule_event("ENV-001", "x", "Encrypt", readings={"xml-root": option})
        folders.append(sample.write(tmp_path / name, [sample.header(), event]))
    found = reports.diff(*folders)
    assert found.readings == {"xml-root": (("KMS",), ("operation-response",))}
    assert "xml-root: KMS -> operation-response" in found.text()


def test_run_does_not_differ_from_itself(hostile: Path) -> None:
    found = reports.diff(hostile, hostile)
    assert found.same
    assert found.text().startswith("No difference.")
    validate(json.loads(found.json()), "diff")


class Attributes(HTMLParser):
    """Collects every attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(name, value or "") for name, value in attrs]


# --- Page -----------------------------------------------------------------------------------------


def test_page_refers_to_nothing_outside_itself(hostile: Path) -> None:
    (path,) = reports.render(hostile, ["html"])
    text = path.read_text(encoding="utf-8")
    parser = Attributes()
    parser.feed(text)
    loading = {"src", "href", "action", "formaction", "srcset", "data", "poster", "background"}
    assert parser.found
    assert not [pair for pair in parser.found if pair[0] in loading and pair[1][:1] != "#"]
    assert "url(" not in text
    assert "@import" not in text


def test_page_escapes_everything(hostile: Path) -> None:
    (path,) = reports.render(hostile, ["html"])
    text = path.read_text(encoding="utf-8")
    assert text.count("</script>") == 2
    assert "<img" not in text
    assert "&lt;/script&gt;" in text


def test_page_policy_allows_its_own_style_and_script_alone(conformant: Path) -> None:
    (path,) = reports.render(conformant, ["html"])
    text = path.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src &#39;none&#39;; style-src &#39;sha256-")
    assert "unsafe" not in policy[1]
    assert not re.search(r"\sstyle=|\son[a-z]+=", re.sub(r"<script.*", "", text, flags=re.DOTALL))


def test_page_of_ten_thousand_failures_stays_small(dead: Path) -> None:
    (path,) = reports.render(dead, ["html"])
    text = path.read_text(encoding="utf-8")
    assert len(text) < 4_000_000
    assert "more cases" in text
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    assert len(data["rows"]) == 10_000
