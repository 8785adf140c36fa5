"""Sends calls to a target: builds, signs, paces, sends, reads, remembers.

A caller is bound to a target for a whole run. It raises an outcome only when there is no answer
(`TransportProblem`, `Hang`) or when the target does not allow the call (`NotTestable`); every HTTP
answer is returned as an `Exchange`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx

from conformance.client.building import (
    AnswerFormat,
    Outgoing,
    Placement,
    Scheme,
    default_auth,
    lay_out,
)
from conformance.client.codec import codec, form_parameters, operation_or_none
from conformance.client.exchange import Exchange
from conformance.client.pace import Pace
from conformance.client.transport import RawAnswer, StaleConnection, Transport
from conformance.run.verdict import Hang, NotTestable
from conformance.spec import resolve
from conformance.target.model import Target
from conformance.target.trust import trust_context
from conformance.wire.credentials import ClientKey, Credential
from conformance.wire.envelope import Answer, parse
from conformance.wire.failures import NotTransmittable, WireError


class Watch(Protocol):
    """Is told of calls before they are sent and when their answers are there."""

    def before(self, operation: str, params: Mapping[str, Any]) -> object:
        """Note what is about to be sent; the value returned is handed to `after`."""

    def after(self, token: object, exchange: Exchange | None) -> None:
        """Note the answer, None when there was none."""

    def note(self, exchange: Exchange) -> None:
        """Note a call that creates and changes nothing."""


class NoWatch:
    """Watches nothing."""

    def before(self, operation: str, params: Mapping[str, Any]) -> object:
        """Note nothing."""

    def after(self, token: object, exchange: Exchange | None) -> None:
        """Note nothing."""

    def note(self, exchange: Exchange) -> None:
        """Note nothing."""


class Caller:
    """Sends calls to one target.

    Args:
        target: Whom to call, as whom, how fast.
        watch: Told of every call.
    """

    def __init__(self, target: Target, watch: Watch | None = None) -> None:
        self.target = target
        self.watch: Watch = watch or NoWatch()
        self.pace = Pace(target.rate)
        self.sent = 0
        #: Calls that were sent twice, for a kept connection broke: they may have been done twice.
        self.resent = 0
        #: Give each call a connection of its own, so that none is sent twice.
        self.fresh = False
        #: Moment of the monotonic clock at which the running case has to be over.
        self.case_end = float("inf")
        self._transports: dict[tuple[str, str], Transport] = {}

    def close(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()

    @property
    def default_scheme(self) -> Scheme:
        """How calls are signed unless told otherwise: V3, where the target has it."""
        return "RPC-1.0" if self.target.has_declined("scheme:V3") else "V3"

    def call(
        self,
        operation: str,
        params: Mapping[str, Any] | None = None,
        *,
        identity: str | Credential = "full",
        scheme: Scheme | None = None,
        method: str = "POST",
        placement: Placement = "query",
        answer_format: AnswerFormat = "JSON",
        gateway: str = "shared",
        listener: str | None = None,
        auth: httpx.Auth | None = None,
        extra_pairs: Sequence[tuple[str, str]] = (),
        headers: Sequence[tuple[str, str]] = (),
        raw_pairs: Sequence[tuple[str, str]] | None = None,
        timeout: float | None = None,
        patient: bool = True,
        trusted: bool = False,
        on_exchange: Callable[[Exchange], None] | None = None,
    ) -> Exchange:
        """Send one call and return the exchange.

        The parameters are those of `conformance.run.context.Kms.call`, and these: a ``trusted``
        call is the suite's own, such as clean-up, for which the safety level is not asked;
        ``on_exchange`` is told of every exchange, throttled ones included. Beside ``raw_pairs``,
        ``params`` are what is recorded.

        Raises:
            Hang, TransportProblem: When there is no answer.
            NotTestable: When the target file does not allow the call, or names no such identity,
                gateway or listener.
        """
        params = dict(params or {})
        pairs = _encode(operation, params) if raw_pairs is None else raw_pairs
        if raw_pairs and not params:
            params = _decode(operation, raw_pairs)
        if not trusted:
            self._check_allowed(operation)
        listener = listener or self.default_listener(gateway)
        credential = self.credential(identity) if isinstance(identity, str) else identity
        if isinstance(credential, ClientKey):
            scheme = "ClientKey"
        scheme = scheme or self.default_scheme
        usual = auth is None and isinstance(identity, str)
        signer = auth or default_auth(
            scheme,
            credential,
            placement=placement,
            answer_format=answer_format,
            method=method,
        )
        layout = lay_out(
            self.base_url(gateway, listener),
            operation,
            [*pairs, *extra_pairs],
            method=method,
            placement=placement,
            answer_format=answer_format,
            form_names=form_parameters(operation) if placement == "sdk" else frozenset(),
        )

        def exchange_once() -> Exchange:
            sending = layout.signed(signer, headers, usual=auth is None)
            started = datetime.now(UTC)
            try:
                answer = self.send(sending, gateway, listener, timeout, resend=False)
            except StaleConnection:
                # Signed anew: the other side may have read the request before it hung up.
                self.resent += 1
                sending = layout.signed(signer, headers, usual=auth is None)
                answer = self.send(sending, gateway, listener, timeout)
            return Exchange(
                operation=operation,
                method=sending.method,
                url=sending.url,
                request_headers=sending.headers,
                request_body=sending.content,
                status=answer.status,
                response_headers=answer.headers,
                response_body=answer.body,
                answer=_read(operation, answer),
                seconds=answer.seconds,
                identity=identity if isinstance(identity, str) else identity.id,
                scheme=scheme,
                parameters=params,
                gateway=gateway,
                listener=listener,
                started=started,
                placement=placement,
                answer_format=answer_format,
                signer="right" if usual else "none" if type(auth) is httpx.Auth else "other",
            )

        token = self.watch.before(operation, params)
        exchange: Exchange | None = None
        try:
            for attempt in range(100):
                exchange = exchange_once()
                if on_exchange is not None:
                    on_exchange(exchange)
                left = self.case_end - time.monotonic()
                if not (patient and asks_for_patience(exchange)) or not self.pace.back_off(
                    attempt, left
                ):
                    break
        finally:
            self.watch.after(token, exchange)
        assert exchange is not None
        return exchange

    def send(
        self,
        request: Outgoing,
        gateway: str,
        listener: str,
        timeout: float | None = None,
        *,
        resend: bool = True,
    ) -> RawAnswer:
        """Send a finished request within the time that call and case still have.

        Raises:
            StaleConnection: When a kept connection broke and it may not be sent again as it is.
        """
        limit = self.target.timeout if timeout is None else timeout
        left = self.case_end - time.monotonic()
        over = f"the case did not end within {self.target.case_timeout:g} s"
        if left <= 0:
            raise Hang(over)
        self.pace.wait()
        self.sent += 1
        transport = self._transport(gateway, listener)
        if limit <= left:
            return transport.send(request, limit, resend=resend, fresh=self.fresh)
        try:
            return transport.send(request, left, resend=resend, fresh=self.fresh)
        except Hang:
            raise Hang(over) from None

    def credential(self, identity: str) -> Credential:
        """Return the credential of a kind of caller.

        Raises:
            NotTestable: When the target file has none.
        """
        target = self.target
        credential = target.identities.get(identity) or target.client_keys.get(identity)
        if credential is None:
            raise NotTestable(
                f"no identity {identity!r}: add [identities.{identity}] to the target file, or "
                f'declare without = ["identity:{identity}"]'
            )
        return credential

    def default_listener(self, gateway: str) -> str:
        """Return https where the gateway has it, else http."""
        found = self.target.gateways.get(gateway)
        return "https" if found is None or "https" in found.listeners else "http"

    def base_url(self, gateway: str, listener: str) -> str:
        """Return the URL of a listener.

        Raises:
            NotTestable: When the target file has none.
        """
        found = self.target.gateways.get(gateway)
        if found is None:
            raise NotTestable(f"no {gateway} gateway: add [gateways.{gateway}] to the target file")
        if listener not in found.listeners:
            raise NotTestable(
                f"no {listener} listener: add {listener} to [gateways.{gateway}] of the target "
                f'file, or declare without = ["listener:{listener}"]'
            )
        return found.listeners[listener]

    def _transport(self, gateway: str, listener: str) -> Transport:
        key = (gateway, listener)
        transport = self._transports.get(key)
        if transport is None:
            url = self.base_url(gateway, listener)
            ca = self.target.gateways[gateway].ca
            context = trust_context(ca) if url.startswith("https:") else None
            transport = self._transports.setdefault(
                key, Transport(url, context, ca.name if ca else None)
            )
        return transport

    def _check_allowed(self, operation: str) -> None:
        known = operation_or_none(operation)
        if known is None:
            return
        if not self.target.allows(known.safety):
            raise NotTestable(
                f"{operation} needs safety level {known.safety!r}; the target file allows "
                f"{self.target.safety!r}"
            )
        if known.billable and operation not in self.target.billable:
            raise NotTestable(
                f"{operation} may cost money: name it in billable of the target file to allow it"
            )


def asks_for_patience(exchange: Exchange) -> bool:
    """Tell whether an answer says that the same call may succeed a little later."""
    return exchange.status in {429, 503} or (exchange.code or "").startswith(_LATER)


#: Codes of throttling and of a pause of the service (KMS error handling, 163625).
_LATER = ("Throttling", "Rejected.Throttling", "ServiceUnavailableTemporary")


def _encode(operation: str, params: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    if not params:
        return ()
    if operation_or_none(operation) is None:
        return [(name, str(value)) for name, value in params.items()]
    try:
        return codec(operation).encode(params)
    except NotTransmittable as error:
        # What is asked for came from an answer before, which lacked it.
        raise NotTestable(f"{operation} cannot be called: {error}") from None


def _decode(operation: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the logical parameters of wire pairs, as far as they can be read."""
    if operation_or_none(operation) is not None:
        try:
            return dict(codec(operation).decode(pairs))
        except WireError:
            pass
    return dict(pairs)


def _read(operation: str, answer: RawAnswer) -> Answer:
    known = operation_or_none(operation)
    return parse(
        answer.status,
        answer.headers,
        answer.body,
        known.response if known else None,
        operation=operation if known else None,
        resolve=resolve,
    )
