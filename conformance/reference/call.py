"""What a handler gets, and how it is registered.

    @handles("DescribeKey")
    def describe_key(call: Call) -> dict[str, Any]:
        key = find_key(call, call.params["KeyId"])
        return {"KeyMetadata": metadata(call, key)}

A handler answers without RequestId, refuses with `KmsError`, and gets parameters that are decoded
and valid by the operation's schema; defaults are not filled in. Handlers live in the modules of
``conformance.reference.services``, which are imported when the first endpoint is made.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from conformance.spec import Operation, catalogue

if TYPE_CHECKING:
    from conformance.reference.endpoint import Endpoint
    from conformance.reference.model import Account
    from conformance.reference.ram import Principal

Gateway: TypeAlias = Literal["shared", "dedicated"]
#: Where a caller comes from: a VPC, or the Internet.
Side: TypeAlias = Literal["vpc", "internet"]


# Not frozen for the same reason as `Verified`: made for every request, changed by nobody.
@dataclass(slots=True)
class Call:
    """One authenticated, authorised and valid call.

    Attributes:
        operation: Its spec.
        params: Logical parameters by name. Never logged: they hold plaintexts and secret values.
        principal: Who calls.
        now: The endpoint's time when the call arrived, aware and in UTC.
        account: Whose keys and secrets are meant.
        request_id: Goes into the answer.
        gateway: Where the call came in.
        secure: Whether it came over TLS.
        client_ip: Address of the caller, empty when there is no socket.
        endpoint: For its seams and settings.
        side: Where the caller comes from.
        instance_id: On the dedicated gateway, the instance whose keys and secrets are meant.
    """

    operation: Operation
    params: dict[str, Any] = field(repr=False)
    principal: "Principal"
    now: datetime
    account: "Account"
    request_id: str
    gateway: Gateway
    secure: bool
    client_ip: str
    endpoint: "Endpoint"
    side: Side = "vpc"
    instance_id: str | None = None


Handler: TypeAlias = Callable[[Call], dict[str, Any]]
#: Tells whether a call will do RSA private-key work.
SlowTest: TypeAlias = Callable[[Call], bool]
#: Returns the ARNs of the resources that a call names, for authorisation.

_HANDLERS: dict[str, Handler] = {}
_SEAMS: dict[str, Callable[..., Any]] = {}
_SLOW: dict[str, SlowTest] = {}


def handles(*operations: str, slow: SlowTest | bool = False) -> Callable[[Handler], Handler]:
    """Register the handler of operations.

    Args:
        operations: Names.
        slow: It does RSA private-key work (signing, decrypting, generating): always, or for the
            calls of which the function says so. Such a call runs in a thread, so that cheap ones do
            not queue behind it. State is under one lock all the same; the handler lets go of it
            for the work alone: ``with call.endpoint.heavy(): signature = key.sign(...)``.
    """
    test = slow if callable(slow) else (lambda _: True) if slow else None

    def register(handler: Handler) -> Handler:
        for name in operations:
            if name not in catalogue().operations:
                raise LookupError(f"specs know no operation {name!r}")
            if name in _HANDLERS and _HANDLERS[name] is not handler:
                raise LookupError(f"{name} has two handlers")
            _HANDLERS[name] = handler
            if test is not None:
                _SLOW[name] = test
        return handler

    return register


def seam(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a small function of a service replaceable in one endpoint.

    It is called as ``call.endpoint.seams.<name>(...)``; a fault assigns another function to that
    name, which concerns this endpoint only.
    """
    if _SEAMS.setdefault(function.__name__, function) is not function:
        raise LookupError(f"two seams are called {function.__name__}")
    return function


class Seams:
    """The replaceable functions of one endpoint, by name."""

    def __init__(self) -> None:
        self.__dict__.update(_SEAMS)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AttributeError(f"there is no seam {name!r}; known: {', '.join(sorted(_SEAMS))}")

    def __setattr__(self, name: str, function: Callable[..., Any]) -> None:
        if name not in _SEAMS:
            raise AttributeError(f"there is no seam {name!r}; known: {', '.join(sorted(_SEAMS))}")
        self.__dict__[name] = function

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(_SEAMS))


def load_services() -> None:
    """Import every service module, so that its handlers and seams are registered."""
    package = import_module("conformance.reference.services")
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        import_module(module.name)
    import_module("conformance.reference.instance_api")


def handlers() -> dict[str, Handler]:
    """Return all handlers, a fresh dictionary."""
    load_services()
    return dict(_HANDLERS)


def slow_tests() -> dict[str, SlowTest]:
    """Return, by operation, what tells whether a call is to run in a thread."""
    return dict(_SLOW)
