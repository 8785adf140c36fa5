"""Requests at the level of protocol buffers: what must be taken, and what refused."""

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.client.instance import InstanceExchange
from conformance.rules.instance_api.asking import (
    API,
    CRYPTOGRAPHY,
    ERRORS,
    PAGES,
    PROTO3,
    RETRIEVAL,
    TEXT,
    aes,
    block_mode,
    expect_served,
    instance_rule,
    named_cases,
    operation_case,
    require_served,
    right_request,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level
from conformance.wire import protobuf
from conformance.wire.protobuf import field_bytes

#: Fields that hold what is to be worked on: without them there may be nothing to refuse, for an
#: empty text looks the same on the wire.
_CONTENT = frozenset({"Plaintext", "Message"})
_UNKNOWN = {
    "varint": field_bytes(99, 7),
    "bytes": field_bytes(100, b"of a later version"),
    "fixed64": protobuf.tag(101, protobuf.FIXED64) + bytes(8),
    "fixed32": protobuf.tag(102, protobuf.FIXED32) + bytes(4),
    "large-number": field_bytes(536_870_911, b"x"),
}


def _number(operation: str, field: str) -> int:
    return int(API.operations[operation].request[field]["number"])


def _required(*, content: bool) -> Iterable[Case]:
    for operation in API:
        for name, field in operation.request.items():
            if operation.documented and field["required"] and (name in _CONTENT) is content:
                case = (operation.name, name)
                yield operation_case(f"{operation.name}.{name}", case, operation.name)


def _without(kms: Kms, case: tuple[str, str]) -> InstanceExchange:
    operation, missing = case
    values = right_request(kms, operation)
    values.pop(missing)
    exchange: InstanceExchange = kms.call_instance(operation, values)
    return exchange


def _expect_refused(kms: Kms, exchange: InstanceExchange, why: str) -> None:
    """Expect a refusal; for ciphertexts InternalFailure is one, too."""
    statuses = (500,) if exchange.code == "InternalFailure" else ()
    kms.expect_refused(exchange, statuses=statuses, stage="parameter", why=why)


@instance_rule(
    "INS-060",
    level=Level.MUST,
    statement="A request without a required field is refused.",
    provenance="documented",
    source=PAGES,
    stage="parameter",
    cells=(CRYPTOGRAPHY, RETRIEVAL),
    cases=lambda: _required(content=False),
)
def missing_fields(kms: Kms, case: tuple[str, str]) -> None:
    """Leave one required field out."""
    _expect_refused(kms, _without(kms, case), f"no {case[1]}")


@instance_rule(
    "INS-061",
    level=Level.SHOULD,
    statement="A request with nothing to encrypt or to sign is refused.",
    provenance="documented",
    source=PAGES,
    stage="parameter",
    cells=(CRYPTOGRAPHY, RETRIEVAL),
    cases=lambda: _required(content=True),
)
def missing_content(kms: Kms, case: tuple[str, str]) -> None:
    """Leave out what the operation is to work on."""
    _expect_refused(kms, _without(kms, case), f"no {case[1]}")


@instance_rule(
    "INS-062",
    level=Level.SHOULD,
    statement="A missing required field is answered by InvalidParameter.",
    provenance="inferred",
    source=ERRORS,
    stage="parameter",
    cells=(CRYPTOGRAPHY, RETRIEVAL),
    cases=lambda: _required(content=False),
)
def code_of_missing_fields(kms: Kms, case: tuple[str, str]) -> None:
    """Leave one required field out and look at the code."""
    codes = ["InvalidParameter", "MissingParameter"]
    kms.expect_refused(_without(kms, case), codes=codes, statuses=[400], why=f"no {case[1]}")


@instance_rule(
    "INS-063",
    level=Level.MUST,
    statement="Fields that the operation does not know are ignored.",
    provenance="documented",
    source=PROTO3,
    stage="parameter",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_UNKNOWN),
)
def unknown_fields(kms: Kms, extra: bytes) -> None:
    """Add a field in front of and after those of a right request."""
    body = API.encode("Encrypt", right_request(kms, "Encrypt"))
    for changed in (extra + body, body + extra):
        expect_served(kms, kms.call_instance("Encrypt", body=changed))


