"""Makes what a scenario needs on the target, and the requests of the run from it."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any

from conformance.run.journal import Entry
from conformance.run.things import SHORTEST_WINDOW
from conformance.target.model import Target
from load.caller import Caller, Refused, members, pairs_of
from load.checks import digest_of
from load.corpus import Case, Choice, popularity
from load.failures import LoadError, NothingProven
from load.scenarios import Scenario

#: Different payloads for each key: enough that no cache of answers could serve the run.
_VARIANTS = 16
_SIGNATURE = "RSA_PSS_SHA_256"
_SIGNATURES = {"EC_P256": "ECDSA_SHA_256", "EC_P256K": "ECDSA_SHA_256", "EC_SM2": "SM2DSA"}
_ENCRYPTION = "RSAES_OAEP_SHA_256"


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
    """

    keys: int = 1
    secrets: int = 1
    size: int = 32
    key_spec: str = "RSA_2048"
    choice: Choice = "uniform"
    exponent: float = 1.0
    seed: int = 0
    mark: str = "kmsct-load"


class Preparation:
    """Prepares a scenario on a target.

    Args:
        target: Says what may be done and what is there already.
        management: Client of the gateway on which things are made; it keeps the journal.
        business: Client of the gateway under load.
        wishes: See `Wishes`.
    """

    def __init__(
        self,
        target: Target,
        management: Caller,
        business: Caller,
        wishes: Wishes,
    ) -> None:
        self._target = target
        self._management = management
        self._business = business
        self._wishes = wishes
        self._random = Random(f"{wishes.seed}/payloads")
        self._keys: dict[str, list[str]] = {}

    def corpus(self, scenario: Scenario) -> list[Case]:
        """Return the requests of a scenario.

        Raises:
            LoadError: When the target file does not allow what is needed.
            NothingProven: When the target does not answer as it should.
        """
        total = sum(scenario.mix.values())
        cases: list[Case] = []
        for operation, weight in scenario.mix.items():
            try:
                made = _MAKERS[operation](self)
            except Refused as refusal:
                raise NothingProven(f"preparation failed: {refusal}") from None
            share = weight / total / sum(case.weight for case in made)
            cases += [
                Case(case.operation, case.pairs, case.weight * share, case.expect) for case in made
            ]
        return cases

    def clean(self) -> list[str]:
        """Remove what was made; return what could not be removed, in words."""
        journal = self._management.journal
        left = []
        entries = journal.left() if journal is not None else []
        # What has no name is found by description, which what has one shares until it is removed.
        for entry in sorted(entries, key=lambda one: one.name is None):
            if entry.name is None:
                left += self._find_and_remove(entry)
                continue
            try:
                self._management.call(*_REMOVALS[entry.kind](entry.name))
            except (Refused, NothingProven) as error:
                left.append(f"{entry.kind} {entry.name}: {error}")
        self._management.close()
        self._business.close()
        return left

    def _find_and_remove(self, entry: Entry) -> list[str]:
        """Remove what was being made when the run was stopped, found by its description."""
        from conformance.client.caller import Caller as Client
        from conformance.run.cleanup import Cleaner
        from conformance.run.verdict import Outcome

        journal = self._management.journal
        assert journal is not None
        client = Client(self._target)
        try:
            return Cleaner(client).clean([entry], journal.gone).left
        except Outcome as outcome:
            return [f"a {entry.kind} with the description {self._wishes.mark}: {outcome}"]
        finally:
            client.close()

    # ---- things

    def _symmetric(self) -> list[str]:
        return self._keys_of("Aliyun_AES_256", "ENCRYPT/DECRYPT")

    def _keys_of(self, spec: str, usage: str) -> list[str]:
        name = f"{spec} {usage}"
        if name not in self._keys:
            self._keys[name] = self._ready_key(spec, usage) or [
                self._create_key(spec, usage) for _ in range(self._wishes.keys)
            ]
        return self._keys[name]

    def _ready_key(self, spec: str, usage: str) -> list[str] | None:
        resources = self._target.resources
        ready = resources.get("keys", {})
        found = ready.get(f"{spec} {usage}") or ready.get(spec)
        if found is None and spec == "Aliyun_AES_256":
            found = resources.get("symmetric-key")
        return [found] if found else None

    def _create_key(self, spec: str, usage: str) -> str:
        self._may_create(f'"{spec} {usage}" under [resources.keys]')
        params = {"KeySpec": spec, "KeyUsage": usage, "Description": self._wishes.mark}
        answer = self._management.call("CreateKey", self._on_instance(params))
        return str(members(answer, ("KeyMetadata", "KeyId")))

    def _create_secret(self, number: int, value: str) -> str:
        name = f"{self._wishes.mark}-{number}"
        params: dict[str, Any] = {
            "SecretName": name,
            "SecretData": value,
            "VersionId": "v1",
            "Description": self._wishes.mark,
        }
        if "instance" in self._target.resources:
            params["EncryptionKeyId"] = self._symmetric()[0]
        self._management.call("CreateSecret", self._on_instance(params))
        return name

    def _on_instance(self, params: dict[str, Any]) -> dict[str, Any]:
        """Put a thing on the instance that the target file names, if any."""
        instance = self._target.resources.get("instance")
        return {**params, "DKMSInstanceId": instance} if instance else params

    def _may_create(self, instead: str) -> None:
        if not self._target.allows("schedules-deletion"):
            raise LoadError(
                f"the target file allows no more than {self._target.safety}: set safety to "
                f"schedules-deletion, or give {instead} to load what is there"
            )

    def _version(self, key: str) -> str:
        answer = self._management.call("ListKeyVersions", {"KeyId": key})
        return str(members(answer, ("KeyVersions", "KeyVersion", 0, "KeyVersionId")))

    def _payload(self) -> bytes:
        return self._random.randbytes(self._wishes.size)

    def _shares(self, things: list[str]) -> list[tuple[str, float]]:
        wishes = self._wishes
        shares = popularity(len(things), wishes.choice, wishes.exponent)
        return [(thing, share / _VARIANTS) for thing, share in zip(things, shares, strict=True)]

    # ---- cases by operation

    def encrypt(self) -> list[Case]:
        """Encrypt: ciphertexts are opened again by sample."""
        cases = []
        for key, share in self._shares(self._symmetric()):
            for _ in range(_VARIANTS):
                plaintext = b64encode(self._payload()).decode()
                expect = {
                    "kind": "ciphertext",
                    "key": key,
                    "inverse": {"operation": "Decrypt", "pairs": []},
                    "digests": _readings(plaintext),
                }
                params = {"KeyId": key, "Plaintext": plaintext}
                cases.append(_case("Encrypt", params, share, expect))
        return cases

    def decrypt(self) -> list[Case]:
        """Decrypt: ciphertexts are made beforehand, every plaintext is compared."""
        cases = []
        for key, share in self._shares(self._symmetric()):
            for _ in range(_VARIANTS):
                plaintext = b64encode(self._payload()).decode()
                params = {"KeyId": key, "Plaintext": plaintext}
                blob = members(self._business.call("Encrypt", params), ("CiphertextBlob",))
                expect = {"kind": "plaintext", "key": key, "digests": _readings(plaintext)}
                cases.append(_case("Decrypt", {"CiphertextBlob": blob}, share, expect))
        return cases

    def generate_data_key(self) -> list[Case]:
        """GenerateDataKey: data keys are opened again by sample."""
        expect = {"kind": "data-key", "bytes": 32, "inverse": {"operation": "Decrypt", "pairs": []}}
        return [
            _case(
                "GenerateDataKey",
                {"KeyId": key, "KeySpec": "AES_256"},
                share * _VARIANTS,
                {**expect, "key": key},
            )
            for key, share in self._shares(self._symmetric())
        ]

    def sign(self) -> list[Case]:
        """AsymmetricSign: signatures are verified here, with the public key, by sample."""
        cases = []
        for key, share in self._shares(self._keys_of(self._wishes.key_spec, "SIGN/VERIFY")):
            version = self._version(key)
            answer = self._management.call("GetPublicKey", {"KeyId": key, "KeyVersionId": version})
            for _ in range(_VARIANTS):
                digest = b64encode(sha256(self._payload()).digest()).decode()
                params = self._signing(key, version, digest)
                expect = {
                    "kind": "signature",
                    "key": key,
                    "public": members(answer, ("PublicKey",)),
                    "message": digest,
                    "algorithm": params["Algorithm"],
                }
                cases.append(_case("AsymmetricSign", params, share, expect))
        return cases

    def verify(self) -> list[Case]:
        """AsymmetricVerify: every sixteenth signature is of another digest and must be refused."""
        cases = []
        for key, share in self._shares(self._keys_of(self._wishes.key_spec, "SIGN/VERIFY")):
            version = self._version(key)
            for variant in range(_VARIANTS):
                digest = b64encode(sha256(self._payload()).digest()).decode()
                params = self._signing(key, version, digest)
                value = members(self._business.call("AsymmetricSign", params), ("Value",))
                if variant == 0:
                    params["Digest"] = b64encode(sha256(b"another").digest()).decode()
                expect = {"kind": "verdict", "key": key, "valid": variant != 0}
                cases.append(_case("AsymmetricVerify", {**params, "Value": value}, share, expect))
        return cases

    def asymmetric_encrypt(self) -> list[Case]:
        """AsymmetricEncrypt: ciphertexts are opened again by sample."""
        cases = []
        for key, share in self._shares(self._keys_of(self._wishes.key_spec, "ENCRYPT/DECRYPT")):
            base = self._encryption(key)
            inverse = {
                "operation": "AsymmetricDecrypt",
                "pairs": [list(pair) for pair in pairs_of("AsymmetricDecrypt", base)],
            }
            for _ in range(_VARIANTS):
                plaintext = b64encode(self._payload()).decode()
                digests = _readings(plaintext)
                expect = {"kind": "ciphertext", "key": key, "inverse": inverse, "digests": digests}
                params = {**base, "Plaintext": plaintext}
                cases.append(_case("AsymmetricEncrypt", params, share, expect))
        return cases

    def asymmetric_decrypt(self) -> list[Case]:
        """AsymmetricDecrypt: ciphertexts are made beforehand, every plaintext is compared."""
        cases = []
        for key, share in self._shares(self._keys_of(self._wishes.key_spec, "ENCRYPT/DECRYPT")):
            base = self._encryption(key)
            for _ in range(_VARIANTS):
                plaintext = b64encode(self._payload()).decode()
                made = self._business.call("AsymmetricEncrypt", {**base, "Plaintext": plaintext})
                params = {**base, "CiphertextBlob": members(made, ("CiphertextBlob",))}
                expect = {"kind": "plaintext", "key": key, "digests": _readings(plaintext)}
                cases.append(_case("AsymmetricDecrypt", params, share, expect))
        return cases

    def get_secret_value(self) -> list[Case]:
        """GetSecretValue: every value is compared."""
        ready = self._target.resources.get("secret")
        if ready:
            answer = self._business.call("GetSecretValue", {"SecretName": ready})
            values = {ready: str(members(answer, ("SecretData",)))}
        else:
            self._may_create("secret = ... under [resources]")
            values = {}
            for number in range(self._wishes.secrets):
                value = self._payload().hex()[: self._wishes.size]
                values[self._create_secret(number, value)] = value
        cases = []
        for name, share in self._shares(list(values)):
            digest = digest_of(values[name])
            expect = {"kind": "secret", "secret": name.rpartition("/")[2], "digest": digest}
            params = {"SecretName": name}
            cases.append(_case("GetSecretValue", params, share * _VARIANTS, expect))
        return cases

    def _signing(self, key: str, version: str, digest: str) -> dict[str, Any]:
        algorithm = _SIGNATURES.get(self._wishes.key_spec, _SIGNATURE)
        return {"KeyId": key, "KeyVersionId": version, "Algorithm": algorithm, "Digest": digest}

    def _encryption(self, key: str) -> dict[str, Any]:
        algorithm = "SM2PKE" if self._wishes.key_spec == "EC_SM2" else _ENCRYPTION
        return {"KeyId": key, "KeyVersionId": self._version(key), "Algorithm": algorithm}


