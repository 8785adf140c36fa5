"""Dedicated gateway, KMS Instance API and KMS Agent: every request and answer, on real listeners."""

import json
import re
import stat
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from conformance.run.journal import Journal
from conformance.spec.instance import instance_api
from conformance.target import load_target
from conformance.target.embedded import embedded_agent
from conformance.wire import instance as wire
from conformance.wire.credentials import ClientKey
from conformance.wire.identity import Identity, Policy, Verifier
from conformance.wire.request import WireRequest
from load.agent import AgentPreparation, started_agent
from load.checks import Checker, Sampler, digest_of, round_trip
from load.clients import connector
from load.connection import Reply
from load.corpus import Case
from load.examining import examiner_of
from load.failures import LoadError
from load.instance import InstanceTemplate, encode
from load.instance_cases import InstancePreparation
from load.options import Options
from load.outcome import Outcome
from load.papers import Papers
from load.place import Place
from load.prepare import KmsPreparation, corpus
from load.safety import check_rate
from load.scenarios import check_api, find_scenario, scenarios
from load.things import Things, Wishes

EVERY_OPERATION = ",".join(sorted({name for s in scenarios().values() for name in s.mix}))
INSTANCE = {"api": "instance"}
DEDICATED = {"gateway": "dedicated"}


@pytest.fixture(scope="module")
def known(endpoint):
    """The endpoint as a target, with an agent that can be started beside it."""
    return replace(load_target(Path(endpoint["target"])), agent=embedded_agent())


def placed(target, **options):
    return Place.of(target, Options.of(options))


def things_of(place, mark="kmsct-load-test"):
    dedicated = place.options.gateway == "dedicated"
    return Things(place.target, place.management(), Wishes(mark=mark, dedicated=dedicated))


def prepared(place, things):
    if place.options.api == "instance":
        return InstancePreparation(things, place.instance_caller())
    return KmsPreparation(things, place.caller())


def asked(place, case, client="raw"):
    channel = connector(client, place.address, 5.0)()
    try:
        return channel.exchange(place.template(case).sign())
    finally:
        channel.close()


def judged_thoroughly(place, case):
    """Return what is wrong with the answer to a request, by all checks there are."""
    judgement = Checker(case).judge(asked(place, case))
    if judgement.outcome is not Outcome.OK:
        return judgement.cause
    if "public" in case.expect:
        return Sampler(1, 0).verify_signature(case, judgement.answer)
    trip = round_trip(case, judgement.answer)
    return "" if trip is None else examiner_of(place).examine(trip)


@pytest.mark.parametrize("options", [INSTANCE, DEDICATED], ids=["instance", "dedicated"])
def test_every_operation_is_asked_and_answered_rightly(known, options):
    place = placed(known, **options)
    mark = f"kmsct-load-{options.get('api', 'kms')}"
    cases = corpus(
        find_scenario("application", EVERY_OPERATION), prepared(place, things_of(place, mark))
    )
    assert {case.operation for case in cases} == set(EVERY_OPERATION.split(","))
    for case in cases:
        assert judged_thoroughly(place, Case.unpack(case.pack())) == "", case.operation
    keys = {case.expect["key"] for case in cases if "key" in case.expect}
    described = [place.management().call("DescribeKey", {"KeyId": key}) for key in keys]
    instances = {one["KeyMetadata"]["DKMSInstanceId"] for one in described}
    assert instances == {known.gateways["dedicated"].instance}


@contextmanager
def faulty(*names):
    words = [word for name in names for word in ("--fault", name)]
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance.cli", "serve", "--while-stdin-open", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield load_target(Path(json.loads(process.stdout.readline())["target"]))
        process.stdin.close()


def test_wrong_answers_of_the_instance_are_found():
    faults = (
        "instance-decrypt-answers-text",
        "instance-digest-hashed-again",
        "instance-verify-always-true",
    )
    with faulty(*faults) as target:
        place = placed(target, **INSTANCE)
        scenario = find_scenario("decrypt", "Encrypt,Decrypt,AsymmetricSign,AsymmetricVerify")
        cases = corpus(scenario, prepared(place, things_of(place)))
        found = {(case.operation, judged_thoroughly(place, case)) for case in cases}
    assert {(operation, cause) for operation, cause in found if cause} == {
        ("Encrypt", "Decrypt of what it gave yields another plaintext"),
        ("Decrypt", "Plaintext is not what was encrypted"),
        ("AsymmetricSign", "the signature does not verify"),
        ("AsymmetricVerify", "Value is true for a wrong signature"),
    }


