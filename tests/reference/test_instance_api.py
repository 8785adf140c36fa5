"""KMS Instance API of the endpoint: operations, ciphertexts, refusals."""

import hashlib
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from instance_asking import KEY_USER, SECRET_USER, InstanceAsker, edited, with_header

from conformance.spec.instance import instance_api
from conformance.wire import protobuf
from conformance.wire.instance import InstanceAuth
from conformance.wire.tamper import MUTATIONS

API = instance_api()
MIGRATION = "x-kms-migrationkeyversionid"


@pytest.fixture(scope="module")
def asker():
    return InstanceAsker()


@pytest.fixture(scope="module")
def aes(asker):
    return asker.key()


@pytest.fixture(scope="module")
def signing_key(asker):
    return asker.key("EC_P256", KeyUsage="SIGN/VERIFY")


def sealed(answer, **more):
    """Return what Decrypt takes to open an answer of Encrypt."""
    names = ("KeyId", "CiphertextBlob", "Algorithm", "Iv", "PaddingMode")
    return {**{name: answer[name] for name in names}, **more}


@pytest.mark.parametrize("algorithm", ["", "AES_GCM", "AES_CBC", "AES_ECB"])
def test_what_encrypt_makes_decrypt_opens(asker, aes, algorithm):
    made = asker("Encrypt", KeyId=aes, Plaintext=b"plain text", Algorithm=algorithm)

    mode = made["Algorithm"].rpartition("_")[2]
    assert made["Algorithm"] == (algorithm or "AES_GCM")
    assert len(made["Iv"]) == {"GCM": 12, "CBC": 16, "ECB": 0}[mode]
    assert len(made["CiphertextBlob"]) == (26 if mode == "GCM" else 16)
    assert made["PaddingMode"] == ("" if mode == "GCM" else "PKCS7_PADDING")
    opened = asker("Decrypt", **sealed(made))
    assert opened["Plaintext"] == b"plain text"
    assert opened["KeyId"] == aes


def test_given_iv_and_aad_are_used(asker, aes):
    iv, aad = bytes(range(12)), b"tenant=blue"
    made = asker("Encrypt", KeyId=aes, Plaintext=b"x", Iv=iv, Aad=aad)

    assert made["Iv"] == iv
    assert asker("Decrypt", **sealed(made, Aad=aad))["Plaintext"] == b"x"
    assert asker.refused("Decrypt", **sealed(made)) == (500, "InternalFailure")
    assert asker.refused("Decrypt", **sealed(made, Aad=b"other")) == (500, "InternalFailure")
    assert asker.refused("Decrypt", **sealed(made, Aad=aad, Iv=iv[:-1])) == (
        400,
        "InvalidParameter",
    )


@pytest.mark.parametrize(
    "values",
    [
        {"Iv": bytes(11)},
        {"Algorithm": "AES_CBC", "Iv": bytes(12)},
        {"Algorithm": "AES_XTS"},
        {"Algorithm": "SM4_GCM"},
        {"PaddingMode": "ZERO_PADDING"},
        {"Aad": bytes(8193)},
        {"Algorithm": "AES_CBC", "PaddingMode": "NO_PADDING"},
        {"Plaintext": b""},
        {"KeyId": ""},
    ],
)
def test_encrypt_refuses_fields_that_do_not_fit(asker, aes, values):
    values = {"KeyId": aes, "Plaintext": b"x", **values}
    assert asker.refused("Encrypt", **values) == (400, "InvalidParameter")


def test_no_padding_takes_whole_blocks(asker, aes):
    made = asker(
        "Encrypt",
        KeyId=aes,
        Plaintext=bytes(32),
        Algorithm="AES_ECB",
        PaddingMode="NO_PADDING",
    )
    assert len(made["CiphertextBlob"]) == 32
    assert made["CiphertextBlob"][:16] == made["CiphertextBlob"][16:]
    assert asker("Decrypt", **sealed(made))["Plaintext"] == bytes(32)


