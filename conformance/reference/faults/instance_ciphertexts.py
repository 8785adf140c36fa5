"""Faults of KMS Instance API: ciphertexts, IVs, modes, frames, key versions."""

from typing import Any

from cryptography.exceptions import InvalidTag

from conformance.reference.endpoint import Endpoint
from conformance.reference.faults.instance_tools import (
    CLIENTS,
    ERRORS,
    PAGES,
    change_answer,
    change_call,
    lenient_fields,
    refuse_otherwise,
)
from conformance.reference.faults.registry import fault
from conformance.reference.instance_api import frame, symmetric
from conformance.reference.instance_api.calls import InstanceCall
from conformance.reference.instance_api.refusals import InstanceRefusal
from conformance.reference.model import Key, KeyVersion


@fault(
    "instance-decrypt-answers-text",
    breaks=("INS-010",),
    statement="Decrypt answers what it opened as text, with other bytes replaced.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(_: InstanceCall, values: dict[str, Any]) -> None:
        values["Plaintext"] = values["Plaintext"].decode(errors="replace").encode()

    change_answer(endpoint, "Decrypt", change)


@fault(
    "instance-iv-ignored",
    breaks=("INS-011",),
    statement="Encrypt draws an Iv although one was given.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.instance_iv = lambda _, algorithm: endpoint.seams.instance_new_iv(
        {"GCM": 12, "CBC": 16}.get(symmetric.mode_of(algorithm), 0)
    )


@fault(
    "instance-iv-repeats",
    breaks=("INS-011",),
    statement="The Iv that an encryption draws is always the same.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.instance_new_iv = lambda length: bytes(range(length))


@fault(
    "instance-iv-of-any-length",
    breaks=("INS-012",),
    statement="An Iv of another length than 12 bytes is cut or filled up.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(call: InstanceCall) -> dict[str, Any]:
        given = call.values["Iv"]
        return {"Iv": given[:12].ljust(12, b"\0") if given else b""}

    change_call(endpoint, "Encrypt", change)


@fault(
    "instance-aad-ignored",
    breaks=("INS-013", "INS-035"),
    statement="Additional data is not bound to ciphertexts.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    seal, unseal = endpoint.seams.instance_seal, endpoint.seams.instance_unseal
    endpoint.seams.instance_seal = lambda v, a, iv, data, _, padding: seal(
        v, a, iv, data, b"", padding
    )
    endpoint.seams.instance_unseal = lambda v, a, iv, data, _, padding: unseal(
        v, a, iv, data, b"", padding
    )


@fault(
    "instance-aad-without-limit",
    breaks=("INS-014",),
    statement="Additional data may be of any length.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    lenient_fields(endpoint, "Aad")


@fault(
    "instance-aad-limit-too-low",
    breaks=("INS-014",),
    statement="Additional data has at most 4,096 bytes.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_field_fits
    endpoint.seams.instance_field_fits = lambda call, field, value: (
        original(call, field, value) and not (field["name"] == "Aad" and len(value) > 4096)
    )


@fault(
    "instance-tag-unchecked",
    breaks=("INS-015", "INS-013"),
    statement="A ciphertext whose tag is wrong is answered by what it decrypts to.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_unseal

    def unseal(version: KeyVersion, algorithm: str, iv: bytes, data: bytes, *rest: Any) -> bytes:
        try:
            opened: bytes = original(version, algorithm, iv, data, *rest)
        except InvalidTag:
            return data[:-16]
        return opened

    endpoint.seams.instance_unseal = unseal


@fault(
    "instance-undecryptable-is-bad-parameter",
    breaks=("INS-015", "INS-013", "INS-046"),
    statement="Ciphertexts that do not open are answered by InvalidParameter.",
    source=ERRORS,
)
def _(endpoint: Endpoint) -> None:
    refuse_otherwise(endpoint, "undecryptable", code="InvalidParameter", status=400)


def _as_ecb(endpoint: Endpoint) -> None:
    seal, unseal = endpoint.seams.instance_seal, endpoint.seams.instance_unseal
    endpoint.seams.instance_seal = lambda v, a, iv, *rest: seal(
        v, a.replace("CBC", "ECB"), iv if "GCM" in a else b"", *rest
    )
    endpoint.seams.instance_unseal = lambda v, a, iv, *rest: unseal(
        v, a.replace("CBC", "ECB"), iv if "GCM" in a else b"", *rest
    )


@fault(
    "instance-cbc-is-ecb",
    breaks=("INS-016",),
    statement="CBC does not chain its blocks.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    _as_ecb(endpoint)


@fault(
    "instance-ecb-answers-iv",
    breaks=("INS-017",),
    statement="Encrypt in ECB answers an Iv.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(_: InstanceCall, values: dict[str, Any]) -> None:
        if values["Algorithm"].endswith("ECB"):
            values["Iv"] = bytes(16)

    change_answer(endpoint, "Encrypt", change)


@fault(
    "instance-no-padding-pads",
    breaks=("INS-018",),
    statement="NO_PADDING pads all the same.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    seal, unseal = endpoint.seams.instance_seal, endpoint.seams.instance_unseal
    endpoint.seams.instance_seal = lambda *parts: seal(*parts[:-1], "PKCS7_PADDING")
    endpoint.seams.instance_unseal = lambda *parts: unseal(*parts[:-1], "PKCS7_PADDING")


@fault(
    "instance-unknown-padding-is-pkcs7",
    breaks=("INS-071",),
    statement="A PaddingMode that there is not pads as the default does.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    lenient_fields(endpoint, "PaddingMode")


@fault(
    "instance-iv-in-ciphertext",
    breaks=("INS-019",),
    statement="Encrypt puts the Iv in front of its ciphertext, and Decrypt takes it off.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    seal, unseal = endpoint.seams.instance_seal, endpoint.seams.instance_unseal
    endpoint.seams.instance_seal = lambda v, a, iv, *rest: iv + seal(v, a, iv, *rest)
    endpoint.seams.instance_unseal = lambda v, a, iv, data, *rest: unseal(
        v, a, iv, data[len(iv) :], *rest
    )


@fault(
    "instance-advance-decrypt-knows-frames-only",
    breaks=("INS-020",),
    statement="AdvanceDecrypt does not open what Encrypt made.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_unpack

    def unpack(blob: bytes) -> frame.Framed:
        found: frame.Framed | None = original(blob)
        if found is None:
            raise InstanceRefusal("undecryptable")
        return found

    endpoint.seams.instance_unpack = unpack


@fault(
    "instance-decrypt-opens-frames",
    breaks=("INS-021",),
    statement="Decrypt opens what Advance operations made.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def change(call: InstanceCall) -> dict[str, Any]:
        framed = frame.unpack(call.values["CiphertextBlob"])
        return {} if framed is None else {"CiphertextBlob": framed.body, "Iv": framed.iv}

    change_call(endpoint, "Decrypt", change)


@fault(
    "instance-advance-decrypt-refuses-a-key",
    breaks=("INS-022",),
    statement="AdvanceDecrypt takes a framed ciphertext for a bare one when a key is named.",
    source=CLIENTS,
)
def _(endpoint: Endpoint) -> None:
    def change(call: InstanceCall) -> dict[str, Any]:
        if call.values["KeyId"]:
            return {"CiphertextBlob": b"\0" + call.values["CiphertextBlob"]}
        return {}

    change_call(endpoint, "AdvanceDecrypt", change)


@fault(
    "instance-frame-of-kms-api",
    breaks=("INS-023",),
    statement="Advance ciphertexts lack the first three bytes of their frame, as those of KMS API.",
    source=CLIENTS,
)
def _(endpoint: Endpoint) -> None:
    head = bytes([0x24, 0, 2])
    pack, unpack = endpoint.seams.instance_frame, endpoint.seams.instance_unpack
    endpoint.seams.instance_frame = lambda *parts: pack(*parts)[3:]
    endpoint.seams.instance_unpack = lambda blob: unpack(head + blob)


@fault(
    "instance-advance-uses-initial-version",
    breaks=("INS-024",),
    statement="Advance operations use the initial version of a key.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    endpoint.seams.instance_version = lambda _, key: next(iter(key.versions.values()))


@fault(
    "instance-encrypt-uses-primary-version",
    breaks=("INS-025",),
    statement="Encrypt uses the primary version of a key, and so does Decrypt.",
    source=PAGES,
)
def _(endpoint: Endpoint) -> None:
    def version(_: InstanceCall, key: Key) -> KeyVersion:
        if key.primary_version is None:
            return next(iter(key.versions.values()))
        return key.versions[key.primary_version]

    endpoint.seams.instance_version = version


@fault(
    "instance-migration-header-missing",
    breaks=("INS-026", "INS-027"),
    statement="Answers do not carry x-kms-migrationkeyversionid.",
    source=CLIENTS,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_succeed

    def succeed(call: InstanceCall, reply: Any) -> Any:
        reply.version = None
        return original(call, reply)

    endpoint.seams.instance_succeed = succeed


@fault(
    "instance-migration-header-ignored",
    breaks=("INS-027",),
    statement="Decrypt does not look at x-kms-migrationkeyversionid, and wants a KeyId.",
    source=CLIENTS,
)
def _(endpoint: Endpoint) -> None:
    original = endpoint.seams.instance_check_fields

    def check(call: InstanceCall) -> None:
        original(call)
        if call.operation.name == "Decrypt" and not call.values["KeyId"]:
            raise InstanceRefusal("bad-parameter")

    endpoint.seams.instance_check_fields = check
