"""Target files: what they mean, and one clear sentence for each slip."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa

import conformance.target
from conformance.reference.services.client_key_file import new_client_key_file
from conformance.target import TargetError, load_target
from conformance.wire.credentials import AccessKey, StsToken

PASSWORD = "Aa1-password"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
GOOD = """
[target]
name = "t"
region = "cn-hangzhou"
[gateways.shared]
http = "http://127.0.0.1:1"
[identities.full]
access_key_id = "id"
access_key_secret = "canary-secret"
"""


def load(folder, text, environ=None):
    path = folder / "t.toml"
    path.write_text(text)
    return load_target(path, environ or {})


def refusal(folder, text, environ=None):
    with pytest.raises(TargetError) as caught:
        load(folder, text, environ)
    message = str(caught.value)
    assert "\n" not in message
    assert "canary" not in message
    return message


def test_defaults_on_loopback(tmp_path):
    target = load(tmp_path, GOOD)
    assert target.loopback
    assert target.safety == "destructive"
    assert target.rate is None
    assert target.identities["full"] == AccessKey("id", "canary-secret")
    assert target.billable == frozenset()


def test_defaults_away_from_loopback(tmp_path):
    text = GOOD.replace("http://127.0.0.1:1", "http://kms.example.com").replace(
        'access_key_secret = "canary-secret"', 'access_key_secret_env = "SECRET"'
    )
    target = load(tmp_path, text, {"SECRET": "from-environment"})
    assert not target.loopback
    assert target.safety == "read-only"
    assert target.rate == 20
    assert target.identities["full"].secret == "from-environment"


def test_a_listener_elsewhere_is_not_loopback(tmp_path):
    text = GOOD.replace("[identities.full]", 'https = "https://kms.example.com"\n[identities.full]')
    assert "loopback targets only" in refusal(tmp_path, text)


def test_secrets_from_files_relative_to_the_target_file(tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/full").write_text("from-file\n")
    text = GOOD.replace(
        'access_key_secret = "canary-secret"', 'access_key_secret_file = "secrets/full"'
    )
    assert load(tmp_path, text).identities["full"].secret == "from-file"


def test_temporary_credentials_carry_their_token(tmp_path):
    text = GOOD + '[identities.sts]\naccess_key_id = "STS.x"\naccess_key_secret = "s"\n'
    assert "security_token_env" in refusal(tmp_path, text)
    target = load(tmp_path, text + 'security_token = "canary-token"\n')
    assert target.identities["sts"] == StsToken("STS.x", "s", "canary-token")
    assert "canary" not in repr(target)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (('name = "t"', 'nane = "t"'), "unknown key 'nane' in [target] (did you mean 'name'?)"),
        (('name = "t"\n', ""), "'name' is missing in [target]"),
        (("[identities.full]", "[identities.fulll]"), "did you mean 'full'"),
        (('region = "cn-hangzhou"', 'region = "x"\nsafety = "all"'), "must be one of read-only"),
        (('region = "cn-hangzhou"', 'region = "x"\ntimeout = 0'), "must be > 0"),
        (('region = "cn-hangzhou"', "region = 5"), "target.region is 5: must be of type string"),
        (("http://127.0.0.1:1", "ftp://x"), "gateways.shared.http"),
        (("http://127.0.0.1:1", "http://127.0.0.1:99999"), "no usable address"),
        (("http://127.0.0.1:1", "http://user:pw@h"), "gateways.shared.http"),
        (('region = "cn-hangzhou"', 'region = "x"\nbillable = ["CreateKy"]'), "'CreateKey'"),
        (('access_key_secret = "canary-secret"', ""), "lacks access_key_secret"),
        (('access_key_secret = "canary-secret"', "access_key_secret = 12"), "of type string"),
        (('"canary-secret"', '"canary-secret"\naccess_key_secret_env = "S"'), "keep one"),
        (('access_key_secret = "canary-secret"', 'access_key_secret_env = "S"'), "S is not set"),
        (
            ('access_key_secret = "canary-secret"', 'access_key_secret_file = "no"'),
            "cannot be read",
        ),
        (('name = "t"', "name = "), "not valid TOML"),
        (('http = "http://127.0.0.1:1"', ""), "[gateways.shared] is empty"),
        (('http = "http://127.0.0.1:1"', 'ca = "x"'), "names no address"),
        (("[identities.full]", '[offers]\nwithout = ["x"]\n[identities.full]'), "must match"),
    ],
)
def test_each_slip_is_one_clear_sentence(change, wanted, tmp_path):
    assert GOOD.replace(*change) != GOOD
    assert wanted in refusal(tmp_path, GOOD.replace(*change))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(TargetError, match="there is no target file"):
        load_target(tmp_path / "none.toml")


def test_a_folder_and_bytes_are_no_target_file(tmp_path):
    with pytest.raises(TargetError, match="cannot be read"):
        load_target(tmp_path)
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TargetError, match="not UTF-8"):
        load_target(tmp_path / "b.toml")


def with_ca(name):
    return GOOD.replace("[identities.full]", f'ca = "{name}"\n[identities.full]')


def test_a_ca_file_is_checked_before_it_is_trusted(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    target = load(tmp_path, with_ca("ca.pem"))
    assert target.gateways["shared"].ca == tmp_path / "ca.pem"
    assert "does not exist" in refusal(tmp_path, with_ca("none.pem"))
    (tmp_path / "text.pem").write_text("hello")
    assert "holds no PEM certificate" in refusal(tmp_path, with_ca("text.pem"))
    leaf = authority.issue_cert("localhost")
    leaf.cert_chain_pems[0].write_to_path(tmp_path / "leaf.pem")
    assert "a server's certificate, not an authority's" in refusal(tmp_path, with_ca("leaf.pem"))


def test_capabilities_are_declared_or_provided(tmp_path):
    target = load(
        tmp_path, GOOD + '[offers]\nwithout = ["spec:EC_SM2"]\noperations = ["Encrypt"]\n'
    )
    assert target.has_declined("spec:EC_SM2")
    assert target.has_declined("operation:Decrypt")
    assert not target.has_declined("operation:Encrypt")
    assert target.lacks("identity:sts") == "[identities.sts]"
    assert target.lacks("identity:full") is None
    assert target.lacks("gateway:dedicated") == "[gateways.dedicated]"
    assert target.lacks("listener:https") is not None


@pytest.mark.parametrize("name", ["embedded", "emulator", "service"])
def test_the_examples_load(name):
    path = Path(conformance.target.__file__).parent / "examples" / f"{name}.toml"
    variables = ("KMS_FULL_ID", "KMS_FULL_SECRET", "ALIBABA_CLOUD_ACCESS_KEY_ID")
    environ = dict.fromkeys((*variables, "ALIBABA_CLOUD_ACCESS_KEY_SECRET"), "x")
    target = load_target(path, environ)
    assert target.loopback == (name != "service")
    assert target.safety == ("read-only" if name == "service" else "destructive")


def with_client_key(folder, name="client-key", *, days=1, password=PASSWORD, text=None):
    """Write a client key's file and return a target file that names it."""
    now = datetime.now(UTC)
    span = (now - timedelta(days=30), now + timedelta(days=days))
    made = new_client_key_file(RSA_KEY, "KAAP.1", PASSWORD, *span)
    data = base64.b64encode(made.pkcs12).decode()
    document = json.dumps({"KeyId": "KAAP.1", "PrivateKeyData": data})
    (folder / "key.json").write_text(document if text is None else text)
    return (
        f'{GOOD}[identities.{name}]\nclient_key_file = "key.json"\n'
        f'client_key_password = "{password}"\n'
    )


