"""Who may call: access keys with what the verifier and what RAM need to know of each."""

import secrets
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from conformance.reference.model import Account
from conformance.reference.ram import Principal, Statement
from conformance.wire.credentials import AccessKey, StsToken
from conformance.wire.identity import Identity

_ALPHABET = string.ascii_letters + string.digits
EVERYTHING = (Statement("Allow", ("kms:*",)),)
#: What the read-only identity may do: describe and list everything, read public keys and policies,
#: and neither values of secrets nor anything that changes or uses a key.
READ_ONLY = (
    Statement(
        "Allow",
        (
            "kms:Describe*",
            "kms:List*",
            "kms:GetKeyPolicy",
            "kms:GetSecretPolicy",
            "kms:GetPublicKey",
            "kms:GetClientKey",
            "kms:GetKmsInstance*",
            "kms:GetDefaultKmsInstance",
        ),
    ),
)
#: How long a security token made at start is good for: longer than any run.
_TOKEN_LIFETIME = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Caller:
    """One identity: its name, its credential, and both of its server-side faces."""

    name: str
    credential: AccessKey | StsToken = field(repr=False)
    identity: Identity
    principal: Principal


class Identities:
    """The identities an endpoint knows, by name and by access key id.

    Args:
        account: Owner of RAM users; its client keys are known as well.
        start: The endpoint's time at start; tokens are counted from it.
        seed: None for random credentials, else the same credentials for the same seed.
    """

    def __init__(self, account: Account, start: datetime, seed: int | None = None) -> None:
        self._account = account
        self._callers: dict[str, Caller] = {}
        self._by_id: dict[str, Caller] = {}
        self._owners: dict[str, str] = {}
        choice = secrets.choice if seed is None else Random(f"identities {seed}").choice
        self._text: Callable[[int], str] = lambda length: "".join(
            choice(_ALPHABET) for _ in range(length)
        )
        self.add("full", EVERYTHING)
        self.add("read-only", READ_ONLY)
        self.add("none", ())
        self.add("disabled", EVERYTHING, active=False)
        self.add("sts", EVERYTHING, token_expires=start + _TOKEN_LIFETIME)
        self.add("expired-sts", EVERYTHING, token_expires=start - timedelta(hours=1))

    def add(
        self,
        name: str,
        statements: tuple[Statement, ...],
        *,
        active: bool = True,
        token_expires: datetime | None = None,
        uid: str | None = None,
    ) -> Caller:
        """Add an identity, or replace the one of that name.

        Args:
            name: Its name.
            statements: Its RAM policies.
            active: False for a disabled access key.
            token_expires: Makes it a temporary access key with a security token.
            uid: Account it belongs to, the endpoint's own when left out.
        """
        uid = uid or self._account.uid
        temporary = token_expires is not None
        key_id = f"STS.NT{self._text(20)}" if temporary else f"LTAI5t{self._text(18)}"
        secret = self._text(40 if temporary else 30)
        token = f"CAIS{self._text(400)}" if temporary else None
        credential = AccessKey(key_id, secret) if token is None else StsToken(key_id, secret, token)
        caller = Caller(
            name,
            credential,
            Identity(key_id, secret, token=token, token_expires=token_expires, active=active),
            Principal(
                name,
                f"acs:ram::{uid}:{'role' if temporary else 'user'}/{name}",
                uid,
                "role" if temporary else "user",
                statements,
                unlimited=statements == EVERYTHING,
            ),
        )
        self.remove(name)
        self._callers[name] = self._by_id[key_id] = caller
        if token is not None:
            self._owners[token] = key_id
        return caller

    def remove(self, name: str) -> None:
        """Forget an identity; its access key is unknown from then on."""
        caller = self._callers.pop(name, None)
        if caller is not None:
            del self._by_id[caller.identity.access_key_id]

    def __getitem__(self, name: str) -> Caller:
        return self._callers[name]

    def __iter__(self) -> Iterator[Caller]:
        return iter(self._callers.values())

    def lookup(self, access_key_id: str) -> Identity | None:
        """Return what a verifier needs to know of an access key or client key, None if unknown."""
        caller = self._by_id.get(access_key_id)
        if caller is not None:
            return caller.identity
        client_key = self._account.client_keys.get(access_key_id)
        if client_key is None:
            return None
        return Identity(
            access_key_id,
            public_key=client_key.public_key,
            not_before=client_key.not_before,
            not_after=client_key.not_after,
        )

    def token_owner(self, token: str) -> str | None:
        """Return the access key id that a token was issued for, None when it never was."""
        return self._owners.get(token)

    def principal(self, access_key_id: str) -> Principal:
        """Return who an authenticated access key or client key stands for."""
        caller = self._by_id.get(access_key_id)
        if caller is not None:
            return caller.principal
        return client_key_principal(self._account, access_key_id)


def client_key_principal(account: Account, client_key_id: str) -> Principal:
    """Return a client key as a caller; its rights are a matter of its access point."""
    name = f"clientkey/{client_key_id}"
    arn = f"acs:kms::{account.uid}:{name}"
    return Principal(name, arn, account.uid, "client-key")
