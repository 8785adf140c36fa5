"""One self-contained HTML page of a run.

It loads nothing and calls nobody: style and script stand in the page, and its own content security
policy allows these two alone, by their hashes. Every value is escaped, and invisible characters are
named before that. Without a script engine it still shows all but the list of cases.
"""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports import cells, coverage, view
from reports import vocabulary as words
from reports.digest import GENERAL, Digest
from reports.text import count, duration, visible

#: Matrices side by side: rows of one table at least, so that short runs keep one.
ROWS = 24

MANNERS = {0: "good", 1: "bad", 4: "harness"}
SIGNS = {"good": "✓", "bad": "✕", "harness": "⚙", "open": "?"}
SECTIONS = (
    ("Harness errors", ("harness-error",)),
    ("Broken promises", words.BROKEN),
    ("Warnings", ("warn",)),
    ("Known failures", ("known",)),
)


def render(numbers: Digest, path: Path) -> Path:
    """Write the page."""
    path.write_text(page(numbers), encoding="utf-8")
    return path


def page(numbers: Digest) -> str:
    """Return the page of a run."""
    run = numbers.run
    style, script = _asset("report.css"), _asset("report.js")
    code = run.footer.exit_code if run.footer else 3
    manner = MANNERS.get(code, "open")
    title, _, lead = words.sentence(run).partition(": ")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            head=run.header,
            footer=run.footer,
            numbers=numbers,
            manner=manner,
            sign=SIGNS[manner],
            title=title,
            lead=lead[:1].upper() + lead[1:],
            profile=words.profile(run),
            verdicts=words.VERDICTS,
            bars=list(view.bars(numbers.counts)),
            families=list(numbers.families),
            matrices=_matrices(numbers),
            general=GENERAL,
            picture=cells.picture(run),
            promises=cells.PROMISES,
            meanings=cells.MEANINGS,
            signs=cells.SHOWN,
            sections=[(name, view.groups(numbers, verdicts)) for name, verdicts in SECTIONS],
            untested=[cause for cause in numbers.causes if cause.verdict == "not-testable"],
            declined=[cause for cause in numbers.causes if cause.verdict == "not-applicable"],
            coverage=coverage.read(run.folder),
            times=view.family_times(run),
            named=view.NAMED,
            style=Markup(style),  # noqa: S704 - a file of this package
            script=Markup(script),  # noqa: S704 - a file of this package
            policy=_policy(style, script),
            cases=Markup(view.case_data(run)),  # noqa: S704 - escaped for a script element
        )
    )


def _matrices(numbers: Digest) -> list[list[tuple[str, Any]]]:
    """Split the rows of the matrix in two tables to stand side by side, where there are many."""
    rows = list(numbers.matrix.items())
    half = max(ROWS, -(-len(rows) // 2))
    return [part for part in (rows[:half], rows[half:]) if part]


def _asset(name: str) -> str:
    return (files("reports") / "templates" / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    digests = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {"count": count, "duration": duration}
    return environment


def _shown(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
