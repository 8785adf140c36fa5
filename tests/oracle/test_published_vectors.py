"""The oracle's judgement against the vectors of C2SP/wycheproof (tests/vectors/wycheproof)."""

import hashlib
import json
from pathlib import Path

import pytest

from conformance.oracle import macs, rsa
from conformance.oracle.ecdsa import verify_ecdsa
from conformance.oracle.public_keys import RsaPublicKey, load_der, load_pem

VECTORS = Path(__file__).parent.parent / "vectors" / "wycheproof"


def groups(name):
    return json.loads((VECTORS / f"{name}_test.json").read_text())["testGroups"]


def wrong(cases):
    """Return what a judge got wrong among (test, verdict) pairs; acceptable cases do not count."""
    judged = [(test, verdict) for test, verdict in cases if test["result"] != "acceptable"]
    assert len(judged) >= 25
    return [
        (test["tcId"], test["comment"])
        for test, verdict in judged
        if verdict is not (test["result"] == "valid")
    ]


def digest(test):
    return hashlib.sha256(bytes.fromhex(test["msg"])).digest()


def verified(name, verify):
    for group in groups(name):
        key = load_der(bytes.fromhex(group["publicKeyDer"]))
        assert load_pem(group["publicKeyPem"]) == key
        for test in group["tests"]:
            yield test, verify(key, digest(test), bytes.fromhex(test["sig"]))


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_pss(bits):
    assert not wrong(verified(f"rsa_pss_{bits}_sha256_mgf1_32", rsa.verify_pss))


@pytest.mark.parametrize("salt", [0, 20, 31, 33, 64, 222])
def test_pss_takes_no_other_length_of_salt(salt):
    def verify(key, hashed, signature):
        return rsa.verify_pss(key, hashed, signature, salt=salt)

    judged = list(verified("rsa_pss_2048_sha256_mgf1_32", verify))
    assert not any(verdict for test, verdict in judged if test["result"] == "valid")


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_pkcs1_signatures(bits):
    assert not wrong(verified(f"rsa_signature_{bits}_sha256", rsa.verify_pkcs1))


def test_digest_info_without_null_is_accepted_only_on_demand():
    name = "rsa_signature_2048_sha256"

    def bare(key, hashed, signature):
        return rsa.verify_pkcs1(key, hashed, signature, bare=True)

    strict = {t["tcId"]: v for t, v in verified(name, rsa.verify_pkcs1)}
    acceptable = [(t, v) for t, v in verified(name, bare) if t["result"] == "acceptable"]
    assert acceptable
    for test, verdict in acceptable:
        assert verdict
        assert not strict[test["tcId"]]


@pytest.mark.parametrize("curve", ["secp256r1", "secp256k1"])
def test_ecdsa(curve):
    assert not wrong(verified(f"ecdsa_{curve}_sha256", verify_ecdsa))


def private(group):
    numbers = group["privateKey"]
    n = int(numbers["modulus"], 16)
    return rsa.RsaPrivateKey(n, int(numbers["privateExponent"], 16)), RsaPublicKey(
        n, int(numbers["publicExponent"], 16)
    )


def opened(name, decrypt):
    for group in groups(name):
        key, _ = private(group)
        for test in group["tests"]:
            plaintext = decrypt(key, bytes.fromhex(test["ct"]))
            expected = bytes.fromhex(test["msg"])
            assert plaintext is None or plaintext == expected or test["result"] == "invalid"
            # KMS uses the empty label, and nothing else opens.
            labelled = {**test, "result": "invalid"} if test.get("label") else test
            yield labelled, plaintext == expected and plaintext is not None


@pytest.mark.parametrize(
    ("name", "hashed", "mask"),
    [
        ("2048_sha1_mgf1sha1", "sha1", "sha1"),
        ("2048_sha256_mgf1sha1", "sha256", "sha1"),
        ("2048_sha256_mgf1sha256", "sha256", "sha256"),
        ("3072_sha256_mgf1sha256", "sha256", "sha256"),
    ],
)
def test_oaep(name, hashed, mask):
    def decrypt(key, ciphertext):
        return rsa.oaep_decrypt(key, ciphertext, hashed, mask_name=mask)

    assert not wrong(opened(f"rsa_oaep_{name}", decrypt))
    _, public = private(groups(f"rsa_oaep_{name}")[0])
    key, _ = private(groups(f"rsa_oaep_{name}")[0])
    for length in (0, 1, rsa.longest_oaep(public.octets, hashed)):
        plaintext = bytes(range(256))[:length]
        made = rsa.oaep_encrypt(public, plaintext, hashed, mask_name=mask)
        assert decrypt(key, made) == plaintext
    with pytest.raises(ValueError, match="too long"):
        rsa.oaep_encrypt(public, bytes(rsa.longest_oaep(public.octets, hashed) + 1), hashed)


def test_oaep_with_another_mask_does_not_open():
    key, public = private(groups("rsa_oaep_2048_sha256_mgf1sha256")[0])
    made = rsa.oaep_encrypt(public, b"text", "sha256", mask_name="sha1")
    assert rsa.oaep_decrypt(key, made, "sha256") is None
    assert rsa.oaep_decrypt(key, made, "sha256", mask_name="sha1") == b"text"


def test_pkcs1_encryption():
    assert not wrong(opened("rsa_pkcs1_2048", rsa.pkcs1_decrypt))
    key, public = private(groups("rsa_pkcs1_2048")[0])
    for length in (1, 16, 32, 245):
        assert rsa.pkcs1_decrypt(key, rsa.pkcs1_encrypt(public, b"\0" * length)) == b"\0" * length
    with pytest.raises(ValueError, match="too long"):
        rsa.pkcs1_encrypt(public, bytes(246))


@pytest.mark.parametrize("algorithm", ["SHA_224", "SHA_256", "SHA_384", "SHA_512", "SM3"])
def test_macs(algorithm):
    name = f"HMAC_{algorithm}"
    cases = [
        (test, group["tagSize"])
        for group in groups(f"hmac_{algorithm.replace('_', '').lower()}")
        for test in group["tests"]
    ]
    verdicts = []
    for test, bits in cases:
        made = macs.compute(name, bytes.fromhex(test["key"]), bytes.fromhex(test["msg"]))
        assert len(made) == macs.length(name)
        verdicts.append((test, made[: bits // 8] == bytes.fromhex(test["tag"])))
    assert not wrong(verdicts)
