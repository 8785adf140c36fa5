"""What the kill score writes: totals by area, survivors, variations, null targets, the corpus."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def corpus() -> list[dict[str, Any]]:
    """Return the rows of the public corpus."""
    document = json.loads((HERE / "public_corpus.json").read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = document["reports"]
    return rows


class Report:
    """Collects results as they come."""

    def __init__(self, kept: Path | None = None) -> None:
        self._found: dict[tuple[str, str], dict[str, Any]] = {}
        self._kept = kept
        if kept is not None and kept.exists():
            for line in kept.read_text(encoding="utf-8").splitlines():
                self._take(json.loads(line))

    @property
    def results(self) -> list[dict[str, Any]]:
        """Results, of a task that was repeated the last."""
        return list(self._found.values())

    def verdict(self, do: str, key: str) -> str | None:
        """Return how a task ended, None when it was not done yet."""
        found = self._found.get((do, key))
        return None if found is None else str(found["verdict"])

    def _take(self, result: dict[str, Any]) -> None:
        self._found[result["do"], result["key"]] = result

    def add(self, result: dict[str, Any]) -> None:
        """Take one result."""
        self._take(result)
        if self._kept is not None:
            with self._kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(result, ensure_ascii=False) + "\n")

    def _of(self, do: str) -> list[dict[str, Any]]:
        return sorted((r for r in self.results if r["do"] == do), key=lambda r: r["id"])

    def document(
        self,
        *,
        seconds: float,
        seeded: int,
        variations: int,
        generic: dict[str, Any] | None,
        corpus: list[dict[str, Any]],
    ) -> dict[str, Any]:
        """Return everything as strength.json has it."""
        faults = self._of("fault")
        killed = {result["id"] for result in faults if result["verdict"] == "killed"}
        areas: dict[str, Counter[str]] = {}
        kinds: dict[str, Counter[str]] = {}
        for result in faults:
            if "area" in result:
                areas.setdefault(result["area"], Counter())[result["verdict"]] += 1
            kinds.setdefault(result["id"].partition(":")[0], Counter())[result["verdict"]] += 1
        rows = [
            {**row, "killed": all(f"switch:{name}" in killed for name in row["faults"])}
            for row in corpus
        ]
        null = self._of("null")
        accused = [r for r in self._of("variation") if r["verdict"] != "spared"]
        return {
            "schema": 1,
            "seconds": round(seconds, 1),
            "faults": {"seeded": seeded, **_counts(faults)},
            "score": _score(faults),
            "areas": {name: _all(areas[name]) for name in sorted(areas)},
            "kinds": {name: _all(kinds[name]) for name in sorted(kinds)},
            "survivors": [_told(r) for r in faults if r["verdict"] == "survived"],
            "void": [_told(r) for r in faults if r["verdict"] in {"void", "broken"}],
            "controls": {
                "green": sum(r["verdict"] == "green" for r in self._of("control")),
                "accused": [_told(r) for r in self._of("control") if r["verdict"] != "green"],
            },
            "harmless": {
                "known": variations,
                "run": len(self._of("variation")),
                "accused": [_told(r) for r in accused],
            },
            "null_targets": {
                "run": len(null),
                "green": [_told(r) for r in null if r["verdict"] != "nothing"],
            },
            "corpus": rows,
            "generic": generic,
            "killed_by": {
                r["id"]: {"rule": r["rule"], "verdict": r["reported"]}
                for r in faults
                if r["verdict"] == "killed"
            },
        }

    def meets(self, document: dict[str, Any], goal: float) -> bool:
        """Tell whether the goal is reached."""
        return bool(
            document["score"] >= goal
            and not document["void"]
            and not document["controls"]["accused"]
            and not document["harmless"]["accused"]
            and not document["null_targets"]["green"]
            and (len(self._of("fault")) < len(document["corpus"]) or not _missing(document))
        )

    def summary(self, document: dict[str, Any]) -> str:
        """Return the figures in a few lines."""
        found = document["faults"]
        lines = [
            (
                f"{found['killed']} of {found['killed'] + found['survived']} faults killed "
                f"({document['score']:.4g} %), {found['void']} void"
            ),
            (
                f"{len(document['harmless']['accused'])} of {document['harmless']['run']} harmless "
                f"variations accused, {len(document['null_targets']['green'])} of "
                f"{document['null_targets']['run']} null targets green"
            ),
            (
                f"controls: {document['controls']['green']} green, "
                f"{len(document['controls']['accused'])} accused"
            ),
            f"{document['seconds']:.0f} s of work",
        ]
        return "\n".join(lines)


def _missing(document: dict[str, Any]) -> list[str]:
    return [row["report"] for row in document["corpus"] if not row["killed"]]


def _counts(results: list[dict[str, Any]]) -> dict[str, int]:
    return _all(Counter(result["verdict"] for result in results))


def _all(counts: Counter[str]) -> dict[str, int]:
    void = counts["void"] + counts["broken"]
    return {"killed": counts["killed"], "survived": counts["survived"], "void": void}


def _score(results: list[dict[str, Any]]) -> float:
    counts = _counts(results)
    judged = counts["killed"] + counts["survived"]
    return round(100 * counts["killed"] / judged, 2) if judged else 0.0


def _told(result: dict[str, Any]) -> dict[str, Any]:
    breaks = result.get("breaks", [])
    return {"id": result["id"], "message": result["message"], "rules": list(breaks)[:12]}


def render(document: dict[str, Any]) -> str:
    """Return the table for people."""
    found = document["faults"]
    judged = found["killed"] + found["survived"]
    lines = [
        "# Kill score",
        "",
        (
            "Made by `make strength`, which seeds one fault at a time and lets the rules that must report "
            "it look. Killed: one of these rules reports it. Survived: none does. Void: the fault changed "
            "nothing, or nothing starts with it. The endpoints without a fault are green first."
        ),
        "",
        (
            f"**{found['killed']} of {judged} faults killed ({document['score']:.4g} %)**, "
            f"{found['void']} void; {len(document['harmless']['accused'])} of "
            f"{document['harmless']['run']} harmless variations accused; "
            f"{len(document['null_targets']['green'])} of {document['null_targets']['run']} null targets "
            f"green. The tasks took {document['seconds']:.0f} s together."
        ),
        *_unfinished(document),
        "",
        "| what brings faults about | killed | survived | void |",
        "|---|---|---|---|",
        *(_row(_KINDS.get(name, name), counts) for name, counts in document["kinds"].items()),
        "",
        "| area | killed | survived | void |",
        "|---|---|---|---|",
        *(_row(name, counts) for name, counts in document["areas"].items()),
        "",
        "## Survivors",
        "",
        *(_listed(document["survivors"]) or ["None."]),
        "",
        "## Public reports",
        "",
        "| report | fault | killed |",
        "|---|---|---|",
        *(
            f"| {row['report']} | {row['what']} | {'yes' if row['killed'] else 'no'} |"
            for row in document["corpus"]
        ),
        "",
        "## A generic schema-driven tester on the same faults",
        "",
        _generic(document["generic"]),
        "",
    ]
    return "\n".join(lines)


def _unfinished(document: dict[str, Any]) -> list[str]:
    """Say what is still to be run."""
    found, harmless = document["faults"], document["harmless"]
    run = found["killed"] + found["survived"] + found["void"]
    if run == found["seeded"] and harmless["run"] == harmless["known"]:
        return []
    told = (
        f"**Unfinished**: {run} of {found['seeded']} faults and {harmless['run']} of "
        f"{harmless['known']} variations have been run so far; `make strength` runs them all."
    )
    return ["", told]


_KINDS = {
    "switch": "switch of the embedded endpoint",
    "proxy": "proxy before the embedded endpoint",
    "second": "switch of the second endpoint",
    "agent": "switch of the embedded agent",
}


def _row(name: str, counts: dict[str, int]) -> str:
    return f"| {name} | {counts['killed']} | {counts['survived']} | {counts['void']} |"


def _listed(rows: list[dict[str, Any]]) -> list[str]:
    return [
        f"- `{row['id']}`: {row['message']} ({', '.join(row['rules']) or 'no rule'})"
        for row in rows
    ]


def _generic(document: dict[str, Any] | None) -> str:
    if document is None:
        return "Not measured here: `python -m tests.faults.generic` says what it takes."
    return (
        f"{document['tool']} {document['version']} kills {document['killed']} of "
        f"{document['faults']} ({100 * document['killed'] / document['faults']:.3g} %) in a sample of "
        f"{document['faults']} faults, with {document['cases']} cases for each operation and a hook "
        f"that signs; this suite kills {document['ours']} of the same. "
        "`python -m tests.faults.generic` repeats it."
    )
