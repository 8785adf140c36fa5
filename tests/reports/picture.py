"""Makes the pictures of the report that the documents show: `python tests/reports/picture.py`.

Needs chromium and chromedriver. The runs they show are those of `sample_results`.
"""

import tempfile
from pathlib import Path

import sample_results as sample
from headless import chromium, open_page

import reports

FOLDER = Path(reports.__file__).parent / "pictures"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chromium(Path(scratch) / "profile") as driver:
        folder = sample.plausible(Path(scratch) / "results")
        (page,) = reports.render(folder, ["html"])
        open_page(driver, page, width=1200, height=880)
        driver.save_screenshot(str(FOLDER / "report.png"))
        open_page(driver, page, width=1200, height=880, dark=True)
        driver.execute_script("document.getElementById('matrix').scrollIntoView()")
        driver.save_screenshot(str(FOLDER / "matrix-dark.png"))
        folder = sample.whole_matrix(Path(scratch) / "matrix")
        (page,) = reports.render(folder, ["html"])
        open_page(driver, page, width=1200, height=620)
        driver.execute_script("document.getElementById('cells').scrollIntoView()")
        driver.save_screenshot(str(FOLDER / "cells.png"))
    for picture in sorted(FOLDER.iterdir()):
        print(picture, picture.stat().st_size)


if __name__ == "__main__":
    main()
