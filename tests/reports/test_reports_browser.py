"""The page in a real browser: it renders, is quiet, calls nobody, filters, and fits a phone."""

import json
from collections.abc import Iterator
from pathlib import Path

import headless
import pytest
from headless import open_page
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

import reports

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(headless.programs() is None, reason="chromium or chromedriver is missing"),
]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with headless.chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def page(plausible: Path) -> Path:
    return reports.render(plausible, ["html"])[0]


def shown(driver: Chrome, selector: str) -> list[str]:
    return [e.text for e in driver.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()]


def enter(driver: Chrome, text: str, matched: str) -> None:
    driver.find_element(By.ID, "filter").clear()
    driver.find_element(By.ID, "filter").send_keys(text)
    WebDriverWait(driver, 10).until(
        lambda d: matched in d.find_element(By.ID, "shown").text,
        f"{matched!r} was not shown for {text!r}",
    )


def test_page_shows_the_verdict_first(driver: Chrome, page: Path) -> None:
    open_page(driver, page, width=1280, height=900)
    title = driver.find_element(By.TAG_NAME, "h1")
    assert title.text.replace("\n", " ").endswith("Not conformant to shared-gateway-ram 1")
    assert title.location["y"] < 200
    assert (
        "kms-conformance run --target acme.toml" in driver.find_element(By.TAG_NAME, "header").text
    )


@pytest.mark.parametrize("kind", ["plausible", "hostile"])
def test_page_is_quiet_and_calls_nobody(
    driver: Chrome, request: pytest.FixtureRequest, kind: str
) -> None:
    (path,) = reports.render(request.getfixturevalue(kind), ["html"])
    for log in ("browser", "performance"):
        driver.get_log(log)
    open_page(driver, path, width=1280, height=900)
    for part in driver.find_elements(By.CSS_SELECTOR, "details"):
        driver.execute_script("arguments[0].open = true", part)
    assert driver.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [
        m["params"]["request"]["url"]
        for m in messages
        if m["method"] == "Network.requestWillBeSent"
    ]
    assert asked == [path.as_uri()]
    assert driver.execute_script("return window.pwned") is None


def test_script_injected_into_the_page_does_not_run(
    driver: Chrome, page: Path, tmp_path: Path
) -> None:
    """Even if escaping failed, the page's policy would refuse a script that is not its own."""
    broken = tmp_path / "broken.html"
    text = page.read_text(encoding="utf-8")
    broken.write_text(
        text.replace("</main>", "<script>window.pwned=1</script></main>"), encoding="utf-8"
    )
    open_page(driver, broken, width=1280, height=900)
    assert driver.execute_script("return window.pwned") is None


def test_filter_narrows_findings_matrix_and_cases(driver: Chrome, page: Path) -> None:
    open_page(driver, page, width=1280, height=900)
    assert len(shown(driver, "#broken details.finding")) == 8
    enter(driver, "con-002 fail schedule", "1 of 1,755 cases")
    assert shown(driver, "#broken details.finding .rule") == ["CON-002"]
    assert shown(driver, "#broken details.finding h3") == ["ScheduleKeyDeletion-00"]
    assert shown(driver, "table.matrix th[scope=row]") == ["ScheduleKeyDeletion"]
    assert len(shown(driver, "#rows tr")) == 1
    enter(driver, "no such thing", "0 of 1,755 cases")
    assert shown(driver, "#rows tr") == []


def test_cells_and_tiles_set_the_filter(driver: Chrome, page: Path) -> None:
    open_page(driver, page, width=1280, height=900)
    cell = driver.find_element(
        By.CSS_SELECTOR, 'button.cell[data-operation="ListKeys"][data-family="paging"]'
    )
    assert cell.get_attribute("title") == "ListKeys, paging: 1 fail"
    driver.execute_script("arguments[0].click()", cell)
    assert driver.find_element(By.ID, "filter").get_attribute("value") == "ListKeys paging"
    tile = driver.find_element(By.CSS_SELECTOR, '.tile[data-verdict="flaky"]')
    driver.execute_script("arguments[0].click()", tile)
    assert len(shown(driver, "#rows tr.item")) == 1
    assert tile.get_attribute("aria-pressed") == "true"


def test_picture_shows_24_cells_and_finds_their_cases(driver: Chrome, page: Path) -> None:
    open_page(driver, page, width=1280, height=900)
    places = driver.find_elements(By.CSS_SELECTOR, "#cells button.place")
    assert len(places) == 24
    assert all(place.text.strip() for place in places)
    places[1].click()
    assert driver.find_element(By.ID, "filter").get_attribute("value") == (
        "shared-ram-api-cryptographic"
    )
    assert shown(driver, "#rows tr.item")
    driver.execute_script("document.querySelectorAll('.fold').forEach(e => { e.open = true; })")
    cells = driver.find_elements(By.CSS_SELECTOR, "#cells span.place")
    assert len(cells) == 96
    ways = {cell.find_element(By.CSS_SELECTOR, ".way").text for cell in cells}
    assert ways == {"wire", "client", "docs"}


def test_case_opens_to_its_promise(driver: Chrome, page: Path) -> None:
    open_page(driver, page, width=1280, height=900)
    enter(driver, "pag-001 fail", "1 of 1,755 cases")
    driver.execute_script("document.querySelector('#rows .open').click()")
    (detail,) = shown(driver, "#rows tr.detail")
    assert "A walk over all pages shows each thing once." in detail
    assert "kms-conformance replay 'PAG-001[ListKeys]'" in detail


@pytest.mark.parametrize("kind", ["plausible", "hostile"])
def test_page_fits_a_narrow_screen(
    driver: Chrome, request: pytest.FixtureRequest, kind: str
) -> None:
    (path,) = reports.render(request.getfixturevalue(kind), ["html"])
    open_page(driver, path, width=360, height=800)
    for part in driver.find_elements(By.CSS_SELECTOR, "details"):
        driver.execute_script("arguments[0].open = true", part)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("dark", [False, True])
def test_text_has_contrast(driver: Chrome, page: Path, dark: bool) -> None:
    """Every sign and every soft text reaches 4.5:1 against what is behind it (WCAG 2.2 AA)."""
    open_page(driver, page, width=1280, height=900, dark=dark)
    driver.execute_script("document.querySelectorAll('.fold').forEach(e => { e.open = true; })")
    script = """
      const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
      const behind = (e) => { for (; e; e = e.parentElement) {
        const c = parse(getComputedStyle(e).backgroundColor);
        if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
      const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255;
        return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
        return .2126 * r + .7152 * g + .0722 * b; };
      const low = new Set();
      for (const e of document.querySelectorAll('.place *, .mark, .cell, .soft, .chip, .citation, .label, h1, h2, th, td, a, pre')) {
        if (!e.getClientRects().length || !e.textContent.trim()) continue;
        const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < 4.5) low.add(e.className + ' ' + e.tagName + ' ' + ratio.toFixed(2));
      }
      return [...low];
    """
    assert driver.execute_script(script) == []


def test_ten_thousand_cases_are_usable(driver: Chrome, dead: Path) -> None:
    (path,) = reports.render(dead, ["html"])
    open_page(driver, path, width=1280, height=900)
    enter(driver, "case-09999", "1 of 10,000 cases")
    enter(driver, "CreateKey", " of 10,000 cases")
    milliseconds = driver.execute_script(
        "const t = performance.now(); document.getElementById('filter').value = 'fail';"
        "document.getElementById('search').requestSubmit(); return performance.now() - t;"
    )
    assert milliseconds < 2000
    assert len(driver.find_elements(By.CSS_SELECTOR, "#rows tr")) == 200
