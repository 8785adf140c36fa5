"""The control surface: clock, witness, script and state of an endpoint over a port of its own.

========  =========  ==================================================================
GET       /clock     the endpoint's time
POST      /clock     one of {"advance": seconds}, {"set": time}, {"freeze": true}, {"reset": true}
GET       /witness   counts and, while recording, the requests seen, secrets masked
POST      /witness   {"record": bool} and {"clear": true}
GET       /script    the steps still to come
POST      /script    one step or a list of them, see `conformance.reference.script.read_step`
DELETE    /script    drops all steps
GET       /internet  instances, and whether they are open to cryptography from the Internet
POST      /internet  instances to true or false: throws the switch that the console has
GET       /state     how many things of each kind the account holds, and the deviations in force
POST      /shutdown  stops the endpoint
========  =========  ==================================================================

It has no authentication, therefore it listens on loopback only and refuses what a web page could
send: requests that name another host, and bodies that are not declared to be JSON.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from conformance.reference.endpoint import Endpoint
from conformance.reference.script import ScriptError, read_step
from conformance.wire.failures import WireError
from conformance.wire.times import format_iso, parse_iso

Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_LIMIT = 64 * 1024 * 1024
_LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})


class ControlError(Exception):
    """A request that the control surface refuses, with its status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """The ASGI application of the control surface.

    Args:
        endpoint: What it controls.
        stop: Stops the server.
    """

    def __init__(self, endpoint: Endpoint, stop: Callable[[], None]) -> None:
        self._endpoint = endpoint
        self._stop = stop
        self._routes: Mapping[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "/clock"): lambda _: self._time(),
            ("POST", "/clock"): self._set_clock,
            ("GET", "/witness"): lambda _: endpoint.witness.view(),
            ("POST", "/witness"): self._set_witness,
            ("GET", "/script"): lambda _: endpoint.script.view(),
            ("POST", "/script"): self._add_steps,
            ("DELETE", "/script"): lambda _: endpoint.script.clear(),
            ("GET", "/internet"): lambda _: self._internet(),
            ("POST", "/internet"): self._throw_switches,
            ("GET", "/state"): lambda _: self._state(),
            ("POST", "/shutdown"): lambda _: stop(),
        }

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            body = await _read(receive)
            status, answer = 200, self._answer(scope, body)
        except ControlError as error:
            status, answer = error.status, {"error": str(error)}
        content = json.dumps(answer).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, scope: Mapping[str, Any], body: bytes) -> Any:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").rpartition(":")[0]
        if host not in _LOCAL:
            raise ControlError(403, "the control surface is for this machine only")
        method, path = scope["method"], scope["path"]
        route = self._routes.get((method, path))
        if route is None:
            known = ", ".join(f"{method} {path}" for method, path in self._routes)
            raise ControlError(404, f"there is no {method} {path}; known: {known}")
        if method != "POST" or path == "/shutdown":
            return route(None)
        if not headers.get(b"content-type", b"").startswith(b"application/json"):
            raise ControlError(415, "send JSON with Content-Type: application/json")
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            raise ControlError(400, "the body is not JSON") from None
        return route(document)

    def _time(self) -> dict[str, Any]:
        return {"now": format_iso(self._endpoint.clock.now())}

    def _set_clock(self, document: Any) -> dict[str, Any]:
        if not isinstance(document, dict) or len(document) != 1:
            raise ControlError(400, "give exactly one of advance, set, freeze, reset")
        clock = self._endpoint.clock
        verb, value = next(iter(document.items()))
        try:
            if verb == "advance":
                clock.advance(float(value))
            elif verb == "set":
                clock.set(_moment(value))
            elif verb in {"freeze", "reset"} and value is True:
                getattr(clock, verb)()
            else:
                raise ControlError(400, "give one of advance, set, freeze: true, reset: true")
        except (TypeError, ValueError, OverflowError):
            raise ControlError(
                400, "advance takes seconds, set a time yyyy-MM-ddTHH:mm:ssZ"
            ) from None
        return self._time()

    def _set_witness(self, document: Any) -> dict[str, Any]:
        witness = self._endpoint.witness
        known = {"record", "clear"}
        if not isinstance(document, dict) or not document or not document.keys() <= known:
            raise ControlError(400, "give record: true or false, clear: true, or both")
        if document.get("clear"):
            witness.clear()
        if "record" in document:
            witness.recording = document["record"] is True
        return {"recording": witness.recording}

    def _add_steps(self, document: Any) -> dict[str, Any]:
        documents = document if isinstance(document, list) else [document]
        try:
            steps = [read_step(each) for each in documents]
        except ScriptError as error:
            raise ControlError(400, str(error)) from None
        self._endpoint.script.add(*steps)
        return {"steps": len(self._endpoint.script.view())}

    def _internet(self) -> dict[str, bool]:
        instances = self._endpoint.account.instances.values()
        return {instance.id: instance.internet_access for instance in instances}

    def _throw_switches(self, document: Any) -> dict[str, bool]:
        instances = self._endpoint.account.instances
        known = isinstance(document, dict) and document and document.keys() <= instances.keys()
        if not known or not all(isinstance(value, bool) for value in document.values()):
            raise ControlError(400, f"give true or false for {' or '.join(instances)}")
        for identifier, value in document.items():
            instances[identifier].internet_access = value
        return self._internet()

    def _state(self) -> dict[str, Any]:
        return {
            "counts": self._endpoint.account.counts(),
            "deviations": self._endpoint.deviations,
        }


def _moment(text: Any) -> datetime:
    try:
        return parse_iso(str(text))
    except WireError:
        raise ValueError(text) from None


async def _read(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ControlError(400, "the request broke off")
        parts.append(message["body"])
        size += len(message["body"])
        if size > _LIMIT:
            raise ControlError(413, "the body is too large")
        if not message.get("more_body"):
            return b"".join(parts)
