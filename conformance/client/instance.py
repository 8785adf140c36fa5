"""Calls of KMS Instance API: messages out and in, recorded as exchanges.

The evidence of such an exchange shows the fields of its messages instead of their bytes, which
would hold plaintexts where no search for known secrets finds them.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from conformance.client.building import Outgoing
from conformance.client.exchange import REDACTED, Exchange
from conformance.run.verdict import NotTestable
from conformance.spec.instance import InstanceOperation, instance_api
from conformance.wire.credentials import ClientKey
from conformance.wire.envelope import Answer
from conformance.wire.failures import WireError
from conformance.wire.instance import API_NAME_HEADER, InstanceAuth

if TYPE_CHECKING:
    from conformance.client.caller import Caller
    from conformance.client.transport import RawAnswer

#: Name of the scheme in records.
SCHEME = "Instance API"


@dataclass(frozen=True, slots=True)
class InstanceExchange(Exchange):
    """One call of KMS Instance API and its answer.

    Attributes:
        values: Fields of the answer at their values or defaults, those of Error for a refusal.
        present: Names of the fields that stood in the answer, in an explicit default too.
    """

    values: dict[str, Any] = field(default_factory=dict, repr=False)
    present: frozenset[str] = frozenset()

    def promise(self, kind: str, place: str = "") -> str:
        """Return the id of a promise of the operation, which KMS API may have too."""
        # Named in full: super() without arguments fails in a class that slots have remade.
        return f"instance-{Exchange.promise(self, kind, place)}"

    @property
    def message(self) -> str:
        """ErrorMessage of a refusal, empty otherwise."""
        return "" if self.ok else str(self.values.get("ErrorMessage", ""))

    def secrets(self) -> Iterator[bytes]:
        """Yield the values that must not be recorded, of request and answer."""
        operation = instance_api().operations.get(self.operation)
        if operation is None:
            return
        yield from _secret_values(operation, "request", self.parameters)
        if self.ok:
            yield from _secret_values(operation, "response", self.values)

    def shown(self, side: str) -> str:
        """Return a message as JSON text without its secrets; side is "request" or "response"."""
        operation = instance_api().operations.get(self.operation)
        body = self.request_body if side == "request" else self.response_body
        if operation is None:
            return f"<{len(body)} bytes>"
        name = operation.request_message if side == "request" else operation.response_message
        hidden = operation.secrets(side)
        if side == "response" and not self.ok:
            name, hidden = "Error", ()
        try:
            values = instance_api().codec.decode(name, body)
        except WireError:
            return f"<{len(body)} bytes that are no {name}>"
        return json.dumps({k: _shown(v, k in hidden) for k, v in values.items() if v})


def _secret_values(
    operation: InstanceOperation, side: str, values: Mapping[str, Any]
) -> Iterator[bytes]:
    for name in operation.secrets(side):
        value = values.get(name)
        if value:
            yield value.encode() if isinstance(value, str) else bytes(value)


def _shown(value: Any, hidden: bool) -> Any:
    if hidden:
        return REDACTED
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def shown_parameters(exchange: InstanceExchange) -> dict[str, Any]:
    """Return the fields of a request without its secrets, bytes in base64."""
    operation = instance_api().operations.get(exchange.operation)
    hidden = operation.secrets("request") if operation is not None else tuple(exchange.parameters)
    return {name: _shown(value, name in hidden) for name, value in exchange.parameters.items()}


def encode(operation: str, values: Mapping[str, Any]) -> bytes:
    """Write a request.

    Raises:
        NotTestable: When a value, taken from an earlier answer, does not fit its field.
    """
    try:
        return instance_api().encode(operation, values)
    except WireError as problem:
        raise NotTestable(f"{operation} cannot be called: {problem}") from None


def call_instance(
    caller: "Caller",
    operation: str,
    values: Mapping[str, Any],
    *,
    credential: ClientKey | None,
    identity: str,
    gateway: str,
    auth: httpx.Auth | None,
    body: bytes | None,
    headers: Sequence[tuple[str, str]],
    method: str,
    timeout: float | None,
    patient: bool,
    on_exchange: Callable[[Exchange], None] | None,
) -> InstanceExchange:
    """Send one call; see `conformance.run.context.Kms.call_instance`."""
    listener = caller.default_listener(gateway)
    base_url = caller.base_url(gateway, listener)
    content = encode(operation, values) if body is None else body
    signer = auth or (InstanceAuth(credential) if credential is not None else httpx.Auth())
    own = [
        ("accept-encoding", "identity"),
        ("user-agent", "kms-conformance"),
        (API_NAME_HEADER, operation),
    ]
    names = {name.lower() for name, _ in headers}
    own = [pair for pair in own if pair[0] not in names]

    def exchange_once() -> InstanceExchange:
        request = httpx.Request(method, f"{base_url}/", headers=[*own, *headers], content=content)
        sending = Outgoing.of(next(signer.sync_auth_flow(request)))
        started = datetime.now(UTC)
        answer = caller.send(sending, gateway, listener, timeout)
        fields, present, problems = read(operation, answer)
        return InstanceExchange(
            operation=operation,
            method=sending.method,
            url=sending.url,
            request_headers=sending.headers,
            request_body=sending.content,
            status=answer.status,
            response_headers=answer.headers,
            response_body=answer.body,
            answer=_answer(answer, fields, problems),
            seconds=answer.seconds,
            identity=identity,
            scheme=SCHEME,
            parameters=dict(values),
            gateway=gateway,
            listener=listener,
            started=started,
            placement="body",
            answer_format="protobuf",
            signer="right" if auth is None else "other",
            values=fields,
            present=present,
        )

    for attempt in range(100):
        exchange = exchange_once()
        caller.watch.note(exchange)
        if on_exchange is not None:
            on_exchange(exchange)
        left = caller.case_end - time.monotonic()
        if exchange.status != 429 or not patient or not caller.pace.back_off(attempt, left):
            break
    return exchange


def read(
    operation: str, answer: "RawAnswer"
) -> tuple[dict[str, Any], frozenset[str], tuple[str, ...]]:
    """Return the fields of an answer, which of them were on the wire, and what is wrong with it."""
    api, ok = instance_api(), 200 <= answer.status < 300
    name = f"{operation}Response" if ok else "Error"
    if name not in api.codec.fields:
        return {}, frozenset(), ()
    try:
        fields = api.codec.decode(name, answer.body)
        present = api.codec.present(name, answer.body)
    except WireError:
        return {}, frozenset(), (f"body-not-message: the body is no {name}",)
    problems = [] if fields.get("RequestId") else ["request-id-missing: no RequestId"]
    if not ok and not fields["ErrorCode"]:
        problems.append("code-missing: an error without ErrorCode")
    return fields, present, tuple(problems)


def _answer(answer: "RawAnswer", fields: dict[str, Any], problems: tuple[str, ...]) -> Answer:
    ok = 200 <= answer.status < 300
    return Answer(
        answer.status,
        fields.get("RequestId") or None,
        None if ok else fields.get("ErrorCode") or None,
        None if ok else fields.get("ErrorMessage") or None,
        fields or None,
        "json",
        problems,
    )
