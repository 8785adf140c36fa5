"""Every promise that specs/ makes, one row each: what a suite has to test or to leave out aloud.

operation/Encrypt                           a right request succeeds
parameter/Encrypt/KeyId                     the parameter is taken
constraint/Encrypt/Plaintext/minLength      what breaks it is refused, its border is accepted
answer/Encrypt/CiphertextBlob               the member is as described
error/Encrypt/Rejected.Disabled             the operation answers this code
code/Rejected.Throttling                    the code exists, with status and meaning
state/Encrypt/Disabled                      a cell of the table of key states
transition/PendingImport/ImportKeyMaterial  how states follow one another
limit/secret-versions                       a documented limit
reading/deletion-window                     a contradiction whose every reading is accepted
authentication/unsigned/V3                  a request that must not be let in
common/V3/x-acs-date                        what every request carries
quota/key-metadata                          a documented rate
cell/shared-ram-api-cryptographic           a cell of the matrix on the wire
semantics/context-map                       what operations mean
instance-operation/Encrypt                  the same of KMS Instance API; also instance-parameter,
                                            instance-answer, instance-error, instance-code
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from conformance.spec.catalogue import Operation, catalogue
from conformance.spec.keywords import provenance_of, request_schema, special_values
from conformance.spec.matrix import cell_ids, wire_cells
from conformance.spec.variant import Variant

#: Constraints of which a breach can be told from a right request. `type` counts where values travel
#: in a form that can be wrong: a text never is.
_KEYWORDS = (
    "enum", "const", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
    "maxProperties", "pattern", "contentEncoding", "x-decoded", "x-max-bytes", "x-max-json-length",
    "x-forms",
)  # fmt: skip
_BETWEEN = ("if", "dependentRequired", "anyOf", "oneOf")
#: What the table of states says where no source says anything.
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Promise:
    """One row of the specs.

    Attributes:
        id: Kind and place, parts joined by slashes.
        statement: What is promised, in a few words.
        provenance: documented, observed or inferred.
        operation: The operation that makes it, None for what all share.
    """

    id: str
    statement: str
    provenance: str = "documented"
    operation: str | None = None

    @property
    def kind(self) -> str:
        """First part of the id."""
        return self.id.partition("/")[0]


def constraint_id(operation: str, pointer: str, keyword: str) -> str:
    """Return the id of a constraint; positions in lists count as one."""
    parts = ["*" if part.isdigit() else part for part in pointer.split("/")[1:]]
    return "/".join(["constraint", operation, *(parts or ["request"]), keyword])


def constraint_of(variant: Variant) -> str:
    """Return the id of the constraint that a variant of a request probes."""
    pointer = variant.pointer
    missing = variant.base.keys() - variant.params.keys()
    if variant.keyword == "required" and not pointer and len(missing) == 1:
        pointer = f"/{next(iter(missing))}"
    return constraint_id(variant.operation, pointer, variant.keyword)


@cache
def promises() -> Mapping[str, Promise]:
    """Return every promise by id."""
    found: dict[str, Promise] = {}
    for operation in catalogue():
        for promise in _of_operation(operation):
            found.setdefault(promise.id, promise)
    for promise in _of_all():
        found.setdefault(promise.id, promise)
    return found


def _of_operation(operation: Operation) -> Iterator[Promise]:
    name = operation.name

    def made(kind: str, place: str, statement: str, provenance: str = "documented") -> Promise:
        whole = f"{kind}/{name}/{place}" if place else f"{kind}/{name}"
        return Promise(whole, statement, provenance, name)

    yield made("operation", "", operation.summary)
    schema = request_schema(operation)
    for parameter, part in schema["properties"].items():
        yield made("parameter", parameter, f"{name} takes {parameter}.")
        for pointer, keyword, provenance in _constraints(part, f"/{parameter}"):
            identifier = constraint_id(name, pointer, keyword)
            yield Promise(identifier, f"{keyword} of {pointer[1:]}", provenance, name)
    for parameter in schema.get("required", ()):
        identifier = constraint_id(name, f"/{parameter}", "required")
        provenance = provenance_of(schema, "required", parameter)
        yield Promise(identifier, f"{parameter} is required.", provenance, name)
    for keyword in _between(schema):
        identifier = constraint_id(name, "", keyword)
        yield Promise(identifier, f"{keyword} between parameters", "documented", name)
    for pointer, provenance in _members(operation.response, operation):
        yield made("answer", pointer, f"member {pointer} of an answer", provenance)
    for error in operation.own_errors:
        yield made("error", error.code, error.when, error.provenance)


def _constraints(schema: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, str, str]]:
    """Yield pointer, keyword and provenance of each constraint on a value and what it holds."""
    open_list = bool(schema.get("x-open"))
    for keyword in _KEYWORDS:
        if keyword not in schema or _says_nothing(schema, keyword, open_list=open_list):
            continue
        yield pointer, keyword, provenance_of(schema, keyword)
    if schema.get("type") not in (None, "string", "array"):
        yield pointer, "type", provenance_of(schema, "type")
    if schema.get("x-wire") == "json":
        yield pointer, "x-wire", provenance_of(schema, "type")
    if "required" in schema:
        yield pointer, "required", provenance_of(schema, "required")
    for member, part in schema.get("properties", {}).items():
        yield from _constraints(part, f"{pointer}/{member}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), Mapping):
            yield from _constraints(schema[keyword], f"{pointer}/*")


def _says_nothing(schema: Mapping[str, Any], keyword: str, *, open_list: bool) -> bool:
    if keyword in {"enum", "const"}:
        return open_list
    if keyword == "x-forms":
        return len(schema[keyword]) == 1
    if keyword in {"minLength", "minItems"}:
        return int(schema[keyword]) == 0
    return keyword == "enum" and bool(special_values(schema))


def _between(schema: Mapping[str, Any]) -> Iterator[str]:
    parts = [schema, *schema.get("allOf", ())]
    yield from dict.fromkeys(keyword for part in parts for keyword in _BETWEEN if keyword in part)


def _members(
    schema: Mapping[str, Any], operation: Operation, pointer: str = "", depth: int = 0
) -> Iterator[tuple[str, str]]:
    """Yield place and provenance of each member of an answer."""
    schema = _followed(schema, operation)
    if depth > 6:  # definitions that hold themselves
        return
    for member, part in schema.get("properties", {}).items():
        place = f"{pointer}/{member}" if pointer else member
        required = member in schema.get("required", ())
        provenance = provenance_of(schema, "required", member) if required else "documented"
        yield place, provenance
        yield from _members(part, operation, place, depth + 1)
    if isinstance(schema.get("items"), Mapping):
        yield from _members(schema["items"], operation, f"{pointer}/*", depth + 1)


def _followed(schema: Mapping[str, Any], operation: Operation) -> Mapping[str, Any]:
    while "$ref" in schema:
        reference = schema["$ref"]
        if reference.startswith("#"):
            reference = f"kms:definitions{reference}"
        found = operation.registry.resolver().lookup(reference).contents
        schema = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _of_all() -> Iterator[Promise]:
    known = catalogue()
    for error in known.errors.kms_api.values():
        yield Promise(f"code/{error.code}", error.when, error.provenance)
    yield from _of_states()
    yield from _of_requests()
    for row in known.document("limits")["limits"]:
        provenance = row.get("provenance", "documented")
        yield Promise(f"limit/{row['id']}", row["subject"], provenance)
    for row in known.document("readings")["readings"]:
        yield Promise(f"reading/{row['id']}", row["subject"])
    for row in known.document("quotas")["groups"]:
        yield Promise(f"quota/{row['group']}", "calls a second", row["provenance"])
    yield from _of_instance_api()
    for identifier in cell_ids():
        wire = wire_cells()[identifier.partition(".")[0]]
        yield Promise(f"cell/{identifier}", wire["answer"], wire["provenance"])
    for row in known.documents.get("semantics", {}).get("rows", ()):
        yield Promise(f"semantics/{row['id']}", row["statement"], row["provenance"])


def _of_instance_api() -> Iterator[Promise]:
    for error in catalogue().errors.instance_api.values():
        yield Promise(f"instance-code/{error.code}", error.when, error.provenance)
    for name, document in catalogue().documents.items():
        if not name.startswith("instance-api/") or "operation" not in document:
            continue
        operation = document["operation"]
        provenance = "documented" if document["documented"] else "observed"
        yield Promise(f"instance-operation/{operation}", document["summary"], provenance)
        for side, kind in (("request", "parameter"), ("response", "answer")):
            for row in document[side]:
                identifier = f"instance-{kind}/{operation}/{row['name']}"
                yield Promise(identifier, f"field {row['name']}", row["provenance"])
        for row in document["errors"]:
            identifier = f"instance-error/{operation}/{row['code']}"
            yield Promise(identifier, row["when"], row["provenance"])


def _of_states() -> Iterator[Promise]:
    document = catalogue().document("key-states")
    for row in document["operations"]:
        for state, cell in row["states"].items():
            if cell["answer"] != _UNKNOWN:
                identifier = f"state/{row['operation']}/{state}"
                yield Promise(identifier, cell["answer"], cell["provenance"], row["operation"])
    for row in document["transitions"]:
        for state in row["from"] if row["to"] is not None else ():
            statement = f"then {row['to']}"
            yield Promise(transition_id(state, row["event"]), statement, row["provenance"])


def _of_requests() -> Iterator[Promise]:
    for row in catalogue().document("auth-failures")["failures"]:
        for scheme in row["schemes"]:
            identifier = f"authentication/{row['kind']}/{scheme}"
            yield Promise(identifier, row["description"], row["provenance"])
    for group in catalogue().document("common-parameters")["schemes"]:
        for row in group["parameters"]:
            identifier = f"common/{group['scheme']}/{row['name']}"
            yield Promise(identifier, row["description"], row["provenance"])


def transition_id(state: str | None, event: str) -> str:
    """Return the id of a transition."""
    return f"transition/{state or 'none'}/{event.replace(', ', '-').replace(' ', '-')}"
