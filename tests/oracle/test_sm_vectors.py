"""SM2, SM3, SM4 and AES against published vectors: the oracle and the endpoint, which share no code.

The vectors are in tests/vectors/sm and tests/vectors/wycheproof; OpenSSL's command line is a third
judge where it has SM2.
"""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.exceptions import InvalidTag

from conformance.oracle import modes, schemes
from conformance.oracle import sm2 as oracle_sm2
from conformance.oracle.block_ciphers import cipher
from conformance.oracle.curves import SM2
from conformance.oracle.public_keys import load_der, load_pem
from conformance.oracle.sm3 import hmac_sm3, sm3
from conformance.reference.services import algorithms, ciphers
from conformance.reference.services.wrapping import public_pem
from conformance.reference.sm import curve
from conformance.reference.sm import sm2 as reference_sm2

VECTORS = Path(__file__).parent.parent / "vectors"


def read(folder, name):
    return json.loads((VECTORS / folder / name).read_text())


def groups(name, folder="sm"):
    return read(folder, f"{name}_test.json")["testGroups"]


def tried(function, *arguments):
    """Return what a function of the endpoint answers, None where it refuses."""
    try:
        return function(*arguments)
    except (ValueError, InvalidTag):
        return None


def reference_gcm(name, key, iv, data, aad):
    return tried(lambda: ciphers.gcm(name, key).decrypt(iv, data, aad))


def oracle_cbc(name, key, iv, data):
    if not data:
        return None
    plain = tried(modes.cbc_decrypt, cipher(name, key), iv, data)
    return plain if plain is None else modes.unpadded(plain)


def reference_cbc(name, key, iv, data):
    return tried(lambda: ciphers.decrypt_blocks(name, "CBC", key, data, iv=iv, padded=True))


ORACLE = SimpleNamespace(
    sm3=sm3,
    private=oracle_sm2.Sm2PrivateKey,
    public=lambda key: key.public,
    digest=oracle_sm2.message_digest,
    load=load_der,
    verify=oracle_sm2.verify_sm2,
    encrypt=lambda key, data, form, k: oracle_sm2.seal(key, data, lambda: k).written(form),
    decrypt=oracle_sm2.sm2_decrypt,
    gcm_encrypt=lambda name, key, *rest: modes.gcm_encrypt(cipher(name, key), *rest),
    gcm_decrypt=lambda name, key, *rest: modes.gcm_decrypt(cipher(name, key), *rest),
    cbc=oracle_cbc,
)
REFERENCE = SimpleNamespace(
    sm3=reference_sm2.sm3,
    private=reference_sm2.private_key,
    public=lambda key: key.public,
    digest=reference_sm2.message_digest,
    load=reference_sm2.load_der,
    verify=reference_sm2.verify,
    encrypt=lambda key, data, form, k: reference_sm2.encrypt(key, data, form, lambda _: k),
    decrypt=lambda key, data: tried(reference_sm2.decrypt, key, data),
    gcm_encrypt=lambda name, key, *rest: ciphers.gcm(name, key).encrypt(*rest),
    gcm_decrypt=reference_gcm,
    cbc=reference_cbc,
)
both = pytest.mark.parametrize("judge", [ORACLE, REFERENCE], ids=["oracle", "reference"])


def wrong(verdicts):
    """Return what was judged wrongly among (test, verdict) pairs."""
    judged = [(test, verdict) for test, verdict in verdicts if test["result"] != "acceptable"]
    assert len(judged) >= 50
    return [
        (test["tcId"], test["comment"])
        for test, verdict in judged
        if verdict is not (test["result"] == "valid")
    ]


@both
def test_sm3(judge):
    for test in read("sm", "sm3_sm4_known_answers.json")["sm3"]["tests"]:
        assert judge.sm3(bytes.fromhex(test["msg"])).hex() == test["digest"]


def test_sm3_of_every_length_around_its_blocks():
    for length in range(140):
        assert sm3(bytes(range(length))) == reference_sm2.sm3(bytes(range(length)))
    for length in (16, 32, 64, 65, 200):
        key = bytes(range(length))
        assert hmac_sm3(key, b"message") == algorithms.mac(key, "HMAC_SM3", b"message")


@both
def test_sm2_signatures(judge):
    verdicts = []
    for group in groups("sm2_verify"):
        key = judge.load(bytes.fromhex(group["publicKeyDer"]))
        user = bytes.fromhex(group["userId"])
        for test in group["tests"]:
            digest = judge.digest(key, bytes.fromhex(test["msg"]), user)
            verdicts.append((test, judge.verify(key, digest, bytes.fromhex(test["sig"]))))
    assert not wrong(verdicts)


