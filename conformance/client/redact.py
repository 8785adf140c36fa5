"""Keeps secrets out of everything that is recorded.

What is secret is known in two ways, never by a field's name: the specs mark it (``x-secret`` on a
request parameter or response member), and its value has been seen (credentials of the target file,
marked values of earlier calls). A known value is replaced wherever it stands, in each form in which
it may stand: as it is, in JSON, percent-encoded once and twice, in base64.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

from conformance.client.codec import operation_or_none
from conformance.client.exchange import REDACTED, Exchange
from conformance.client.instance import InstanceExchange, shown_parameters
from conformance.spec import resolve

#: Shorter values are replaced only where a mark says that they stand.
SHORTEST = 6

Path = tuple[str, ...]


@cache
def secret_paths(operation: str, part: str) -> tuple[Path, ...]:
    """Return the paths of marked members; ``part`` is "request" or "response", ``*`` any item."""
    known = operation_or_none(operation)
    if known is None:
        return ()
    schema = known.request if part == "request" else known.response
    return tuple(_marked(schema, ()))


def _marked(schema: Any, path: Path, depth: int = 0) -> Iterator[Path]:
    if not isinstance(schema, Mapping) or depth > 12:
        return
    while "$ref" in schema:
        schema = {**resolve(schema["$ref"]), **{k: v for k, v in schema.items() if k != "$ref"}}
    if schema.get("x-secret"):
        yield path
        return
    for name, sub in schema.get("properties", {}).items():
        yield from _marked(sub, (*path, name), depth + 1)
    if "items" in schema:
        yield from _marked(schema["items"], (*path, "*"), depth + 1)
    for keyword in ("anyOf", "oneOf", "allOf"):
        for sub in schema.get(keyword, ()):
            yield from _marked(sub, path, depth + 1)


def _values(document: Any, path: Path) -> Iterator[Any]:
    if not path:
        yield document
    elif path[0] == "*":
        for item in document if isinstance(document, list) else ():
            yield from _values(item, path[1:])
    elif isinstance(document, Mapping) and path[0] in document:
        yield from _values(document[path[0]], path[1:])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from _texts(member)
        yield json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


class Redactor:
    """Knows the secrets of a run.

    Args:
        secrets: Values known from the start, such as access key secrets.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._index: dict[str, list[str]] = {}
        self._learnt = [value for value in secrets if value]

    def learn(self, exchange: Exchange) -> None:
        """Remember the marked values of a call."""
        self._learnt.extend(self._marked_values(exchange))

    def learn_value(self, value: str) -> None:
        """Remember a value that is secret wherever it stands."""
        self._learnt.append(value)

    def learn_params(self, operation: str, params: Mapping[str, Any]) -> None:
        """Remember the marked values of parameters before they are sent."""
        for path in secret_paths(operation, "request"):
            for value in _values(params, path):
                self._learnt.extend(_texts(value))

    def _marked_values(self, exchange: Exchange) -> Iterator[str]:
        if isinstance(exchange, InstanceExchange):
            yield from _texts_of_bytes(exchange.secrets())
            return
        for path in secret_paths(exchange.operation, "request"):
            for value in _values(exchange.parameters, path):
                yield from _texts(value)
        if exchange.answer.data is not None:
            for path in secret_paths(exchange.operation, "response"):
                for value in _values(exchange.answer.data, path):
                    yield from _texts(value)

    def text(self, text: str) -> str:
        """Return text without any known secret."""
        self._take_in()
        index = self._index
        parts: list[str] = []
        done = 0
        for place in range(len(text) - SHORTEST + 1):
            if place < done:
                continue
            forms = index.get(text[place : place + SHORTEST])
            if forms is None:
                continue
            found = next((form for form in forms if text.startswith(form, place)), None)
            if found is not None:
                parts += (text[done:place], REDACTED)
                done = place + len(found)
        return "".join([*parts, text[done:]]) if parts else text

    def _take_in(self) -> None:
        """Index what was learnt since the last time: its forms by how they begin, longest first."""
        for value in self._learnt:
            if len(value) < SHORTEST or value in self._known:
                continue
            self._known.add(value)
            for form in _forms(value):
                same = self._index.setdefault(form[:SHORTEST], [])
                if form not in same:
                    same.append(form)
                    same.sort(key=len, reverse=True)
        self._learnt.clear()

    def exchange_texts(self, exchange: Exchange, *texts: str) -> tuple[str, ...]:
        """Return texts of one exchange without its secrets, short ones included.

        Short values are replaced where they stand whole: between quotes in JSON, after ``=`` in a
        query or form, between tags in XML.
        """
        self.learn(exchange)
        marked = {value for value in self._marked_values(exchange) if len(value) < SHORTEST}
        short = sorted(marked - {""}, key=len, reverse=True)
        return tuple(_without_short(self.text(text), short) for text in texts)

    def parameters(self, exchange: Exchange) -> dict[str, Any]:
        """Return the logical parameters with marked ones replaced, known secrets too."""
        if isinstance(exchange, InstanceExchange):
            shown = shown_parameters(exchange)
        else:
            hidden = {path[0] for path in secret_paths(exchange.operation, "request") if path}
            shown = {
                name: REDACTED if name in hidden else value
                for name, value in exchange.parameters.items()
            }
        redacted: dict[str, Any] = json.loads(
            self.text(json.dumps(shown, ensure_ascii=False, default=str))
        )
        return redacted


def _texts_of_bytes(values: Iterable[bytes]) -> Iterator[str]:
    """Yield the texts as which bytes may stand somewhere."""
    for value in values:
        yield base64.b64encode(value).decode("ascii")
        yield value.hex()
        try:
            yield value.decode()
        except UnicodeDecodeError:
            continue


def _forms(value: str) -> tuple[str, ...]:
    once = quote(value, safe="~", errors="replace")
    coded = base64.b64encode(value.encode("utf-8", "replace")).decode()
    forms = {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        once,
        once.replace("%20", "+"),
        quote(once, safe="~"),
        quote(once.replace("%20", "+"), safe="~"),
        coded,
        coded.rstrip("="),
        quote(coded, safe="~"),
        value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        repr(value)[1:-1],
    }
    return tuple(sorted((form for form in forms if form), key=len, reverse=True))


def _without_short(text: str, values: Iterable[str]) -> str:
    for value in values:
        for coded in _forms(value):
            text = text.replace(f'"{coded}"', f'"{REDACTED}"')
            text = text.replace(f">{coded}<", f">{REDACTED}<")
            for end in "&":
                text = text.replace(f"={coded}{end}", f"={REDACTED}{end}")
            if text.endswith(f"={coded}"):
                text = text[: -len(coded)] + REDACTED
    return text