def test_answers_of_the_instance_that_are_no_answers():
    values = {"KeyId": "key-one", "CiphertextBlob": b"sealed", "RequestId": "r", "Algorithm": "a"}
    expect = {"kind": "ciphertext", "key": "key-one", "digests": [], "inverse": {}}
    case = Case("Encrypt", (), 1.0, expect, "instance", b"")

    def judged(status=200, message="EncryptResponse", body=None, **changes):
        codec = instance_api().codec
        found = body if body is not None else codec.encode(message, {**values, **changes})
        judgement = Checker(case).judge(Reply(status, b"", found))
        return judgement.outcome, judgement.cause

    assert judged() == (Outcome.OK, "")
    assert judged(RequestId="") == (Outcome.WRONG, "RequestId is missing")
    assert judged(CiphertextBlob=b"") == (Outcome.WRONG, "CiphertextBlob is missing")
    assert judged(KeyId="key-two") == (Outcome.WRONG, "KeyId is another key's")
    assert judged(body=b"\xff\xff") == (Outcome.WRONG, "the body is no EncryptResponse")
    assert judged(status=500, body=b"\xff") == (Outcome.SERVER_ERROR, "500 no Code")
    refusal = instance_api().codec.encode("Error", {"ErrorCode": "Throttling.User"})
    assert judged(status=429, body=refusal) == (Outcome.THROTTLED, "429 Throttling.User")
    assert judged(status=400, body=refusal) == (Outcome.THROTTLED, "400 Throttling.User")


def test_each_request_to_the_instance_is_signed_with_its_date(monkeypatch):
    key = ClientKey("KAAP.example", rsa.generate_private_key(65537, 2048))
    body = encode("Encrypt", {"KeyId": "key-one", "Plaintext": b"text"})
    signing = InstanceTemplate(key, "instance.example", "Encrypt", body)
    moment = 1_700_000_000.0
    identity = Identity(key.id, None, key.private_key.public_key())
    seen = set()
    for second in (0, 1):
        monkeypatch.setattr("load.signing.time.time", lambda at=moment + second: at)
        head, _, sent = signing.sign().partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = [tuple(line.split(": ", 1)) for line in lines]
        assert int(dict(headers)["Content-Length"]) == len(sent)
        request = WireRequest.build("POST", first.split(" ")[1], headers, sent)
        clock = datetime.fromtimestamp(moment + second, UTC)
        judge = Verifier(
            {key.id: identity}.get, Policy(require_tls=False), clock=lambda at=clock: at
        )
        assert wire.verify(request, judge).action == "Encrypt"
        seen.add((dict(headers)["Date"], dict(headers)["Authorization"]))
    assert len(seen) == 2


def started(known, *options):
    stack = ExitStack()
    target = replace(known, agent=embedded_agent(options))
    place = placed(target, api="agent").with_papers(started_agent(target, "shared", stack))
    return stack, place


#: Importing the third one patches the whole process.
@pytest.mark.parametrize("client", ["raw", "ghc"])
def test_an_agent_is_asked_and_answers_rightly(known, client):
    stack, place = started(known)
    with stack:
        things = things_of(place, f"kmsct-load-agent-{client}")
        cases = corpus(find_scenario("get-secret-value"), AgentPreparation(things, 0))
        for case in cases:
            assert Checker(case).judge(asked(place, case, client)).outcome is Outcome.OK


def test_an_agent_without_the_value_is_found(known):
    stack, place = started(known, "--fault", "agent-leaves-the-name-out")
    with stack:
        things = things_of(place, "kmsct-load-nameless")
        (case,) = corpus(find_scenario("get-secret-value"), AgentPreparation(things, 0))
        judgement = Checker(case).judge(asked(place, case))
        assert judgement.outcome is Outcome.WRONG
        assert judgement.cause == "SecretName is missing or not of its type"
        other = replace(case, pairs=(("SecretName", "absent"),))
        assert Checker(other).judge(asked(place, other)).outcome is Outcome.CLIENT_ERROR
        place = place.with_papers(Papers(agent=(place.papers.agent[0], "not the token")))
        refused = Checker(case).judge(asked(place, case))
        assert refused.outcome is Outcome.CLIENT_ERROR
        assert "token" not in refused.cause


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        (0, {"SecretName": "s", "SecretData": "{}", "VersionId": "v"}),
        (1, {"Name": "s", "SecretString": "{}", "VersionId": "v"}),
        (2, {"data": {"data": "{}"}}),
        (2, {"data": "{}"}),
    ],
)
def test_shapes_of_agents(shape, body):
    def outcome(value, answer):
        expect = {"kind": "secret", "secret": "s", "digest": digest_of(value), "shape": shape}
        case = Case("GetSecretValue", (("SecretName", "s"),), 1.0, expect, "agent")
        return Checker(case).judge(Reply(200, b"", json.dumps(answer).encode())).outcome

    assert outcome("{}", body) is Outcome.OK
    assert outcome("another", body) is Outcome.WRONG
    assert outcome("{}", {}) is Outcome.WRONG