@both
def test_sm2_ciphertexts(judge):
    verdicts = []
    for group in groups("sm2_decrypt"):
        key = judge.private(int(group["privateKey"], 16))
        assert judge.public(key) == judge.load(bytes.fromhex(group["publicKeyDer"]))
        for test in group["tests"]:
            ciphertext, message = bytes.fromhex(test["ct"]), bytes.fromhex(test["msg"])
            opened = judge.decrypt(key, ciphertext)
            verdicts.append((test, opened is not None and opened == message))
            if "k" in test:
                k = int(test["k"], 16)
                assert judge.encrypt(judge.public(key), message, group["form"], k) == ciphertext
    assert not wrong(verdicts)


def test_one_opens_what_the_other_encrypts_and_verifies_what_it_signs():
    key = reference_sm2.new_private_key()
    own = oracle_sm2.Sm2PrivateKey(key.d)
    public = load_pem(public_pem(key.public))
    assert public == own.public == load_der(key.public.der)
    assert oracle_sm2.public_der(public) == key.public.der
    assert schemes.is_of_spec(public, "EC_SM2")
    for length in (1, 16, 32, 33, 300):
        data = bytes(range(256)) * 2
        for form in oracle_sm2.FORMS:
            sealed = schemes.encrypt(public, "SM2PKE", data[:length], form=form)
            assert reference_sm2.decrypt(key, sealed) == data[:length]
            sealed = reference_sm2.encrypt(key.public, data[:length], form)
            assert schemes.decrypt(own, "SM2PKE", sealed) == data[:length]
            assert oracle_sm2.read(sealed)[1] == form
    digest = sm3(b"any digest")
    signature = reference_sm2.sign(key, digest)
    assert schemes.verify(public, "SM2DSA", digest, signature)
    assert not schemes.verify(public, "SM2DSA", sm3(digest), signature)
    assert not schemes.verify(public, "ECDSA_SHA_256", digest, signature)


def test_both_curves_agree():
    assert (SM2.p, SM2.order, SM2.generator) == (curve.P, curve.N, curve.GENERATOR)
    point = SM2.combined(7, 0, SM2.generator)
    for number in (0, 1, 2, 15, 16, 17, 2**255 + 12345, curve.N - 1, curve.N, curve.N + 3):
        assert curve.multiple(number) == SM2.combined(number % curve.N, 0, SM2.generator)
        assert curve.multiple(number, point) == SM2.combined(0, number % curve.N, point)
    assert curve.sum_of_multiples(7, curve.N - 1, point) is None
    assert curve.sum_of_multiples(7, 1, point) == SM2.combined(14, 0, SM2.generator)


@both
def test_sm4_modes(judge):
    document = read("sm", "sm3_sm4_known_answers.json")
    (ecb, cbc, _, gcm) = document["sm4_modes"]["tests"]
    key, plain = (bytes.fromhex(gcm[name]) for name in ("key", "pt"))
    sealed = judge.gcm_encrypt(
        "SM4", key, bytes.fromhex(gcm["iv"]), plain, bytes.fromhex(gcm["aad"])
    )
    assert sealed.hex() == gcm["ct"] + gcm["tag"]
    one = document["sm4_block"]["tests"][0]
    block, iv = bytes.fromhex(one["pt"]), bytes.fromhex(cbc["iv"])
    if judge is ORACLE:
        machine = cipher("SM4", key)
        assert machine.encrypted(block).hex() == one["ct"]
        assert modes.ecb_encrypt(machine, bytes.fromhex(ecb["pt"])).hex() == ecb["ct"]
        assert modes.cbc_encrypt(machine, iv, bytes.fromhex(cbc["pt"])).hex() == cbc["ct"]
        assert modes.ecb_decrypt(machine, bytes.fromhex(ecb["ct"])).hex() == ecb["pt"]
        assert modes.cbc_decrypt(machine, iv, bytes.fromhex(cbc["ct"])).hex() == cbc["pt"]
        return
    for mode, test, vector in (("ECB", ecb, b""), ("CBC", cbc, iv)):
        clear, hidden = bytes.fromhex(test["pt"]), bytes.fromhex(test["ct"])
        how = {"iv": vector, "padded": False}
        assert ciphers.encrypt_blocks("SM4", mode, key, clear, **how) == hidden
        assert ciphers.decrypt_blocks("SM4", mode, key, hidden, **how) == clear


@both
@pytest.mark.parametrize("name", ["AES", "SM4"])
def test_gcm(judge, name):
    verdicts = []
    for group in groups(f"{name.lower()}_gcm", "wycheproof"):
        for test in group["tests"]:
            key, iv, aad, plain, hidden, tag = (
                bytes.fromhex(test[part]) for part in ("key", "iv", "aad", "msg", "ct", "tag")
            )
            if len(iv) != 12:  # the only length that KMS takes
                continue
            opened = judge.gcm_decrypt(name, key, iv, hidden + tag, aad)
            verdicts.append((test, opened == plain and opened is not None))
            if test["result"] == "valid":
                assert judge.gcm_encrypt(name, key, iv, plain, aad) == hidden + tag
    assert not wrong(verdicts)


