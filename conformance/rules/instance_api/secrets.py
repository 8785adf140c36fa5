"""GetSecretValue of KMS Instance API."""

import json
from typing import Any

from conformance.rules.instance_api.asking import (
    PAGES,
    RETRIEVAL,
    done,
    instance_rule,
    require_served,
)
from conformance.run.context import Kms
from conformance.run.registry import Level


def _two_versions(kms: Kms) -> dict[str, Any]:
    """Return a secret with an earlier value "v1" and a current one."""
    require_served(kms)
    made = kms.provide("secret", {"MoveToVersion": "v2"}, fresh=True, instance=True)
    return dict(made)


@instance_rule(
    "INS-050",
    level=Level.MUST,
    statement="GetSecretValue answers the current value with its name, type, version and labels.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("GetSecretValue",),
    cells=(RETRIEVAL,),
)
def current_value(kms: Kms) -> None:
    """Read the secret that was made over the shared gateway."""
    secret = kms.provide("secret", instance=True)
    shown = done(kms, "GetSecretValue", SecretName=secret["name"])
    expected = {
        "SecretName": secret["name"],
        "SecretData": secret["data"],
        "SecretDataType": "text",
        "SecretType": "Generic",
        "VersionId": secret["version"],
    }
    for name, value in expected.items():
        same = shown.values[name] == value
        kms.expect(same, f"{name} is that of the secret", shown)
    labels = shown.values["VersionStages"]
    kms.expect(labels == ["ACSCurrent"], f"the label is ACSCurrent, found {labels}", shown)
    time = shown.values["CreateTime"]
    kms.expect(len(time) == 20 and time.endswith("Z"), "CreateTime is UTC to the second", shown)


@instance_rule(
    "INS-051",
    level=Level.MUST,
    statement="VersionStage and VersionId select a version.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("GetSecretValue",),
    cells=(RETRIEVAL,),
)
def selected_version(kms: Kms) -> None:
    """Read the versions of a secret by label and by id."""
    secret = _two_versions(kms)
    name, current = secret["name"], secret["version"]
    for selection, version in (
        ({}, current),
        ({"VersionStage": "ACSCurrent"}, current),
        ({"VersionStage": "ACSPrevious"}, secret["previous-version"]),
        ({"VersionId": current}, current),
        ({"VersionId": secret["previous-version"]}, secret["previous-version"]),
        ({"VersionId": current, "VersionStage": "ACSCurrent"}, current),
    ):
        shown = done(kms, "GetSecretValue", SecretName=name, **selection)
        found = shown.values["VersionId"]
        kms.expect(found == version, f"{selection} selects {version}, found {found}", shown)
        data = shown.values["SecretData"]
        kms.expect((data == secret["data"]) == (version == current), "its own value", shown)


@instance_rule(
    "INS-052",
    level=Level.MUST,
    statement="VersionId and VersionStage that do not meet in one version are refused.",
    provenance="documented",
    source=PAGES,
    stage="parameter",
    operations=("GetSecretValue",),
    cells=(RETRIEVAL,),
)
def selection_that_does_not_meet(kms: Kms) -> None:
    """Name the earlier version and the current label."""
    secret = _two_versions(kms)
    values = {
        "SecretName": secret["name"],
        "VersionId": secret["previous-version"],
        "VersionStage": "ACSCurrent",
    }
    kms.expect_refused(kms.call_instance("GetSecretValue", values), why="no version has both")


@instance_rule(
    "INS-053",
    level=Level.MUST,
    statement="A secret, label or version that is not there is refused.",
    provenance="documented",
    source=PAGES,
    stage="state",
    operations=("GetSecretValue",),
    cells=(RETRIEVAL,),
)
def nothing_there(kms: Kms) -> None:
    """Ask for what is not there."""
    require_served(kms)
    name = kms.provide("secret", instance=True)["name"]
    for values in (
        {"SecretName": f"{name}-nobody"},
        {"SecretName": name, "VersionId": "no-such-version"},
        {"SecretName": name, "VersionStage": "NoSuchStage"},
    ):
        refused = kms.call_instance("GetSecretValue", values)
        kms.expect_refused(refused, why="nothing there")


@instance_rule(
    "INS-054",
    level=Level.SHOULD,
    statement="A secret that is not there is answered by Forbidden.ResourceNotFound.",
    provenance="inferred",
    source="KMS API, operation GetSecretValue",
    stage="state",
    operations=("GetSecretValue",),
)
def code_of_an_unknown_secret(kms: Kms) -> None:
    """Ask for a secret that nobody made."""
    require_served(kms)
    refused = kms.call_instance("GetSecretValue", {"SecretName": kms.fresh_name("secret")})
    kms.expect_refused(refused, codes=["Forbidden.ResourceNotFound"], statuses=[404])


@instance_rule(
    "INS-055",
    level=Level.MUST,
    statement="Secrets that do not belong to the instance are not answered.",
    provenance="documented",
    source="Use application access points page (zh): scope of a policy",
    stage="state",
    operations=("GetSecretValue",),
    cells=(RETRIEVAL,),
)
def secrets_of_others(kms: Kms) -> None:
    """Ask for a secret that belongs to no instance."""
    require_served(kms)
    secret = kms.provide("secret")
    refused = kms.call_instance("GetSecretValue", {"SecretName": secret["name"]})
    kms.expect_refused(refused, why="a secret outside the instance")


@instance_rule(
    "INS-056",
    level=Level.MUST,
    statement="A managed secret is answered with the state of its rotation, and with "
    "ExtendedConfig in JSON where that is asked for.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("GetSecretValue",),
    cells=(RETRIEVAL,),
    readings=("instance-extended-config",),
)
def managed_secret(kms: Kms) -> None:
    """Read a managed secret with ExtendedConfig and without asking for it."""
    name = kms.provide("managed-secret", instance=True)["name"]
    asked = done(kms, "GetSecretValue", SecretName=name, FetchExtendedConfig=True)
    state = asked.values["AutomaticRotation"]
    kms.expect(state, "AutomaticRotation is answered", asked)
    try:
        config = json.loads(asked.values["ExtendedConfig"])
    except ValueError:
        config = None
    kms.expect(isinstance(config, dict), "ExtendedConfig is a JSON object", asked)
    plain = done(kms, "GetSecretValue", SecretName=name)
    option = "with" if plain.values["ExtendedConfig"] else "without"
    kms.showed("instance-extended-config", option, plain)
