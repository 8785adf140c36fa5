"""Whether a target properly declines what it declares not to offer."""

from typing import TYPE_CHECKING

from conformance.client.exchange import Exchange
from conformance.run.verdict import Violation

if TYPE_CHECKING:
    from conformance.run.context import Kms

#: Codes by which a target shows that it does look at the call: it offers it after all.
_OFFERED = ("MissingParameter", "InvalidParameter", "Forbidden.KeyNotFound")


def check_declined(kms: "Kms", capability: str) -> None:
    """Ask the target for what it declares absent.

    Raises:
        Violation: When it does not decline with a 4xx, a code and a RequestId.
    """
    problem = kms.declined(capability, lambda: _ask(kms, capability))
    if problem is not None:
        raise Violation(problem, kms.exchanges[-1:])


def _ask(kms: "Kms", capability: str) -> str | None:
    kind, _, name = capability.partition(":")
    if kind == "operation":
        exchange = kms.call(name)
    elif kind == "scheme" and name in {"V3", "RPC-1.0"}:
        exchange = kms.call("DescribeRegions", scheme=name)  # type: ignore[arg-type]
    elif kind == "spec" and kms.target.allows("creates"):
        exchange = kms.call("CreateKey", {"KeySpec": name, "Description": kms.marker})
    else:
        return None  # nothing on the wire to ask: an absent credential, listener or gateway
    return _improper(capability, exchange)


def _improper(capability: str, exchange: Exchange) -> str | None:
    found = f"declared absent, {capability} should be declined with a 4xx and a code, found "
    if not 400 <= exchange.status < 500:
        return found + exchange.describe()
    if not exchange.code or not exchange.answer.request_id:
        return f"{found}{exchange.status} without Code or RequestId"
    if capability.startswith("operation:") and exchange.code.startswith(_OFFERED):
        return f"{found}{exchange.describe()}, which an operation that is offered answers"
    return None
