"""A certificate: what was run, what came of it, and the SHA-256 of the results it speaks of.

It is no signature. Whoever holds certificate and results can check that they belong together.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from reports import schemas
from reports.digest import Digest, digest, ordered
from reports.results import RESULTS, ResultsError, load
from reports.text import one_line
from reports.vocabulary import outcome, sentence

CERTIFICATE = "certificate.json"


class CertificateError(Exception):
    """The file is no certificate; one sentence says why."""


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a certificate fits its results, and if not, why."""

    certificate: Mapping[str, Any]
    problems: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether every statement of the certificate follows from the results."""
        return not self.problems


def render(numbers: Digest, path: Path) -> Path:
    """Write the certificate; raises IncompleteRunError for a run that was cut short."""
    content = json.dumps(certificate(numbers), indent=2, ensure_ascii=False)
    path.write_text(content + "\n", encoding="utf-8")
    return path


def certificate(numbers: Digest) -> dict[str, Any]:
    """Return the certificate of a whole run; raises IncompleteRunError."""
    run = numbers.run
    head, footer = run.header, run.whole()
    content = (run.folder / RESULTS).read_bytes()
    whole = not head.selection
    return {
        "schema": 1,
        "kind": "kms-conformance-certificate",
        "profile": dict(head.profile),
        "suite": head.suite,
        "target": {
            "name": head.target,
            "region": head.region,
            "gateways": head.gateways,
            "safety": head.safety,
        },
        "outcome": outcome(run),
        "conformant": whole and footer.exit_code == 0,
        "exit_code": footer.exit_code,
        "verdict": sentence(run),
        "whole_profile": whole,
        "selection": list(head.selection),
        "baseline": head.baseline,
        "counts": dict(numbers.counts),
        "binding": ordered(Counter(result.verdict for result in run.results if result.gates)),
        "readings": {reading.id: dict(reading.options) for reading in numbers.readings},
        "seed": head.seed,
        "command": head.command,
        "started": head.started,
        "finished": footer.finished,
        "results": {
            "file": RESULTS,
            "bytes": len(content),
            "sha256": sha256(content).hexdigest(),
        },
    }


def verify(path: Path, folder: Path | None = None) -> Verification:
    """Check a certificate against the results beside it, or in `folder`.

    The digest is compared, and every statement is made again from the results. Raises
    CertificateError when the file is no certificate at all.
    """
    told = _read(path)
    try:
        numbers = digest(load(folder or path.parent))
        made = certificate(numbers)
    except ResultsError as error:
        return Verification(told, (str(error),))
    if told["results"] != made["results"]:
        name = (folder or path.parent) / RESULTS
        return Verification(
            told, (f"{name} is not the file that was certified (SHA-256 differs).",)
        )
    problems = [
        f"{name}: the certificate says {one_line(json.dumps(told.get(name)))}, "
        f"the results {one_line(json.dumps(made[name]))}."
        for name in made
        if told.get(name) != made[name]
    ]
    return Verification(told, tuple(problems))


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CertificateError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise CertificateError(f"{path} is no JSON: {error}.") from None
    problem = schemas.problem(document, "certificate")
    if problem is not None:
        raise CertificateError(f"{path} is no certificate: {problem}.")
    return dict(document)
