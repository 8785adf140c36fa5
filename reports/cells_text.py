"""The picture of the matrix for terminals: two tables, and what stands behind each cell."""

import io
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports import vocabulary as words
from reports.cells import MEANINGS, PROMISES, SHOWN, Cell, Picture
from reports.results import Run
from reports.text import count, one_line

STYLES = {
    "pass": "green",
    "fail": "bold red",
    "hang": "bold red",
    "flaky": "bold red",
    "harness-error": "bold magenta",
    "not-testable": "yellow",
    "warn": "yellow",
    "known": "cyan",
}
_CATEGORIES = {
    "management": "management",
    "cryptographic": "cryptography",
    "secret-retrieval": "secrets",
}


def text(shown: Picture, run: Run | None = None, *, colour: bool = False, width: int = 0) -> str:
    """Return both tables and all details; colour and a width of its own are for terminals."""
    parts: list[RenderableType] = [_about(run), Text(), overview(shown), Text(), _legend(run)]
    parts += [Text(), Text("On the wire: 24 cells", style="bold")]
    for cell in shown.wire:
        parts += _details(cell)
    parts += [
        Text(),
        Text("By client: 96 cells", style="bold"),
        Text("w on the wire here, c by certifying the client, d by documentation", style="dim"),
        _clients(shown),
        Text(),
    ]
    for cell in shown.integrations:
        parts.append(_client_line(cell))
    return _printed(parts, colour=colour, width=width or 118)


def overview(shown: Picture, *, brief: bool = False) -> Table:
    """Return the table of the 24 cells, in signs alone where it has to be brief."""
    table = _table(shown, ("gateway", "auth"))
    for gateway in shown.dimensions["gateway"]:
        for authentication in shown.dimensions["authentication"]:
            row = [
                _short(shown.at(gateway, authentication, api, category), brief=brief)
                for api in shown.dimensions["api"]
                for category in shown.dimensions["category"]
            ]
            table.add_row(Text(gateway), Text(authentication), *row)
    return table


def _clients(shown: Picture) -> Table:
    table = _table(shown, ("gateway", "auth", "client"))
    for gateway in shown.dimensions["gateway"]:
        for authentication in shown.dimensions["authentication"]:
            for client in shown.dimensions["integration"]:
                row = [
                    _short(shown.at(gateway, authentication, api, category, client), way=True)
                    for api in shown.dimensions["api"]
                    for category in shown.dimensions["category"]
                ]
                table.add_row(Text(gateway), Text(authentication), Text(client), *row)
    return table


def _table(shown: Picture, first: Iterable[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for name in first:
        table.add_column(f"\n{name}", no_wrap=True)
    for api in shown.dimensions["api"]:
        for number, category in enumerate(shown.dimensions["category"]):
            head = f"{api.replace(' API', '') if number == 0 else ''}\n{_CATEGORIES[category]}"
            table.add_column(head, no_wrap=True)
    return table


def _short(cell: Cell, *, way: bool = False, brief: bool = False) -> Text:
    sign = PROMISES[cell.promise]
    how = f"{cell.ways[0][0]} " if way else ""
    if cell.proof is None:
        return Text(f"{how}{sign} {cell.promise}", style="dim" if cell.promise == "closed" else "")
    verdict = cell.proof.verdict
    said = f"{how}{sign} {SHOWN[verdict].sign}{'' if brief else f' {cell.said}'}"
    return Text(said, style=STYLES.get(verdict, "dim"))


def _about(run: Run | None) -> Text:
    if run is None:
        return Text("What each combination promises; --results DIR shows what a run found.")
    head = run.header
    return Text(
        f"{one_line(head.target)}, {words.profile(run)}, {head.started}: {words.sentence(run)}"
    )


def _legend(run: Run | None) -> Text:
    signs = [f"{PROMISES[name]} {meaning}" for name, meaning in MEANINGS.items()]
    text = "  ".join(signs)
    if run is not None:
        text += "\n" + "  ".join(f"{shape.sign} {verdict}" for verdict, shape in SHOWN.items())
    return Text(text, style="dim")


def _details(cell: Cell) -> list[RenderableType]:
    lines: list[RenderableType] = [Text()]
    title = Text(f"{PROMISES[cell.promise]} {cell.id}", style="bold")
    advice = "" if cell.recommended or cell.promise == "closed" else ", not recommended"
    title.append(f"  {MEANINGS[cell.promise]}{advice}", style="default")
    lines.append(title)
    condition = cell.spec.get("condition")
    if condition:
        lines.append(_indented(one_line(condition)))
    lines += [_indented(f"{reason['id']}: {reason['statement']}") for reason in cell.reasons]
    lines.append(_indented(f"{cell.spec['provenance']}: {one_line(cell.source)}", "dim"))
    if cell.proof is None:
        rules = ", ".join(cell.rules) or "none yet"
        lines.append(_indented(f"rules: {rules}", "dim"))
        return lines
    verdict = cell.proof.verdict
    style = STYLES.get(verdict, "dim")
    lines.append(_indented(f"{SHOWN[verdict].sign} {cell.said}: {_counted(cell)}", style))
    for rule in cell.proof.rules:
        counts = ", ".join(f"{number} {name}" for name, number in rule.counts.items())
        lines.append(_indented(f"{SHOWN[rule.verdict].sign} {rule.rule} {counts}", "dim"))
    return lines


def _counted(cell: Cell) -> str:
    proof = cell.proof
    if proof is None or not proof.rules:
        return "no rule of this run"
    counts = ", ".join(f"{number} {name}" for name, number in proof.counts.items())
    return f"{count(len(proof.rules), 'rule')}, {counts}"


def _client_line(cell: Cell) -> Text:
    reasons = ", ".join(reason["id"] for reason in cell.reasons)
    why = f" ({reasons})" if reasons else ""
    said = "" if cell.proof is None else f" {SHOWN[cell.proof.verdict].sign} {cell.said}:"
    return Text.assemble(
        f"{PROMISES[cell.promise]} {cell.id}{why}",
        (said, STYLES.get(cell.proof.verdict, "dim") if cell.proof else ""),
        (f" {cell.decided}", "dim"),
        no_wrap=True,
    )


def _indented(content: str, style: str = "") -> Padding:
    return Padding(Text(content, style=style), (0, 0, 0, 4))


def _printed(parts: Iterable[RenderableType], *, colour: bool, width: int) -> str:
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
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text) and bool(part.no_wrap))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"
