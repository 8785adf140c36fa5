"""Each operation answers a right request with its message."""

from conformance.rules.instance_api.asking import (
    API,
    CRYPTOGRAPHY,
    PAGES,
    RETRIEVAL,
    documented,
    done,
    harmless_call,
    instance_rule,
    named_cases,
    require_served,
    right_request,
)
from conformance.run.context import Kms
from conformance.run.registry import Level

_ALIASED = (
    "Encrypt",
    "AdvanceEncrypt",
    "GenerateDataKey",
    "AdvanceGenerateDataKey",
    "Sign",
    "GetPublicKey",
)


@instance_rule(
    "INS-001",
    level=Level.MUST,
    statement="Each documented operation answers a right request with 200 and its message, every "
    "member that is always there included.",
    provenance="documented",
    source=PAGES,
    stage="service",
    cells=(CRYPTOGRAPHY, RETRIEVAL),
    cases=documented(),
)
def operations_answer(kms: Kms, operation: str) -> None:
    """Call the operation and look for the members of its answer."""
    exchange = done(kms, operation, **right_request(kms, operation))
    for name, field in API.operations[operation].response.items():
        if field["present"] == "always":
            kms.expect(exchange.values.get(name), f"{operation} answers {name}", exchange)
        allowed = field.get("enum")
        if allowed and exchange.values.get(name):
            found = exchange.values[name]
            kms.expect(found in allowed, f"{name} is one of {', '.join(allowed)}", exchange)


@instance_rule(
    "INS-002",
    level=Level.SHOULD,
    statement="Answers carry a RequestId of their own, refusals too.",
    provenance="documented",
    source=PAGES,
    stage="service",
    cells=(CRYPTOGRAPHY,),
)
def request_ids_differ(kms: Kms) -> None:
    """Ask twice rightly and once for too much."""
    require_served(kms)
    asked = [harmless_call(kms), harmless_call(kms)]
    asked.append(kms.call_instance("GenerateRandom", {"Length": 1000}))
    found = [exchange.answer.request_id for exchange in asked]
    kms.expect(all(found), "every answer carries a RequestId", *asked)
    kms.expect(len(set(found)) == len(found), "each answer has a RequestId of its own", *asked)


@instance_rule(
    "INS-003",
    level=Level.MUST,
    statement="A key may be named by its alias, and answers name it by its id.",
    provenance="documented",
    source=PAGES,
    stage="service",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_ALIASED),
)
def aliases_name_keys(kms: Kms, operation: str) -> None:
    """Name the key by an alias."""
    values = right_request(kms, operation)
    key = values["KeyId"]
    alias = kms.fresh_name("alias")
    made = kms.call("CreateAlias", {"AliasName": alias, "KeyId": key})
    kms.expect_success(made)
    exchange = done(kms, operation, **{**values, "KeyId": alias})
    found = exchange.values["KeyId"]
    kms.expect(found == key, f"KeyId is the id of the key, found {found}", exchange)


@instance_rule(
    "INS-004",
    level=Level.SHOULD,
    statement="Hmac answers the same code for the same message, and another for another one.",
    provenance="inferred",
    source="KMS Instance SDK for C# (2023-05); no page describes it",
    stage="service",
    operations=("Hmac",),
)
def hmac_repeats(kms: Kms) -> None:
    """Ask for the code of a message twice, and for that of another."""
    key = kms.provide("mac-key", {"Algorithm": "HMAC_SHA_256"}, instance=True)["id"]
    codes = []
    for message in (b"one", b"one", b"other"):
        exchange = done(kms, "Hmac", KeyId=key, Message=message)
        codes.append(exchange.values["Signature"])
        kms.expect(len(codes[-1]) == 32, "HMAC_SHA_256 has 32 bytes", exchange)
    kms.expect(codes[0] == codes[1] != codes[2], "a code depends on its message alone")


@instance_rule(
    "INS-005",
    level=Level.MUST,
    statement="GenerateRandom answers exactly as many bytes as asked for, others each time.",
    provenance="documented",
    source=PAGES,
    stage="service",
    operations=("GenerateRandom",),
    cells=(CRYPTOGRAPHY,),
)
def random_bytes(kms: Kms) -> None:
    """Ask for 1, 16 and 64 bytes, and often for 32."""
    for length in (1, 16, 64):
        exchange = done(kms, "GenerateRandom", Length=length)
        found = len(exchange.values["Random"])
        kms.expect(found == length, f"Random has {length} bytes, found {found}", exchange)
    drawn = [done(kms, "GenerateRandom", Length=32).values["Random"] for _ in range(8)]
    kms.expect(len(set(drawn)) == len(drawn), "no draw of 32 random bytes comes twice")


@instance_rule(
    "INS-006",
    level=Level.MUST,
    statement="GenerateRandom refuses a Length below 1 or above 64.",
    provenance="documented",
    source=PAGES,
    stage="parameter",
    operations=("GenerateRandom",),
    cells=(CRYPTOGRAPHY,),
    cases=named_cases({"none": 0, "65": 65, "negative": -1, "1024": 1024}),
)
def random_length(kms: Kms, length: int) -> None:
    """Ask for a length out of range."""
    require_served(kms)
    exchange = kms.call_instance("GenerateRandom", {"Length": length})
    kms.expect_refused(
        exchange,
        codes=["InvalidParameter", "MissingParameter"] if not length else ["InvalidParameter"],
        statuses=[400],
        stage="parameter",
        why=f"Length {length}",
    )
