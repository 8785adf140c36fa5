"""What the command line writes is what its schema in specs/meta says."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.reference.script import ScriptError, read_step
from conformance.spec import catalogue
from conformance.spec.instance import instance_api
from conformance.spec.matrix import cell_ids

SPECS = catalogue()
COMMAND = [sys.executable, "-m", "conformance.cli"]


def problems(kind: str, document: Any) -> list[str]:
    schema = SPECS.document(f"meta/{kind}.schema")
    validator = Draft202012Validator(schema, registry=SPECS.registry)
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        for error in validator.iter_errors(document)
    ]


def printed(*arguments: str) -> Any:
    finished = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(finished.stdout)


def test_ready_line_and_the_target_file_it_names() -> None:
    with subprocess.Popen([*COMMAND, "serve"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            target = tomllib.loads(Path(ready["target"]).read_text(encoding="utf-8"))
            certificate = Path(ready["ca"]).read_text(encoding="ascii")
        finally:
            process.terminate()
    assert problems("ready", ready) == []
    assert problems("target", target) == []
    assert certificate.startswith("-----BEGIN CERTIFICATE-----")


def test_list_of_faults() -> None:
    assert problems("deviations", printed("serve", "--list-faults")) == []


def test_list_of_rules_and_the_readings_they_accept() -> None:
    rules = printed("list", "--json")
    assert problems("rules", rules) == []
    readings = {entry["id"] for entry in SPECS.document("readings")["readings"]}
    for rule in rules:
        assert set(rule["readings"]) <= readings, rule["rule"]
        known = SPECS.operations.keys() | instance_api().operations.keys()
        assert set(rule["operations"]) <= known, rule["rule"]
        assert set(rule["cells"]) <= set(cell_ids()), rule["rule"]


def test_matrix() -> None:
    assert problems("matrix-report", printed("matrix", "--format", "json")) == []


@pytest.mark.parametrize(
    ("step", "right"),
    [
        ({}, True),
        ({"status": 503, "body": "busy", "delay": 0.2, "action": "GetSecretValue"}, True),
        ({"headers": [["retry-after", "1"]], "times": 0, "after": 2, "drip": 1}, True),
        ({"raw_base64": "SFRUUC8xLjEgMjAwIE9LDQoNCg==", "reset": True, "cut": 3}, True),
        ({"hang": True}, True),
        ({"proceed": True, "delay": 1}, True),
        ({"status": 99}, False),
        ({"status": "200"}, False),
        ({"delay": -1}, False),
        ({"headers": [["only a name"]]}, False),
        ({"reset": "yes"}, False),
        ({"surprise": 1}, False),
        ([], False),
    ],
)
def test_script_steps_are_read_as_the_schema_says(step: Any, right: bool) -> None:
    schema = {"$ref": "kms:meta/script#/$defs/Step"}
    assert Draft202012Validator(schema, registry=SPECS.registry).is_valid(step) is right
    if right:
        read_step(step)
        return
    with pytest.raises(ScriptError):
        read_step(step)
