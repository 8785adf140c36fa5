"""What the agent does beyond what rules ask of any agent: bounds, order, joining, ages."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from agent_harness import running

from conformance.agent.cache import Cache
from conformance.agent.settings import load_settings
from conformance.agent.token import find_token
from conformance.agent.upstream import Away
from conformance.client.caller import Caller
from conformance.target import UsageError


@pytest.fixture(scope="module")
def caller(upstream):
    caller = Caller(upstream)
    for number in range(3):
        params = {
            "SecretName": f"behaviour/{number}",
            "SecretData": f"canary-{number}",
            "VersionId": "v1",
        }
        assert caller.call("CreateSecret", params).ok
    yield caller
    caller.close()


class Reader:
    """Reads from an agent and counts what it asks KMS for."""

    def __init__(self, agent):
        self.agent = agent
        self.asked = []
        self.client = httpx.Client(base_url=agent.url, trust_env=False, timeout=20)
        original = agent.application.retrieval.upstream.call
        agent.application.retrieval.upstream.call = self._call(original)

    def _call(self, original):
        def call(operation, params):
            self.asked.append((operation, params.get("SecretName")))
            return original(operation, params)

        return call

    def get(self, path, **more):
        headers = {"X-KMS-Token": self.agent.token, **more.pop("headers", {})}
        return self.client.get(path, headers=headers, **more)


@pytest.fixture
def read_from(upstream, caller, tmp_path):
    """Yield what starts an agent and returns a reader for it."""
    stack = []

    def start(**options):
        context = running(upstream.path, tmp_path / f"log-{len(stack)}", **options)
        reader = Reader(context.__enter__())
        stack.append((context, reader))
        return reader

    yield start
    for context, reader in stack:
        reader.client.close()
        context.__exit__(None, None, None)


def test_the_cache_holds_so_many_and_lets_the_oldest_go(read_from):
    reader = read_from(cache_size=2)
    for number in (0, 1, 0, 2):  # 1 was asked for longest ago when 2 comes
        reader.get(f"/v1/behaviour/{number}")
    assert len(reader.asked) == 3
    reader.get("/v1/behaviour/0")
    assert len(reader.asked) == 3
    reader.get("/v1/behaviour/1")
    assert len(reader.asked) == 4


def test_a_ttl_of_nothing_keeps_nothing(read_from):
    reader = read_from(ttl=0)
    for _ in range(3):
        assert reader.get("/v1/behaviour/0").status_code == 200
    assert len(reader.asked) == 3


def test_those_who_miss_at_the_same_time_share_a_call(read_from):
    reader = read_from()
    held, original = threading.Event(), reader.agent.application.retrieval.upstream.call

    def call(operation, params):
        assert held.wait(10)
        return original(operation, params)

    reader.agent.application.retrieval.upstream.call = call
    with ThreadPoolExecutor(8) as callers:
        waiting = [callers.submit(reader.get, "/v1/behaviour/0") for _ in range(8)]
        while len(reader.agent.application.retrieval._under_way) < 1:
            pass
        held.set()
        assert {one.result().status_code for one in waiting} == {200}
    assert len(reader.asked) == 1


def test_refresh_now_asks_whatever_there_is_and_leaves_the_value_when_it_fails(read_from):
    reader = read_from()
    upstream = reader.agent.application.retrieval.upstream
    for _ in range(2):
        reader.get("/v1/behaviour/0", params={"refreshNow": "TRUE"})
    assert len(reader.asked) == 2
    assert reader.get("/v1/behaviour/0", params={"refreshNow": "maybe"}).status_code == 400

    def away(_operation, _params):
        raise Away("none")

    upstream.call = away
    assert reader.get("/v1/behaviour/0", params={"refreshNow": "1"}).status_code == 500
    assert reader.get("/v1/behaviour/0").json()["SecretData"] == "canary-0"


def test_an_old_value_has_an_age_at_which_it_is_no_longer_served(read_from):
    reader = read_from(ttl=100, max_stale=250)
    retrieval = reader.agent.application.retrieval
    now = [0.0]
    retrieval.clock = lambda: now[0]
    reader.get("/v1/behaviour/0")

    def away(_operation, _params):
        raise Away("none")

    retrieval.upstream.call = away
    statuses = []
    for now[0] in (50.0, 150.0, 249.0, 251.0, 400.0):
        statuses.append(reader.get("/v1/behaviour/0").status_code)
    # What was prolonged at 249 s is not fresh for a whole TTL: at 251 s it is too old.
    assert statuses == [200, 200, 200, 500, 500]


def test_without_patience_for_passing_errors_they_reach_the_application(read_from):
    reader = read_from(ttl=100, ignore_transient=False)
    retrieval = reader.agent.application.retrieval
    now = [0.0]
    retrieval.clock = lambda: now[0]
    reader.get("/v1/behaviour/0")

    def away(_operation, _params):
        raise Away("none")

    retrieval.upstream.call = away
    now[0] = 101.0
    answer = reader.get("/v1/behaviour/0")
    assert (answer.status_code, answer.json()) == (500, {"__type": "InternalFailure"})


def test_beyond_the_most_connections_requests_are_refused_and_health_is_told(read_from):
    reader = read_from(max_connections=2)
    reader.get("/v1/behaviour/0")
    first, second = (httpx.Client(base_url=reader.agent.url, trust_env=False) for _ in range(2))
    with first, second:
        assert first.get("/ping").status_code == 200
        refused = second.get("/v1/behaviour/0", headers={"X-KMS-Token": reader.agent.token})
        assert refused.status_code == 429
        assert second.get("/ping").text == "healthy"


def test_a_name_in_the_path_is_taken_as_it_stands_and_in_the_query_decoded(read_from):
    reader = read_from()
    assert reader.get("/v1/behaviour%2F0").status_code == 404
    assert reader.get("/secretsmanager/get?secretId=behaviour%2F0").status_code == 200
    assert [name for _, name in reader.asked] == ["behaviour%2F0", "behaviour/0"]


def test_another_prefix_and_other_headers(read_from):
    reader = read_from(path_prefix="/secrets/", token_headers=("X-My-Token",))
    own = {"X-My-Token": reader.agent.token}
    assert reader.client.get("/secrets/behaviour/0", headers=own).status_code == 200
    assert reader.get("/secrets/behaviour/0").status_code == 403
    assert reader.client.get("/v1/behaviour/0", headers=own).status_code == 404


def test_a_binary_value_under_response_type_1(read_from, caller):
    params = {"SecretName": "behaviour/binary", "SecretData": "AAEC", "VersionId": "v1"}
    assert caller.call("CreateSecret", {**params, "SecretDataType": "binary"}).ok
    found = read_from(response_type=1).get("/v1/behaviour/binary").json()
    assert found["SecretBinary"] == "AAEC"
    assert "SecretString" not in found


def test_the_cache_alone():
    cache = Cache(10, 2)
    cache.put(("a", None, None), {"v": 1}, 0.0)
    cache.prolong(("a", None, None), 20.0, 100.0)
    entry = cache.get(("a", None, None))
    assert (entry.fetched, entry.fresh_until) == (0.0, 30.0)
    cache.drop(("a", None, None))
    assert cache.get(("a", None, None)) is None
    assert len(cache) == 0


class TestToken:
    def settings(self, tmp_path):
        return load_settings(None, {"token_file": tmp_path / "token"})

    def test_the_first_variable_that_is_set_counts(self, tmp_path):
        environ = {"KMS_SESSION_TOKEN": "second", "KMS_CONTAINER_AUTHORIZATION_TOKEN": "third"}
        token = find_token(self.settings(tmp_path), environ)
        assert (token.value, token.source) == ("second", "the variable KMS_SESSION_TOKEN")
        assert "second" not in repr(token)

    def test_a_file_that_a_variable_names_is_trimmed(self, tmp_path):
        (tmp_path / "held").write_text("\n held \n")
        environ = {"KMS_TOKEN": f"file://{tmp_path / 'held'}"}
        assert find_token(self.settings(tmp_path), environ).value == "held"

    def test_without_a_variable_a_file_is_made_once(self, tmp_path):
        made = find_token(self.settings(tmp_path), {})
        assert len(made.value) > 40
        assert find_token(self.settings(tmp_path), {}).value == made.value

    def test_what_no_header_can_carry_is_refused(self, tmp_path):
        for bad in ("two\nlines", "凭据"):
            (tmp_path / "token").write_text(bad)
            with pytest.raises(UsageError, match="printable ASCII"):
                find_token(self.settings(tmp_path), {})
