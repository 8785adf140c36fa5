"""Judges the members of a successful answer by the response schema of its operation.

Types are taken as they are on the wire: `1.0` and `true` are no integers, although JSON Schema and
Python say otherwise. Enumerations marked `x-open` may hold other values, and unknown members are
always fine. What is wrong comes with the provenance of the promise that it breaks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, TypeChecker
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from conformance.spec.catalogue import Json, Operation, Provenance
from conformance.spec.judge import decoded_length
from conformance.spec.keywords import pointer_to
from conformance.spec.patterns import parse


@dataclass(frozen=True, slots=True)
class AnswerProblem:
    """One promise that an answer breaks.

    Attributes:
        keyword: The constraint: type, required, enum, pattern ...
        pointer: JSON Pointer of the member; of the missing one for `required`.
        message: What was expected there, without the value found, which may be secret.
        provenance: Of the promise; "inferred" only advises.
    """

    keyword: str
    pointer: str
    message: str
    provenance: Provenance

    @property
    def gates(self) -> bool:
        """Whether it makes a target non-conformant."""
        return self.provenance != "inferred"

    def __str__(self) -> str:
        return f"{self.pointer or 'the answer'}: {self.message}"


def answer_problems(operation: Operation, members: Json) -> list[AnswerProblem]:
    """Return every promise of the operation's answer that ``members`` break, in order."""
    found = [_problem(error) for error in _validator(operation).iter_errors(members)]
    return list(dict.fromkeys(found))


def is_right_answer(operation: Operation, members: Json) -> bool:
    """Tell whether an answer breaks no promise that gates."""
    return not any(problem.gates for problem in answer_problems(operation, members))


_VALIDATORS: dict[str, Validator] = {}


def _validator(operation: Operation) -> Validator:
    if operation.name not in _VALIDATORS:
        _VALIDATORS[operation.name] = _AnswerValidator(
            operation.response, registry=operation.registry
        )
    return _VALIDATORS[operation.name]


def _is_integer(_: TypeChecker, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _pattern(
    _: Validator, pattern: str, value: Any, __: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if isinstance(value, str) and not parse(pattern).matches(value):
        yield ValidationError(f"matches {pattern}")


def _enum(
    _: Validator, allowed: list[Json], value: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    is_one = any(value == item and type(value) is type(item) for item in allowed)
    if not is_one and not schema.get("x-open"):
        yield ValidationError("not one of them")


def _encoding(
    _: Validator, __: str, value: Any, ___: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if isinstance(value, str) and decoded_length(value) is None:
        yield ValidationError("not base64")


_AnswerValidator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _pattern, "enum": _enum, "contentEncoding": _encoding},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


def _problem(error: ValidationError) -> AnswerProblem:
    keyword = str(error.validator)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    pointer = ""
    for part in error.absolute_path:
        pointer = pointer_to(pointer, part)
    marks: Mapping[str, Provenance] = schema.get("x-provenance", {})
    if keyword == "required":
        name = _missing(error)
        provenance = marks.get(f"required:{name}", marks.get(keyword, "documented"))
        return AnswerProblem(keyword, pointer_to(pointer, name), "is missing", provenance)
    message = _expectation(keyword, error.validator_value, schema)
    return AnswerProblem(keyword, pointer, message, marks.get(keyword, "documented"))


def _missing(error: ValidationError) -> str:
    """Return the member that an error about `required` is about."""
    present = error.instance if isinstance(error.instance, Mapping) else {}
    names: list[str] = list(error.schema["required"]) if isinstance(error.schema, Mapping) else []
    absent = [name for name in names if name not in present]
    return next((name for name in absent if error.message.startswith(repr(name))), absent[0])


_ARTICLES = {"integer": "an integer", "object": "an object", "array": "a list", "string": "text"}


@cache
def _kind(name: str) -> str:
    return _ARTICLES.get(name, f"a {name}")


def _expectation(keyword: str, value: Any, schema: Mapping[str, Any]) -> str:
    if keyword == "type":
        return f"is not {_kind(value)}"
    if keyword == "enum":
        return f"is none of {', '.join(map(str, value))}"
    if keyword == "const":
        return f"is not {value!r}"
    if keyword == "contentEncoding":
        return "is not standard base64 with padding"
    if keyword in {"anyOf", "oneOf"}:
        return "has none of the documented forms"
    if keyword == "pattern":
        return f"does not look like {schema.get('description', value)}"
    return f"breaks {keyword} {value}"
