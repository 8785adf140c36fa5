"""Every mutation is refused for the cause it names, and only because of that."""

from datetime import UTC, datetime

import httpx
import pytest
from signature_vectors import RSA_KEY

from conformance.wire import verify
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.credentials import AccessKey, ClientKey, StsToken
from conformance.wire.failures import AuthFailure, FailureKind, WireError
from conformance.wire.identity import Identity, NonceMemory, Policy, Scheme, Verifier
from conformance.wire.instance import InstanceAuth
from conformance.wire.request import WireRequest
from conformance.wire.rpc import RpcAuth
from conformance.wire.tamper import MUTATIONS, scheme_of

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = AccessKey("LTAIfake", "secret-1")
TEMPORARY = StsToken("STS.a", "secret-2", "token-1")
OTHER = StsToken("STS.b", "secret-3", "token-2")
CLIENT_KEY = ClientKey("KAAP.fake", RSA_KEY)

IDENTITIES = {
    KEY.id: Identity(KEY.id, KEY.secret),
    TEMPORARY.id: Identity(TEMPORARY.id, TEMPORARY.secret, token=TEMPORARY.token),
    OTHER.id: Identity(OTHER.id, OTHER.secret, token=OTHER.token),
    CLIENT_KEY.id: Identity(CLIENT_KEY.id, public_key=RSA_KEY.public_key()),
}
OWNERS = {TEMPORARY.token: TEMPORARY.id, OTHER.token: OTHER.id}


def still():
    return NOW


SIGNERS = {
    "rpc": RpcAuth(KEY, clock=still),
    "rpc-form": RpcAuth(KEY, clock=still, placement="form"),
    "rpc-sts": RpcAuth(TEMPORARY, clock=still),
    "rpc-client-key": RpcAuth(CLIENT_KEY, clock=still),
    "v3": Acs3Auth(KEY, clock=still),
    "v3-all": Acs3Auth(KEY, clock=still, selection="all"),
    "v3-sts": Acs3Auth(TEMPORARY, clock=still),
    "instance": InstanceAuth(CLIENT_KEY, clock=still),
}


def fitting():
    """Return every mutation with every signer that it can be made of."""
    for mutation in MUTATIONS.values():
        for name, signer in SIGNERS.items():
            try:
                mutation.wrap(signer, OTHER)
            except WireError:
                continue
            yield pytest.param(mutation, signer, id=f"{mutation.name}-{name}")


def unsigned(signer):
    if isinstance(signer, InstanceAuth):
        url = "https://kst-x.cryptoservice.kms.aliyuncs.com/"
        return httpx.Request("POST", url, headers={"x-kms-apiname": "Encrypt"}, content=b"abc")
    return httpx.Request(
        "POST",
        "https://kms.cn-hangzhou.aliyuncs.com/",
        params={"Action": "Encrypt", "KeyId": "key-1"},
        data={"Plaintext": "aGVsbG8="},
    )


def verifier():
    policy = Policy(
        actions=frozenset({"Encrypt"}),
        instance_actions=frozenset({"Encrypt"}),
    )
    return Verifier(IDENTITIES.get, policy, still, NonceMemory(), OWNERS.get)


def send(auth, signer):
    request = unsigned(signer)
    request.read()
    return WireRequest.from_httpx(next(auth.auth_flow(request)))


@pytest.mark.parametrize("signer", [pytest.param(s, id=n) for n, s in SIGNERS.items()])
def test_the_right_signer_is_accepted(signer):
    known = verifier()
    for _ in range(2):
        assert verify.verify(send(signer, signer), known).action == "Encrypt"


@pytest.mark.parametrize(("mutation", "signer"), list(fitting()))
def test_mutation_is_refused_for_its_cause(mutation, signer):
    auth, known = mutation.wrap(signer, OTHER), verifier()
    if "twice" in mutation.needs:
        verify.verify(send(auth, signer), known)

    with pytest.raises(AuthFailure) as refusal:
        verify.verify(send(auth, signer), known)

    assert refusal.value.kind is mutation.kind


def test_every_mutation_fits_some_signer_of_each_of_its_schemes():
    made = {(p.values[0].name, scheme_of(p.values[1])) for p in fitting()}
    wanted = {(m.name, scheme) for m in MUTATIONS.values() for scheme in m.schemes}
    assert made == wanted


def test_every_kind_a_request_alone_can_cause_has_a_mutation():
    # The rest depend on the state of the server, on the transport or on what it offers.
    elsewhere = {
        FailureKind.PLAIN_HTTP,
        FailureKind.UNSUPPORTED_SCHEME,
        FailureKind.BODY_TOO_LARGE,
        FailureKind.DISABLED_ACCESS_KEY,
        FailureKind.EXPIRED_CLIENT_KEY,
        FailureKind.EXPIRED_TOKEN,
    }
    assert {mutation.kind for mutation in MUTATIONS.values()} == set(FailureKind) - elsewhere


def test_a_mutation_refuses_signers_it_does_not_fit():
    with pytest.raises(WireError, match="needs temporary"):
        MUTATIONS["missing-token"].wrap(SIGNERS["rpc"])
    with pytest.raises(WireError, match="no mutation of instance"):
        MUTATIONS["value-changed"].wrap(SIGNERS["instance"])
    with pytest.raises(WireError, match="another temporary"):
        MUTATIONS["foreign-token"].wrap(SIGNERS["rpc-sts"])


def test_a_mutation_leaves_the_right_signer_alone():
    signer = SIGNERS["v3"]
    for mutation in MUTATIONS.values():
        if Scheme.V3 in mutation.schemes and "temporary" not in mutation.needs:
            mutation.wrap(signer, OTHER)
    assert verify.verify(send(signer, signer), verifier()).identity.access_key_id == KEY.id


def test_a_parameter_mutation_says_when_there_is_no_parameter():
    auth = MUTATIONS["value-changed"].wrap(SIGNERS["rpc"])
    request = httpx.Request("POST", "https://kms/", params={"Action": "ListKeys"})
    request.read()
    with pytest.raises(WireError, match="needs a request with a parameter"):
        next(auth.auth_flow(request))
