"""Both ways to sign send the same bytes: directly, and as httpx.Auth over httpx.Request."""

from datetime import UTC, datetime

import pytest

from conformance.client.building import Outgoing, default_auth, lay_out
from conformance.wire.credentials import AccessKey, StsToken

PAIRS = [
    ("KeyId", "a b*~+"),
    ("Filters", '[{"Key":"ü"}]'),
    ("SecretData", "x&y=%41"),
    ("Empty", ""),
]


@pytest.mark.parametrize("credential", [AccessKey("id", "s"), StsToken("STS.id", "s", "t/+=")])
@pytest.mark.parametrize("answer_format", ["JSON", "XML"])
@pytest.mark.parametrize("placement", ["query", "form", "sdk"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("scheme", ["V3", "RPC-1.0"])
@pytest.mark.parametrize("pairs", [PAIRS, []])
def test_both_ways_are_one(scheme, method, placement, answer_format, credential, pairs):
    auth = default_auth(
        scheme, credential, placement=placement, answer_format=answer_format, method=method
    )
    auth.clock = lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    auth.nonce = lambda: "fixed"
    layout = lay_out(
        "https://localhost:8443",
        "PutSecretValue",
        pairs,
        method=method,
        placement=placement,
        answer_format=answer_format,
        form_names=frozenset({"SecretData"}),
    )
    direct = layout.signed(auth, usual=True)
    usual = Outgoing.of(next(auth.sync_auth_flow(layout.request())))
    assert direct.url == usual.url
    assert direct.content == usual.content
    assert direct.method == usual.method
    given = {name.lower(): value for name, value in direct.headers}
    wanted = {name.lower(): value for name, value in usual.headers}
    if "content-length" in wanted and not usual.content and method not in {"POST", "PUT"}:
        del wanted["content-length"]
    assert given == wanted


@pytest.mark.parametrize("scheme", ["V3", "RPC-1.0"])
def test_a_changed_signer_is_asked(scheme):
    auth = default_auth(
        scheme, AccessKey("id", "s"), placement="query", answer_format="JSON", method="POST"
    )
    asked = []
    auth.edit = lambda given: asked.append(given) or given
    layout = lay_out(
        "http://localhost",
        "ListKeys",
        [],
        method="POST",
        placement="query",
        answer_format="JSON",
    )
    layout.signed(auth)
    assert asked
