"""The endpoint behind its sockets: one plain function from request to answer.

Stages in order: gateway_check, recognise, authenticate, parse, throttle, authorise, validate,
dispatch, render. Each is an attribute of the instance, so that a fault can put another function in
its place.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from itertools import count
from typing import TypeAlias
from uuid import uuid4

from conformance.reference import dedicated, pipeline
from conformance.reference.access_control import AccessControl
from conformance.reference.call import Gateway, Seams, Side, handlers, slow_tests
from conformance.reference.clock import MovableClock
from conformance.reference.errors import KmsError
from conformance.reference.identities import Identities
from conformance.reference.model import Account
from conformance.reference.passage import ListenerName, Passage, Response
from conformance.reference.script import Script
from conformance.reference.services.seed import furnish
from conformance.reference.settings import Settings, Transport
from conformance.reference.throttle import Throttle
from conformance.reference.validate import Check, request_check
from conformance.reference.witness import Witness
from conformance.spec import Operation, catalogue, resolve
from conformance.wire import acs3, acs4, rpc
from conformance.wire.encoding import ParameterCodec
from conformance.wire.identity import (
    Lookup,
    NonceMemory,
    Policy,
    Scheme,
    TokenOwner,
    Verified,
    Verifier,
)
from conformance.wire.request import WireRequest

Stage: TypeAlias = Callable[[Passage], None]
Verify: TypeAlias = Callable[[WireRequest, Verifier], Verified]

_VERIFY = {Scheme.RPC: rpc.verify, Scheme.V3: acs3.verify, Scheme.V4: acs4.verify}

#: Stages before the handler, in order.
ADMISSION = (
    "gateway_check",
    "recognise",
    "authenticate",
    "parse",
    "throttle",
    "authorise",
    "validate",
)
#: Nonces remembered for each access key.
_NONCES = 20_000
#: What request ids begin with, and how they go on.
_PROCESS = str(uuid4()).upper()[:23]
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Known:
    """An operation with what is compiled from its spec."""

    operation: Operation
    codec: ParameterCodec
    check: Check
    methods: frozenset[str]
    gateways: frozenset[str]
    takes_region: bool


@cache
def _known(name: str) -> Known:
    operation = catalogue().operations[name]
    return Known(
        operation,
        ParameterCodec(operation.request, resolve),
        request_check(operation),
        frozenset(operation.methods),
        frozenset(operation.gateways),
        "RegionId" in operation.request.get("properties", {}),
    )


class Operations(dict[str, Known]):
    """Operations by name, compiled when first asked for, so that the endpoint starts at once."""

    def __missing__(self, name: str) -> Known:
        self[name] = known = _known(name)
        return known


class _Unlocked:
    """A block during which a lock is let go of."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        self._lock.release()

    def __exit__(self, *_: object) -> None:
        self._lock.acquire()


