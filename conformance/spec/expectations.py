"""What must answer a request: the view of specs/refusals.json and of an operation's errors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from conformance.spec.catalogue import Operation, catalogue

Outcome = Literal["success", "refused"]
#: Which code a reference to a thing that does not exist leads to, by the end of bundle.attribute.
_NOT_FOUND: tuple[tuple[str, str], ...] = (
    ("secret.previous-version", ""),
    ("alias.name", "Forbidden.AliasNotFound"),
    (".alias", "Forbidden.AliasNotFound"),
    ("secret.version", ""),  # which code answers a version or stage without a holder is not settled
    (".version", "Forbidden.KeyVersionNotFound"),
    ("secret.name", "Forbidden.ResourceNotFound"),
    ("secret-in-window.name", "Forbidden.ResourceNotFound"),
    ("secret.arn", "Forbidden.ResourceNotFound"),
    ("access-point.name", "Forbidden.ResourceNotFound"),
    ("access-policy.name", "Forbidden.ResourceNotFound"),
    ("network-rule.name", "Forbidden.ResourceNotFound"),
    ("client-key.id", "Forbidden.ResourceNotFound"),
    ("key.id", "Forbidden.KeyNotFound"),
    ("pair.id", "Forbidden.KeyNotFound"),
    ("deletion.id", "Forbidden.KeyNotFound"),
    ("import.id", "Forbidden.KeyNotFound"),
    ("ciphertext.id", "Forbidden.KeyNotFound"),
    (".arn", "Forbidden.KeyNotFound"),
)
#: Codes that tell of a value which is not what it should be, by the end of bundle.attribute.
_UNUSABLE: tuple[tuple[str, str], ...] = (
    ("import.token", "InvalidImportToken"),
    ("import.wrapped-material", "InvalidKeyMaterial"),
    (".ciphertext", "Forbidden.KeyNotFound"),
)


@dataclass(frozen=True, slots=True)
class Expectation:
    """How a request must be answered.

    Attributes:
        outcome: Whether it must succeed or be refused.
        stage: What must refuse it.
        statuses: HTTP statuses allowed; empty for any 4xx (refused) or 200 (success).
        codes: Codes allowed; one that ends in `.*` stands for any suffix or none. Empty where no
            source names the code.
        provenance: Of the promise that it is answered so; "inferred" only warns.
        readings: Readings that the allowed answers belong to.
    """

    outcome: Outcome
    stage: str
    statuses: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    provenance: str = "documented"
    readings: tuple[str, ...] = ()

    @property
    def gates(self) -> bool:
        """Whether another answer makes a target non-conformant."""
        return self.provenance != "inferred"

    def allows_status(self, status: int) -> bool:
        """Tell whether an HTTP status is one of those expected."""
        if self.statuses:
            return status in self.statuses
        return 400 <= status < 500 if self.outcome == "refused" else status == 200

    def allows_code(self, code: str | None) -> bool:
        """Tell whether an error code is one of those expected."""
        return not self.codes or any(code_matches(code, allowed) for allowed in self.codes)


def code_matches(code: str | None, allowed: str) -> bool:
    """Tell whether ``code`` is the allowed one; `Name.*` allows any suffix or none."""
    if code is None:
        return False
    if not allowed.endswith(".*"):
        return code == allowed
    return code == allowed[:-2] or code.startswith(allowed[:-1])


def success(provenance: str = "documented") -> Expectation:
    """Expect a successful answer."""
    return Expectation("success", "service", (200,), (), provenance)


def refusal(
    operation: Operation,
    keyword: str,
    parameter: str,
    own: Mapping[str, Any],
    provenance: str,
    *,
    weaker: Iterable[str] = (),
) -> Expectation:
    """Expect the refusal of a request that breaks one constraint.

    Args:
        operation: Whose request.
        keyword: The constraint.
        parameter: Name of the top-level parameter at fault.
        own: The `x-refusals` of the schema that states the constraint.
        provenance: Of the constraint.
        weaker: Further codes that a right target may answer where the schema has no row of its own;
            those for missing parameters always.
    """
    rows: Mapping[str, Any] = catalogue().document("refusals")["keywords"]
    row = own.get(keyword, rows[keyword])
    statuses = tuple(row.get("statuses", ()))
    codes = tuple(code.replace("{Parameter}", parameter) for code in row.get("codes", ()))
    if not codes:
        return Expectation("refused", row["stage"], statuses, (), provenance)
    # An empty value may count as a missing one, whatever else a schema's own row says.
    kept = [code for code in weaker if keyword not in own or code.startswith("Missing")]
    for code in kept:
        codes += (code,)
        statuses += (_status_of(operation, code),) if statuses else ()
    return Expectation(
        "refused",
        row["stage"],
        tuple(dict.fromkeys(statuses)),
        tuple(dict.fromkeys(codes)),
        provenance,
        tuple(row.get("readings", ())),
    )


def not_found(operation: Operation, path: str) -> Expectation:
    """Expect the refusal of a reference to a thing that does not exist.

    Documented where the operation promises the code, else only advised.
    """
    code = not_found_code(path)
    for error in operation.errors:
        if error.code == code and error.stage == "state":
            statuses = () if error.status is None else (error.status,)
            return Expectation("refused", "state", statuses, (code,), error.provenance)
    return Expectation("refused", "state", (), (), "inferred")


def not_found_code(path: str) -> str | None:
    """Return the code for an unknown thing of `bundle.attribute`, None where none is known."""
    return next((code for end, code in _NOT_FOUND if path.endswith(end)), None) or None


def codes_of_unusable(path: str) -> tuple[str, ...]:
    """Return what a malformed `bundle.attribute` may rightly lead to beside a parameter error."""
    found = next((code for end, code in _UNUSABLE if path.endswith(end)), None)
    found = found or not_found_code(path)
    return () if found is None else (found,)


def special(operation: Operation, mark: Mapping[str, Any]) -> Expectation:
    """Expect what a special value of a parameter leads to."""
    codes = tuple(mark["codes"])
    known = {error.code: error.status for error in operation.errors}
    statuses = tuple(dict.fromkeys(known.get(code) for code in codes))
    settled = tuple(status for status in statuses if status is not None)
    return Expectation(
        mark["outcome"],
        mark["stage"],
        settled if len(settled) == len(statuses) else (),
        codes,
        mark.get("provenance", "documented"),
    )


def _status_of(operation: Operation, code: str) -> int:
    found = next((error.status for error in operation.errors if error.code == code), None)
    return found if found is not None else 404 if code.endswith("NotFound") else 400