def test_rotation_leaves_plain_ciphertexts_and_moves_framed_ones(asker):
    key = asker.key()
    plain = asker("Encrypt", KeyId=key, Plaintext=b"x")
    old = asker("AdvanceEncrypt", KeyId=key, Plaintext=b"x")
    asker.kms("CreateKeyVersion", KeyId=key)
    new = asker("AdvanceEncrypt", KeyId=key, Plaintext=b"x")

    assert asker("Decrypt", **sealed(plain))["Plaintext"] == b"x"
    again = asker("Encrypt", KeyId=key, Plaintext=b"x")
    assert asker("AdvanceDecrypt", **sealed(again))["KeyVersionId"] == old["KeyVersionId"]
    assert old["KeyVersionId"] != new["KeyVersionId"]
    for made in (old, new):
        opened = asker("AdvanceDecrypt", CiphertextBlob=made["CiphertextBlob"])
        assert opened["KeyVersionId"] == made["KeyVersionId"]
        assert opened["Plaintext"] == b"x"


def test_frame_of_advance_ciphertexts(asker, aes):
    made = asker("AdvanceEncrypt", KeyId=aes, Plaintext=b"plain", Aad=b"a")
    blob = made["CiphertextBlob"]

    assert blob[:3] == b"\x24\x00\x02"
    assert blob[3:39].decode() == made["KeyVersionId"]
    assert blob[39:51] == made["Iv"]
    assert len(blob) == 51 + 5 + 16


def test_which_ciphertext_goes_where(asker, aes):
    plain = asker("Encrypt", KeyId=aes, Plaintext=b"x")
    framed = asker("AdvanceEncrypt", KeyId=aes, Plaintext=b"x")

    assert asker("AdvanceDecrypt", **sealed(plain))["Plaintext"] == b"x"
    assert asker("AdvanceDecrypt", **sealed(framed))["Plaintext"] == b"x"
    assert asker.refused("AdvanceDecrypt", CiphertextBlob=plain["CiphertextBlob"]) == (
        500,
        "InternalFailure",
    )
    assert asker.refused("Decrypt", **sealed(framed)) == (500, "InternalFailure")


def test_data_keys_are_wrapped_as_they_are(asker, aes):
    made = asker("GenerateDataKey", KeyId=aes, NumberOfBytes=24, Aad=b"a")
    assert len(made["Plaintext"]) == 24
    opened = asker("Decrypt", **sealed({**made, "PaddingMode": ""}, Aad=b"a"))
    assert opened["Plaintext"] == made["Plaintext"]

    framed = asker("AdvanceGenerateDataKey", KeyId=aes, NumberOfBytes=16)
    opened = asker("AdvanceDecrypt", CiphertextBlob=framed["CiphertextBlob"])
    assert opened["Plaintext"] == framed["Plaintext"]
    assert asker.refused("GenerateDataKey", KeyId=aes) == (400, "InvalidParameter")


@pytest.mark.parametrize("spec", ["EC_P256", "EC_P256K", "RSA_2048"])
@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_pairs_match_and_unwrap(asker, aes, spec, form):
    made = asker("GenerateDataKeyPair", KeyId=aes, KeyPairSpec=spec, KeyFormat=form)

    load_private = load_pem_private_key if form == "PEM" else load_der_private_key
    load_public = load_pem_public_key if form == "PEM" else load_der_public_key
    private = load_private(made["PrivateKeyPlaintext"], None)
    assert private.public_key() == load_public(made["PublicKey"])
    opened = asker(
        "Decrypt",
        KeyId=aes,
        CiphertextBlob=made["PrivateKeyCiphertextBlob"],
        Iv=made["Iv"],
        Algorithm=made["Algorithm"],
    )
    assert opened["Plaintext"] == made["PrivateKeyPlaintext"]


def test_advance_pairs_unwrap_by_themselves(asker, aes):
    values = {"KeyId": aes, "KeyPairSpec": "EC_P256", "KeyFormat": "DER"}
    whole = asker("AdvanceGenerateDataKeyPair", **values)
    opened = asker("AdvanceDecrypt", CiphertextBlob=whole["PrivateKeyCiphertextBlob"])
    assert opened["Plaintext"] == whole["PrivateKeyPlaintext"]

    half = asker("AdvanceGenerateDataKeyPairWithoutPlaintext", **values)
    opened = asker("AdvanceDecrypt", CiphertextBlob=half["PrivateKeyCiphertextBlob"])
    private = load_der_private_key(opened["Plaintext"], None)
    assert private.public_key() == load_der_public_key(half["PublicKey"])


