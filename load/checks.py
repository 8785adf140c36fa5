"""Cheap judgement of every answer, so that a fast wrong answer does not count as throughput.

Every answer: status, form (`load.answers`), RequestId, the members that the operation promises, the
key or secret that was asked for, and the right value where it is known beforehand (decryption,
secrets, verification). A seeded sample gets a cryptographic check on top: signatures are verified
here with the public key, ciphertexts are sent back for decryption.
"""

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from load.answers import Answer, answers_of
from load.connection import Reply
from load.corpus import Case
from load.instance import opening
from load.outcome import Outcome

_THROTTLING = ("Throttling", "Rejected.Throttling")
_CODE_SHOWN = 60


class Judgement(NamedTuple):
    """What an answer is worth.

    Attributes:
        outcome: Its class.
        cause: What is wrong in a few words, without any value of the answer; empty when ok.
        answer: The parsed body of a success.
    """

    outcome: Outcome
    cause: str = ""
    answer: Mapping[str, Any] | None = None


class Checker:
    """Judges the answers to one case."""

    def __init__(self, case: Case) -> None:
        self._expect = case.expect
        self._answers = answers_of(case)
        self._check = _CHECKS[case.expect["kind"]]

    def judge(self, reply: Reply) -> Judgement:
        """Return what an answer is worth, by the checks that every answer gets."""
        if reply.status != 200:
            return _refusal(reply.status, self._answers.code(reply.body))
        answer, problem = self._answers.read(reply.body)
        if answer is None or problem:
            return Judgement(Outcome.WRONG, problem)
        cause = self._check(answer, self._expect)
        if cause:
            return Judgement(Outcome.WRONG, cause, answer)
        return Judgement(Outcome.OK, "", answer)


def _refusal(status: int, code: str) -> Judgement:
    code = code[:_CODE_SHOWN] or "no Code"
    cause = f"{status} {code if code.isprintable() else 'unprintable Code'}"
    if status == 429 or code.startswith(_THROTTLING):
        return Judgement(Outcome.THROTTLED, cause)
    if 400 <= status < 500:
        return Judgement(Outcome.CLIENT_ERROR, cause)
    if 500 <= status < 600:
        return Judgement(Outcome.SERVER_ERROR, cause)
    return Judgement(Outcome.WRONG, f"status {status}")


Expect = Mapping[str, Any]


def digest_of(text: str) -> str:
    """Return the hash by which an expected value is known."""
    return sha256(text.encode()).hexdigest()


def _same_key(answer: Answer, expect: Expect) -> str:
    wanted = expect["key"]
    given = str(answer["KeyId"])
    right = given == wanted or given.endswith(f"key/{wanted}")
    return "" if right else "KeyId is another key's"


def _decodes(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _check_ciphertext(answer: Answer, expect: Expect) -> str:
    return _same_key(answer, expect) or (
        "" if _decodes(str(answer["CiphertextBlob"])) else "CiphertextBlob is not base64"
    )


def _check_data_key(answer: Answer, expect: Expect) -> str:
    problem = _check_ciphertext(answer, expect)
    if problem:
        return problem
    try:
        size = len(b64decode(str(answer["Plaintext"]), validate=True))
    except ValueError:
        return "Plaintext is not base64"
    return "" if size == expect["bytes"] else "the data key has another length"


def _check_plaintext(answer: Answer, expect: Expect) -> str:
    if digest_of(str(answer["Plaintext"])) not in expect["digests"]:
        return "Plaintext is not what was encrypted"
    return _same_key(answer, expect)


def _check_signature(answer: Answer, expect: Expect) -> str:
    return _same_key(answer, expect) or (
        "" if _decodes(str(answer["Value"])) else "Value is not base64"
    )


def _check_verdict(answer: Answer, expect: Expect) -> str:
    if answer["Value"] is not expect["valid"]:
        kind = "right" if expect["valid"] else "wrong"
        return f"Value is {str(answer['Value']).lower()} for a {kind} signature"
    return _same_key(answer, expect)


def _check_secret(answer: Answer, expect: Expect) -> str:
    if "SecretName" in answer and str(answer["SecretName"]).rpartition("/")[2] != expect["secret"]:
        return "SecretName is another secret's"
    return "" if digest_of(str(answer["SecretData"])) == expect["digest"] else "SecretData is wrong"


_CHECKS: Mapping[str, Callable[[Answer, Expect], str]] = {
    "ciphertext": _check_ciphertext,
    "data-key": _check_data_key,
    "plaintext": _check_plaintext,
    "signature": _check_signature,
    "verdict": _check_verdict,
    "secret": _check_secret,
}


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A call that must give back what went in: the cryptographic check of a ciphertext.

    Attributes:
        blamed: Operation whose answer is put to the test.
        operation: The call that tests it.
        pairs: Its parameters.
        digests: Hashes of the plaintexts that are right.
        body: Its message, for KMS Instance API.
    """

    blamed: str
    operation: str
    pairs: tuple[tuple[str, str], ...]
    digests: tuple[str, ...]
    body: bytes = b""


class Sampler:
    """Chooses answers for the costlier check.

    Args:
        every: One answer in so many, on average.
        seed: Same seed, same choice.
    """

    def __init__(self, every: int, seed: int) -> None:
        self._share = 1.0 / every
        self._random = Random(f"{seed}/sample")
        self._keys: dict[str, Any] = {}

    def chosen(self) -> bool:
        """Tell whether the answer at hand is to be checked."""
        return self._random.random() < self._share

    def verify_signature(self, case: Case, answer: Answer) -> str:
        """Return what is wrong with a signature, verified with the key pair's public key."""
        key = self._key(case.expect["public"])
        signature = b64decode(str(answer["Value"]))
        hashed = utils.Prehashed(hashes.SHA256())
        digest = b64decode(case.expect["message"])
        try:
            if isinstance(key, rsa.RSAPublicKey):
                pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
                scheme = pss if "PSS" in case.expect["algorithm"] else padding.PKCS1v15()
                key.verify(signature, digest, scheme, hashed)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, digest, ec.ECDSA(hashed))
        except InvalidSignature:
            return "the signature does not verify"
        return ""

    def _key(self, pem: str) -> Any:
        if pem not in self._keys:
            self._keys[pem] = load_pem_public_key(pem.encode())
        return self._keys[pem]


def round_trip(case: Case, answer: Answer) -> RoundTrip | None:
    """Return the call that puts an answer to the test, None when there is none."""
    inverse = case.expect.get("inverse")
    if inverse is None:
        return None
    digests = tuple(case.expect.get("digests", ()))
    if not digests:
        digests = (digest_of(str(answer["Plaintext"])),)
    if case.api == "instance":
        body = opening(answer["Call"])
        return RoundTrip(case.operation, inverse["operation"], (), digests, body)
    pairs = (
        *((n, v) for n, v in inverse["pairs"]),
        ("CiphertextBlob", str(answer["CiphertextBlob"])),
    )
    return RoundTrip(case.operation, inverse["operation"], pairs, digests)
