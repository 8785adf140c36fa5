"""The table [agent] of a target file: what it means, and one clear sentence for each slip."""

from pathlib import Path

import pytest

import conformance.target
from conformance.spec import catalogue
from conformance.target import TargetError, load_target
from conformance.target.agent import filled
from conformance.target.embedded import _shared_out, embedded_agent

HEAD = '[target]\nname = "t"\nregion = "cn-hangzhou"\n'
GATEWAY = (
    '[gateways.shared]\nhttp = "http://127.0.0.1:1"\n'
    '[identities.full]\naccess_key_id = "id"\naccess_key_secret = "canary-secret"\n'
)
COMMAND = '[agent]\ncommand = ["x", "{port}", "--ttl={ttl}"]\n'


def load(folder, text, environ=None, **more):
    path = folder / "t.toml"
    path.write_text(text)
    return load_target(path, environ or {}, **more)


def test_the_example_loads():
    path = Path(conformance.target.__file__).parent / "examples" / "agent.toml"
    target = load_target(path, {}, agent_alone=True)
    assert not target.gateways
    assert {"port", "token_file", "endpoint", "ca", "ttl", "log"} <= target.agent.words


def test_one_that_runs(tmp_path):
    (tmp_path / "token").write_text("canary-token\n")
    text = (
        HEAD + GATEWAY + '[agent]\nurl = "http://127.0.0.1:2025/"\ntoken_file = "token"\nttl = 2\n'
    )
    target = load(tmp_path, text)
    assert (target.agent.url, target.agent.token) == ("http://127.0.0.1:2025", "canary-token")
    assert "canary" not in repr(target)
    assert "canary-token" in target.secrets
    assert not target.has_declined("feature:agent")


def test_a_command_without_a_port_listens_where_agents_listen(tmp_path):
    entry = load(tmp_path, f'{HEAD}[agent]\ncommand = ["x"]\n', agent_alone=True).agent
    listening = catalogue().document("agent/service")["listening"]
    assert entry.url == f"http://{listening['address']}:{listening['port']}"


def test_a_target_without_the_table_has_no_agent(tmp_path):
    assert load(tmp_path, HEAD + GATEWAY).has_declined("feature:agent")


def test_one_that_is_started_needs_no_gateway_where_that_is_allowed(tmp_path):
    target = load(tmp_path, HEAD + COMMAND, agent_alone=True)
    assert target.agent.words == {"port", "ttl"}
    with pytest.raises(TargetError, match="describes an agent and no gateway"):
        load(tmp_path, HEAD + COMMAND)


def test_words_of_its_configuration_count(tmp_path):
    (tmp_path / "c.toml").write_text("HttpPort = {port}\nInline = {a = 1}\nOther = {other}\n")
    text = HEAD + '[agent]\ncommand = ["x", "{config}"]\nconfig = "c.toml"\n'
    entry = load(tmp_path, text, agent_alone=True).agent
    assert {"config", "port"} <= entry.words
    written = filled(entry.config.read_text(), {"port": "7"})
    assert written == "HttpPort = 7\nInline = {a = 1}\nOther = {other}\n"


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        ("", "names no agent: give url and token, or a command"),
        ('url = "http://127.0.0.1:1"\n', "lacks token_env or token_file"),
        ('url = "http://192.0.2.1:2025"\ntoken = "canary"\n', "an agent listens on loopback"),
        ('url = "https://127.0.0.1:1"\n', "agent.url"),
        ('url = "http://127.0.0.1:1"\ntoken_env = "NONE"\n', "NONE is not set"),
        ('url = "http://127.0.0.1:1"\ntoken_file = "none"\n', "cannot be read, or is empty"),
        (
            'url = "http://127.0.0.1:1"\ntoken = "canary"\ntoken_env = "X"\n',
            "gives both token and token_env",
        ),
        ('command = ["x"]\ntoken = "canary"\n', "gives both a command and a token"),
        ('command = ["x", "{prt}"]\n', "the unknown word {prt} (did you mean 'port'?)"),
        ('command = ["x"]\nconfig = "none.toml"\n', "names it as config of [agent]"),
        ('comand = ["x"]\n', "unknown key 'comand' in [agent] (did you mean 'command'?)"),
    ],
)
def test_each_slip_is_one_sentence(tmp_path, table, wanted):
    with pytest.raises(TargetError) as caught:
        load(tmp_path, f"{HEAD}{GATEWAY}[agent]\n{table}")
    message = str(caught.value)
    assert wanted in message
    assert "\n" not in message
    assert "canary" not in message


def test_without_an_agent_gateways_have_to_be_named(tmp_path):
    with pytest.raises(TargetError, match="'gateways' and 'identities' is missing"):
        load(tmp_path, HEAD)


def test_deviations_go_to_whom_they_belong():
    given = ["--record", "--fault", "agent-x", "--fault", "y", "--harmless", "agent-z"]
    assert _shared_out(given) == (
        ["--record", "--fault", "y"],
        ["--fault", "agent-x", "--harmless", "agent-z"],
    )
    assert embedded_agent(["--fault", "agent-x"]).command[-2:] == ("--fault", "agent-x")
