"""Placeholders for values that only a target can provide, and what may be done to them.

A variant names what it needs by bundle and attribute (`symmetric-key.id`, `secret.name`); whoever
sends it puts the real values in. Bundles beginning `new-` are names of things not yet there.
"""

import base64
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.spec.catalogue import Json, catalogue
from conformance.spec.keywords import Schema

Lookup = Callable[["Resource"], Json]


@dataclass(frozen=True, slots=True)
class Resource:
    """A value that must come from a real thing of the target.

    Attributes:
        bundle: Kind of thing; the attributes of one bundle belong to one thing.
        attribute: Which of its values. A form of reference other than the usual one is the
            attribute of that name: `alias`, `arn`.
        fresh: The thing is changed or used up, so that one of its own is needed.
        change: Name and argument of a transformation of the value, see `CHANGES`.
    """

    bundle: str
    attribute: str
    fresh: bool = False
    change: tuple[str, str] | None = None

    @classmethod
    def parse(cls, reference: str, form: str | None = None) -> "Resource":
        """Read `bundle.attribute`; ``form`` replaces the attribute."""
        bundle, _, attribute = reference.partition(".")
        return cls(bundle, form or attribute)

    @property
    def path(self) -> str:
        """`bundle.attribute`."""
        return f"{self.bundle}.{self.attribute}"

    @property
    def is_new(self) -> bool:
        """Whether it names something that does not exist yet."""
        return self.bundle.startswith("new-")

    def changed(self, name: str, argument: str = "") -> "Resource":
        """Return the placeholder with a transformation."""
        return replace(self, change=(name, argument))

    def apply(self, value: Json) -> Json:
        """Transform the real value as the placeholder says."""
        if self.change is None or not isinstance(value, str):
            return value
        name, argument = self.change
        return CHANGES[name](value, argument)

    def __str__(self) -> str:
        change = "" if self.change is None else f"|{self.change[0]}:{self.change[1]}"
        return f"<{self.path}{change}>"


def _pad(value: str, argument: str) -> str:
    length, _, filler = argument.partition(":")
    return value + (filler or "x") * (int(length) - len(value))


def _url_safe(value: str, _: str) -> str:
    # Text that uses neither + nor / would be the same in both alphabets.
    decoded = base64.b64decode(value) if value else b""
    return base64.urlsafe_b64encode(b"\xfb\xff\xfe" + decoded).decode()


#: Transformations of a real value by name; the second argument is the placeholder's.
CHANGES: Mapping[str, Callable[[str, str], str]] = {
    "append": lambda value, argument: value + argument,
    "prepend": lambda value, argument: argument + value,
    "pad": _pad,
    # Text that needs no padding loses a character instead: either is no whole number of bytes.
    "unpadded": lambda value, _: value.rstrip("=") if value.endswith("=") else value[:-1],
    "replace-end": lambda value, argument: value[: -len(argument)] + argument,
    "url-safe": _url_safe,
    "line-breaks": lambda value, _: "\n".join(textwrap.wrap(value, 16)) + "\n",
}


def described_forms(schema: Schema) -> tuple[str, ...]:
    """Return the forms of reference on which all sources agree, the usual one first."""
    forms: list[str] = schema.get("x-forms", [])
    sources = [text.lower() for text in schema.get("x-conflict", {}).values()]
    return tuple(
        form
        for place, form in enumerate(forms)
        if place == 0 or all(form in text for text in sources)
    )


def has_attribute(bundle: str, attribute: str) -> bool:
    """Tell whether specs/resources.json lists an attribute of a bundle."""
    bundles = catalogue().document("resources")["bundles"]
    return any(attribute in known["attributes"] for known in bundles if known["bundle"] == bundle)


def resources(value: Any) -> Iterator[Resource]:
    """Yield every placeholder within a value."""
    if isinstance(value, Resource):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from resources(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from resources(part)


def map_resources(value: Any, change: Lookup) -> Any:
    """Return ``value`` with every placeholder replaced by what ``change`` returns for it."""
    if isinstance(value, Resource):
        return change(value)
    if isinstance(value, Mapping):
        return {key: map_resources(part, change) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [map_resources(part, change) for part in value]
    return value


def substitute(value: Any, lookup: Lookup) -> Any:
    """Put real values in; ``lookup`` returns the untransformed value of a placeholder."""
    return map_resources(value, lambda resource: resource.apply(lookup(resource)))


def stand_in(value: Any, schema: Schema, canonical: Callable[[Schema], Json]) -> Any:
    """Put plausible values in, which are valid by the schema at their place.

    Args:
        value: Parameters, or a part of them.
        schema: The expanded schema of ``value``.
        canonical: Returns a valid value of a schema.
    """
    if isinstance(value, Resource):
        return value.apply(canonical(schema))
    if isinstance(value, Mapping):
        known: Mapping[str, Any] = schema.get("properties", {})
        other = schema.get("additionalProperties", {})
        other = {} if isinstance(other, bool) else other
        return {
            key: stand_in(part, known.get(key, other), canonical) for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [stand_in(part, schema.get("items", {}), canonical) for part in value]
    return value
