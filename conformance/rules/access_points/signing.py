"""The signature of a client key on the shared gateway: RPC-1.0 with RSA."""

import base64
from collections.abc import Callable
from datetime import timedelta

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from conformance.rules.access_points.asking import (
    OFFICIAL,
    ON_SHARED,
    USE,
    expect_unread,
    read,
    twin,
)
from conformance.rules.authentication.answers import RPC_PAGE
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.wire.credentials import AccessKey, ClientKey
from conformance.wire.request import WireRequest, rebuilt
from conformance.wire.rpc import Pairs, RpcAuth, string_to_sign, with_pairs
from conformance.wire.tamper import signers

_CELLS = ("shared-aap-api-secret-retrieval",)
Wrong = Callable[[RpcAuth], httpx.Auth]


def _resigned(auth: RpcAuth, compute: Callable[[bytes], bytes]) -> httpx.Auth:
    """Return a signer whose signature is made otherwise over the right string."""

    def change(request: httpx.Request) -> httpx.Request:
        wire = WireRequest.from_httpx(request)
        query, form = wire.query_pairs(), wire.form_pairs()
        text = string_to_sign(request.method, query + form)
        signature = base64.b64encode(compute(text.encode())).decode()
        return with_pairs(request, _with(query, "Signature", signature), form)

    return signers.after(auth, change)


def _with(pairs: Pairs, name: str, value: str) -> Pairs:
    return [(n, value if n == name else v) for n, v in pairs]


def _key_of(auth: RpcAuth) -> ClientKey:
    assert isinstance(auth.credential, ClientKey)
    return auth.credential


def _other_key(auth: RpcAuth) -> httpx.Auth:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return RpcAuth(ClientKey(auth.credential.id, other))


def _flipped(auth: RpcAuth) -> httpx.Auth:
    def flip(message: bytes) -> bytes:
        signature = bytearray(_key_of(auth).sign(message))
        signature[len(signature) // 2] ^= 1
        return bytes(signature)

    return _resigned(auth, flip)


def _sha1(auth: RpcAuth) -> httpx.Auth:
    private = _key_of(auth).private_key
    return _resigned(
        auth,
        lambda text: private.sign(text, padding.PKCS1v15(), hashes.SHA1()),
    )


def _empty(auth: RpcAuth) -> httpx.Auth:
    return _resigned(auth, lambda _message: b"")


def _hmac(auth: RpcAuth) -> httpx.Auth:
    """Sign as for an access key, with a secret that a client key does not have."""
    return RpcAuth(AccessKey(auth.credential.id, ""))


def _other_method(auth: RpcAuth) -> httpx.Auth:
    """Sign for GET and send by POST."""
    signed = signers.before(auth, lambda request: rebuilt(request, method="GET"))
    return signers.Tampered(
        lambda request: rebuilt(signed.sign_request(request), method=request.method)
    )


#: One mistake each; all else is right.
_MISTAKES: dict[str, Wrong] = {
    "key of another": _other_key,
    "one bit": _flipped,
    "over SHA-1": _sha1,
    "empty": _empty,
    "HMAC with an empty secret": _hmac,
    "another method": _other_method,
}


@rule(
    "AAP-010",
    level=Level.MUST,
    family="access-points",
    statement="A request of a client key whose signature is wrong is refused.",
    provenance="documented",
    source=f"{RPC_PAGE}; {USE}",
    stage="authentication",
    operations=("GetSecretValue",),
    safety="creates",
    needs=ON_SHARED,
    tags=("negative",),
    cells=_CELLS,
    cases=lambda: (Case(name, (name, wrong)) for name, wrong in _MISTAKES.items()),
)
def wrong_signature(kms: Kms, how: tuple[str, Wrong]) -> None:
    """Sign with one mistake."""
    words, wrong = how
    secret = kms.provide("secret")
    key = twin(kms, secret)
    exchange = read(kms, key, secret["name"], auth=wrong(RpcAuth(key)))
    expect_unread(kms, exchange, f"signature: {words}")


@rule(
    "AAP-011",
    level=Level.MUST,
    family="access-points",
    statement="The signature of a client key covers the parameters: another secret cannot be asked "
    "for with it.",
    provenance="documented",
    source=f"{RPC_PAGE}; {USE}",
    stage="authentication",
    operations=("GetSecretValue",),
    safety="creates",
    needs=ON_SHARED,
    tags=("negative",),
    cells=_CELLS,
)
def changed_parameter(kms: Kms) -> None:
    """Sign for one secret and ask for another that may be read as well."""
    secret = kms.provide("secret")
    key = twin(kms, secret)
    other = str(kms.provide("secret", fresh=True)["name"])
    twin(kms, {"name": other})

    def change(request: httpx.Request) -> httpx.Request:
        query = WireRequest.from_httpx(request).query_pairs()
        return with_pairs(request, _with(query, "SecretName", other), [])

    exchange = read(kms, key, secret["name"], auth=signers.after(RpcAuth(key), change))
    expect_unread(kms, exchange, "SecretName was changed after signing")


@rule(
    "AAP-012",
    level=Level.MUST,
    family="access-points",
    statement="A client key of an id that does not exist lets nobody in.",
    provenance="documented",
    source=f"{USE}; {OFFICIAL}",
    stage="authentication",
    operations=("GetSecretValue",),
    safety="creates",
    needs=ON_SHARED,
    tags=("negative",),
    cells=_CELLS,
)
def unknown_client_key(kms: Kms) -> None:
    """Sign rightly under the id of no client key."""
    secret = kms.provide("secret")
    key = twin(kms, secret)
    number = f"{kms.random.getrandbits(128):032x}"
    parts = (number[:8], number[8:12], number[12:16], number[16:20], number[20:])
    nobody = ClientKey(f"KAAP.{'-'.join(parts)}", key.private_key)
    expect_unread(kms, read(kms, nobody, secret["name"]), "a client key that does not exist")


@rule(
    "AAP-013",
    level=Level.MUST,
    family="access-points",
    statement="A request of a client key whose Timestamp is more than an hour off is refused.",
    provenance="documented",
    source=RPC_PAGE,
    stage="authentication",
    operations=("GetSecretValue",),
    safety="creates",
    needs=ON_SHARED,
    tags=("negative",),
    readings=("freshness-window",),
    cells=_CELLS,
    cases=lambda: (Case("in the past", -65), Case("in the future", 65)),
)
def stale(kms: Kms, minutes: int) -> None:
    """Sign rightly at a time that is off by more than the widest window."""
    secret = kms.provide("secret")
    key = twin(kms, secret)
    auth = signers.shifted(RpcAuth(key), timedelta(minutes=minutes))
    assert isinstance(auth, RpcAuth)
    exchange = read(kms, key, secret["name"], auth=auth)
    expect_unread(kms, exchange, f"signed {abs(minutes)} minutes off")
