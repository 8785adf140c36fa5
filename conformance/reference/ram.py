"""Resource Access Management: who may do what, by RAM policies and by policies of resources.

Own account: allowed when a RAM policy or the resource's own policy allows and neither denies.
Another account: both must allow.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

Effect = Literal["Allow", "Deny"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a RAM policy; ``*`` and ``?`` stand for any characters and one character."""

    effect: Effect
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls.

    Attributes:
        name: Name of the identity.
        arn: ``acs:ram::<uid>:user/<name>``, ``:role/<name>`` or ``:root``.
        uid: The account it belongs to.
        kind: A RAM user, an assumed role (security token), or a client key.
        statements: Its RAM policies.
        unlimited: Whether these allow everything, so that they need not be gone through.
    """

    name: str
    arn: str
    uid: str
    kind: Literal["root", "user", "role", "client-key"] = "user"
    statements: tuple[Statement, ...] = ()
    unlimited: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of an evaluation.

    Attributes:
        allowed: Whether the call may go on.
        explicit: For a refusal: whether a Deny decided, rather than the absence of an Allow.
    """

    allowed: bool
    explicit: bool = False


ALLOWED = Decision(allowed=True)


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(char, re.escape(char)) for char in text), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern of a policy covers a text."""
    return pattern in ("*", text) or _pattern(pattern).fullmatch(text) is not None


def _verdict(found: Iterable[tuple[Effect, bool]]) -> Effect | None:
    verdict: Effect | None = None
    for effect, applies in found:
        if applies and effect == "Deny":
            return "Deny"
        if applies:
            verdict = "Allow"
    return verdict


def identity_verdict(statements: Sequence[Statement], action: str, resource: str) -> Effect | None:
    """Return what RAM policies say about an action on a resource; None when nothing applies."""
    return _verdict(
        (
            statement.effect,
            any(matches(pattern, action) for pattern in statement.actions)
            and any(matches(pattern, resource) for pattern in statement.resources),
        )
        for statement in statements
    )


def resource_verdict(
    policy: Mapping[str, Any] | None, principal: Principal, action: str
) -> Effect | None:
    """Return what a key policy or secret policy says about an action of a principal."""
    if policy is None:
        return None
    return _verdict(
        (statement["Effect"], _concerns(statement, principal, action))
        for statement in policy["Statement"]
    )


def _concerns(statement: Mapping[str, Any], principal: Principal, action: str) -> bool:
    # A statement with a condition that no request of this endpoint meets never applies.
    if statement.get("Condition"):
        return False
    names = statement["Principal"]["RAM"]
    return any(_is_principal(name, principal) for name in names) and any(
        matches(pattern, action) for pattern in statement["Action"]
    )


def _is_principal(name: str, principal: Principal) -> bool:
    """Tell whether a policy's principal is the caller: ``*``, an ARN pattern, or an account."""
    account = f"acs:ram::{principal.uid}:"
    return name in {"*", principal.uid, f"{account}*", f"{account}root"} or matches(
        name, principal.arn
    )


def decide(
    principal: Principal,
    action: str,
    resource: str,
    *,
    owner: str,
    policy: Mapping[str, Any] | None = None,
) -> Decision:
    """Combine RAM policies with the resource's own.

    Args:
        principal: Who calls.
        action: Such as ``kms:Encrypt``.
        resource: ARN of the resource.
        owner: Account that the resource belongs to.
        policy: The resource's own policy, None when it has none.
    """
    by_identity: Effect | None = "Allow"
    if not principal.unlimited:
        by_identity = identity_verdict(principal.statements, action, resource)
    elif policy is None and principal.uid == owner:
        return ALLOWED
    by_resource = resource_verdict(policy, principal, action)
    if "Deny" in (by_identity, by_resource):
        return Decision(allowed=False, explicit=True)
    allowing = [by_identity == "Allow", by_resource == "Allow"]
    allowed = any(allowing) if principal.uid == owner else all(allowing)
    return Decision(allowed)
