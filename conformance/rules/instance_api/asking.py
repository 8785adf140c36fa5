"""Right requests of KMS Instance API, and what rules expect of answers."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import httpx

from conformance.client.instance import InstanceExchange
from conformance.run.context import Kms
from conformance.run.registry import Case, rule
from conformance.run.verdict import NotTestable
from conformance.spec.instance import InstanceOperation, instance_api
from conformance.wire.instance import InstanceAuth
from conformance.wire.request import rebuilt
from conformance.wire.tamper import signers

PAGES = "KMS Instance API, operations"
HEADERS = "KMS Instance API, common request headers"
SIGNING = "KMS Instance API, request signatures"
ERRORS = "KMS Instance API, common error codes pages 601490 and 415316"
CLIENTS = "KMS Instance SDKs and transfer clients, official code"
PROTO3 = "Protocol Buffers, encoding of proto3; KMS Instance API takes one proto3 message"

NEEDS = ("gateway:dedicated", "api:instance")
CRYPTOGRAPHY = "dedicated-aap-instance-api-cryptographic"
RETRIEVAL = "dedicated-aap-instance-api-secret-retrieval"
API = instance_api()
#: Where is noted that right calls are served.
_SERVED = "instance-api-serves"
TEXT = b"a text of the conformance suite \x00\xff"

#: Declares a rule of this family.
instance_rule = partial(rule, family="instance-api", needs=NEEDS, safety="creates")


def aes(kms: Kms, *, fresh: bool = False) -> str:
    """Return the id of a symmetric key of the instance."""
    return str(kms.provide("symmetric-key", fresh=fresh, instance=True)["id"])


def key_pair(kms: Kms, spec: str, usage: str) -> str:
    """Return the id of an asymmetric key of the instance."""
    wanted = {"KeySpec": spec, "KeyUsage": usage}
    return str(kms.provide("asymmetric-key", wanted, instance=True)["id"])


def expect_served(kms: Kms, exchange: InstanceExchange) -> InstanceExchange:
    """Return the exchange when it succeeded with a message, which carries a RequestId always."""
    kms.expect_success(exchange)
    kms.expect(exchange.answer.request_id, f"{exchange.operation} answers RequestId", exchange)
    return exchange


def done(kms: Kms, operation: str, **values: Any) -> InstanceExchange:
    """Send a call that must succeed."""
    return expect_served(kms, kms.call_instance(operation, values))


def to_open(made: InstanceExchange, blob: str = "CiphertextBlob") -> dict[str, Any]:
    """Return what Decrypt takes to open the answer of an encryption."""
    values = {"CiphertextBlob": made.values[blob]}
    names = ("KeyId", "Algorithm", "Iv", "PaddingMode")
    return values | {name: made.values[name] for name in names if made.values.get(name)}


def expect_opens(
    kms: Kms, values: Mapping[str, Any], text: bytes, operation: str = "Decrypt"
) -> InstanceExchange:
    """Expect a ciphertext to open to a text."""
    opened = done(kms, operation, **values)
    kms.expect(opened.values["Plaintext"] == text, f"{operation} answers what was sealed", opened)
    return opened


def expect_closed(kms: Kms, exchange: InstanceExchange, why: str) -> None:
    """Expect a call to fail and to give nothing away, whatever the code."""
    kms.expect(
        not exchange.ok,
        f"{exchange.operation} fails ({why}), found {exchange.describe()}",
        exchange,
    )


def expect_undecryptable(kms: Kms, exchange: InstanceExchange, why: str) -> None:
    """Expect the documented answer to what does not go together."""
    kms.expect_refused(exchange, codes=["InternalFailure"], statuses=[500], why=why)


def expect_code(kms: Kms, exchange: InstanceExchange, kind: str, why: str = "") -> None:
    """Expect the refusal that transport.json calls so: its code, and its status if documented."""
    error = API.errors[kind]
    statuses = [error.status] if error.status_provenance != "inferred" and error.status else []
    kms.expect_refused(exchange, codes=[error.code], statuses=statuses, why=why or error.when)


def require_served(kms: Kms) -> None:
    """Go on only where right calls are served: a target that refuses everything proves nothing.

    Raises:
        NotTestable: When they are not.
    """
    if kms.memo.get(_SERVED) or not kms.offers("instance-operation:GenerateRandom"):
        return
    exchange = harmless_call(kms)
    if not exchange.ok or not exchange.answer.request_id:
        raise NotTestable(
            f"a right call of KMS Instance API is answered by {exchange.describe()}", [exchange]
        )
    kms.memo[_SERVED] = True


def signer(kms: Kms) -> InstanceAuth:
    """Return the right signer of the client key of the whole instance.

    Raises:
        NotTestable: When not even it is served.
    """
    require_served(kms)
    return InstanceAuth(kms.instance_key())


def harmless_call(kms: Kms, auth: httpx.Auth | None = None, **how: Any) -> InstanceExchange:
    """Send the call that needs no key and changes nothing."""
    exchange: InstanceExchange = kms.call_instance(
        "GenerateRandom", {"Length": 16}, auth=auth, **how
    )
    return exchange


def header_set(name: str, value: str | None) -> Callable[[httpx.Request], httpx.Request]:
    """Return a change that sets a header, or drops it for None."""

    def change(request: httpx.Request) -> httpx.Request:
        headers = request.headers.copy()
        headers.pop(name, None)
        if value is not None:
            headers[name] = value
        return rebuilt(request, headers=headers)

    return change


def sent_before(kms: Kms, name: str, value: str | None) -> InstanceExchange:
    """Set a header, then sign what is there; the rest of the request is right."""
    edited = signer(kms)
    edited.edit = lambda headers: put(headers, name, value)
    return harmless_call(kms, edited)


def put(headers: httpx.Headers, name: str, value: str | None) -> None:
    """Set a header in place, or drop it for None."""
    headers.pop(name, None)
    if value is not None:
        headers[name] = value


def sent_after(kms: Kms, name: str, value: str | None) -> InstanceExchange:
    """Sign rightly, then set a header."""
    return harmless_call(kms, signers.after(signer(kms), header_set(name, value)))


def _sealed(kms: Kms, operation: str) -> dict[str, Any]:
    made = done(kms, operation, KeyId=aes(kms), Plaintext=TEXT)
    return to_open(made) if operation == "Encrypt" else {"CiphertextBlob": _blob(made)}


def _blob(made: InstanceExchange) -> bytes:
    blob: bytes = made.values["CiphertextBlob"]
    return blob


def _signing(kms: Kms) -> dict[str, Any]:
    return {
        "KeyId": key_pair(kms, "EC_P256", "SIGN/VERIFY"),
        "Algorithm": "ECDSA_SHA_256",
        "Message": TEXT,
        "MessageType": "RAW",
    }


def _verifying(kms: Kms) -> dict[str, Any]:
    values = _signing(kms)
    return {**values, "Signature": done(kms, "Sign", **values).values["Signature"]}


def _pair(kms: Kms) -> dict[str, Any]:
    return {"KeyId": aes(kms), "KeyPairSpec": "EC_P256", "KeyFormat": "DER"}


_REQUESTS: Mapping[str, Callable[[Kms], dict[str, Any]]] = {
    "Encrypt": lambda kms: {"KeyId": aes(kms), "Plaintext": TEXT},
    "Decrypt": lambda kms: _sealed(kms, "Encrypt"),
    "AdvanceEncrypt": lambda kms: {"KeyId": aes(kms), "Plaintext": TEXT},
    "AdvanceDecrypt": lambda kms: _sealed(kms, "AdvanceEncrypt"),
    "GenerateDataKey": lambda kms: {"KeyId": aes(kms), "NumberOfBytes": 32},
    "AdvanceGenerateDataKey": lambda kms: {"KeyId": aes(kms), "NumberOfBytes": 32},
    "GenerateDataKeyPair": _pair,
    "GenerateDataKeyPairWithoutPlaintext": _pair,
    "AdvanceGenerateDataKeyPair": _pair,
    "AdvanceGenerateDataKeyPairWithoutPlaintext": _pair,
    "Sign": _signing,
    "Verify": _verifying,
    "GetPublicKey": lambda kms: {"KeyId": key_pair(kms, "EC_P256", "SIGN/VERIFY")},
    "GenerateRandom": lambda _: {"Length": 32},
    "GetSecretValue": lambda kms: {"SecretName": kms.provide("secret", instance=True)["name"]},
}


def right_request(kms: Kms, operation: str) -> dict[str, Any]:
    """Return the fields of a request that succeeds.

    Raises:
        NotTestable: When no right call is served.
    """
    require_served(kms)
    return _REQUESTS[operation](kms)


def documented(
    wanted: Callable[[InstanceOperation], bool] = lambda _: True,
) -> Callable[[], Iterable[Case]]:
    """Return a case for each documented operation that is wanted."""

    def cases() -> Iterable[Case]:
        for operation in API:
            if operation.documented and wanted(operation):
                yield operation_case(operation.name, operation.name, operation.name)

    return cases


def operation_case(name: str, value: Any, operation: str) -> Case:
    """Return a case about an operation, which decides the cell of its category."""
    secret = API.operations[operation].category == "secret-retrieval"
    return Case(name, value, operation, cells=(RETRIEVAL if secret else CRYPTOGRAPHY,))


def named_cases(values: Mapping[str, Any] | Sequence[str]) -> Callable[[], Iterable[Case]]:
    """Return a case for each entry."""

    def cases() -> Iterable[Case]:
        pairs = values.items() if isinstance(values, Mapping) else ((v, v) for v in values)
        for name, value in pairs:
            yield Case(name, value)

    return cases


def block_mode(kms: Kms, key: str, algorithm: str, **more: Any) -> InstanceExchange | None:
    """Encrypt two equal blocks in CBC or ECB.

    Returns:
        None when the key properly declines, for it takes GCM only, as documents say of software
        instances.
    """
    values = {"KeyId": key, "Plaintext": bytes(32), "Algorithm": algorithm, **more}
    exchange = kms.call_instance("Encrypt", values)
    if not exchange.ok:
        codes = ["InvalidParameter", "UnsupportedOperation"]
        kms.expect_refused(exchange, codes=codes, why=f"{algorithm} with a key that lacks it")
        done(kms, "Encrypt", KeyId=key, Plaintext=TEXT)
        kms.showed("instance-block-modes", "hardware-only", exchange)
        return None
    expect_served(kms, exchange)
    kms.showed("instance-block-modes", "offered")
    return exchange


def sha256(message: bytes) -> bytes:
    """Return the digest that is signed for a message."""
    return hashlib.sha256(message).digest()
