"""The report as one HTML page that needs nothing from outside."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from load.reports.pictures import memory, pictures

_VERDICTS = {
    0: ("met", "good"),
    1: ("not met", "bad"),
    2: ("usage", "open"),
    3: ("nothing proven", "open"),
    4: ("invalid: instrument at fault", "open"),
}


def render(results: Mapping[str, Any]) -> str:
    """Return the page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["count"] = lambda value: f"{value:,}"
    environment.filters["ms"] = _milliseconds
    environment.filters["percent"] = lambda value: f"{value:.2%}"
    environment.filters["quantile"] = lambda name: name.replace("_", ".")
    source = files("load.reports").joinpath("templates/report.html").read_text(encoding="utf-8")
    charts = pictures(results)
    grown = memory(results)
    if grown is not None and results["kind"] == "soak":
        charts.append(grown)
    word, tone = _VERDICTS[results["verdict"]["code"]]
    return environment.from_string(source).render(
        r=results, charts=charts, verdict_word=word, verdict_tone=tone
    )


def _milliseconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