def test_a_pair_operation_under_way_keeps_others_out(asker, aes):
    endpoint = asker.endpoint
    original = endpoint.seams.instance_new_pair
    seen = []

    def nested(spec):
        if not seen:
            seen.append(None)
            seen[0] = asker.refused("GenerateDataKeyPair", **values)
        return original(spec)

    values = {"KeyId": aes, "KeyPairSpec": "EC_P256", "KeyFormat": "DER"}
    endpoint.seams.instance_new_pair = nested
    try:
        asker("GenerateDataKeyPair", **values)
    finally:
        endpoint.seams.instance_new_pair = original
    assert seen == [(429, "Rejected.Throttling")]
    asker("GenerateDataKeyPair", **values)


def test_raw_messages_are_hashed_and_digests_signed_as_they_are(asker, signing_key):
    digest = hashlib.sha256(b"message").digest()
    public = load_pem_public_key(asker("GetPublicKey", KeyId=signing_key)["PublicKey"].encode())
    for kind, message in (("RAW", b"message"), ("DIGEST", digest), ("", b"message")):
        made = asker(
            "Sign", KeyId=signing_key, Algorithm="ECDSA_SHA_256", Message=message, MessageType=kind
        )
        assert made["MessageType"] == (kind or "RAW")
        public.verify(made["Signature"], digest, ec.ECDSA(Prehashed(hashes.SHA256())))


def test_verify_answers_true_and_false(asker, signing_key):
    values = {"KeyId": signing_key, "Algorithm": "ECDSA_SHA_256", "MessageType": "RAW"}
    made = asker("Sign", Message=b"message", **values)
    assert asker("Verify", Message=b"message", Signature=made["Signature"], **values)["Value"]
    response, answer = asker.ask("Verify", Message=b"other", Signature=made["Signature"], **values)
    assert response.status == 200
    assert answer["Value"] is False
    assert 2 not in protobuf.field_numbers(response.body)


def test_digests_of_another_length_are_refused(asker, signing_key):
    values = {"KeyId": signing_key, "Algorithm": "ECDSA_SHA_256", "MessageType": "DIGEST"}
    for length in (31, 33):
        assert asker.refused("Sign", Message=bytes(length), **values) == (400, "InvalidParameter")
    legacy = asker("Sign", Digest=bytes(32), **{**values, "MessageType": ""})
    assert asker("Verify", Message=bytes(32), Signature=legacy["Signature"], **values)["Value"]


def test_rsa_encrypts_and_signs(asker):
    key = asker.key("RSA_2048", KeyUsage="ENCRYPT/DECRYPT")
    made = asker("Encrypt", KeyId=key, Plaintext=b"x")
    assert made["Algorithm"] == "RSAES_OAEP_SHA_256"
    assert asker("Decrypt", **sealed(made))["Plaintext"] == b"x"
    assert asker.refused("Decrypt", **sealed(made, Algorithm="RSAES_OAEP_SHA_1")) == (
        500,
        "InternalFailure",
    )
    assert asker.refused("Encrypt", KeyId=key, Plaintext=bytes(191)) == (400, "InvalidParameter")
    assert asker.refused("AdvanceEncrypt", KeyId=key, Plaintext=b"x") == (
        404,
        "Forbidden.OnlySymmetricKeySupported",
    )
    assert asker.refused(
        "Sign", KeyId=key, Algorithm="RSA_PSS_SHA_256", Message=b"x", MessageType="RAW"
    ) == (400, "UnsupportedOperation")

    signer = asker.key("RSA_2048", KeyUsage="SIGN/VERIFY")
    signed = asker(
        "Sign", KeyId=signer, Algorithm="RSA_PKCS1_SHA_256", Message=b"x", MessageType="RAW"
    )
    public = load_pem_public_key(asker("GetPublicKey", KeyId=signer)["PublicKey"].encode())
    public.verify(signed["Signature"], b"x", padding.PKCS1v15(), hashes.SHA256())


def test_hmac_and_random(asker):
    key = asker.key("HMAC_SHA_256")
    first, second = (asker("Hmac", KeyId=key, Message=b"x")["Signature"] for _ in range(2))
    assert first == second
    assert len(first) == 32
    assert len(asker("GenerateRandom", Length=64)["Random"]) == 64
    for length in (0, 65, -1):
        assert asker.refused("GenerateRandom", Length=length) == (400, "InvalidParameter")


