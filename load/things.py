"""Keys, secrets and credentials that a scenario needs: there already, or made and removed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import Any

from conformance.client.exchange import Exchange
from conformance.run.journal import Entry, Journal
from conformance.run.things import KINDS, SHORTEST_WINDOW
from conformance.target.model import Target
from conformance.wire.credentials import ClientKey
from load.caller import Caller, members
from load.corpus import Choice, popularity
from load.delivery import Refused
from load.failures import LoadError, NothingProven

#: Different payloads for each key: enough that no cache of answers could serve the run.
VARIANTS = 16
_SIGNATURE = "RSA_PSS_SHA_256"
_SIGNATURES = {"EC_P256": "ECDSA_SHA_256", "EC_P256K": "ECDSA_SHA_256", "EC_SM2": "SM2DSA"}
_ENCRYPTION = "RSAES_OAEP_SHA_256"
#: What the removal of a kind takes beside its name.
_REMOVALS: Mapping[str, Mapping[str, Any]] = {
    "key": {"PendingWindowInDays": SHORTEST_WINDOW},
    "secret": {"ForceDeleteWithoutRecovery": "true"},
}


def signature_algorithm(key_spec: str) -> str:
    """Return the algorithm that key pairs of a spec sign with."""
    return _SIGNATURES.get(key_spec, _SIGNATURE)


def encryption_algorithm(key_spec: str) -> str:
    """Return the algorithm that key pairs of a spec encrypt with."""
    return "SM2PKE" if key_spec == "EC_SM2" else _ENCRYPTION


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the requests of a run are made of.

    Attributes:
        keys: Number of keys of each kind.
        secrets: Number of secrets.
        size: Bytes of plaintexts and secret values.
        key_spec: Spec of key pairs.
        choice: How requests spread over keys and secrets.
        exponent: Of the Zipf law.
        seed: Of payloads.
        mark: Stands in descriptions and names of what is made.
        dedicated: Whether keys and secrets have to be those of the instance.
    """

    keys: int = 1
    secrets: int = 1
    size: int = 32
    key_spec: str = "RSA_2048"
    choice: Choice = "uniform"
    exponent: float = 1.0
    seed: int = 0
    mark: str = "kmsct-load"
    dedicated: bool = False


