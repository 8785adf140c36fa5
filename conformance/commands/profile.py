"""``kms-conformance profile``: the frozen sets of rules that certificates are about."""

import argparse
from pathlib import Path
from typing import Any

from conformance.target.problems import UsageError


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("profile", help="list profiles, freeze a new version of one")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the frozen profiles")
    listing.set_defaults(handler=list_profiles)
    freezing = actions.add_parser(
        "freeze",
        help="freeze the rules of today as the next version of a profile (in a checkout)",
    )
    freezing.add_argument("name", metavar="NAME")
    freezing.set_defaults(handler=freeze_profile)


def list_profiles(_arguments: argparse.Namespace) -> int:
    """Print the profiles."""
    from conformance.run.profiles import EVERYTHING, TITLES, profiles

    for profile in profiles():
        name, number = f"{profile.name}-{profile.version}", len(profile.rules or ())
        print(f"{name:<16} {number:>4} rules  {TITLES.get(profile.name, '')}".rstrip())
    print(f"{EVERYTHING:<27} Every rule of this installation, not frozen")
    return 0


def freeze_profile(arguments: argparse.Namespace) -> int:
    """Write the next version."""
    from conformance.run.profiles import TITLES, freeze, members_of
    from conformance.run.registry import load_rules

    if arguments.name not in TITLES:
        raise UsageError(f"unknown profile {arguments.name!r}; known: {', '.join(TITLES)}")
    import specs

    folder = Path(str(specs.root())) / "profiles"
    try:
        path = freeze(arguments.name, members_of(arguments.name, load_rules()), folder)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from None
    print("the newest version holds these rules already" if path is None else f"wrote {path}")
    return 0