def test_secret_values_by_stage_and_version(asker):
    name = "instance-secret"
    protecting = asker.key()
    asker.kms(
        "CreateSecret",
        SecretName=name,
        SecretData="first",
        VersionId="v1",
        DKMSInstanceId=asker.instance_id,
        EncryptionKeyId=protecting,
    )
    asker.kms("PutSecretValue", SecretName=name, SecretData="second", VersionId="v2")

    current = asker("GetSecretValue", SecretName=name)
    assert (current["SecretData"], current["VersionStages"]) == ("second", ["ACSCurrent"])
    previous = asker("GetSecretValue", SecretName=name, VersionStage="ACSPrevious")
    assert previous["VersionId"] == "v1"
    assert asker("GetSecretValue", SecretName=name, VersionId="v1")["SecretData"] == "first"
    both = {"VersionId": "v1", "VersionStage": "ACSCurrent"}
    assert asker.refused("GetSecretValue", SecretName=name, **both) == (400, "InvalidParameter")
    assert asker.refused("GetSecretValue", SecretName="nobody") == (
        404,
        "Forbidden.ResourceNotFound",
    )


def test_keys_of_other_instances_and_of_none_are_not_there(asker):
    other = asker.kms.key()
    assert asker.refused("Encrypt", KeyId=other, Plaintext=b"x") == (404, "Forbidden.KeyNotFound")
    assert asker.refused("Encrypt", KeyId="key-nobody", Plaintext=b"x")[0] == 404


def test_an_alias_is_answered_with_its_key(asker, aes):
    asker.kms("CreateAlias", AliasName="alias/instance-key", KeyId=aes)
    assert asker("Encrypt", KeyId="alias/instance-key", Plaintext=b"x")["KeyId"] == aes


