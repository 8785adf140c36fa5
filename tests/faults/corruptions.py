"""Faults of a proxy that change what answers mean: bits, members, values, memories."""

import base64
import itertools
from dataclasses import replace
from typing import Any

from proxy import Answer, Corruption, Proxy, pause
from spoiling import spoiling

#: One answer in so many is spoiled by the faults that show now and then.
RARE = 20


def _on(operation: str, answer: Answer) -> dict[str, Any] | None:
    return answer.members if answer.operation == operation and answer.status == 200 else None


def _flipped(text: str, place: float) -> str:
    """Return base64 text with one bit flipped at a share of its length."""
    data = bytearray(base64.b64decode(text))
    data[int(place * (len(data) - 1))] ^= 0x10
    return base64.b64encode(bytes(data)).decode()


def _flips(operation: str, member: str, place: float) -> Corruption:
    def corrupt(answer: Answer, _: Proxy) -> Answer:
        members = _on(operation, answer)
        if not members or not members.get(member):
            return answer
        return answer.with_members({**members, member: _flipped(members[member], place)})

    return corrupt


for _name, _operation, _member, _place, _breaks in (
    ("ciphertext", "Encrypt", "CiphertextBlob", 0.9, ("CRY-001", "CRY-003")),
    ("plaintext", "Decrypt", "Plaintext", 0.5, ("CRY-001",)),
    ("data-key", "GenerateDataKey", "Plaintext", 0.5, ("CRY-030",)),
    ("blob-of-data-key", "GenerateDataKey", "CiphertextBlob", 1.0, ("CRY-030",)),
    ("blob-without-plaintext", "GenerateDataKeyWithoutPlaintext", "CiphertextBlob", 0.9,
     ("CRY-030",)),
    ("signature", "AsymmetricSign", "Value", 0.95, ("CRY-050", "CRY-051")),
    ("pair-ciphertext", "AsymmetricEncrypt", "CiphertextBlob", 0.5, ("CRY-061",)),
    ("pair-plaintext", "AsymmetricDecrypt", "Plaintext", 0.0, ("CRY-060", "CRY-061")),
    ("mac", "GenerateMac", "Mac", 0.5, ("CRY-072",)),
    ("re-encrypted", "ReEncrypt", "CiphertextBlob", 0.95, ("CRY-040",)),
    ("import-key", "GetParametersForImport", "PublicKey", 0.5, ("KEY-020",)),
    ("wrapped-data-key", "GenerateAndExportDataKey", "ExportedDataKey", 0.5, ("CRY-034",)),
):  # fmt: skip
    spoiling(
        f"flips-a-bit-of-{_name}",
        f"A bit of {_member} of {_operation} flips on the way.",
        *_breaks,
    )(_flips(_operation, _member, _place))