def _encrypting(kms: Kms, *parts: tuple[str, bytes]) -> InstanceExchange:
    body = b"".join(field_bytes(_number("Encrypt", name), value) for name, value in parts)
    exchange: InstanceExchange = kms.call_instance("Encrypt", body=body)
    return exchange


@instance_rule(
    "INS-064",
    level=Level.MUST,
    statement="Fields may stand in any order, and of one that stands twice the last counts.",
    provenance="documented",
    source=PROTO3,
    stage="parameter",
    cells=(CRYPTOGRAPHY,),
)
def order_and_repetition(kms: Kms) -> None:
    """Write the fields backwards, and the key twice."""
    key = aes(kms)
    right, text = ("KeyId", key.encode()), ("Plaintext", TEXT)
    for parts in ((text, right), (("KeyId", b"nobody"), text, right)):
        made = _encrypting(kms, *parts)
        expect_served(kms, made)
        kms.expect(made.values["KeyId"] == key, "the last KeyId counts", made)


@instance_rule(
    "INS-065",
    level=Level.MUST,
    statement="A field that is explicitly at its default is the same as none.",
    provenance="documented",
    source=PROTO3,
    stage="parameter",
    cells=(CRYPTOGRAPHY,),
)
def explicit_defaults(kms: Kms) -> None:
    """Write empty optional fields."""
    key = aes(kms)
    optional = [(name, b"") for name in ("Algorithm", "Aad", "Iv", "PaddingMode")]
    made = _encrypting(kms, ("KeyId", key.encode()), ("Plaintext", TEXT), *optional)
    expect_served(kms, made)
    kms.expect(len(made.values["Iv"]) == 12, "an Iv is drawn", made)


@instance_rule(
    "INS-066",
    level=Level.MUST,
    statement="Numbers may be written longer than need be.",
    provenance="documented",
    source=PROTO3,
    stage="parameter",
    operations=("GenerateRandom",),
    cells=(CRYPTOGRAPHY,),
)
def long_varint(kms: Kms) -> None:
    """Write 32 in five bytes."""
    made = kms.call_instance("GenerateRandom", body=bytes.fromhex("08a0808000"))
    expect_served(kms, made)
    kms.expect(len(made.values["Random"]) == 32, "32 bytes", made)


def _key_as_number(key: str) -> bytes:
    del key
    return field_bytes(1, 1) + field_bytes(2, TEXT)


def _truncated(key: str) -> bytes:
    return (field_bytes(2, TEXT) + field_bytes(1, key.encode()))[:-1]


_MALFORMED: Mapping[str, Any] = {
    "truncated": _truncated,
    "length-beyond-the-end": lambda key: field_bytes(1, key.encode()) + b"\x12\x7f" + TEXT,
    "tag-without-value": lambda key: _right(key) + b"\x1a",
    "varint-of-eleven-bytes": lambda key: _right(key) + b"\xf8\x06" + b"\xff" * 10 + b"\x01",
    "end-of-no-group": lambda key: _right(key) + b"\x0c",
}
_TOLERATED: Mapping[str, Any] = {
    "text-not-utf8": lambda key: _right(key) + field_bytes(3, b"\xc3\x28"),
    "field-number-0": lambda key: _right(key) + b"\x02\x00",
}


def _right(key: str) -> bytes:
    return field_bytes(1, key.encode()) + field_bytes(2, TEXT)


@instance_rule(
    "INS-067",
    level=Level.MUST,
    statement="A body that is no message is refused.",
    provenance="documented",
    source=PROTO3,
    stage="parameter",
    operations=("Encrypt",),
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_MALFORMED),
)
def malformed(kms: Kms, write: Any) -> None:
    """Break a right message in one place; any refusal will do."""
    require_served(kms)
    exchange = kms.call_instance("Encrypt", body=write(aes(kms)))
    kms.expect(not exchange.ok, f"it is refused, found {exchange.describe()}", exchange)