def test_states_of_keys(asker):
    key = asker.key()
    asker.kms("DisableKey", KeyId=key)
    assert asker.refused("Encrypt", KeyId=key, Plaintext=b"x") == (409, "Rejected.Disabled")
    asker.kms("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
    assert asker.refused("Encrypt", KeyId=key, Plaintext=b"x") == (409, "Rejected.PendingDeletion")


def test_answers_name_the_key_version_in_a_header(asker, aes):
    made, values = asker.ask("Encrypt", KeyId=aes, Plaintext=b"x")
    version = dict(made.headers)[MIGRATION]
    assert len(version) == 36
    fields = {"CiphertextBlob": values["CiphertextBlob"], "Iv": values["Iv"]}
    _, opened = asker.ask("Decrypt", headers=[(MIGRATION, version)], **fields)
    assert opened["Plaintext"] == b"x"


@pytest.mark.parametrize("name", ["content-type", "date", "x-kms-extra"])
def test_changed_headers_are_noticed(asker, aes, name):
    values = {
        "content-type": "application/x-protobuf; x=y",
        "date": "Mon, 27 Sep 2021 11:47:26 GMT",
        "x-kms-extra": "1",
    }
    auth = edited(asker, with_header(name, values[name]))
    expected = {"date": (400, "RequestTimeTooSkewed")}
    found = asker.refused("Encrypt", KeyId=aes, Plaintext=b"x", auth=auth)
    assert found == expected.get(name, (401, "SignatureNotMatch"))


HEADER_FAULTS = {
    "x-kms-apiname": ("Nothing", 400, "InvalidApiName"),
    "x-kms-apiversion": ("dkms-gcs-9", 400, "InvalidApiVersion"),
    "x-kms-signaturemethod": ("RSA_PSS", 400, "InvalidParam"),
    "x-kms-acccesskeyid": (None, 400, "MissingParameter"),
    "authorization": (None, 400, "InvalidParam"),
    "date": ("yesterday", 400, "InvalidParam"),
    "content-sha256": ("00" * 32, 400, "InvalidParam"),
    "content-type": ("application/json", 415, "InvalidContentType"),
}


@pytest.mark.parametrize("name", sorted(HEADER_FAULTS))
def test_each_header_has_its_refusal(asker, aes, name):
    value, status, code = HEADER_FAULTS[name]
    auth = edited(asker, with_header(name, value))
    assert asker.refused("Encrypt", KeyId=aes, Plaintext=b"x", auth=auth) == (status, code)


@pytest.mark.parametrize(
    ("header", "value", "message"),
    [
        ("date", "yesterday", "The Param Date is invalid."),
        ("authorization", "Basic x", "The Param Authorization is invalid."),
        ("content-sha256", "00", "The Param Content-SHA256 is invalid."),
    ],
)
def test_messages_that_clients_match(asker, header, value, message):
    auth = edited(asker, with_header(header, value))
    _, error = asker.ask("GenerateRandom", Length=8, auth=auth)
    assert error["ErrorMessage"] == message


def test_both_words_in_front_of_the_signature(asker):
    auth = InstanceAuth(asker.client_key, scheme_word="TOKEN", clock=asker.endpoint.clock.now)
    assert asker("GenerateRandom", Length=8, auth=auth)["Random"]


@pytest.mark.parametrize("minutes", [-15, 15])
def test_the_window_of_time(asker, minutes):
    now = asker.endpoint.clock.now
    inside = InstanceAuth(asker.client_key, clock=lambda: now() + timedelta(minutes=minutes * 0.99))
    outside = InstanceAuth(
        asker.client_key, clock=lambda: now() + timedelta(minutes=minutes * 1.01)
    )
    assert asker("GenerateRandom", Length=8, auth=inside)["Random"]
    assert asker.refused("GenerateRandom", Length=8, auth=outside) == (400, "RequestTimeTooSkewed")


def test_mutations_of_the_signature(asker):
    for name in ("body-changed", "signature-of-another-key", "credential-unknown"):
        if name in MUTATIONS:
            auth = MUTATIONS[name].wrap(
                InstanceAuth(asker.client_key, clock=asker.endpoint.clock.now)
            )
            response, _ = asker.ask("GenerateRandom", Length=8, auth=auth)
            assert response.status >= 400, name


@pytest.mark.parametrize("body", [b"\x0a\x05abc", b"\x0c", b"\x02\x00", b"\x0a\x02\xc3\x28"])
def test_what_is_no_message_is_refused(asker, body):
    assert asker.refused("Encrypt", body=body) == (400, "InvalidParameter")


def test_unknown_fields_order_and_repetition_do_no_harm(asker, aes):
    body = (
        protobuf.field_bytes(99, b"?")
        + protobuf.field_bytes(2, b"x")
        + protobuf.field_bytes(1, b"nobody")
        + protobuf.field_bytes(1, aes.encode())
    )
    assert asker("Encrypt", body=body)["KeyId"] == aes


def test_a_body_above_the_limit_is_refused_without_a_body(asker):
    response = asker.send("Encrypt", bytes(3 * 1024 * 1024 + 1))
    assert (response.status, response.body) == (413, b"")


def test_policies_decide(asker):
    allowed, other = asker.key(), asker.key()
    narrow = InstanceAuth(
        asker.new_client_key([f"key/{allowed}"], [KEY_USER]), clock=asker.endpoint.clock.now
    )
    assert asker("Encrypt", KeyId=allowed, Plaintext=b"x", auth=narrow)["KeyId"] == allowed
    assert asker.refused("Encrypt", KeyId=other, Plaintext=b"x", auth=narrow) == (
        403,
        "Forbidden.NoPermission",
    )
    shared = InstanceAuth(
        asker.new_client_key(["key/*"], [KEY_USER, SECRET_USER], instance="shared"),
        clock=asker.endpoint.clock.now,
    )
    assert asker.refused("Encrypt", KeyId=allowed, Plaintext=b"x", auth=shared)[0] == 403


def test_unknown_expired_and_deleted_client_keys(asker):
    expired = asker.new_client_key(
        ["key/*"], NotBefore="2020-01-01T00:00:00Z", NotAfter="2090-01-01T00:00:00Z"
    )
    auth = InstanceAuth(expired, clock=asker.endpoint.clock.now)
    assert asker("GenerateRandom", Length=8, auth=auth)["Random"]
    asker.endpoint.account.client_keys[expired.id].not_after = asker.endpoint.clock.now()
    asker.kms.advance(seconds=1)
    assert asker.refused("GenerateRandom", Length=8, auth=auth)[0] == 404
    asker.kms("DeleteClientKey", ClientKeyId=expired.id)
    assert asker.refused("GenerateRandom", Length=8, auth=auth) == (404, "Unauthorized")
