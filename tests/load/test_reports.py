"""Reports render from results alone, whatever the results hold; two runs compare in words."""

import copy
import json
import re
import shutil
from pathlib import Path

import pytest
from defusedxml import ElementTree as ET

from load import compare
from load.reports import write_reports
from load.reports.chart import Axis, Chart, Line, Mark, log_bounds, number, top_of
from load.reports.page import render
from load.reports.pictures import pictures
from load.results import read
from load.scalability import Fit

VECTOR = Path(__file__).parents[1] / "vectors" / "load-result.json"


@pytest.fixture
def results():
    return json.loads(VECTOR.read_text())


def with_capacity(results):
    found = copy.deepcopy(results)
    law = Fit(420, 0.13, 0.0009, 0.99)
    steps = [
        {
            "phase": "double" if rate != 1900 else "hold",
            "offered": rate,
            "achieved": min(rate, 2100),
            "goodput": min(rate, 2050),
            "p50": 1.0,
            "p95": 5.0,
            "p99": 9.0 if rate < 2000 else 900.0,
            "generator": 0.3,
            "target": None,
            "concurrency": 2.0,
            "passed": rate < 2000,
            "limited": False,
            "why": "" if rate < 2000 else "not met: all p99",
        }
        for rate in (100, 200, 400, 800, 1600, 3200, 1900, 2090)
    ]
    found["kind"] = "capacity"
    found["capacity"] = {
        "rate": 1900,
        "confirmed": True,
        "limit": "",
        "need": 3400,
        "steps": steps,
        "sweep": [[n, law.throughput(n)] for n in (1, 2, 4, 8, 16, 32)],
        "fit": {**law.pack(), "curve": [[n, law.throughput(n)] for n in (1, 2, 4, 8, 16, 32)]},
        "words": ["Carries 1,900 QPS <b>."],
    }
    return found


def charts_in(page):
    return [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def test_the_vector_is_valid():
    read(VECTOR)


@pytest.mark.parametrize("kind", ["run", "capacity"])
def test_pages_are_whole(results, kind):
    if kind == "capacity":
        results = with_capacity(results)
    page = render(results)
    assert len(charts_in(page)) == len(pictures(results)) >= 4
    assert "nan" not in page.lower().replace("financ", "")
    assert "<b>." not in page  # text is text
    titles = {chart.title for chart in pictures(results)}
    assert {"Latency over time", "Quantiles", "Outcomes", "Processor"} <= titles
    if kind == "capacity":
        assert {"Capacity", "Rate and latency", "Concurrency"} <= titles
        assert "promise 450" in page
        assert "found 1,900" in page


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4])
def test_every_verdict_has_its_word(results, code):
    results["verdict"]["code"] = code
    word = ("met", "not met", "usage", "nothing proven", "invalid")[code]
    assert f"<strong>{word}" in render(results)


def test_results_of_nothing_still_render(results):
    results["series"] = []
    results["operations"] = {}
    results["histograms"] = {"latency": {}, "service": {}, "curve": [], "service_curve": []}
    results["target_process"] = None
    latency = results["summary"]["latency"]
    for place in (latency, results["instrument"]["lag"], results["instrument"]["wait"]):
        place.update(dict.fromkeys(place))
    for check in results["verdict"]["checks"]:
        check.update(found=None, result="unproven", note="too few samples")
    assert "–" in render(results)


def test_every_point_of_a_chart_lies_inside_it():
    chart = Chart(
        "t",
        "d",
        Axis("x", 0, 10),
        Axis("y", 1, 100, log=True),
        [Line("l", [(-5, 0.001), (5, 10), (50, 1e9)], "--first")],
        marks=[Mark("outside", 1000.0), Mark("inside", 50.0)],
    )
    svg = chart.svg()
    for x, y in re.findall(r"(-?[0-9.]+),(-?[0-9.]+)", re.search(r'points="([^"]*)"', svg)[1]):
        assert 0 <= float(x) <= 860
        assert 0 <= float(y) <= 300
    assert "inside" in svg
    assert "outside" not in svg


def test_numbers_and_bounds():
    assert [number(v) for v in (0, 0.5, 5, 1000, 2_000_000)] == ["0", "0.5", "5", "1,000", "2M"]
    assert log_bounds([]) == (0.1, 1.0)
    assert log_bounds([3.0, 250.0]) == (1.0, 1000.0)
    assert top_of([]) > 0
    assert top_of([1987.0]) >= 1987


def test_junit_and_allure_say_the_same(results, tmp_path):
    results["verdict"]["code"] = 1
    results["verdict"]["checks"][0]["result"] = "broken"
    (tmp_path / "results.json").write_text(json.dumps(results))
    write_reports(tmp_path, results)
    suite = ET.parse(tmp_path / "junit.xml").getroot()[0]
    assert int(suite.get("failures")) == 2  # the limit and the run
    allure = json.loads(next((tmp_path / "allure-results").glob("*-result.json")).read_text())
    assert allure["status"] == "failed"
    assert allure["steps"][0]["status"] == "failed"
    for attachment in allure["attachments"]:
        assert (tmp_path / "allure-results" / attachment["source"]).exists()


def slower(results, factor):
    found = copy.deepcopy(results)
    latency = found["summary"]["latency"]
    latency.update({name: value * factor for name, value in latency.items() if value is not None})
    return found


def test_comparison_sees_what_changed_beyond_noise(results):
    assert not compare.worse(results, results)
    assert not compare.worse(results, slower(results, 1.1))
    assert compare.worse(results, slower(results, 3))
    assert not compare.worse(slower(results, 3), results)
    assert "better" in compare.in_words(slower(results, 3), results)


def test_comparison_warns_of_what_cannot_be_compared(results):
    other = copy.deepcopy(results)
    other["summary"]["offered"] *= 2
    other["scenario"]["id"] = "decrypt"
    other["verdict"]["code"] = 4
    words = "\n".join(compare.obstacles(results, other))
    assert "scenarios differ" in words
    assert "offered rates differ" in words
    assert "second run is invalid" in words


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_shows_its_charts_in_a_browser(results, tmp_path, scheme):
    from selenium import webdriver

    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("no chromedriver on this machine")
    page = tmp_path / "report.html"
    page.write_text(render(with_capacity(results)))
    options = webdriver.ChromeOptions()
    for word in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--window-size=1000,2400",
    ):
        options.add_argument(word)
    if scheme == "dark":
        options.add_argument("--force-dark-mode")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=driver)
    browser = webdriver.Chrome(options=options, service=service)
    try:
        browser.get(page.as_uri())
        sizes = browser.execute_script(
            "return [...document.querySelectorAll('svg.chart')].map(s => s.getBoundingClientRect())"
            ".map(r => [r.width, r.height])"
        )
        overflow = browser.execute_script(
            "return document.documentElement.scrollWidth > window.innerWidth"
        )
        log = browser.get_log("browser")
    finally:
        browser.quit()
    assert len(sizes) >= 6
    assert all(width > 400 and height > 100 for width, height in sizes)
    assert not overflow
    assert [entry for entry in log if entry["level"] == "SEVERE"] == []
