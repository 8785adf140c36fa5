"""Differences between official clients, all of which are signed and must be taken."""

import base64
from collections.abc import Callable, Mapping

import httpx

from conformance.client.building import Scheme
from conformance.rules.authentication.answers import (
    RPC_PAGE,
    SCHEMES,
    V3_PAGE,
    ask,
    credential_of,
)
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import Credential
from conformance.wire.rpc import RpcAuth

_SDKS = (
    "aliyun-python-sdk-core 2.16.1, alibabacloud-tea-openapi 0.4.6, @alicloud/pop-core 1.8.0, "
    "@alicloud/openapi-core 1.0.8, as executed"
)

_RPC: Mapping[str, Callable[[Credential], httpx.Auth]] = {
    "empty SignatureType": lambda c: RpcAuth(c, empty_signature_type=True),
    "lower-case Format": lambda c: RpcAuth(c, answer_format="json"),
    "blank as plus": lambda c: RpcAuth(c, plus=True),
    "RegionId beside": lambda c: RpcAuth(c, extra=[("RegionId", "cn-hangzhou")]),
    "all in the form": lambda c: RpcAuth(c, placement="form"),
}
_V3: Mapping[str, Callable[[Credential], httpx.Auth]] = {
    "every header signed": lambda c: Acs3Auth(c, selection="all"),
    "no provider headers": lambda c: Acs3Auth(c, provider_headers=False),
    "retry headers": lambda c: Acs3Auth(
        c, extra=[("x-acs-retry-attempts", "1"), ("x-acs-retry-delay", "20")]
    ),
}
#: Texts whose percent-encoding is easily done wrongly.
_TEXTS: Mapping[str, str] = {
    "blank": "a b  c",
    "unreserved": "-_.~",
    "reserved": "!*'();:@&=+$,/?#[]",
    "percent": "100%41%zz",
    "quotes": "\"'`<>\\^{|}",
    "umlaut": "Schlüssel",
    "han": "密钥管理",
    "outside the basic plane": "\U0001f511",
}


@rule(
    "AUTH-070",
    level=Level.MUST,
    family="authentication",
    statement="RPC-1.0 is taken as each official client spells it.",
    provenance="observed",
    source=_SDKS,
    stage="authentication",
    operations=("Encrypt",),
    needs=("scheme:RPC-1.0",),
    cases=lambda: (Case(name, signer) for name, signer in _RPC.items()),
)
def rpc_spellings(kms: Kms, signer: Callable[[Credential], httpx.Auth]) -> None:
    """Sign rightly, with what one of the clients does otherwise than the rest."""
    params = {
        "KeyId": kms.provide("symmetric-key")["id"],
        "Plaintext": base64.b64encode(kms.bytes(24)).decode(),
        "EncryptionContext": {"with": "a blank and + sign"},
    }
    auth = signer(credential_of(kms, "full"))
    kms.expect_success(kms.call("Encrypt", params, scheme="RPC-1.0", auth=auth))


@rule(
    "AUTH-071",
    level=Level.MUST,
    family="authentication",
    statement="V3 is verified over the headers that SignedHeaders names, whichever client chose "
    "them.",
    provenance="observed",
    source=_SDKS,
    stage="authentication",
    promises=(
        "common/V3/x-acs-accesskey-id",
        "common/V3/x-acs-credentials-provider",
    ),
    operations=("ListKeys",),
    needs=("scheme:V3",),
    cases=lambda: (Case(name, signer) for name, signer in _V3.items()),
)
def v3_spellings(kms: Kms, signer: Callable[[Credential], httpx.Auth]) -> None:
    """Sign rightly, with the headers that one of the clients signs."""
    kms.expect_success(ask(kms, "V3", signer(credential_of(kms, "full"))))


def _texts() -> list[Case]:
    return [
        Case(f"{name} {scheme} {method}", (text, scheme, method), "Encrypt")
        for name, text in _TEXTS.items()
        for scheme, method in (("RPC-1.0", "GET"), ("RPC-1.0", "POST"), ("V3", "GET"))
    ]


@rule(
    "AUTH-072",
    level=Level.MUST,
    family="authentication",
    statement="Any text in a parameter is signed, decoded and understood alike by both schemes.",
    provenance="documented",
    source=f"{RPC_PAGE}; {V3_PAGE}",
    stage="authentication",
    operations=("Encrypt", "Decrypt"),
    tags=("encoding",),
    cases=_texts,
)
def any_text(kms: Kms, how: tuple[str, Scheme, str]) -> None:
    """Encrypt with the text in the context by one scheme, decrypt with it by the other."""
    text, scheme, method = how
    other = next(found for found in SCHEMES if found != scheme)
    kms.require(f"scheme:{scheme}", f"scheme:{other}")
    context = {"text": text}
    plaintext = base64.b64encode(kms.bytes(24)).decode()
    encrypted = kms.expect_success(
        kms.call(
            "Encrypt",
            {
                "KeyId": kms.provide("symmetric-key")["id"],
                "Plaintext": plaintext,
                "EncryptionContext": context,
            },
            scheme=scheme,
            method=method,
        )
    )
    decrypted = kms.expect_success(
        kms.call(
            "Decrypt",
            {
                "CiphertextBlob": encrypted.data.get("CiphertextBlob"),
                "EncryptionContext": context,
            },
            scheme=other,
        )
    )
    kms.expect(
        decrypted.data.get("Plaintext") == plaintext,
        "Decrypt by the other scheme returns what was encrypted",
        encrypted,
        decrypted,
    )