class Endpoint:
    """One account in one region, behind a gateway.

    Args:
        settings: Documented choices; defaults suit a target under test.
        transport: How answers travel; harmless variations and faults change it.
    """

    def __init__(
        self, settings: Settings | None = None, transport: Transport | None = None
    ) -> None:
        self.settings = settings or Settings()
        self.transport = transport or Transport()
        self.clock = MovableClock()
        self.account = Account(self.settings.uid, self.settings.region)
        self.access_control = AccessControl(self.account)
        self.identities = Identities(self.account, self.clock.now(), self.settings.seed)
        self.nonces: NonceMemory | None = NonceMemory(2 * self.settings.freshness, _NONCES)
        self.policy = Policy(
            freshness=self.settings.freshness,
            require_nonce=self.settings.require_nonce,
            schemes=frozenset({Scheme.RPC, Scheme.V3}),
            actions=frozenset(catalogue().operations),
        )
        self.witness = Witness()
        self.script = Script()
        self.quota = Throttle()
        self.operations = Operations()
        self.handlers = handlers()
        self.slow = slow_tests()
        furnish(self.account, self.clock.now())
        #: The instance behind the dedicated gateway.
        self.instance_id = next(iter(self.account.instances))
        self.seams = Seams()
        #: Root and second authority of the dedicated gateway, PEM; empty while nothing serves it.
        self.instance_ca_pem = ""
        #: Names of the faults and harmless variations in force.
        self.deviations: list[str] = []
        #: Finds the identity behind an access key id, and the access key id behind a token.
        self.lookup: Lookup = self.identities.lookup
        self.token_owner: TokenOwner = self.identities.token_owner
        self._now = self.clock.now()
        self._verifier: Verifier | None = None
        #: How the schemes that are offered are verified.
        self.verify_by_scheme: list[tuple[Scheme, Verify]] = []
        self._lock = threading.Lock()
        self._unlocked = _Unlocked(self._lock)
        self.choose_api: Stage = partial(dedicated.choose_api, self)
        self.instance_api: Callable[[Passage], Response] = partial(dedicated.instance_api, self)
        self.gateway_check: Stage = partial(pipeline.gateway_check, self)
        self.recognise: Stage = partial(pipeline.recognise, self)
        self.authenticate: Stage = partial(pipeline.authenticate, self)
        self.parse: Stage = partial(pipeline.parse, self)
        self.throttle: Stage = partial(pipeline.throttle, self)
        self.authorise: Stage = partial(pipeline.authorise, self)
        self.validate: Stage = partial(pipeline.validate, self)
        self.dispatch: Stage = partial(pipeline.dispatch, self)
        self.render: Callable[[Passage], Response] = partial(pipeline.render, self)

    def handle(
        self,
        request: WireRequest,
        listener: ListenerName = "https",
        *,
        gateway: Gateway = "shared",
        side: Side = "vpc",
        client_ip: str = "",
    ) -> Response:
        """Answer one request: status, headers, body."""
        passage = self.admit(request, listener, gateway=gateway, side=side, client_ip=client_ip)
        return self.finish(passage)

    def admit(
        self,
        request: WireRequest,
        listener: ListenerName,
        *,
        gateway: Gateway = "shared",
        side: Side = "vpc",
        client_ip: str = "",
    ) -> Passage:
        """Take a request up to its handler; a refusal is kept in the passage."""
        now = self.clock.now()
        passage = Passage(request, listener, gateway, client_ip, now, new_request_id())
        passage.side = side
        with self._lock:
            try:
                if gateway == "dedicated":
                    passage.instance_id = self.instance_id
                    self.choose_api(passage)
                    if passage.instance_api:
                        return passage
                self.gateway_check(passage)
                self.recognise(passage)
                self.authenticate(passage)
                self.parse(passage)
                self.throttle(passage)
                self.authorise(passage)
                self.validate(passage)
            except KmsError as error:
                passage.error = error
            except Exception as error:  # noqa: BLE001 - an answer is owed whatever went wrong
                passage.error = self._failure(error)
        return passage

    def is_slow(self, passage: Passage) -> bool:
        """Tell whether finishing the passage is work for a thread of its own."""
        if passage.instance_api:
            return dedicated.is_slow(passage)
        call = passage.call
        if call is None or passage.error is not None:
            return False
        test = self.slow.get(call.operation.name)
        if test is None:
            return False
        try:
            return test(call)
        except Exception:  # noqa: BLE001 - the handler will meet the same and refuse
            return False

    def finish(self, passage: Passage) -> Response:
        """Run the handler of an admitted passage and write the answer."""
        with self._lock:
            if passage.instance_api:
                return self._answer_instance_api(passage)
            if passage.error is None:
                try:
                    self.dispatch(passage)
                except KmsError as error:
                    passage.error = error
                except Exception as error:  # noqa: BLE001 - as above
                    passage.error = self._failure(error)
            try:
                return self.render(passage)
            except Exception as error:  # noqa: BLE001 - as above
                passage.error = self._failure(error)
                return pipeline.render(self, passage)

    def _answer_instance_api(self, passage: Passage) -> Response:
        try:
            return self.instance_api(passage)
        except Exception as error:  # noqa: BLE001 - as above
            self.witness.note_internal_error(error)
            return Response(500, (), b"")

    def _failure(self, error: Exception) -> KmsError:
        self.witness.note_internal_error(error)
        return KmsError("InternalFailure", "The service failed for a reason of its own.")

    def heavy(self) -> "_Unlocked":
        """Let other calls go on while a handler does RSA private-key work.

        State may have changed when the block ends: look up before it, change after it.
        """
        return self._unlocked

    def verifier_at(self, now: datetime) -> Verifier:
        """Return the verifier for a request that arrived at ``now``."""
        self._now = now
        if self._verifier is None:
            self._verifier = Verifier(
                self.lookup,
                self.policy,
                lambda: self._now,
                self.nonces,
                self.token_owner,
            )
            self.verify_by_scheme = [
                (scheme, verify)
                for scheme, verify in _VERIFY.items()
                if scheme in self.policy.schemes
            ]
        return self._verifier

    def change_policy(self, **changes: object) -> None:
        """Change what verification insists on; the names are those of `wire.identity.Policy`."""
        self.policy = replace(self.policy, **changes)  # type: ignore[arg-type]
        self._verifier = None

    def forget_nonces(self) -> None:
        """Switch replay detection off."""
        self.nonces = None
        self._verifier = None


def new_request_id() -> str:
    """Return a UUID in upper case, the form that samples of answers show.

    Random is the part that all ids of a process share; the rest is a running number.
    """
    return f"{_PROCESS}-{next(_NUMBERS):012X}"