@instance_rule(
    "INS-068",
    level=Level.SHOULD,
    statement="A body that not every decoder takes is refused, and any refusal is a 4xx with an "
    "Error.",
    provenance="inferred",
    source="Decoders of the official SDKs; no page describes undecodable bodies",
    stage="parameter",
    operations=("Encrypt",),
    cases=named_cases({**_TOLERATED, **_MALFORMED}),
)
def malformed_answered(kms: Kms, write: Any) -> None:
    """Break a message and look for code and status."""
    require_served(kms)
    exchange = kms.call_instance("Encrypt", body=write(aes(kms)))
    kms.expect_refused(exchange, why="no message")


@instance_rule(
    "INS-069",
    level=Level.MUST,
    statement="A field of another wire type does not stand for the one of its number.",
    provenance="documented",
    source=PROTO3,
    stage="parameter",
    operations=("Encrypt",),
    cells=(CRYPTOGRAPHY,),
)
def wrong_wire_type(kms: Kms) -> None:
    """Send KeyId as a number: there is no key then."""
    require_served(kms)
    exchange = kms.call_instance("Encrypt", body=_key_as_number(aes(kms)))
    kms.expect(not exchange.ok, f"it is refused, found {exchange.describe()}", exchange)


_ENUMERATIONS: Mapping[str, tuple[str, str, str]] = {
    "Encrypt.Algorithm": ("Encrypt", "Algorithm", "AES_XTS"),
    "Encrypt.Algorithm-of-another-kind": ("Encrypt", "Algorithm", "RSAES_OAEP_SHA_256"),
    "Encrypt.Algorithm-lower-case": ("Encrypt", "Algorithm", "aes_gcm"),
    "Decrypt.Algorithm": ("Decrypt", "Algorithm", "AES_XTS"),
    "AdvanceEncrypt.Algorithm": ("AdvanceEncrypt", "Algorithm", "AES_XTS"),
    "Sign.Algorithm": ("Sign", "Algorithm", "ECDSA_SHA_1"),
    "Sign.Algorithm-of-another-kind": ("Sign", "Algorithm", "RSA_PSS_SHA_256"),
    "Sign.MessageType": ("Sign", "MessageType", "HASH"),
    "Verify.Algorithm": ("Verify", "Algorithm", "ECDSA_SHA_1"),
    "Verify.MessageType": ("Verify", "MessageType", "HASH"),
    "GenerateDataKeyPair.KeyPairSpec": ("GenerateDataKeyPair", "KeyPairSpec", "RSA_1024"),
    "GenerateDataKeyPair.KeyFormat": ("GenerateDataKeyPair", "KeyFormat", "JWK"),
    "AdvanceGenerateDataKeyPair.KeyPairSpec": (
        "AdvanceGenerateDataKeyPair",
        "KeyPairSpec",
        "EC_P521",
    ),
}


@instance_rule(
    "INS-070",
    level=Level.MUST,
    statement="A value that is none of those listed, or not for this key, is refused.",
    provenance="documented",
    source=PAGES,
    stage="parameter",
    cells=(CRYPTOGRAPHY,),
    cases=named_cases(_ENUMERATIONS),
)
def enumerations(kms: Kms, case: tuple[str, str, str]) -> None:
    """Put one value out of its list."""
    operation, field, value = case
    exchange = kms.call_instance(operation, {**right_request(kms, operation), field: value})
    kms.expect_refused(
        exchange,
        codes=["InvalidParameter", "UnsupportedOperation"],
        statuses=[400],
        stage="parameter",
        why=f"{field}={value}",
    )


@instance_rule(
    "INS-071",
    level=Level.MUST,
    statement="A PaddingMode that is none of the two is refused where padding is done.",
    provenance="documented",
    source=PAGES,
    stage="parameter",
    operations=("Encrypt",),
    cells=(CRYPTOGRAPHY,),
    readings=("instance-block-modes",),
)
def padding_mode(kms: Kms) -> None:
    """Encrypt in CBC with a padding that is not there."""
    key = aes(kms)
    if block_mode(kms, key, "AES_CBC") is None:
        return
    values = {"KeyId": key, "Plaintext": TEXT, "Algorithm": "AES_CBC"}
    exchange = kms.call_instance("Encrypt", {**values, "PaddingMode": "ZERO_PADDING"})
    kms.expect_refused(
        exchange, codes=["InvalidParameter"], statuses=[400], why="PaddingMode=ZERO_PADDING"
    )
