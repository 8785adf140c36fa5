"""Every refused request breaks exactly what it says, and expects the documented answer."""

import pytest
from independent_judge import faults

from conformance.spec.catalogue import catalogue
from conformance.spec.compose import generated
from conformance.spec.expectations import code_matches, refusal
from conformance.spec.keywords import request_schema
from conformance.spec.negative import BEYOND_SCHEMA, IMPLIED, JUDGED, arrives
from conformance.spec.negatives import negatives
from conformance.spec.variants import variants

OPERATIONS = list(catalogue())
NEGATIVES = [
    variant
    for operation in OPERATIONS
    for variant in variants(operation)
    if variant.polarity == "negative"
]


def name(operation):
    return operation.name


def negative(operation, ending):
    wanted = f"{operation}.bad.{ending}"
    known = {variant.id: variant for variant in variants(catalogue().operations[operation])}
    return known[wanted]


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_exactly_one_constraint_is_broken_at_the_stated_place(operation):
    for variant in variants(operation):
        if variant.polarity != "negative":
            continue
        arrived = arrives(operation, variant.params, variant.raw)
        assert arrived is not None, f"{variant.id} cannot travel"
        found = faults(operation, arrived)
        if variant.keyword in BEYOND_SCHEMA:
            assert found == [], variant.id
            continue
        keyword = JUDGED.get(variant.keyword, variant.keyword)
        assert (keyword, variant.pointer) in found, variant.id
        assert {pointer for _, pointer in found} == {variant.pointer}, variant.id
        others = {kind for kind, _ in found} - {keyword}
        assert others <= IMPLIED.get(keyword, frozenset()), variant.id


def test_refusals_are_refused():
    for variant in NEGATIVES:
        assert variant.expectation.outcome == "refused"
        assert not variant.expectation.allows_status(200), variant.id
        assert not variant.expectation.allows_status(500), variant.id
        assert variant.expectation.stage in {"parameter", "state"}, variant.id


def test_a_documented_code_is_asserted():
    rows = catalogue().document("refusals")["keywords"]
    for variant in NEGATIVES:
        row = rows.get(JUDGED.get(variant.keyword, variant.keyword))
        if row is None or not row["codes"] or not variant.expectation.gates:
            continue
        own = variant.expectation.codes
        assert own or _has_own_row(variant), variant.id