@spoiling("changes-public-key", "A letter of PublicKey changes on the way.", "CRY-050", "CRY-060")
def _(answer: Answer, _: Proxy) -> Answer:
    members = _on("GetPublicKey", answer)
    if not members:
        return answer
    lines = members["PublicKey"].splitlines()
    line = lines[len(lines) // 2]
    lines[len(lines) // 2] = line[:5] + ("A" if line[5] != "A" else "B") + line[6:]
    return answer.with_members({**members, "PublicKey": "\n".join(lines)})


@spoiling(
    "swaps-answers",
    "Two answers to one operation that are on their way at the same time change places.",
    "RACE-007",
)
def _(answer: Answer, proxy: Proxy) -> Answer:
    key = ("waiting", answer.operation)
    with proxy.lock:
        proxy.memory.setdefault(key, []).append(answer)
    pause(0.01)
    with proxy.lock:
        waiting = proxy.memory[key]
        others = [each for each in waiting if each.number != answer.number]
        waiting[:] = [each for each in waiting if each.number > answer.number - 16]
        mine = [each for each in waiting if each.number == answer.number]
        for each in mine:
            waiting.remove(each)
    if not others:
        return answer
    return replace(others[-1], number=answer.number)


def _drops(operation: str, member: str) -> Corruption:
    def corrupt(answer: Answer, _: Proxy) -> Answer:
        members = _on(operation, answer)
        if members is None or member not in members:
            return answer
        return answer.with_members({n: v for n, v in members.items() if n != member})

    return corrupt


for _operation, _member in (
    ("Encrypt", "KeyVersionId"),
    ("Decrypt", "KeyId"),
    ("CreateSecret", "VersionId"),
    ("GetSecretValue", "VersionStages"),
    ("ListKeys", "TotalCount"),
    ("AsymmetricVerify", "Value"),
    ("GetPublicKey", "PublicKey"),
):
    spoiling(
        f"drops-{_member.lower()}-of-{_operation.lower()}",
        f"{_member} of {_operation} is lost on the way.",
        "CON-004",
    )(_drops(_operation, _member))


@spoiling("drops-request-id", "RequestId is lost on the way.", "ENV-001")
def _(answer: Answer, _: Proxy) -> Answer:
    members = answer.members
    if not members or "RequestId" not in members:
        return answer
    return answer.with_members({n: v for n, v in members.items() if n != "RequestId"})


@spoiling("request-id-of-another", "Every answer has the RequestId of the one before.", "ENV-005")
def _(answer: Answer, proxy: Proxy) -> Answer:
    members = answer.members
    if not members or "RequestId" not in members:
        return answer
    with proxy.lock:
        before = proxy.memory.get("id") or members["RequestId"]
        proxy.memory["id"] = members["RequestId"] if answer.number % 2 else before
    return answer.with_members({**members, "RequestId": before})


@spoiling("stale-descriptions", "DescribeKey is answered from a memory.", "EFF-004", "STA-002")
def _(answer: Answer, proxy: Proxy) -> Answer:
    members = _on("DescribeKey", answer)
    if not members:
        return answer
    with proxy.lock:
        key_id = members["KeyMetadata"]["KeyId"]
        old = proxy.memory.setdefault(key_id, members["KeyMetadata"])
    return answer.with_members({**members, "KeyMetadata": old})


@spoiling("stale-values", "GetSecretValue is answered from a memory.", "EFF-050")
def _(answer: Answer, proxy: Proxy) -> Answer:
    members = _on("GetSecretValue", answer)
    if not members:
        return answer
    with proxy.lock:
        old = proxy.memory.setdefault(members["SecretName"], members)
    return answer.with_members({**old, "RequestId": members["RequestId"]})


@spoiling("trims-values", "Blanks at the ends of secret values are lost on the way.", "SEC-002")
def _(answer: Answer, _: Proxy) -> Answer:
    members = _on("GetSecretValue", answer)
    if not members:
        return answer
    return answer.with_members({**members, "SecretData": members["SecretData"].strip()})


@spoiling("verifies-everything", "AsymmetricVerify answers true, whatever it found.", "CRY-052")
def _(answer: Answer, _: Proxy) -> Answer:
    members = _on("AsymmetricVerify", answer)
    return answer if not members else answer.with_members({**members, "Value": True})


@spoiling("same-ciphertext", "Encrypt answers the first blob of each plaintext again.", "CRY-005")
def _(answer: Answer, proxy: Proxy) -> Answer:
    members = _on("Encrypt", answer)
    if not members:
        return answer
    with proxy.lock:
        old = proxy.memory.setdefault(_question(answer), members["CiphertextBlob"])
    return answer.with_members({**members, "CiphertextBlob": old})


def _question(answer: Answer) -> tuple[bytes, bytes]:
    target = answer.request.head[0].split()[1]
    pairs = [p for p in target.split(b"?")[-1].split(b"&") if p.startswith((b"KeyId", b"Plain"))]
    return b"&".join(sorted(pairs)), b""


@spoiling("same-data-key", "GenerateDataKey answers one data key again and again.", "CRY-032")
def _(answer: Answer, proxy: Proxy) -> Answer:
    members = _on("GenerateDataKey", answer)
    if not members:
        return answer
    with proxy.lock:
        size = len(members["Plaintext"])
        old = proxy.memory.setdefault(("data-key", members["KeyId"], size), members)
    return answer.with_members({**old, "RequestId": members["RequestId"]})


def _rarely(corruption: Corruption, operation: str) -> Corruption:
    """Spoil each so manieth answer of an operation."""
    numbers = itertools.count(1)

    def corrupt(answer: Answer, proxy: Proxy) -> Answer | bytes | None:
        if answer.operation != operation or next(numbers) % RARE:
            return answer
        return corruption(answer, proxy)

    return corrupt


def _fails(answer: Answer, _: Proxy) -> Answer:
    return answer.with_status(500)


def _empties(answer: Answer, _: Proxy) -> Answer:
    return answer.with_members({"RequestId": "x"})


spoiling("now-and-then-flips", "Each twentieth blob of Encrypt is spoiled.", "RACE-008")(
    _rarely(_flips("Encrypt", "CiphertextBlob", 0.9), "Encrypt")
)
spoiling("now-and-then-fails", "Each twentieth DescribeKey is answered 500.", "RACE-008")(
    _rarely(_fails, "DescribeKey")
)
spoiling("now-and-then-empty", "Each twentieth GetSecretValue is empty.", "RACE-008")(
    _rarely(_empties, "GetSecretValue")
)
spoiling("now-and-then-lets-in", "Each twentieth ListKeys becomes a success.", "RACE-008")(
    _rarely(lambda answer, _: answer.with_status(200), "ListKeys")
)
