"""The summary a person reads after a run: the verdict first, then what to look at.

Text of the target is shown as rich `Text`, never as markup, with invisible characters named.
"""

import io
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports import cells
from reports import vocabulary as words
from reports.cells_text import overview
from reports.digest import Digest, Group, digest
from reports.results import Run, load
from reports.text import count, duration, one_line, shorten

PAGE = "report.html"
#: Rules, and cases of a rule, that a summary names before it refers to the page.
RULES_SHOWN = 12
CASES_SHOWN = 3
CAUSES_SHOWN = 8

STYLES = {
    "pass": "green",
    "fail": "bold red",
    "hang": "bold red",
    "flaky": "bold red",
    "harness-error": "bold magenta",
    "not-testable": "yellow",
    "warn": "yellow",
    "known": "cyan",
    "not-applicable": "dim",
}
OUTCOME_STYLES = {0: "bold green", 1: "bold red", 4: "bold magenta"}


def summary(folder: Path, *, colour: bool = False, width: int = 100) -> str:
    """Return the summary of a results folder; colour is for terminals only."""
    return text(digest(load(folder)), colour=colour, width=width)


def text(numbers: Digest, *, colour: bool = False, width: int = 100) -> str:
    """Return the summary of a run."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for part in _parts(numbers):
        console.print(part, soft_wrap=isinstance(part, Text) and bool(part.no_wrap))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def render(numbers: Digest, path: Path) -> Path:
    """Write the summary without colour."""
    path.write_text(text(numbers), encoding="utf-8")
    return path


def _parts(numbers: Digest) -> list[RenderableType]:
    run = numbers.run
    code = run.footer.exit_code if run.footer else 3
    parts: list[RenderableType] = [
        Text(words.sentence(run), style=OUTCOME_STYLES.get(code, "bold yellow")),
        Text(_about(run), style="dim"),
        Text(),
        _counts(numbers),
    ]
    for title, verdicts in (
        ("Harness errors", ("harness-error",)),
        ("Broken", words.BROKEN),
        ("Warnings", ("warn",)),
        ("Known", ("known",)),
    ):
        groups = [group for group in numbers.groups if group.verdict in verdicts]
        if groups:
            parts += [Text(), Text(title, style="bold"), *_groups(groups)]
    parts += _causes(numbers) + _readings(numbers) + _picture(run) + _notes(run)
    parts += [Text(), _where(run)]
    return parts


def _about(run: Run) -> str:
    head, footer = run.header, run.footer
    facts = [
        f"target {one_line(head.target)}",
        f"profile {words.profile(run)}",
        f"seed {head.seed}",
        f"suite {one_line(head.suite)}",
    ]
    if footer is not None:
        requests = f"{count(footer.requests, 'request')} in " if footer.requests else ""
        facts.append(f"{requests}{duration(footer.seconds)}")
    return " · ".join(facts)


def _counts(numbers: Digest) -> Table:
    verdicts = [verdict for verdict in reversed(words.VERDICTS) if verdict in numbers.counts]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("family")
    for verdict in verdicts:
        table.add_column(verdict, justify="right", style=STYLES[verdict])
    for family, counts in numbers.families.items():
        table.add_row(Text(one_line(family)), *_numbers(counts, verdicts))
    table.add_row(Text("all", style="bold"), *_numbers(numbers.counts, verdicts))
    return table


def _numbers(counts: Mapping[str, int], verdicts: list[str]) -> list[Text]:
    return [
        Text(f"{counts[verdict]:,}") if counts.get(verdict) else Text("·", style="dim")
        for verdict in verdicts
    ]


def _groups(groups: list[Group]) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for group in groups[:RULES_SHOWN]:
        lines += _group(group)
    if len(groups) > RULES_SHOWN:
        lines.append(Text(f"  and {count(len(groups) - RULES_SHOWN, 'more rule')}"))
    return lines


def _group(group: Group) -> list[RenderableType]:
    first = group.first
    style = STYLES[group.verdict]
    title = Text.assemble(
        (f"{words.VERDICTS[group.verdict].sign} {first.rule}", style),
        f" {first.level} ",
        (one_line(first.statement), "default"),
    )
    lines: list[RenderableType] = [Padding(title, (0, 0, 0, 2))]
    for result in group.results[:CASES_SHOWN]:
        case = "" if result.case is None else f"{shorten(one_line(result.case), 60)}: "
        lines.append(_indented(case + _difference(result.expected, result.found, result.message)))
    if len(group.results) > CASES_SHOWN:
        lines.append(_indented(f"and {count(len(group.results) - CASES_SHOWN, 'more case')}"))
    lines.append(_indented(f"source: {one_line(first.source)}", "dim"))
    if first.replay:
        replay = f"{' ' * 6}replay: {one_line(first.replay)}"
        lines.append(Text(replay, style="dim", no_wrap=True))  # whole, to be copied
    return lines


def _difference(expected: str | None, found: str | None, message: str | None) -> str:
    said = one_line(message) if message else ""
    if expected is None and found is None:
        return said
    return f"expected {one_line(expected or 'nothing')}, found {one_line(found or 'nothing')}" + (
        f" ({said})" if said else ""
    )


def _indented(content: str, style: str = "") -> Padding:
    return Padding(Text(shorten(content, 600), style=style), (0, 0, 0, 6))


def _causes(numbers: Digest) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for verdict, title in (
        ("not-testable", "Not testable"),
        ("not-applicable", "Not applicable"),
    ):
        causes = [cause for cause in numbers.causes if cause.verdict == verdict]
        if not causes:
            continue
        lines += [Text(), Text(title, style="bold")]
        for cause in causes[:CAUSES_SHOWN]:
            hit = f"{count(len(cause.results), 'case')}: {one_line(cause.message)}"
            lines.append(Padding(Text(shorten(hit, 400), style=STYLES[verdict]), (0, 0, 0, 2)))
        if len(causes) > CAUSES_SHOWN:
            lines.append(Text(f"  and {count(len(causes) - CAUSES_SHOWN, 'more cause')}"))
    return lines


def _readings(numbers: Digest) -> list[RenderableType]:
    if not numbers.readings:
        return []
    lines: list[RenderableType] = [Text(), Text("Readings shown", style="bold")]
    for reading in numbers.readings:
        options = ", ".join(f"{one_line(name)} ({n:,})" for name, n in reading.options.items())
        subject = f"  {one_line(reading.subject)}" if reading.subject else ""
        lines.append(
            Padding(
                Text.assemble(f"{one_line(reading.id)}: {options}", (subject, "dim")), (0, 0, 0, 2)
            )
        )
    return lines


def _picture(run: Run) -> list[RenderableType]:
    """Return the table of what goes together, where a rule of the run decided any of it."""
    shown = cells.picture(run)
    if not shown.decided:
        return []
    signs = "  ".join(f"{sign} {promise}" for promise, sign in cells.PROMISES.items())
    title = Text.assemble(("What goes together", "bold"), (f"  {signs}", "dim"))
    return [Text(), title, Padding(overview(shown, brief=True), (0, 0, 0, 2))]


def _notes(run: Run) -> list[RenderableType]:
    told = [f"{note.level}: {one_line(note.message)}" for note in run.notes if note.level != "info"]
    if run.footer is not None:
        told += [f"stale baseline entry: {one_line(entry)}" for entry in run.footer.stale]
        told += [f"left on the target: {one_line(thing)}" for thing in run.footer.left]
    if not told:
        return []
    notes = [Padding(Text(shorten(line, 400)), (0, 0, 0, 2)) for line in told]
    return [Text(), Text("Notes", style="bold"), *notes]


def _where(run: Run) -> Text:
    page = run.folder / PAGE
    place = page if page.is_file() else run.folder
    label = "Page" if page.is_file() else "Results"
    return Text(
        f"{label}: {place.resolve()}\nAgain: {one_line(run.header.command)}",
        style="dim",
        no_wrap=True,
    )
