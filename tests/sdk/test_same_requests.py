"""What the suite sends for a call is what the official SDKs send for it.

The witness of the endpoint writes down both. Placement of every parameter, its text, the method, the
protocol's parameters or headers and what is signed are compared; what differs on purpose is named
here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import Served, control, serving
from story import CONTEXT, TEXT, Step
from test_official_sdks import Driver

from conformance.client.caller import Caller
from conformance.target import load_target

pytestmark = pytest.mark.sdk

CALLS = [
    Step("DescribeRegions", {}),
    Step("CreateKey", {"Description": "a b+c/d~e*é", "Origin": "EXTERNAL"}),
    Step("ListKeys", {"PageNumber": 1, "PageSize": 7}),
    Step("Encrypt", {"KeyId": "alias/none", "Plaintext": TEXT, "EncryptionContext": CONTEXT}),
    Step("CreateSecret", {"SecretName": "a/b+c=d@e", "SecretData": "x & y", "VersionId": "v 1"}),
    Step("GetSecretValue", {"SecretName": "a/b+c=d@e"}),
    Step("ScheduleKeyDeletion", {"KeyId": "alias/none", "PendingWindowInDays": 7}),
]

#: New with every request, or a mark of the client.
FRESH = {"SignatureNonce", "Timestamp", "Signature", "AccessKeyId"}
#: Sent by this SDK and not by the suite; the service needs none of them.
EXTRA_PARAMETERS = {"aliyun-python-sdk-kms, RPC-1.0": {"RegionId", "SignatureType", "Format"}}
EXTRA_SIGNED = {"accept", "user-agent", "x-acs-credentials-provider", "content-type"}
SCHEMES = {
    "aliyun-python-sdk-kms, RPC-1.0": "RPC-1.0",
    "alibabacloud-kms20160120, V3": "V3",
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Served]:
    with serving("--record") as served:
        yield served


def seen(endpoint: Served) -> dict[str, Any]:
    last = control(endpoint, "GET", "/witness")["requests"][-1]
    control(endpoint, "POST", "/witness", {"clear": True})
    return dict(last)


def parameters(request: dict[str, Any], extra: set[str]) -> dict[str, dict[str, str]]:
    """Parameters by place, without those of every request and those of one client."""
    return {
        place: {n: v for n, v in request[place] or [] if n not in FRESH | extra}
        for place in ("query", "form")
    }


def signed_headers(request: dict[str, Any]) -> set[str]:
    authorization = dict(map(tuple, request["headers"])).get("authorization", "")
    names = authorization.partition("SignedHeaders=")[2].partition(",")[0]
    return set(names.split(";")) - EXTRA_SIGNED


@pytest.fixture(scope="module", params=SCHEMES)
def driver(
    request: pytest.FixtureRequest, endpoint: Served, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Driver]:
    started = Driver(request.param, endpoint, "full", tmp_path_factory.mktemp("driver"))
    yield started
    started.close()


@pytest.mark.parametrize("step", CALLS, ids=lambda step: step.operation)
def test_the_suite_sends_what_an_sdk_sends(step: Step, driver: Driver, endpoint: Served) -> None:
    sdk = driver.sdk
    driver.call(step, {})
    theirs = seen(endpoint)
    caller = Caller(load_target(Path(endpoint.ready["target"])))
    scheme = SCHEMES[sdk]
    placement = "sdk" if scheme == "V3" else "query"
    caller.call(step.operation, step.parameters({}), scheme=scheme, placement=placement)
    caller.close()
    ours = seen(endpoint)
    extra = EXTRA_PARAMETERS.get(sdk, set())
    assert (ours["method"], ours["path"], ours["scheme"], ours["action"]) == (
        theirs["method"],
        theirs["path"],
        theirs["scheme"],
        theirs["action"],
    )
    assert parameters(ours, extra) == parameters(theirs, extra)
    assert signed_headers(ours) == signed_headers(theirs)