_MAKERS: Mapping[str, Callable[[Preparation], list[Case]]] = {
    "Encrypt": Preparation.encrypt,
    "Decrypt": Preparation.decrypt,
    "GenerateDataKey": Preparation.generate_data_key,
    "AsymmetricSign": Preparation.sign,
    "AsymmetricVerify": Preparation.verify,
    "AsymmetricEncrypt": Preparation.asymmetric_encrypt,
    "AsymmetricDecrypt": Preparation.asymmetric_decrypt,
    "GetSecretValue": Preparation.get_secret_value,
}

_REMOVALS: Mapping[str, Callable[[str], tuple[str, dict[str, Any]]]] = {
    "key": lambda identifier: (
        "ScheduleKeyDeletion",
        {"KeyId": identifier, "PendingWindowInDays": SHORTEST_WINDOW},
    ),
    "secret": lambda identifier: (
        "DeleteSecret",
        {"SecretName": identifier, "ForceDeleteWithoutRecovery": "true"},
    ),
}


def _case(
    operation: str, params: Mapping[str, Any], weight: float, expect: Mapping[str, Any]
) -> Case:
    return Case(operation, tuple(pairs_of(operation, params)), weight, expect)


def _readings(plaintext: str) -> list[str]:
    """Return hashes of what Decrypt may give back for a Plaintext of Encrypt.

    Documentation calls Plaintext base64 of the data, the service treats it as the data; either
    way of an endpoint is right (reading plaintext-of-encrypt).
    """
    return [digest_of(plaintext), digest_of(b64encode(plaintext.encode()).decode())]
