"""The requests of a run to KMS Instance API, made from what is there on the target."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from load.checks import digest_of
from load.corpus import Case
from load.instance import InstanceCaller, encode, opening
from load.scenarios import calls_of
from load.things import VARIANTS, Things, encryption_algorithm, signature_algorithm

_INVERSE: Mapping[str, Any] = {"operation": "Decrypt", "pairs": []}
_SIGNS = "SIGN/VERIFY"
_ENCRYPTS = "ENCRYPT/DECRYPT"


class InstancePreparation:
    """Prepares requests of KMS Instance API.

    Args:
        things: Keys and secrets of the instance.
        business: Client of the instance.
    """

    def __init__(self, things: Things, business: InstanceCaller) -> None:
        self._things = things
        self._business = business

    def cases(self, operation: str) -> list[Case]:
        """Return the requests of one operation."""
        return _MAKERS[operation](self)

    def close(self) -> None:
        """Close what it called with."""
        self._business.close()

    def encrypt(self) -> list[Case]:
        """Encrypt with symmetric keys: ciphertexts are opened again by sample."""
        return self._sealing("Encrypt", self._things.symmetric(), {})

    def decrypt(self) -> list[Case]:
        """Decrypt with symmetric keys: every plaintext is compared."""
        return self._opening("Decrypt", self._things.symmetric(), {})

    def asymmetric_encrypt(self) -> list[Case]:
        """Encrypt with key pairs: ciphertexts are opened again by sample."""
        return self._sealing("AsymmetricEncrypt", self._pairs(_ENCRYPTS), self._encryption())

    def asymmetric_decrypt(self) -> list[Case]:
        """Decrypt with key pairs: every plaintext is compared."""
        return self._opening("AsymmetricDecrypt", self._pairs(_ENCRYPTS), self._encryption())

    def _pairs(self, usage: str) -> list[str]:
        return self._things.keys_of(self._things.wishes.key_spec, usage)

    def _encryption(self) -> dict[str, str]:
        return {"Algorithm": encryption_algorithm(self._things.wishes.key_spec)}

    def _sealing(self, operation: str, keys: list[str], more: Mapping[str, str]) -> list[Case]:
        cases = []
        for key, share in self._things.shares(keys):
            for _ in range(VARIANTS):
                plaintext = self._things.payload()
                expect = {
                    "kind": "ciphertext",
                    "key": key,
                    "inverse": _INVERSE,
                    "digests": [_digest(plaintext)],
                }
                values = {"KeyId": key, "Plaintext": plaintext, **more}
                cases.append(_case(operation, values, share, expect))
        return cases

    def _opening(self, operation: str, keys: list[str], more: Mapping[str, str]) -> list[Case]:
        cases = []
        for key, share in self._things.shares(keys):
            for _ in range(VARIANTS):
                plaintext = self._things.payload()
                values = {"KeyId": key, "Plaintext": plaintext, **more}
                sealed = self._business.call("Encrypt", values)
                expect = {"kind": "plaintext", "key": key, "digests": [_digest(plaintext)]}
                cases.append(Case(operation, (), share, expect, "instance", opening(sealed)))
        return cases

    def generate_data_key(self) -> list[Case]:
        """GenerateDataKey: data keys are opened again by sample."""
        return [
            _case(
                "GenerateDataKey",
                {"KeyId": key, "NumberOfBytes": 32},
                share * VARIANTS,
                {"kind": "data-key", "bytes": 32, "inverse": _INVERSE, "key": key},
            )
            for key, share in self._things.shares(self._things.symmetric())
        ]

    def sign(self) -> list[Case]:
        """Sign: signatures are verified here, with the public key, by sample."""
        cases = []
        for key, share in self._things.shares(self._pairs(_SIGNS)):
            public = self._business.call("GetPublicKey", {"KeyId": key})["PublicKey"]
            for _ in range(VARIANTS):
                values = self._signing(key)
                expect = {
                    "kind": "signature",
                    "key": key,
                    "public": public,
                    "message": b64encode(values["Message"]).decode(),
                    "algorithm": values["Algorithm"],
                }
                cases.append(_case("AsymmetricSign", values, share, expect))
        return cases

    def verify(self) -> list[Case]:
        """Verify: every sixteenth signature is of another digest and must be found wrong."""
        cases = []
        for key, share in self._things.shares(self._pairs(_SIGNS)):
            for variant in range(VARIANTS):
                values = self._signing(key)
                values["Signature"] = self._business.call("Sign", values)["Signature"]
                if variant == 0:
                    values["Message"] = sha256(b"another").digest()
                expect = {"kind": "verdict", "key": key, "valid": variant != 0}
                cases.append(_case("AsymmetricVerify", values, share, expect))
        return cases

    def _signing(self, key: str) -> dict[str, Any]:
        return {
            "KeyId": key,
            "Algorithm": signature_algorithm(self._things.wishes.key_spec),
            "Message": sha256(self._things.payload()).digest(),
            "MessageType": "DIGEST",
        }

    def get_secret_value(self) -> list[Case]:
        """GetSecretValue: every value is compared."""
        values = self._things.secrets(self._value)
        cases = []
        for name, share in self._things.shares(list(values)):
            expect = {"kind": "secret", "secret": name, "digest": digest_of(values[name])}
            cases.append(_case("GetSecretValue", {"SecretName": name}, share * VARIANTS, expect))
        return cases

    def _value(self, name: str) -> str:
        return str(self._business.call("GetSecretValue", {"SecretName": name})["SecretData"])


_MAKERS: Mapping[str, Callable[[InstancePreparation], list[Case]]] = {
    "Encrypt": InstancePreparation.encrypt,
    "Decrypt": InstancePreparation.decrypt,
    "GenerateDataKey": InstancePreparation.generate_data_key,
    "AsymmetricSign": InstancePreparation.sign,
    "AsymmetricVerify": InstancePreparation.verify,
    "AsymmetricEncrypt": InstancePreparation.asymmetric_encrypt,
    "AsymmetricDecrypt": InstancePreparation.asymmetric_decrypt,
    "GetSecretValue": InstancePreparation.get_secret_value,
}


def _case(
    operation: str, values: Mapping[str, Any], share: float, expect: Mapping[str, Any]
) -> Case:
    body = encode(calls_of("instance")[operation], values)
    return Case(operation, (), share, expect, "instance", body)


def _digest(plaintext: bytes) -> str:
    return digest_of(b64encode(plaintext).decode())
