"""Profiles are frozen: a published version never changes, a new rule joins a new one."""

import json

import pytest
from jsonschema import Draft202012Validator

from conformance.run.profiles import (
    DEFAULT,
    TITLES,
    find_profile,
    freeze,
    members_of,
    profiles,
    rules_of,
)
from conformance.run.registry import load_rules
from conformance.spec import catalogue
from conformance.target import UsageError


def test_profiles_follow_their_schema_and_name_rules_that_exist():
    rules = load_rules()
    for name, document in catalogue().documents.items():
        if name.startswith("profiles/"):
            Draft202012Validator(catalogue().document("meta/profile.schema")).validate(document)
            assert name == f"profiles/{document['name']}-{document['version']}"
    for profile in profiles():
        assert len(rules_of(profile, rules)) == len(profile.rules)


@pytest.mark.parametrize("name", sorted({profile.name for profile in profiles()}))
def test_the_newest_version_holds_every_rule_of_the_profile(name):
    missing = set(members_of(name, load_rules())) - set(find_profile(name, "0").rules)
    assert not missing, f"freeze them: kms-conformance profile freeze {name}"


def test_every_rule_is_in_some_profile():
    rules = load_rules()
    held = {identifier for name in TITLES for identifier in members_of(name, rules)}
    assert held == {name for name, rule in rules.items() if rule.module.startswith("conformance.")}


def test_freezing_counts_versions_and_changes_none(tmp_path):
    before = [profile for profile in profiles() if profile.name == DEFAULT]
    path = freeze(DEFAULT, ["NEW-002", "NEW-001"], tmp_path)
    document = json.loads(path.read_text())
    assert document["version"] == str(len(before) + 1)
    assert document["rules"] == ["NEW-001", "NEW-002"]
    Draft202012Validator(catalogue().document("meta/profile.schema")).validate(document)


def test_names_of_profiles():
    assert find_profile("all", "1.2").version == "1.2"
    assert find_profile("all", "1.2").rules is None
    with pytest.raises(UsageError, match="unknown profile 'shard-ram'"):
        find_profile("shard-ram", "0")