def test_a_client_key_is_read_from_the_file_that_the_service_hands_out(tmp_path):
    target = load(tmp_path, with_client_key(tmp_path))
    assert target.client_keys["client-key"].id == "KAAP.1"
    assert target.lacks("identity:client-key") is None
    assert target.lacks("identity:client-key-shared") == "[identities.client-key-shared]"
    late = load(tmp_path, with_client_key(tmp_path, "expired-client-key", days=-1))
    assert late.client_keys["expired-client-key"].not_after < datetime.now(UTC)


@pytest.mark.parametrize(
    ("slip", "told"),
    [
        ({"password": "another"}, "does not open: wrong password"),
        ({"text": '{"KeyId": "KAAP.1", "PrivateKeyData": "AAAA"}'}, "is not PKCS#12"),
        ({"text": "KAAP.1"}, "is JSON with KeyId and PrivateKeyData"),
        ({"days": -1}, "ended on"),
    ],
)
def test_an_unusable_client_key_is_told_in_a_sentence(slip, told, tmp_path):
    said = refusal(tmp_path, with_client_key(tmp_path, **slip))
    assert told in said
    assert "[identities.client-key]" in said
    assert "\n" not in said


def test_a_client_key_without_its_file_is_told(tmp_path):
    text = with_client_key(tmp_path)
    (tmp_path / "key.json").unlink()
    assert "key.json" in refusal(tmp_path, text)
    bare = text.replace(f'client_key_password = "{PASSWORD}"\n', "")
    assert "lacks client_key_password_env" in refusal(tmp_path, bare)


def test_the_dedicated_gateway_knows_its_instance(tmp_path):
    dedicated = '[gateways.dedicated]\nhttps = "https://127.0.0.1:2"\n'
    text = GOOD + dedicated + '[resources]\ninstance = "kst-a"\n'
    assert load(tmp_path, text).gateways["dedicated"].instance == "kst-a"
    text = text.replace("[resources]", 'instance = "kst-b"\n[resources]')
    assert load(tmp_path, text).gateways["dedicated"].instance == "kst-b"
    plain = GOOD + '[gateways.dedicated]\nhttp = "http://127.0.0.1:2"\n'
    assert "'http'" in refusal(tmp_path, plain)


def test_the_internet_has_a_listener_and_a_switch(tmp_path):
    more = 'internet = "https://127.0.0.1:2/"\ninternet_switch = "off"\n'
    shared = load(tmp_path, GOOD.replace("[identities.full]", more + "[identities.full]"))
    assert shared.gateways["shared"].listeners["internet"] == "https://127.0.0.1:2"
    assert shared.gateways["shared"].internet_switch == "off"
