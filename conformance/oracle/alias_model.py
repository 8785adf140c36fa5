"""Model of aliases: a name stands for one key, a key has any number of names."""

from collections.abc import Iterable

from conformance.oracle.expected import ANYTHING, OK, Expected, expected_of, refused
from conformance.oracle.key_model import ENABLED, KeyModel

TAKEN = "AliasAlreadyExists"
#: Reading alias-of-pending-deletion: one table names either of them.
PENDING = ("Rejected.PendingDeletion", "Rejected.StateModifiedFailed")
UNKNOWN = "Forbidden.AliasNotFound"


class AliasModel:
    """Names and the keys that they stand for; keys may wait for their deletion.

    Attributes:
        holders: Key by name.
        keys: State of each key.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self.holders: dict[str, str] = {}
        self.keys = {key: KeyModel(ENABLED) for key in keys}

    def creates(self, name: str, key: str) -> Expected:
        """Return what CreateAlias may answer."""
        by_key = self._by_key("CreateAlias", key)
        if self.holders.get(name) == key:
            # That the same name for the same key is taken, too, is concluded.
            return by_key & ANYTHING
        return by_key & (refused(TAKEN) if name in self.holders else OK)

    def updates(self, name: str, key: str) -> Expected:
        """Return what UpdateAlias may answer; the new key alone decides beside the name."""
        by_key = self._by_key("UpdateAlias", key)
        return by_key & (OK if name in self.holders else refused(UNKNOWN))

    def _by_key(self, operation: str, key: str) -> Expected:
        """Return what the state of a key expects; two codes are told for its deletion window."""
        expected = expected_of(self.keys[key].expects(operation))
        return refused(*PENDING) if expected.outcome == "refused" else expected

    def deletes(self, name: str) -> Expected:
        """Return what DeleteAlias may answer."""
        return OK if name in self.holders else refused(UNKNOWN)

    def names_of(self, key: str) -> set[str]:
        """Return the names of a key."""
        return {name for name, holder in self.holders.items() if holder == key}