class _Watch:
    """Tells a journal of what the suite's own client makes."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def before(self, operation: str, params: Mapping[str, Any]) -> object:
        return self._journal.before(operation, params)

    def after(self, token: object, exchange: Exchange | None) -> None:
        self._journal.after(token, exchange)

    def note(self, exchange: Exchange) -> None:
        """Calls that change nothing are of no interest."""


class Things:
    """What there is on a target for a run.

    Args:
        target: Says what may be done and what is there already.
        management: Client of the gateway on which things are made; it keeps the journal.
        wishes: See `Wishes`.
    """

    def __init__(self, target: Target, management: Caller, wishes: Wishes) -> None:
        self.target = target
        self.wishes = wishes
        self._management = management
        self._random = Random(f"{wishes.seed}/payloads")
        self._keys: dict[str, list[str]] = {}
        self._instance: str | None = None
        self._of_instance = "instance-" if wishes.dedicated else ""

    # ---- keys and secrets

    def symmetric(self) -> list[str]:
        """Return the symmetric keys."""
        return self.keys_of("Aliyun_AES_256", "ENCRYPT/DECRYPT")

    def keys_of(self, spec: str, usage: str) -> list[str]:
        """Return the keys of a spec and usage.

        Raises:
            LoadError: When there is none and none may be made.
        """
        name = f"{spec} {usage}"
        if name not in self._keys:
            self._keys[name] = self._ready_key(spec, usage) or [
                self._create_key(spec, usage) for _ in range(self.wishes.keys)
            ]
        return self._keys[name]

    def _ready_key(self, spec: str, usage: str) -> list[str] | None:
        resources = self.target.resources
        ready = resources.get(f"{self._of_instance}keys", {})
        found = ready.get(f"{spec} {usage}") or ready.get(spec)
        if found is None and spec == "Aliyun_AES_256":
            found = resources.get("instance-key" if self.wishes.dedicated else "symmetric-key")
        return [found] if found else None

    def _create_key(self, spec: str, usage: str) -> str:
        self._may_create(f'"{spec} {usage}" under [resources.{self._of_instance}keys]')
        params = {"KeySpec": spec, "KeyUsage": usage, "Description": self.wishes.mark}
        answer = self._management.call("CreateKey", self._placed(params))
        return str(members(answer, ("KeyMetadata", "KeyId")))

    def secrets(self, value_of: Callable[[str], str] | None = None) -> dict[str, str]:
        """Return names and values of the secrets.

        Args:
            value_of: Reads the value of one that is there; the management gateway by default.

        Raises:
            LoadError: When there is none and none may be made.
        """
        name = f"{self._of_instance}secret"
        ready = self.target.resources.get(name)
        if ready:
            return {ready: (value_of or self._value)(ready)}
        self._may_create(f"{name} = ... under [resources]")
        values = {}
        for number in range(self.wishes.secrets):
            value = self.payload().hex()[: self.wishes.size]
            values[self._create_secret(number, value)] = value
        return values

    def _value(self, name: str) -> str:
        answer = self._management.call("GetSecretValue", {"SecretName": name})
        return str(members(answer, ("SecretData",)))

    def _create_secret(self, number: int, value: str) -> str:
        name = f"{self.wishes.mark}-{number}"
        params: dict[str, Any] = {
            "SecretName": name,
            "SecretData": value,
            "VersionId": "v1",
            "Description": self.wishes.mark,
        }
        if self._instance_id() is not None:
            params["EncryptionKeyId"] = self.symmetric()[0]
        self._management.call("CreateSecret", self._placed(params))
        return name

    def _placed(self, params: dict[str, Any]) -> dict[str, Any]:
        """Put a thing on the instance, if there is one to put it on."""
        instance = self._instance_id()
        return {**params, "DKMSInstanceId": instance} if instance else params

    def _instance_id(self) -> str | None:
        """Return the instance behind the dedicated gateway, or the one that the file names."""
        named: str | None = self.target.resources.get("instance")
        if not self.wishes.dedicated:
            return named
        gateway = self.target.gateways["dedicated"]
        if gateway.instance or named:
            return gateway.instance or named
        if self._instance is None:
            self._instance = self._only_instance()
        return self._instance

    def _only_instance(self) -> str:
        answer = self._management.call("ListKmsInstances", {"PageSize": 20})
        listed = members(answer, ("KmsInstances", "KmsInstance"))
        if not isinstance(listed, list) or len(listed) != 1:
            raise LoadError(
                "which instance stands behind the dedicated gateway is not known: "
                'give instance = "kst-..." under [gateways.dedicated]'
            )
        return str(members(listed[0], ("KmsInstanceId",)))

    def _may_create(self, instead: str) -> None:
        if not self.target.allows("schedules-deletion"):
            raise LoadError(
                f"the target file allows no more than {self.target.safety}: set safety to "
                f"schedules-deletion, or give {instead} to load what is there"
            )

    def version(self, key: str) -> str:
        """Return the id of the version of a key."""
        answer = self._management.call("ListKeyVersions", {"KeyId": key})
        return str(members(answer, ("KeyVersions", "KeyVersion", 0, "KeyVersionId")))

    def payload(self) -> bytes:
        """Return the next bytes to encrypt or to keep."""
        return self._random.randbytes(self.wishes.size)

    def shares(self, things: list[str]) -> list[tuple[str, float]]:
        """Return things with the share of each of their variants in the requests."""
        wishes = self.wishes
        shares = popularity(len(things), wishes.choice, wishes.exponent)
        return [(thing, share / VARIANTS) for thing, share in zip(things, shares, strict=True)]

    # ---- client keys

    def client_key(self) -> ClientKey:
        """Make a client key for the instance, with an access point of its own.

        Raises:
            LoadError: When none may be made.
            NothingProven: When the target does not give one.
        """
        from conformance.client.caller import Caller as Client
        from conformance.client.resources import Names, Resources
        from conformance.client.resources.base import MARK
        from conformance.run.verdict import NotApplicable, Outcome

        self._may_create("[identities.client-key]")
        journal = self._management.journal
        client = Client(self.target, None if journal is None else _Watch(journal))
        try:
            resources = Resources(client, Names(self.wishes.mark.removeprefix(MARK)))
            made = resources.provide(
                "client-key", {"Scope": "instance"}, fresh=True, random=SystemRandom()
            )
            credential = made["credential"]
        except NotApplicable as absent:
            raise LoadError(f"{absent}: give a client key as [identities.client-key]") from None
        except Outcome as outcome:
            raise NothingProven(f"preparation failed: {outcome}") from None
        finally:
            client.close()
        assert isinstance(credential, ClientKey)
        return credential

    # ---- the end

    def clean(self) -> list[str]:
        """Remove what was made; return what could not be removed, in words."""
        journal = self._management.journal
        left = []
        entries = journal.left() if journal is not None else []
        # What has no name is found by description, which what has one shares until it is removed;
        # what was made last may hold what was made before.
        for entry in sorted(entries, key=lambda one: (one.name is None, -one.number)):
            if entry.name is None:
                left += self._find_and_remove(entry)
                continue
            kind = KINDS[entry.kind]
            params = {kind.parameter: entry.name, **_REMOVALS.get(entry.kind, {})}
            try:
                self._management.call(kind.deletes, params)
            except (Refused, NothingProven) as error:
                left.append(f"{entry.kind} {entry.name}: {error}")
        self._management.close()
        return left

    def _find_and_remove(self, entry: Entry) -> list[str]:
        """Remove what was being made when the run was stopped, found by its description."""
        from conformance.client.caller import Caller as Client
        from conformance.run.cleanup import Cleaner
        from conformance.run.verdict import Outcome

        journal = self._management.journal
        assert journal is not None
        client = Client(self.target)
        try:
            return Cleaner(client).clean([entry], journal.gone).left
        except Outcome as outcome:
            return [f"a {entry.kind} with the description {self.wishes.mark}: {outcome}"]
        finally:
            client.close()
