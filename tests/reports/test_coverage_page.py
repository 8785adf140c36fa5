"""Coverage in the page: what a run has put to the test, and what it left out."""

import json
import re
from pathlib import Path

from test_reports_human import small

from reports import coverage
from reports.digest import digest
from reports.html import page
from reports.results import load


def total(name, promises, tested, excluded):
    left = promises - tested - excluded
    return {
        "name": name,
        "promises": promises,
        "tested": tested,
        "excluded": excluded,
        "open": left,
    }


DOCUMENT = {
    "schema": 1,
    "kinds": [total("operation", 3, 2, 1), total("state", 4, 3, 0)],
    "operations": [total("Encrypt", 2, 2, 0), total("Decrypt", 2, 1, 0)],
    "cells": [],
    "rules": {"CON-001": 5},
    "promises": {"operation/Encrypt": ["CON-001"]},
    "excluded": {"operation/OpenKmsService": "It costs money <b>."},
    "open": ["state/Decrypt/Disabled"],
}


def shown(folder: Path) -> str:
    return page(digest(load(folder)))


def test_the_page_shows_totals_reasons_and_what_is_open(tmp_path):
    folder = small(tmp_path, "pass")
    (folder / coverage.FILE).write_text(json.dumps(DOCUMENT))
    text = shown(folder)
    assert 'href="#coverage"' in text
    plain = re.sub(r"<[^>]+>", " ", text)
    plain = re.sub(r"\s+", " ", plain)
    assert "5 of 7 promises of the specs were proven in this run" in plain
    assert "It costs money &lt;b&gt;." in text
    assert "state/Decrypt/Disabled" in text


def test_results_without_it_have_no_such_section(tmp_path):
    folder = small(tmp_path, "pass")
    assert 'id="coverage"' not in shown(folder)
    (folder / coverage.FILE).write_text('{"kinds": 1}')
    assert 'id="coverage"' not in shown(folder)
    (folder / coverage.FILE).write_text("{")
    assert coverage.read(folder) is None
