"""Many calls at once, and one call many times: every answer is the right one."""

import base64
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from conformance.client.exchange import Exchange
from conformance.rules.authentication.answers import SCHEMES, wrong_signer
from conformance.rules.concurrency.together import together
from conformance.rules.effects.looking import done
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import Inconsistent

_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_SDK = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
#: Calls at once.
_CALLS = 64
#: Repetitions of one call: one wrong answer in 20 is missed once in 170 runs.
_TIMES = 100


@rule(
    "RACE-007",
    level=Level.MUST,
    family="concurrency",
    statement="Of 64 calls at the same time each gets the answer to its own request, with a "
    "RequestId of its own.",
    provenance="documented",
    source=_RESPONSES,
    stage="answer",
    promises=("semantics/race-answers",),
    operations=("Encrypt", "Decrypt", "DescribeKey"),
    cases=lambda: (Case(name, name) for name in ("encrypt and decrypt", "unlike questions")),
)
def no_mixed_answers(kms: Kms, name: str) -> None:
    """Send many calls that are unlike each other and look whose answers come back."""
    if name == "encrypt and decrypt":
        texts = [base64.b64encode(f"text {n} ".encode() * 3).decode() for n in range(_CALLS)]
        key_id = kms.provide("symmetric-key")["id"]
        made = together([_encrypt(kms, key_id, text) for text in texts])
        blobs = [kms.expect_success(answer).data.get("CiphertextBlob") for answer in made]
        opens = [partial(kms.call, "Decrypt", {"CiphertextBlob": blob}) for blob in blobs]
        opened = together(opens)
        for text, answer in zip(texts, opened, strict=True):
            right = kms.expect_success(answer).data.get("Plaintext") == text
            kms.expect(right, "each blob opens to the text it was made of", answer)
        _own_ids(kms, [*made, *opened])
        return
    questions = _questions(kms)
    calls = [questions[number % len(questions)] for number in range(_CALLS)]
    answers = together([call for call, _ in calls])
    for (_, fits), answer in zip(calls, answers, strict=True):
        kms.expect(fits(answer), f"{answer.operation} gets the answer to its request", answer)
    _own_ids(kms, answers)


def _encrypt(kms: Kms, key_id: str, text: str) -> Callable[[], Exchange]:
    return partial(kms.call, "Encrypt", {"KeyId": key_id, "Plaintext": text})


def _own_ids(kms: Kms, answers: list[Exchange]) -> None:
    counts = Counter(answer.answer.request_id for answer in answers)
    identifier, most = counts.most_common(1)[0]
    twice = [answer for answer in answers if answer.answer.request_id == identifier][:2]
    kms.expect(most == 1, f"each call has a RequestId of its own, found one {most} times", *twice)


Question = tuple[Callable[[], Exchange], Callable[[Exchange], bool]]


def _questions(kms: Kms) -> list[Question]:
    """Return calls, and whether an answer is the one to the call."""
    bundles = [kms.provide(name) for name in ("symmetric-key", "signing-key-pair")]

    def described(key_id: str) -> Question:
        def fits(answer: Exchange) -> bool:
            return answer.ok and answer.data.get("KeyMetadata", {}).get("KeyId") == key_id

        return partial(kms.call, "DescribeKey", {"KeyId": key_id}), fits

    def password(length: int) -> Question:
        def fits(answer: Exchange) -> bool:
            return answer.ok and len(str(answer.data.get("RandomPassword", ""))) == length

        return partial(kms.call, "GetRandomPassword", {"PasswordLength": length}), fits

    def listed(size: int) -> Question:
        def fits(answer: Exchange) -> bool:
            return answer.ok and answer.data.get("PageSize") == size

        return partial(kms.call, "ListKeys", {"PageSize": size}), fits

    return [
        *(described(str(bundle["id"])) for bundle in bundles),
        *(password(length) for length in (9, 17, 31)),
        *(listed(size) for size in (3, 5)),
    ]


def _same(exchange: Exchange) -> Any:
    data = {name: value for name, value in exchange.data.items() if name != "RequestId"}
    return exchange.status, exchange.code, data


def _describe(kms: Kms) -> Callable[[], Any]:
    key_id = kms.provide("symmetric-key")["id"]
    return lambda: _same(kms.call("DescribeKey", {"KeyId": key_id}))


def _read(kms: Kms) -> Callable[[], Any]:
    name = kms.provide("secret")["name"]
    return lambda: _same(kms.call("GetSecretValue", {"SecretName": name}))


def _round_trip(kms: Kms) -> Callable[[], Any]:
    key_id = kms.provide("symmetric-key")["id"]
    text = base64.b64encode(b"the same each time").decode("ascii")

    def ask() -> Any:
        made = _encrypt(kms, key_id, text)()
        blob = made.data.get("CiphertextBlob", "") if made.ok else ""
        opened = kms.call("Decrypt", {"CiphertextBlob": blob})
        return made.status, made.code, opened.status, opened.data.get("Plaintext")

    return ask


def _verify(kms: Kms) -> Callable[[], Any]:
    pair = kms.provide("signing-key-pair")
    digest = base64.b64encode(b"d" * 32).decode("ascii")
    algorithm = "ECDSA_SHA_256" if str(pair["spec"]).startswith("EC_P") else "RSA_PSS_SHA_256"
    request = {"KeyId": pair["id"], "KeyVersionId": pair["version"], "Algorithm": algorithm}
    signed = done(kms, "AsymmetricSign", {**request, "Digest": digest})
    other = base64.b64encode(b"e" * 32).decode("ascii")
    wrong = {**request, "Digest": other, "Value": signed.data.get("Value")}
    return lambda: _same(kms.call("AsymmetricVerify", wrong))


def _unknown(kms: Kms) -> Callable[[], Any]:
    unknown = {"KeyId": "00000000-0000-4000-8000-000000000000"}
    return lambda: (kms.call("DescribeKey", unknown).code,)


def _unsigned(kms: Kms) -> Callable[[], Any]:
    offered = [scheme for scheme in SCHEMES if kms.offers(f"scheme:{scheme}")]

    def ask() -> Any:
        return kms.call("ListKeys", auth=wrong_signer(kms, offered[-1], "other-secret")).status

    return ask


#: What is asked many times, by name.
_STEADY: Mapping[str, tuple[Callable[[Kms], Callable[[], Any]], str]] = {
    "describe": (_describe, "DescribeKey"),
    "read": (_read, "GetSecretValue"),
    "encrypt and decrypt": (_round_trip, "Encrypt"),
    "verify a wrong signature": (_verify, "AsymmetricVerify"),
    "unknown key": (_unknown, "DescribeKey"),
    "wrong signature": (_unsigned, "ListKeys"),
}


@rule(
    "RACE-008",
    level=Level.MUST,
    family="concurrency",
    statement="The same request gets the same answer each of a hundred times, RequestId apart: a "
    "right one is not refused and a wrong one not let in now and then.",
    provenance="documented",
    source=f"{_SDK}; {_RESPONSES}",
    stage="service",
    promises=("semantics/steady-answers",),
    cases=lambda: [Case(name, ask, operation) for name, (ask, operation) in _STEADY.items()],
)
def answers_are_steady(kms: Kms, prepare: Callable[[Kms], Callable[[], Any]]) -> None:
    """Ask the same again and again."""
    ask = prepare(kms)
    first = ask()
    for number in range(2, _TIMES + 1):
        if ask() != first:
            raise Inconsistent(
                f"the same request is answered otherwise at the {number}th time: "
                f"{kms.exchanges[-1].describe()}",
                kms.exchanges[-2:],
            )
        del kms.exchanges[:-2]
