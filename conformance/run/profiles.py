"""Profiles: frozen, named and versioned sets of rules, in specs/profiles/<name>-<version>.json."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.run.registry import Rule
from conformance.spec import catalogue
from conformance.target.checking import did_you_mean
from conformance.target.problems import UsageError

#: The profile of a run that names none, as soon as it is frozen.
DEFAULT = "shared-ram"
#: Every rule there is, frozen by nothing but the version of the suite.
EVERYTHING = "all"

TITLES: Mapping[str, str] = {
    "shared-ram": "Shared gateway with RAM credentials: all operations, RPC-1.0 and V3",
    "agent": "KMS Agent: who may ask it, what it answers, how often it asks KMS",
}
#: Families of rules by the one profile that holds them; the default profile holds the rest.
FAMILIES: Mapping[str, frozenset[str]] = {
    "agent": frozenset({"agent"}),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """A frozen set of rules.

    Attributes:
        name: Such as "shared-ram".
        version: Counts from 1.
        rules: Ids; None stands for every rule there is.
    """

    name: str
    version: str
    rules: tuple[str, ...] | None


def profiles() -> list[Profile]:
    """Return the frozen profiles, by name and rising version."""
    found = [
        Profile(document["name"], document["version"], tuple(document["rules"]))
        for name, document in catalogue().documents.items()
        if name.startswith("profiles/")
    ]
    return sorted(found, key=lambda profile: (profile.name, int(profile.version)))


def find_profile(wish: str | None, suite_version: str) -> Profile:
    """Return a profile by ``name`` (its newest version), ``name-version`` or ``all``.

    Args:
        wish: None takes the default profile where it is frozen, else everything.
        suite_version: Version of ``all``.

    Raises:
        UsageError: When there is none.
    """
    known = {f"{profile.name}-{profile.version}": profile for profile in profiles()}
    known.update({profile.name: profile for profile in profiles()})
    everything = Profile(EVERYTHING, suite_version, None)
    if wish is None:
        return known.get(DEFAULT, everything)
    if wish == EVERYTHING:
        return everything
    if wish not in known:
        names = sorted({*known, EVERYTHING})
        raise UsageError(
            f"unknown profile {wish!r}{did_you_mean(wish, names)}; known: {', '.join(names)}"
        )
    return known[wish]


def rules_of(profile: Profile, rules: Mapping[str, Rule]) -> list[Rule]:
    """Return the rules of a profile.

    Raises:
        UsageError: When the profile names a rule that this installation lacks.
    """
    if profile.rules is None:
        return list(rules.values())
    missing = [name for name in profile.rules if name not in rules]
    if missing:
        raise UsageError(
            f"the profile {profile.name}-{profile.version} needs the rule {missing[0]}, which this "
            "installation lacks: install the suite that the profile belongs to"
        )
    return [rules[name] for name in profile.rules]


def members_of(name: str, rules: Mapping[str, Rule]) -> list[str]:
    """Return the ids of the suite's own rules that the next version of a profile holds."""
    own = [rule for rule in rules.values() if rule.module.startswith("conformance.")]
    elsewhere = frozenset().union(*FAMILIES.values())
    wanted = FAMILIES.get(name)
    return [
        rule.id
        for rule in own
        if (rule.family not in elsewhere if wanted is None else rule.family in wanted)
    ]


def freeze(name: str, rules: Iterable[str], folder: Path) -> Path | None:
    """Write the next version of a profile; None when the newest one holds these rules already.

    Args:
        name: Of the profile.
        rules: Ids to freeze.
        folder: specs/profiles of a checkout.
    """
    wanted = sorted(rules)
    versions = [profile for profile in profiles() if profile.name == name]
    if versions and sorted(versions[-1].rules or ()) == wanted:
        return None
    version = str(int(versions[-1].version) + 1) if versions else "1"
    document = {
        "$schema": "kms:meta/profile",
        "name": name,
        "version": version,
        "title": TITLES.get(name, name),
        "rules": wanted,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}.json"
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path