@both
def test_cbc_with_padding(judge):
    verdicts = []
    for group in groups("aes_cbc_pkcs5", "wycheproof"):
        for test in group["tests"]:
            key, iv, plain, hidden = (
                bytes.fromhex(test[part]) for part in ("key", "iv", "msg", "ct")
            )
            verdicts.append((test, judge.cbc("AES", key, iv, hidden) == plain))
            if test["result"] == "valid":
                machine = cipher("AES", key)
                assert modes.cbc_encrypt(machine, iv, modes.padded(plain)) == hidden
    assert not wrong(verdicts)


@pytest.mark.parametrize("name", ["AES", "SM4"])
def test_modes_agree_with_and_without_padding(name):
    key, iv = bytes(range(16)), bytes(range(16, 32))
    machine = cipher(name, key)
    for length in (0, 1, 15, 16, 17, 48):
        data = bytes(range(length))
        for mode, made in (
            ("ECB", modes.ecb_encrypt(machine, modes.padded(data))),
            ("CBC", modes.cbc_encrypt(machine, iv, modes.padded(data))),
        ):
            vector = iv if mode == "CBC" else b""
            how = {"iv": vector, "padded": True}
            assert ciphers.encrypt_blocks(name, mode, key, data, **how) == made
            assert ciphers.decrypt_blocks(name, mode, key, made, **how) == data
            with pytest.raises(ValueError, match=r"\w"):
                ciphers.decrypt_blocks(name, mode, key, made[:-1], **how)
    with pytest.raises(ValueError, match="whole blocks"):
        modes.ecb_encrypt(machine, b"odd")
    with pytest.raises(ValueError, match=r"\w"):
        ciphers.encrypt_blocks(name, "ECB", key, b"odd", padded=False)


def test_wrapped_material_of_every_kind_opens():
    document = read("sm", "import_wrapping.json")
    private = reference_sm2.private_key(int(document["ec_sm2"]["d"], 16))
    own = oracle_sm2.Sm2PrivateKey(private.d)
    seen = 0
    for test in document["tests"]:
        if test["algorithm"] != "SM2PKE":
            continue
        material, k = bytes.fromhex(test["key_material"]), int(test["k"], 16)
        for form, member in (
            ("asn1", "encrypted_key_material_der"),
            ("raw", "encrypted_key_material_raw_c1c3c2"),
        ):
            wrapped = base64.b64decode(test[member])
            assert reference_sm2.decrypt(private, wrapped) == material
            assert oracle_sm2.sm2_decrypt(own, wrapped) == material
            assert ORACLE.encrypt(own.public, material, form, k) == wrapped
            seen += 1
    assert seen == 4


def openssl(*arguments, data=None):
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl command line")
    done = subprocess.run(
        [program, *arguments], input=data, capture_output=True, check=False, timeout=20
    )
    return done.stdout if done.returncode == 0 else None


@pytest.fixture
def third(tmp_path):
    """A key that OpenSSL made, in the form of either implementation."""
    pem = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2")
    if pem is None:
        pytest.skip("this openssl has no SM2")
    path = tmp_path / "key.pem"
    path.write_bytes(pem)
    der = openssl("ec", "-in", str(path), "-pubout", "-outform", "DER")
    text = openssl("ec", "-in", str(path), "-noout", "-text").decode()
    number = "".join(text.split("priv:")[1].split("pub:")[0].split()).replace(":", "")
    return SimpleNamespace(path=path, der=der, d=int(number, 16), folder=tmp_path)


def test_openssl_agrees_on_signatures(third):
    message = third.folder / "message"
    message.write_bytes(b"message of a third implementation")
    signature = openssl(
        "dgst", "-sm3", "-sign", str(third.path),
        "-sigopt", "distid:1234567812345678", str(message),
    )  # fmt: skip
    for judge in (ORACLE, REFERENCE):
        key = judge.load(third.der)
        assert judge.public(judge.private(third.d)) == key
        assert judge.verify(key, judge.digest(key, message.read_bytes()), signature)
        assert not judge.verify(key, judge.digest(key, b"another message"), signature)


@pytest.mark.parametrize("length", [1, 32, 1000])
def test_openssl_agrees_on_ciphertexts(third, length):
    data = bytes(range(256)) * 4
    data = data[:length]
    made = openssl("pkeyutl", "-encrypt", "-inkey", str(third.path), data=data)
    for judge in (ORACLE, REFERENCE):
        key = judge.private(third.d)
        assert judge.decrypt(key, made) == data
        ours = judge.encrypt(judge.public(key), data, "asn1", 0x1234567890ABCDEF << 128 | 77)
        assert openssl("pkeyutl", "-decrypt", "-inkey", str(third.path), data=ours) == data
