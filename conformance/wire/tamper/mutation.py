"""The shape of a mutation, and the builders its table entries are made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import UnionType
from typing import TypeAlias

import httpx

from conformance.wire.acs4 import Acs4Auth
from conformance.wire.credentials import AccessKey, ClientKey, Credential, StsToken
from conformance.wire.failures import FailureKind, WireError
from conformance.wire.identity import Scheme
from conformance.wire.instance import InstanceAuth
from conformance.wire.rpc import RpcAuth
from conformance.wire.tamper import mistakes, signers
from conformance.wire.tamper.signers import Signer

#: Makes a wrong signer of a right one and, where needed, a second credential.
Build: TypeAlias = Callable[[Signer, Credential | None], httpx.Auth]

RPC = frozenset({Scheme.RPC})
V3 = frozenset({Scheme.V3})
INSTANCE = frozenset({Scheme.INSTANCE})
SHARED = RPC | V3
EVERY = SHARED | INSTANCE

_CREDENTIALS: Mapping[str, type | UnionType] = {
    "temporary": StsToken,
    "permanent": AccessKey,
    "secret": AccessKey | StsToken,
    "client-key": ClientKey,
}


@dataclass(frozen=True, slots=True)
class Mutation:
    """One deliberate mistake in authenticating a request.

    Attributes:
        name: Stable name.
        statement: What is wrong.
        schemes: Where it can be made.
        kind: Why a verifier must refuse it.
        needs: What `wrap` needs: ``parameter`` (the request has a parameter of the operation),
            ``temporary``, ``permanent``, ``secret`` or ``client-key`` (kind of credential:
            temporary or permanent access key, either of them, or client key), ``other`` (a second
            temporary access key), ``post`` (method POST), ``twice`` (the second sending with the
            same `httpx.Auth` is the one that must be refused).
        determined: False where documentation does not settle that it is refused; such a mutation
            cannot gate.
    """

    name: str
    statement: str
    schemes: frozenset[Scheme]
    kind: FailureKind
    build: Build = field(repr=False)
    needs: frozenset[str] = frozenset()
    determined: bool = True

    def wrap(self, signer: Signer, other: Credential | None = None) -> httpx.Auth:
        """Return the wrong signer made from a right one.

        Args:
            signer: A right signer of one of `schemes`.
            other: The second credential that the mutation needs.

        Raises:
            WireError: When the signer or the credentials do not fit.
        """
        if scheme_of(signer) not in self.schemes:
            raise WireError(f"{self.name} is no mutation of {scheme_of(signer).value}")
        for need in self.needs & _CREDENTIALS.keys():
            if not isinstance(signer.credential, _CREDENTIALS[need]):
                raise WireError(f"{self.name} does not fit this credential: it needs {need}")
        if "other" in self.needs and not isinstance(other, StsToken):
            raise WireError(f"{self.name} needs another temporary access key")
        return self.build(signer, other)


def scheme_of(signer: Signer) -> Scheme:
    """Return the scheme that a signer signs with."""
    if isinstance(signer, RpcAuth):
        return Scheme.RPC
    if isinstance(signer, InstanceAuth):
        return Scheme.INSTANCE
    return Scheme.V4 if isinstance(signer, Acs4Auth) else Scheme.V3


def common(name: str, value: str | None) -> Build:
    """Set one common parameter or header, None to leave it out; the rest is signed rightly."""
    return lambda signer, _: signers.with_common(signer, name, lambda _: value)


def at_time(change: signers.Edit) -> Build:
    """Change how the time is written."""
    return lambda signer, _: signers.with_common(signer, "Timestamp", change)


def clock_off_by(**offset: int) -> Build:
    """Sign with a wrong clock."""
    return lambda signer, _: signers.shifted(signer, timedelta(**offset))


def changed_before(change: signers.Change) -> Build:
    """Change the request, then sign it rightly."""
    return lambda signer, _: signers.before(signer, change)


def changed_after(change: signers.Change) -> Build:
    """Sign rightly, then change the request."""
    return lambda signer, _: signers.after(signer, change)


def signature_altered(change: Callable[[str], str]) -> Build:
    """Alter a right signature."""
    return changed_after(lambda request: signers.with_signature(request, change))


def signed_for(change: signers.Change) -> Build:
    """Send the request with the signature of a changed one."""
    return lambda signer, _: signers.signed_for_another(signer, change)


def signed_by(make: Callable[[Signer], Signer]) -> Build:
    """Send the request with the signature of a wrong signer."""
    return lambda signer, _: signers.signed_by(signer, make)


def made_by(make: Callable[[Signer], Signer]) -> Build:
    """Use a wrong signer."""
    return lambda signer, _: make(signer)


def as_credential(make: Callable[[Credential], Credential]) -> Build:
    """Sign rightly with a wrong credential."""
    return lambda signer, _: signers.with_credential(signer, make(signer.credential))


def resigned(compute: signers.Compute, algorithm: str | None = None) -> Build:
    """RPC-1.0: compute the signature in a wrong way."""
    return lambda signer, _: signers.resigned(signer, compute, algorithm)


def foreign_token(signer: Signer, other: Credential | None) -> httpx.Auth:
    """Sign with the token of the second credential."""
    token = other.token if isinstance(other, StsToken) else None
    return signers.with_credential(signer, mistakes.with_token(signer.credential, token))


def absent_header(signer: Signer, _: Credential | None) -> httpx.Auth:
    """Name a header in SignedHeaders that is not sent."""
    name = "x-acs-signed-and-not-sent"
    added = signers.with_common(signer, name, lambda _: "x")
    return signers.after(added, lambda request: signers.with_header(request, name, None))
