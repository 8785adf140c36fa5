"""Profiles are frozen: a published version never changes, a new rule joins a new one."""

import json

import pytest
from jsonschema import Draft202012Validator

from conformance.run.profiles import (
    DEFAULT,
    TITLES,
    check_parts,
    default_profile,
    find_profile,
    freeze,
    members_of,
    profiles,
    rules_of,
)
from conformance.run.registry import load_rules
from conformance.spec import catalogue
from conformance.target import UsageError, load_target


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


def target_of(tmp_path, text):
    file = tmp_path / "target.toml"
    keys = 'access_key_id = "id"\naccess_key_secret = "secret"\n'
    file.write_text(f'[target]\nname = "t"\nregion = "r"\n{text}\n[identities.full]\n{keys}')
    return load_target(file)


SHARED = '[gateways.shared]\nhttps = "https://127.0.0.1:1"\n'
DEDICATED = '[gateways.dedicated]\nhttps = "https://127.0.0.1:2"\n'


def test_a_run_without_a_name_is_about_all_that_the_target_names(tmp_path):
    shared = default_profile(target_of(tmp_path, SHARED))
    assert shared.name == "shared-ram"
    both = default_profile(target_of(tmp_path, SHARED + DEDICATED))
    names = [name.rpartition("-")[0] for name in both.version.split()]
    assert names == ["shared-ram", "dedicated-ram", "instance-aap"]
    everything = default_profile(None)
    assert set(everything.rules) == {
        rule for name in TITLES for rule in find_profile(name, "0").rules
    }
    assert set(shared.rules) < set(both.rules) < set(everything.rules)


def test_a_profile_needs_the_gateway_that_it_is_about(tmp_path):
    target = target_of(tmp_path, SHARED)
    rules = load_rules()
    for name in ("dedicated-ram", "instance-aap"):
        profile = find_profile(name, "0")
        with pytest.raises(UsageError, match=r"lacks \[gateways.dedicated\]: add it"):
            check_parts(profile, rules_of(profile, rules), target)
    profile = find_profile("shared-ram", "0")
    check_parts(profile, rules_of(profile, rules), target)


def test_names_of_profiles():
    assert find_profile("all", "1.2").version == "1.2"
    assert find_profile("all", "1.2").rules is None
    with pytest.raises(UsageError, match="unknown profile 'shard-ram'"):
        find_profile("shard-ram", "0")
