"""Profiles: frozen, named and versioned sets of rules, in specs/profiles/<name>-<version>.json."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.run.registry import Rule
from conformance.spec import catalogue
from conformance.target.checking import did_you_mean
from conformance.target.model import Target, is_address
from conformance.target.problems import UsageError

#: The profile that holds what no other does.
DEFAULT = "shared-ram"
#: Every rule there is, frozen by nothing but the version of the suite.
EVERYTHING = "all"
#: Name of several profiles that are run together; the version names them.
TOGETHER = "profiles"

TITLES: Mapping[str, str] = {
    "shared-ram": "Shared gateway with RAM credentials: all operations, RPC-1.0 and V3",
    "shared-aap": "Shared gateway with client keys of access points: reading secrets",
    "dedicated-ram": "Dedicated gateway with RAM credentials, its TLS, and the Internet switch",
    "instance-aap": "KMS Instance API with client keys of access points",
    "agent": "KMS Agent: who may ask it, what it answers, how often it asks KMS",
}
#: What a rule needs by the profile that holds it, the first one that fits; the default holds the
#: rest.
HOMES: Mapping[str, frozenset[str]] = {
    "agent": frozenset({"feature:agent"}),
    "instance-aap": frozenset({"api:instance"}),
    "shared-aap": frozenset({"feature:access-points"}),
    "dedicated-ram": frozenset({"gateway:dedicated", "listener:internet"}),
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


def find_profile(wish: str, suite_version: str) -> Profile:
    """Return a profile by ``name`` (its newest version), ``name-version`` or ``all``.

    Args:
        wish: Which one.
        suite_version: Version of ``all``.

    Raises:
        UsageError: When there is none.
    """
    known = {f"{profile.name}-{profile.version}": profile for profile in profiles()}
    known.update({profile.name: profile for profile in profiles()})
    if wish == EVERYTHING:
        return Profile(EVERYTHING, suite_version, None)
    if wish not in known:
        names = sorted({*known, EVERYTHING})
        raise UsageError(
            f"unknown profile {wish!r}{did_you_mean(wish, names)}; known: {', '.join(names)}"
        )
    return known[wish]


def default_profile(target: Target | None) -> Profile:
    """Return what a run is about that names no profile: all that the target names parts for.

    Args:
        target: As its file describes it; None for the embedded endpoint, which has every part.
    """
    newest = {profile.name: profile for profile in profiles()}
    found = [newest[name] for name in TITLES if name in newest and _is_for(name, target)]
    if len(found) == 1:
        return found[0]
    rules = {identifier for profile in found for identifier in profile.rules or ()}
    version = " ".join(f"{profile.name}-{profile.version}" for profile in found)
    return Profile(TOGETHER, version, tuple(sorted(rules)))


def _is_for(name: str, target: Target | None) -> bool:
    """Tell whether a target names the parts that a profile is about."""
    if target is None:
        return True
    shared, dedicated = target.gateways.get("shared"), target.gateways.get("dedicated")
    parts = {
        "shared-ram": shared is not None,
        "shared-aap": shared is not None and "client-key-shared" in target.client_keys,
        "dedicated-ram": dedicated is not None
        or (shared is not None and "internet" in shared.listeners),
        "instance-aap": dedicated is not None and not target.has_declined("api:instance"),
        "agent": target.agent is not None,
    }
    return parts[name]


def check_parts(profile: Profile, rules: Sequence[Rule], target: Target) -> None:
    """Refuse a profile none of whose rules can apply, for want of the gateway it is about.

    Raises:
        UsageError: When the target file lacks the gateway.
    """
    lacking = [{need for need in rule.needs if _is_missing(need, target)} for rule in rules]
    if lacking and all(lacking):
        need = min(lacking[0])
        raise UsageError(
            f"the profile {profile.name}-{profile.version} is about {need}, and the target file "
            f"lacks {target.lacks(need)}: add it, or choose another with --profile"
        )


def _is_missing(need: str, target: Target) -> bool:
    return is_address(need) and target.lacks(need) is not None


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


def home_of(rule: Rule) -> str:
    """Return the name of the profile whose next version holds a rule."""
    needs = set(rule.needs)
    return next((name for name, parts in HOMES.items() if parts & needs), DEFAULT)


def members_of(name: str, rules: Mapping[str, Rule]) -> list[str]:
    """Return the ids of the suite's own rules that the next version of a profile holds."""
    own = [rule for rule in rules.values() if rule.module.startswith("conformance.")]
    return [rule.id for rule in own if home_of(rule) == name]


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
