"""Reports rendered from the results of a load run, which is all they know."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from load.failures import LoadError


def write_reports(folder: Path, results: Mapping[str, Any]) -> Path:
    """Write the page, the JUnit file and the Allure results; return the path of the page.

    Raises:
        LoadError: When the folder cannot be written.
    """
    from load.reports import allure, junit, page

    path = folder / "report.html"
    try:
        path.write_text(page.render(results), encoding="utf-8")
        (folder / "junit.xml").write_text(junit.render(results), encoding="utf-8")
        allure.write(folder / "allure-results", results, path)
    except OSError as error:
        raise LoadError(
            f"the reports in {folder} could not be written ({error.strerror}): free some space or "
            "choose another folder with --results"
        ) from None
    return path
