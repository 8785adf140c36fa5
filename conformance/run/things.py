"""What calls bring into being on a target: how each kind is named, found again and removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Days until a key that the suite made is gone; the shortest window there is.
SHORTEST_WINDOW = 7


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing.

    Attributes:
        name: As journals and messages call it.
        creates: The operation that makes it.
        deletes: The operation that removes it.
        parameter: Parameter of both that names it; of ``deletes`` only for things that the
            service names.
        given: Whether the caller chooses the name.
        answer: Path of the name in the answer of ``creates``.
        parent: Parameter of ``creates`` that names what it belongs to.
    """

    name: str
    creates: str
    deletes: str
    parameter: str
    given: bool
    answer: tuple[str, ...]
    parent: str | None = None

    def name_in(self, params: Mapping[str, Any]) -> str | None:
        """Return the name that a request gives."""
        value = params.get(self.parameter)
        return value if isinstance(value, str) else None

    def name_of(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> str | None:
        """Return the name of what a successful call has made."""
        value: Any = answer
        for member in self.answer:
            value = value.get(member) if isinstance(value, Mapping) else None
        if isinstance(value, str) and value:
            return value
        return self.name_in(params) if self.given else None


_ALL = (
    Kind("key", "CreateKey", "ScheduleKeyDeletion", "KeyId", False, ("KeyMetadata", "KeyId")),
    Kind("alias", "CreateAlias", "DeleteAlias", "AliasName", True, ()),
    Kind("secret", "CreateSecret", "DeleteSecret", "SecretName", True, ("SecretName",)),
    Kind("network-rule", "CreateNetworkRule", "DeleteNetworkRule", "Name", True, ()),
    Kind("access-policy", "CreatePolicy", "DeletePolicy", "Name", True, ()),
    Kind(
        "access-point",
        "CreateApplicationAccessPoint",
        "DeleteApplicationAccessPoint",
        "Name",
        True,
        (),
    ),
    Kind(
        "client-key",
        "CreateClientKey",
        "DeleteClientKey",
        "ClientKeyId",
        False,
        ("ClientKeyId",),
        "AapName",
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
CREATES: Mapping[str, Kind] = {kind.creates: kind for kind in _ALL}
DELETES: Mapping[str, Kind] = {kind.deletes: kind for kind in _ALL}
