"""What specs/ promises about keys, states and limits, looked up by name."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from conformance.spec.catalogue import catalogue

Row = Mapping[str, Any]

#: Usage of keys that make and check MACs. No document names it: inferred, after SIGN/VERIFY.
MAC_USAGE = "GENERATE/VERIFY_MAC"


@cache
def key_specs() -> Mapping[str, Row]:
    """Return key specs by name, HMAC specs included.

    No document names the specs of HMAC keys; they are called like the algorithm (inferred).
    """
    document = catalogue().document("key-specs")
    specs: dict[str, Row] = {row["spec"]: row for row in document["specs"]}
    for mac in document["macs"]:
        specs[mac["name"]] = {
            "spec": mac["name"],
            "kind": "hmac",
            "keyBytes": mac["macBytes"],
            "usages": [MAC_USAGE],
            "rotates": False,
            "importable": False,
        }
    return MappingProxyType(specs)


@cache
def algorithm(spec: str, purpose: str, name: str) -> Row | None:
    """Return the row of an algorithm that a key spec offers, or None.

    Args:
        spec: Key spec, e.g. RSA_2048.
        purpose: "encryption" or "signing".
        name: Algorithm, e.g. RSAES_OAEP_SHA_256.
    """
    rows = key_specs()[spec].get(purpose, ())
    return next((row for row in rows if row["name"] == name), None)


@cache
def data_key_bytes(spec: str) -> int:
    """Return the length of a data key by its spec, in bytes."""
    rows = catalogue().document("key-specs")["dataKeySpecs"]
    return next(int(row["bytes"]) for row in rows if row["spec"] == spec)


@cache
def wrapping_algorithms(spec: str, purpose: str) -> tuple[str, ...]:
    """Return the algorithms that wrap under a wrapping key spec, for "import" or "export"."""
    rows = catalogue().document("key-specs")["wrapping"]
    return next(
        (
            tuple(row["algorithms"])
            for row in rows
            if row["wrappingKeySpec"] == spec and row["purpose"] == purpose
        ),
        (),
    )


@cache
def offered_specs(management_type: str) -> frozenset[str]:
    """Return the key specs of a key management type: default, software, hardware, external."""
    rows = catalogue().document("key-specs")["managementTypes"]
    row = next(row for row in rows if row["type"] == management_type)
    return frozenset([*row["symmetric"], *row["asymmetric"]])


@cache
def state_answers() -> Mapping[tuple[str, str], tuple[str, ...] | None]:
    """Return what each operation answers to a key in each state.

    None: the state is no obstacle. A tuple: refused with one of these codes (empty where no source
    names one). Cells that no source describes are no obstacle either (inferred).
    """
    answers: dict[tuple[str, str], tuple[str, ...] | None] = {}
    for row in catalogue().document("key-states")["operations"]:
        for state, cell in row["states"].items():
            refused = cell["answer"] == "refused"
            answers[row["operation"], state] = tuple(cell["codes"]) if refused else None
    return MappingProxyType(answers)


@cache
def limit(name: str) -> Row:
    """Return a row of limits.json by its id."""
    rows = catalogue().document("limits")["limits"]
    row: Row = next(row for row in rows if row["id"] == name)
    return row


def maximum(name: str) -> int:
    """Return the upper end of a limit that limits.json states itself."""
    return int(limit(name)["max"])


@cache
def request_bound(operation: str, parameter: str, keyword: str) -> int:
    """Return a numeric keyword of a request parameter, such as its default or its maxLength."""
    schema = catalogue().operations[operation].request["properties"][parameter]
    return int(schema[keyword])


@cache
def definition_bound(name: str, keyword: str) -> int:
    """Return a numeric keyword of a shared definition."""
    return int(catalogue().document("definitions")["$defs"][name][keyword])
