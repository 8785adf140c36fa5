"""Faults of data keys and MACs."""

import base64
import os
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.registry import fault, wrap_answer, wrap_handler
from conformance.reference.faults.tools import SDK, ask, with_params, without_params
from conformance.reference.services import algorithms

_LENGTHS = "length of the hash that the algorithm names"


@fault(
    "data-key-too-short",
    breaks=("CRY-030",),
    statement="Data keys are one byte shorter than asked for.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.new_data_key = lambda length: os.urandom(max(length - 1, 0))


@fault(
    "data-key-does-not-match-its-blob",
    breaks=("CRY-030",),
    statement="Plaintext of GenerateDataKey is not what the blob opens to.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(_call: Call, answer: dict[str, Any]) -> None:
        length = len(base64.b64decode(answer["Plaintext"]))
        answer["Plaintext"] = base64.b64encode(os.urandom(length)).decode("ascii")

    wrap_answer(endpoint, "GenerateDataKey", change)


@fault(
    "data-key-repeats",
    breaks=("CRY-032",),
    statement="Every data key of one length is the same.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    made = os.urandom(1024)
    endpoint.seams.new_data_key = lambda length: made[:length]


@fault(
    "data-key-half-random",
    breaks=("CRY-032",),
    statement="The second half of every data key is zero.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.new_data_key = lambda length: (
        os.urandom(length - length // 2) + b"\0" * (length // 2)
    )


@fault(
    "number-of-bytes-ignored",
    breaks=("CRY-030", "CRY-034"),
    statement="NumberOfBytes is ignored and KeySpec or 32 bytes are used.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.data_key_length
    endpoint.seams.data_key_length = lambda params: original(
        {name: value for name, value in params.items() if name != "NumberOfBytes"}
    )


@fault(
    "key-spec-wins-over-number-of-bytes",
    breaks=("CRY-030",),
    statement="KeySpec wins over NumberOfBytes.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.data_key_length
    endpoint.seams.data_key_length = lambda params: original(
        {"KeySpec": params["KeySpec"]} if "KeySpec" in params else params
    )


@fault(
    "data-key-of-sixteen-bytes-by-default",
    breaks=("CRY-030",),
    statement="Without KeySpec and NumberOfBytes a data key has 16 bytes.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.data_key_length
    endpoint.seams.data_key_length = lambda params: (
        original(params) if params.keys() & {"KeySpec", "NumberOfBytes"} else 16
    )


@fault(
    "without-plaintext-shows-plaintext",
    breaks=("CRY-031",),
    statement="GenerateDataKeyWithoutPlaintext answers the plaintext.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.handlers["GenerateDataKeyWithoutPlaintext"] = endpoint.handlers["GenerateDataKey"]


@fault(
    "data-key-loses-context",
    breaks=("CRY-014",),
    statement="GenerateDataKey does not bind the encryption context.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"],
        lambda call, original: original(without_params(call, "EncryptionContext")),
    )


@fault(
    "data-key-of-asymmetric-key",
    breaks=("CRY-033",),
    statement="Data keys can be asked of an asymmetric key; a symmetric one answers.",
    source="CreateKey page, AlibabaCloudDocs/kms (2021-07)",
)
def _(endpoint: Endpoint) -> None:
    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        key = call.account.keys.get(call.params["KeyId"])
        if key is None or key.primary_version is not None:
            return original(call)
        symmetric = next(row for row in call.account.keys.values() if row.primary_version)
        return original(with_params(call, KeyId=symmetric.id))

    wrap_handler(endpoint, "GenerateDataKey", wrapper)


@fault(
    "exported-data-key-differs",
    breaks=("CRY-035",),
    statement="The exported data key is not the one in the blob.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        other = ask(endpoint, call, "GenerateAndExportDataKey", KeyId=answer["KeyId"])
        answer["ExportedDataKey"] = other["ExportedDataKey"]

    wrap_answer(endpoint, "ExportDataKey", change)


@fault(
    "exported-under-another-hash",
    breaks=("CRY-034", "CRY-035"),
    statement="Data keys are exported with OAEP over SHA-1 whatever is asked for.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    wrap_handler(
        endpoint,
        ["GenerateAndExportDataKey", "ExportDataKey"],
        lambda call, original: original(with_params(call, WrappingAlgorithm="RSAES_OAEP_SHA_1")),
    )


@fault(
    "mac-cut-short",
    breaks=("CRY-071",),
    statement="Macs are cut to 16 bytes.",
    source=_LENGTHS,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.mac_bytes = lambda material, name, message: algorithms.mac(
        material, name, message
    )[:16]


@fault(
    "mac-of-the-hash",
    breaks=("CRY-070",),
    statement="The MAC does not depend on the key.",
    source=_LENGTHS,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.mac_bytes = lambda _material, name, message: algorithms.mac(
        b"\0" * 32, name, message
    )


@fault(
    "mac-prefix-verifies",
    breaks=("CRY-072",),
    statement="VerifyMac takes a MAC that was cut short.",
    source=_LENGTHS,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.macs_equal = lambda right, given: right.startswith(given)


@fault(
    "every-mac-verifies",
    breaks=("CRY-072",),
    statement="VerifyMac answers true for any MAC.",
    source=SDK,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.macs_equal = lambda _right, _given: True