def _has_own_row(variant):
    def rows(schema):
        yield from schema.get("x-refusals", {})
        for part in schema.get("properties", {}).values():
            yield from rows(part)
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                yield from rows(schema[key])

    operation = catalogue().operations[variant.operation]
    parameter = variant.pointer.split("/")[1]
    return (
        variant.keyword in set(rows(generated(operation)[parameter])) or "/" in variant.pointer[1:]
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_every_required_parameter_is_left_out(operation):
    found = {variant.id for variant in variants(operation)}
    for parameter in operation.request.get("required", ()):
        assert f"{operation.name}.bad.missing.{parameter}" in found


def test_missing_parameters_expect_the_code_in_both_families():
    variant = negative("DescribeKey", "missing.KeyId")
    assert variant.expectation.statuses == (400,)
    assert variant.expectation.allows_code("MissingParameter")
    assert variant.expectation.allows_code("MissingKeyId")
    assert not variant.expectation.allows_code("MissingName")
    assert not variant.expectation.allows_code("Forbidden.KeyNotFound")
    assert not variant.expectation.allows_code(None)


#: Constraints that no value can break alone, or not on the wire: keyword and why.
UNBREAKABLE = {
    "minItems": "an empty repeat list or a list of commas cannot be told from an absent parameter",
    "minLength": "implied by the pattern beside it, whose negatives hold the empty text",
    "type": "text for text",
    "additionalProperties": "its own schema is what is broken",
    "allOf": "its parts are",
    "properties": "their own constraints are",
    "items": "their own constraints are",
    "x-decoded": "one lower bound of one byte is that of minLength",
    "if": "consequences other than a missing member change what is promised of another one",
    "const": "reached through a condition only",
}


def constraints(schema, pointer=""):
    """(keyword, pointer without indexes) of every constraint of what is generated."""
    if "x-not-generated" in schema:
        return
    for keyword in schema:
        if not keyword.startswith("x-") or keyword in {
            "x-decoded", "x-max-bytes", "x-max-json-length",
        }:  # fmt: skip
            yield keyword, pointer
    for member, part in schema.get("properties", {}).items():
        yield from constraints(part, f"{pointer}/{member}")
    if isinstance(schema.get("items"), dict):
        yield from constraints(schema["items"], f"{pointer}/*")


KINDS = {
    "enum", "pattern", "maxLength", "minimum", "maximum", "maxItems", "uniqueItems", "required",
    "contentEncoding", "x-decoded", "x-max-bytes", "x-max-json-length", "maxProperties",
    "dependentRequired", "oneOf", "anyOf",
}  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_every_constraint_has_a_negative(operation):
    broken = {
        (JUDGED.get(item.keyword, item.keyword), generic(item.pointer))
        for item, _ in negatives(operation)
    }
    open_ = {
        pointer
        for keyword, pointer in constraints(request_schema(operation))
        if keyword == "enum" and _is_open(operation, pointer)
    }
    for keyword, pointer in constraints(request_schema(operation)):
        if keyword not in KINDS or (keyword == "enum" and pointer in open_):
            continue
        if _inside_real_thing(operation, pointer):
            continue
        assert (keyword, pointer) in broken, (keyword, pointer)


def generic(pointer):
    return "/".join("*" if part.isdigit() else part for part in pointer.split("/"))


def _schema_at(operation, pointer):
    node = request_schema(operation)
    for part in pointer.split("/")[1:]:
        node = node["items"] if part == "*" else node["properties"][part]
        yield node


def _is_open(operation, pointer):
    return list(_schema_at(operation, pointer))[-1].get("x-open", False)


def _inside_real_thing(operation, pointer):
    """Items and members of a parameter whose whole value is a real thing of the target."""
    nodes = list(_schema_at(operation, pointer))
    return any("x-resource" in node for node in nodes[:-1])


def test_open_lists_are_never_refused():
    for variant in NEGATIVES:
        if variant.keyword != "enum":
            continue
        operation = catalogue().operations[variant.operation]
        assert not _is_open(operation, generic(variant.pointer)), variant.id


def test_inferred_constraints_only_advise():
    assert not negative("Encrypt", "Plaintext.above").expectation.gates
    assert not negative("ListAliases", "PageSize.below").expectation.gates
    assert negative("ScheduleKeyDeletion", "PendingWindowInDays.above").expectation.gates


# The three places where Python is laxer than the promise.


def sent(variant, parameter):
    return dict(variant.raw).get(parameter, variant.params.get(parameter))


def test_trailing_newline_after_a_match_is_tried():
    found = negative("CreateKey", "RotationInterval.newline")
    assert sent(found, "RotationInterval") == "365d\n"
    assert found.keyword == "pattern"
    assert found.expectation.gates
    assert any(variant.id.endswith("AliasName.newline") for variant in NEGATIVES)


def test_digits_outside_ascii_are_tried():
    found = negative("ScheduleKeyDeletion", "PendingWindowInDays.non-ascii-digits")
    assert sent(found, "PendingWindowInDays") == "٣٦٦"
    assert found.keyword == "type"
    found = negative("UpdateRotationPolicy", "RotationInterval.all-foreign-digits")
    assert sent(found, "RotationInterval") == "٣٦٥d"


def test_an_integer_with_a_zero_fraction_is_tried():
    found = negative("ScheduleKeyDeletion", "PendingWindowInDays.decimal-zero")
    assert sent(found, "PendingWindowInDays") == "366.0"
    assert found.keyword == "type"
    assert not found.expectation.gates, "some parsers take it, and no source says otherwise"


@pytest.mark.parametrize(
    ("operation", "ending"),
    [
        ("ScheduleKeyDeletion", "PendingWindowInDays.letters"),
        ("ScheduleKeyDeletion", "PendingWindowInDays.plus"),
        ("ScheduleKeyDeletion", "PendingWindowInDays.leading-zero"),
        ("ScheduleKeyDeletion", "PendingWindowInDays.hexadecimal"),
        ("ScheduleKeyDeletion", "PendingWindowInDays.empty"),
        ("ScheduleKeyDeletion", "PendingWindowInDays.blanks"),
        ("ScheduleKeyDeletion", "PendingWindowInDays.int64"),
        ("CreateKey", "Origin.case"),
        ("GetKmsInstanceQuotaInfos", "ResourceType.nul"),
        ("AsymmetricSign", "Digest.not-base64"),
        ("AsymmetricSign", "Digest.unpadded"),
        ("AsymmetricSign", "Digest.url-safe"),
        ("AsymmetricSign", "Digest.line-breaks"),
        ("AsymmetricSign", "Digest.above"),
        ("AsymmetricSign", "Digest.below"),
        ("Encrypt", "EncryptionContext.no-json"),
        ("Encrypt", "EncryptionContext.type-list"),
        ("Encrypt", "EncryptionContext.value.type-number"),
        ("Encrypt", "EncryptionContext.value.type-list"),
        ("Encrypt", "EncryptionContext.long"),
        ("TagResource", "Tags.item.without-TagKey"),
        ("TagResource", "Tags.item.TagKey.long"),
        ("TagResource", "Tags.item.TagKey.reserved-1"),
        ("TagResource", "Tags.many"),
        ("BatchGetSecretValue", "SecretsList.twice"),
        ("BatchGetSecretValue", "SecretsList.many"),
        ("CreateSecret", "SecretData.large"),
        ("CreateSecret", "SecretData.large-utf8"),
        ("CreateClientKey", "NotBefore-without-NotAfter"),
        ("UpdateSecretVersionStage", "VersionStage-ACSCurrent-without-MoveToVersion"),
        ("UpdateRotationPolicy", "EnableAutomaticRotation-True-without-RotationInterval"),
        ("TagResource", "both-KeyId-SecretName"),
        ("CreateAlias", "AliasName.reserved-1"),
        ("DescribeKey", "KeyId.nonexistent"),
        ("DescribeKey", "KeyId.nonexistent-alias"),
        ("DescribeKey", "KeyId.nonexistent-arn"),
        ("EnableKey", "KeyId.by-alias"),
    ],
)
def test_cases_that_must_be_there(operation, ending):
    assert negative(operation, ending)


def test_unknown_things_expect_their_own_codes():
    expected = {
        ("DescribeKey", "KeyId.nonexistent"): "Forbidden.KeyNotFound",
        ("Encrypt", "KeyId.nonexistent-alias"): "Forbidden.AliasNotFound",
        ("DescribeKeyVersion", "KeyVersionId.nonexistent"): "Forbidden.KeyVersionNotFound",
        ("DescribeSecret", "SecretName.nonexistent"): "Forbidden.ResourceNotFound",
        ("DeleteAlias", "AliasName.nonexistent"): "Forbidden.AliasNotFound",
    }
    for (operation, ending), code in expected.items():
        expectation = negative(operation, ending).expectation
        assert expectation.codes == (code,)
        assert expectation.statuses == (404,)
        assert expectation.stage == "state"
        assert expectation.gates


def test_nothing_that_cannot_travel_is_sent():
    for variant in NEGATIVES:
        assert variant.params or variant.raw or not _required(variant), variant.id
        assert not variant.id.endswith(("ResourceId.few", "TagKey.few", "Tag.few")), variant.id


def _required(variant):
    required = catalogue().operations[variant.operation].request.get("required", ())
    return len(required) > 1


@pytest.mark.parametrize(
    ("code", "allowed", "verdict"),
    [
        ("InvalidParameter", "InvalidParameter", True),
        ("InvalidParameter.KeyId", "InvalidParameter", False),
        ("InvalidParameter.KeyId", "InvalidParameter.*", True),
        ("InvalidParameter", "InvalidParameter.*", True),
        ("InvalidParameterX", "InvalidParameter.*", False),
        (None, "InvalidParameter.*", False),
    ],
)
def test_codes_are_compared_whole(code, allowed, verdict):
    assert code_matches(code, allowed) is verdict


def test_a_row_of_the_schema_wins_over_the_common_one():
    operation = catalogue().operations["Encrypt"]
    own = {"pattern": {"stage": "state", "statuses": [409], "codes": ["Rejected.Disabled"]}}
    found = refusal(
        operation, "pattern", "KeyId", own, "observed", weaker=("Forbidden.KeyNotFound",)
    )
    assert (found.stage, found.statuses, found.codes) == ("state", (409,), ("Rejected.Disabled",))
    assert found.provenance == "observed"
