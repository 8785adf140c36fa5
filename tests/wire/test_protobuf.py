"""Messages of KMS Instance API against bytes that the official Python SDK wrote and read."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from conformance.spec.instance import instance_api
from conformance.wire import instance, protobuf
from conformance.wire.failures import WireError

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "instance.json").read_text())
PROTOBUF = VECTORS["protobuf"]
CODEC = instance_api().codec


def python_values(fields):
    return {
        name: bytes.fromhex(value["hex"]) if isinstance(value, dict) else value
        for name, value in fields.items()
    }


def ids(vector):
    return vector["id"]


def test_every_vector_is_there():
    assert len(PROTOBUF) == 74
    assert {vector["mode"] for vector in PROTOBUF} == {
        "encode_and_decode",
        "decode_only",
        "must_fail",
    }


@pytest.mark.parametrize("vector", PROTOBUF, ids=ids)
def test_message_is_read_as_the_official_decoder_reads_it(vector):
    wire = bytes.fromhex(vector["wire_hex"])
    if vector["mode"] == "must_fail":
        with pytest.raises(WireError):
            CODEC.decode(vector["message"], wire)
        return
    found = CODEC.decode(vector["message"], wire)
    for name, value in python_values(vector["fields"]).items():
        assert found.pop(name) == value, name
    assert not any(found.values())


@pytest.mark.parametrize(
    "vector", [v for v in PROTOBUF if v["mode"] == "encode_and_decode"], ids=ids
)
def test_message_is_written_byte_for_byte(vector):
    wire = bytes.fromhex(vector["wire_hex"])

    assert CODEC.encode(vector["message"], python_values(vector["fields"])) == wire
    if "content_sha256" in vector:
        assert instance.content_hash(wire) == vector["content_sha256"]


@pytest.mark.parametrize("case", VECTORS["signature"]["cases"], ids=ids)
def test_string_to_sign_and_signature(case):
    headers = case["signed_headers"]
    body = bytes.fromhex(case["body_hex"])
    text = instance.string_to_sign(
        "POST",
        instance.content_hash(body),
        headers.get("content-type", ""),
        headers["date"],
        headers.items(),
    )
    assert text == case["string_to_sign"]
    key = load_pem_public_key(VECTORS["signature"]["public_key_pem"].encode())
    signature = base64.b64decode(case["authorization"].removeprefix("Bearer "))
    key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_single_fields_are_those_of_whole_messages():
    whole = CODEC.encode("GenerateDataKeyRequest", {"KeyId": "k", "NumberOfBytes": -1})

    assert whole == protobuf.field_bytes(1, b"k") + protobuf.field_bytes(3, -1)


def test_present_tells_explicit_defaults_from_absence():
    explicit = protobuf.field_bytes(1, b"k") + protobuf.field_bytes(2, 0)

    assert CODEC.present("VerifyResponse", explicit) == {"KeyId", "Value"}
    assert CODEC.present("VerifyResponse", protobuf.field_bytes(1, b"k")) == {"KeyId"}


def test_values_that_do_not_fit_are_one_sentence():
    with pytest.raises(WireError, match="do not make a GenerateRandomRequest"):
        CODEC.encode("GenerateRandomRequest", {"Length": "many"})
    with pytest.raises(WireError, match="do not make a GenerateRandomRequest"):
        CODEC.encode("GenerateRandomRequest", {"Width": 1})


@pytest.mark.parametrize("junk", [b"\x0b", b"\x08", b"\x09\x00", b"\x0a\x7f", b"\x80" * 11])
def test_field_numbers_refuse_what_is_no_message(junk):
    with pytest.raises(WireError):
        protobuf.field_numbers(junk)