# ---- what the target file lacks


def lacking(endpoint, tmp_path, *tables, safety="destructive"):
    """A copy of the target file without some tables."""
    source = Path(endpoint["target"])
    text = source.read_text()
    for table in tables:
        text = re.sub(rf"(?m)^\[{re.escape(table)}\]\n(?:(?!\[).*\n?)*", "", text)
    text = re.sub(r'(?m)^(ca|\w+_file) = "', rf'\1 = "{source.parent}/', text)
    path = tmp_path / "target.toml"
    path.write_text(text.replace('safety = "destructive"', f'safety = "{safety}"'))
    return path


@pytest.mark.parametrize(
    ("options", "tables", "safety", "sentence"),
    [
        (INSTANCE, ["gateways.dedicated"], "destructive", "has no dedicated gateway"),
        (DEDICATED, ["gateways.dedicated"], "destructive", "has no dedicated gateway"),
        (INSTANCE, ["identities.client-key"], "read-only", "has no client key"),
        ({"api": "agent"}, [], "destructive", "has no agent"),
        (DEDICATED | {"identity": "nobody"}, [], "destructive", "has no identity 'nobody'"),
    ],
)
def test_a_target_without_what_is_needed(endpoint, tmp_path, options, tables, safety, sentence):
    target = load_target(lacking(endpoint, tmp_path, *tables, safety=safety))
    with pytest.raises(LoadError, match=sentence):
        placed(target, **options)


def test_the_command_says_so_and_ends_with_2(load, endpoint, tmp_path):
    path = lacking(endpoint, tmp_path, "gateways.dedicated")
    run = load("encrypt", "--api", "instance", "--target", path)
    assert run.code == 2, run.words
    assert "has no dedicated gateway" in run.err
    assert len(run.err.strip().splitlines()) == 1


def test_the_instance_has_a_gateway_of_its_own_and_costly_signatures():
    with pytest.raises(LoadError, match="leave --gateway out"):
        Options.of({"api": "instance", "gateway": "shared"})
    with pytest.raises(LoadError, match="need 2 worker processes"):
        check_rate(1000, 1, Options.of(INSTANCE))
    check_rate(1000, 1, Options.of(DEDICATED))


def test_what_an_api_does_not_offer():
    check_api(find_scenario("application"), "instance")
    check_api(find_scenario("get-secret-value"), "agent")
    with pytest.raises(LoadError, match="choose get-secret-value"):
        check_api(find_scenario("application"), "agent")


def test_a_client_key_is_made_used_and_removed(endpoint, tmp_path):
    target = load_target(lacking(endpoint, tmp_path, "identities.client-key"))
    place = placed(target, **INSTANCE)
    things = things_of(place, "kmsct-0a0b0c0d")
    management = things._management
    management.journal = Journal(tmp_path / "journal", "0a0b0c0d", target)
    place = place.with_papers(Papers(client_key=things.client_key()))
    cases = corpus(find_scenario("envelope"), prepared(place, things))
    assert {judged_thoroughly(place, case) for case in cases} == {""}
    assert "kmsct-0a0b0c0d" in listed(place)
    assert things.clean() == []
    assert "kmsct-0a0b0c0d" not in listed(place)
    management.journal.close(clean=True)


def listed(place):
    """All access points and what they consist of, as text."""
    management = place.management()
    operations = ("ListApplicationAccessPoints", "ListPolicies", "ListNetworkRules")
    return json.dumps([management.call(operation, {}) for operation in operations])


def test_papers_are_for_their_owner_alone(tmp_path):
    key = ClientKey("KAAP.example", rsa.generate_private_key(65537, 2048))
    papers = Papers(key, ("http://127.0.0.1:2025", "a token"))
    assert "a token" not in repr(papers)
    path = tmp_path / "papers.json"
    papers.write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = Papers.read(path)
    assert again.agent == papers.agent
    assert again.client_key.sign(b"text") == key.sign(b"text")
    with pytest.raises(LoadError, match="stays on its machine"):
        Papers.read(tmp_path / "elsewhere.json")
