"""Model of access points and of the rules, policies and client keys that they consist of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.oracle.expected import ANYTHING, OK, Expected, refused

UNKNOWN = "Forbidden.ResourceNotFound"
MOST_CLIENT_KEYS = 3


@dataclass
class AccessModel:
    """Things of one kind by name, and the client keys of access points.

    Attributes:
        things: Members that each thing was given, by name.
        client_keys: Ids of client keys by access point.
        used: Names that something else refers to, so that deleting them may be refused.
    """

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    client_keys: dict[str, list[str]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def creates(self, name: str) -> Expected:
        """Return what creating a thing of a name may answer; of a taken one no page tells."""
        return ANYTHING if name in self.things else OK

    def names(self, name: str) -> Expected:
        """Return what describing or updating a thing may answer."""
        return OK if name in self.things else refused(UNKNOWN)

    def deletes(self, name: str) -> Expected:
        """Return what deleting a thing may answer."""
        return ANYTHING if name in self.used else self.names(name)

    def adds_key(self, point: str) -> Expected:
        """Return what CreateClientKey may answer; the code for one too many is open."""
        if point not in self.things:
            return refused()
        return refused() if len(self.client_keys[point]) >= MOST_CLIENT_KEYS else OK

    def created(self, name: str, members: Mapping[str, Any]) -> None:
        """Take over a new thing."""
        self.things[name] = dict(members)
        self.client_keys[name] = []

    def deleted(self, name: str) -> None:
        """Take over that a thing is gone, and its client keys with it."""
        self.things.pop(name, None)
        self.client_keys.pop(name, None)
