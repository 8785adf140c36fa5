"""Imports point downwards only, as ARCHITECTURE.md says; in particular rules and reference never meet."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: Longest matching prefix of a module decides its row; a row lists what it may import of ours.
ALLOWED: dict[str, tuple[str, ...]] = {
    "specs": ("specs",),
    "conformance.wire": ("conformance.wire",),
    "conformance.spec": ("conformance.spec", "conformance.wire", "specs"),
    "conformance.target": ("conformance.target", "conformance.spec", "conformance.wire", "specs"),
    "conformance.oracle": ("conformance.oracle", "conformance.spec", "specs"),
    "conformance.client": (
        "conformance.client",
        "conformance.target",
        "conformance.oracle",
        "conformance.spec",
        "conformance.wire",
        "conformance.run.verdict",
        "conformance.run.journal",
        "specs",
    ),
    "conformance.rules": (
        "conformance.rules",
        "conformance.run",
        "conformance.client",
        "conformance.target",
        "conformance.oracle",
        "conformance.spec",
        "conformance.wire",
    ),
    "conformance.run": (
        "conformance",
        "conformance.run",
        "conformance.client",
        "conformance.target",
        "conformance.oracle",
        "conformance.spec",
        "conformance.wire",
        "specs",
    ),
    "conformance.reference": (
        "conformance.reference",
        "conformance.spec",
        "conformance.wire",
        "specs",
    ),
    "conformance.agent": (
        "conformance.agent",
        "conformance.target",
        "conformance.spec",
        "conformance.wire",
        "specs",
    ),
    "reports": ("reports", "specs"),
    "load": (
        "load",
        "conformance.client",
        "conformance.run.cleanup",
        "conformance.run.journal",
        "conformance.run.state",
        "conformance.run.things",
        "conformance.run.verdict",
        "conformance.target",
        "conformance.spec",
        "conformance.wire",
        "specs",
    ),
    "conformance.drivers": ("conformance.drivers", "conformance.wire", "conformance.spec", "specs"),
}
#: May import everything.
TOP = ("conformance.commands", "conformance.cli")
OURS = ("conformance", "load", "reports", "specs")


def modules() -> list[tuple[str, Path]]:
    found = []
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found.append((dotted.removesuffix(".__init__"), path))
    return found


def imported(module: str, path: Path) -> set[str]:
    """Every module of ours that a file imports, deferred imports included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} uses a relative import"
            names.add(node.module or "")
            names.update(
                f"{node.module}.{alias.name}"
                for alias in node.names
                if (ROOT / Path(*f"{node.module}.{alias.name}".split(".")))
                .with_suffix(".py")
                .exists()
            )
    return {name for name in names if name.split(".")[0] in OURS}


def within(name: str, prefix: str) -> bool:
    if prefix == "conformance":
        return name == prefix
    return name == prefix or name.startswith(prefix + ".")


def row(module: str) -> str | None:
    matching = [prefix for prefix in ALLOWED if within(module, prefix)]
    return max(matching, key=len, default=None)


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: str(value)[-40:])
def test_imports_point_downwards(module: str, path: Path) -> None:
    if any(within(module, top) for top in TOP) or module == "conformance":
        return
    prefix = row(module)
    assert prefix, f"{module} has no row in the table of allowed imports"
    wrong = {
        name
        for name in imported(module, path)
        if not any(within(name, allowed) for allowed in (*ALLOWED[prefix], "conformance"))
    }
    assert not wrong, f"{module} ({prefix}) may not import {sorted(wrong)}"


def test_rules_and_reference_never_meet() -> None:
    for module, path in modules():
        names = imported(module, path)
        if within(module, "conformance.rules") or within(module, "conformance.run"):
            assert not [name for name in names if within(name, "conformance.reference")], module
        if within(module, "conformance.reference"):
            assert not [name for name in names if within(name, "conformance.rules")], module


def test_the_table_of_the_document_is_this_table() -> None:
    document = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for prefix in ALLOWED:
        if (ROOT / Path(*prefix.split("."))).exists() and prefix != "conformance.drivers":
            assert f"| `{prefix}` |" in document, f"ARCHITECTURE.md has no row for {prefix}"
