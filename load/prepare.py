"""The requests of a run to KMS API, made from what is there on the target."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Protocol

from load.caller import Caller, members, pairs_of
from load.checks import digest_of
from load.corpus import Case
from load.delivery import Refused
from load.failures import NothingProven
from load.scenarios import Scenario
from load.things import VARIANTS, Things, encryption_algorithm, signature_algorithm


class Preparation(Protocol):
    """Makes the requests of one API."""

    def cases(self, operation: str) -> list[Case]:
        """Return the requests of one operation of a scenario."""

    def close(self) -> None:
        """Close what it called with."""


def corpus(scenario: Scenario, preparation: Preparation) -> list[Case]:
    """Return the requests of a scenario.

    Raises:
        LoadError: When the target file does not allow what is needed.
        NothingProven: When the target does not answer as it should.
    """
    total = sum(scenario.mix.values())
    cases: list[Case] = []
    for operation, weight in scenario.mix.items():
        try:
            made = preparation.cases(operation)
        except Refused as refusal:
            raise NothingProven(f"preparation failed: {refusal}") from None
        share = weight / total / sum(case.weight for case in made)
        cases += [replace(case, weight=case.weight * share) for case in made]
    return cases


class KmsPreparation:
    """Prepares requests of KMS API.

    Args:
        things: Keys and secrets on the target.
        business: Client of the gateway under load.
    """

    def __init__(self, things: Things, business: Caller) -> None:
        self._things = things
        self._business = business

    def cases(self, operation: str) -> list[Case]:
        """Return the requests of one operation."""
        return _MAKERS[operation](self)

    def close(self) -> None:
        """Close what it called with."""
        self._business.close()

    # ---- cases by operation

    def encrypt(self) -> list[Case]:
        """Encrypt: ciphertexts are opened again by sample."""
        cases = []
        for key, share in self._things.shares(self._things.symmetric()):
            for _ in range(VARIANTS):
                plaintext = b64encode(self._things.payload()).decode()
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
        for key, share in self._things.shares(self._things.symmetric()):
            for _ in range(VARIANTS):
                plaintext = b64encode(self._things.payload()).decode()
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
                share * VARIANTS,
                {**expect, "key": key},
            )
            for key, share in self._things.shares(self._things.symmetric())
        ]

    def sign(self) -> list[Case]:
        """AsymmetricSign: signatures are verified here, with the public key, by sample."""
        cases = []
        for key, share in self._things.shares(
            self._things.keys_of(self._things.wishes.key_spec, "SIGN/VERIFY")
        ):
            version = self._things.version(key)
            answer = self._business.call("GetPublicKey", {"KeyId": key, "KeyVersionId": version})
            for _ in range(VARIANTS):
                digest = b64encode(sha256(self._things.payload()).digest()).decode()
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
        for key, share in self._things.shares(
            self._things.keys_of(self._things.wishes.key_spec, "SIGN/VERIFY")
        ):
            version = self._things.version(key)
            for variant in range(VARIANTS):
                digest = b64encode(sha256(self._things.payload()).digest()).decode()
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
        for key, share in self._things.shares(
            self._things.keys_of(self._things.wishes.key_spec, "ENCRYPT/DECRYPT")
        ):
            base = self._encryption(key)
            inverse = {
                "operation": "AsymmetricDecrypt",
                "pairs": [list(pair) for pair in pairs_of("AsymmetricDecrypt", base)],
            }
            for _ in range(VARIANTS):
                plaintext = b64encode(self._things.payload()).decode()
                digests = _readings(plaintext)
                expect = {"kind": "ciphertext", "key": key, "inverse": inverse, "digests": digests}
                params = {**base, "Plaintext": plaintext}
                cases.append(_case("AsymmetricEncrypt", params, share, expect))
        return cases

    def asymmetric_decrypt(self) -> list[Case]:
        """AsymmetricDecrypt: ciphertexts are made beforehand, every plaintext is compared."""
        cases = []
        for key, share in self._things.shares(
            self._things.keys_of(self._things.wishes.key_spec, "ENCRYPT/DECRYPT")
        ):
            base = self._encryption(key)
            for _ in range(VARIANTS):
                plaintext = b64encode(self._things.payload()).decode()
                made = self._business.call("AsymmetricEncrypt", {**base, "Plaintext": plaintext})
                params = {**base, "CiphertextBlob": members(made, ("CiphertextBlob",))}
                expect = {"kind": "plaintext", "key": key, "digests": _readings(plaintext)}
                cases.append(_case("AsymmetricDecrypt", params, share, expect))
        return cases

    def get_secret_value(self) -> list[Case]:
        """GetSecretValue: every value is compared."""
        values = self._things.secrets(self._value)
        cases = []
        for name, share in self._things.shares(list(values)):
            digest = digest_of(values[name])
            expect = {"kind": "secret", "secret": name.rpartition("/")[2], "digest": digest}
            params = {"SecretName": name}
            cases.append(_case("GetSecretValue", params, share * VARIANTS, expect))
        return cases

    def _value(self, name: str) -> str:
        answer = self._business.call("GetSecretValue", {"SecretName": name})
        return str(members(answer, ("SecretData",)))

    def _signing(self, key: str, version: str, digest: str) -> dict[str, Any]:
        algorithm = signature_algorithm(self._things.wishes.key_spec)
        return {"KeyId": key, "KeyVersionId": version, "Algorithm": algorithm, "Digest": digest}

    def _encryption(self, key: str) -> dict[str, Any]:
        algorithm = encryption_algorithm(self._things.wishes.key_spec)
        return {"KeyId": key, "KeyVersionId": self._things.version(key), "Algorithm": algorithm}


_MAKERS: Mapping[str, Callable[[KmsPreparation], list[Case]]] = {
    "Encrypt": KmsPreparation.encrypt,
    "Decrypt": KmsPreparation.decrypt,
    "GenerateDataKey": KmsPreparation.generate_data_key,
    "AsymmetricSign": KmsPreparation.sign,
    "AsymmetricVerify": KmsPreparation.verify,
    "AsymmetricEncrypt": KmsPreparation.asymmetric_encrypt,
    "AsymmetricDecrypt": KmsPreparation.asymmetric_decrypt,
    "GetSecretValue": KmsPreparation.get_secret_value,
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
