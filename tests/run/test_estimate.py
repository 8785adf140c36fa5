"""What is told before a run on a target that is not on this machine."""

from conformance.run.estimate import estimate
from conformance.run.planning import make_plan
from conformance.run.registry import Level, Rule
from conformance.target import load_target

TARGET = """
[target]
name = "the service"
region = "cn-hangzhou"
{more}
[gateways.shared]
https = "https://kms.example.com"
[identities.full]
access_key_id_env = "ID"
access_key_secret_env = "SECRET"
"""


def told(folder, more=""):
    path = folder / "t.toml"
    path.write_text(TARGET.format(more=more))
    target = load_target(path, {"ID": "x", "SECRET": "y"})
    rule = Rule(
        "TST-001", Level.MUST, "t", "S.", "documented", "s", "service", lambda kms: None, __name__
    )
    return estimate(make_plan([rule] * 300, [], target), target)


def test_reading_only(tmp_path):
    text = told(tmp_path)
    assert "300 cases, about 1800 calls to the service" in text
    assert "at 20 calls a second at least 1.5 min" in text
    assert "nothing is created, changed or deleted" in text
    assert "no operation that starts charges is called" in text


def test_creating_and_paying(tmp_path):
    text = told(tmp_path, 'safety = "destructive"\nbillable = ["OpenKmsService"]')
    assert "keys stay 7 days" in text
    assert "allowed: OpenKmsService" in text
