"""The dedicated gateway and the Internet side over real sockets: trust, names, versions, reach."""

import json
import shutil
import socket
import ssl
import subprocess
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from serving import site

from conformance.reference.endpoint import Endpoint
from conformance.reference.settings import Settings
from conformance.wire.acs3 import Acs3Auth
from conformance.wire.request import WireRequest
from conformance.wire.rpc import RpcAuth

PLAIN = "aGVsbG8="


@pytest.fixture(scope="module")
def served():
    with site(control_port=0) as running:
        yield running


def certificates(running):
    return x509.load_pem_x509_certificates(running.instance_ca_pem.encode())


def handshake(served, context, name="127.0.0.1"):
    url = urlsplit(served.running.dedicated_url)
    with (
        socket.create_connection((url.hostname, url.port), 5) as plain,
        context.wrap_socket(plain, server_hostname=name) as wrapped,
    ):
        return wrapped.version()


def trusting(pem):
    return ssl.create_default_context(cadata=pem)


def test_the_file_has_the_root_first_and_the_second_authority_after_it(served):
    root, second = certificates(served.running)
    assert root.issuer == root.subject
    assert second.issuer == root.subject
    lengths = [
        each.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
        for each in (root, second)
    ]
    assert lengths == [1, 0]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "instance"])
def test_the_root_alone_suffices_for_each_name(name, served):
    root = certificates(served.running)[0]
    pem = root.public_bytes(Encoding.PEM).decode()
    instance = served.endpoint.instance_id
    named = f"{instance}.cryptoservice.kms.aliyuncs.com" if name == "instance" else name
    assert handshake(served, trusting(pem), named) == "TLSv1.3"


@pytest.mark.parametrize("anchors", ["public", "shared"])
def test_no_other_authority_vouches_for_it(anchors, served):
    context = ssl.create_default_context()
    if anchors == "shared":
        context = served.running.client_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(served, context)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="asks with the openssl command")
def test_openssl_finds_the_chain_and_no_old_version(served, tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_text(served.running.instance_ca_pem)
    at = served.running.dedicated_url.removeprefix("https://")
    command = ["openssl", "s_client", "-connect", at, "-CAfile", str(ca), "-showcerts"]
    shown = subprocess.run(command, input="", capture_output=True, text=True, check=True).stdout
    assert "Verify return code: 0 (ok)" in shown
    assert shown.count("BEGIN CERTIFICATE") == 2
    for version in ("-tls1", "-tls1_1"):
        old = [*command, version, "-cipher", "ALL:@SECLEVEL=0"]
        refused = subprocess.run(old, input="", capture_output=True, text=True, check=False)
        assert refused.returncode != 0
    assert handshake(served, trusting(served.running.instance_ca_pem)) == "TLSv1.3"


def test_plain_text_on_its_port_is_refused(served):
    port = served.running.dedicated_url.rpartition(":")[2]
    assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 400


class Caller:
    """Calls one listener."""

    def __init__(self, served, url, context):
        self.served, self.url = served, url
        self.client = httpx.Client(trust_env=False, verify=context)

    def __call__(self, action, /, identity="full", scheme=Acs3Auth, **params):
        credential = self.served.endpoint.identities[identity].credential
        auth = scheme(credential)
        answer = self.client.post(self.url, params={"Action": action, **params}, auth=auth)
        return answer.status_code, answer.json()


@pytest.fixture(scope="module")
def callers(served):
    running = served.running
    shared = running.client_context()
    made = {
        "vpc": Caller(served, running.https_url, shared),
        "internet": Caller(served, running.internet_url, shared),
        "dedicated": Caller(served, running.dedicated_url, trusting(running.instance_ca_pem)),
    }
    yield made
    for caller in made.values():
        caller.client.close()


@pytest.fixture(scope="module")
def things(callers):
    """A key and a secret of the instance, and a key and a secret of no instance."""
    vpc, found = callers["vpc"], {}
    instance = vpc.served.endpoint.instance_id
    for name, more in (("inside", {"DKMSInstanceId": instance}), ("outside", {})):
        found[f"{name} key"] = vpc("CreateKey", **more)[1]["KeyMetadata"]["KeyId"]
        if more:
            more["EncryptionKeyId"] = found[f"{name} key"]
        made = vpc("CreateSecret", SecretName=name, SecretData="v", VersionId="1", **more)
        assert made[0] == 200, made
        alias = f"alias/{name}"
        assert vpc("CreateAlias", AliasName=alias, KeyId=found[f"{name} key"])[0] == 200
    return found


@pytest.mark.parametrize("scheme", [Acs3Auth, RpcAuth])
@pytest.mark.parametrize("identity", ["full", "sts"])
def test_keys_and_secrets_of_its_instance_are_all_there_is(scheme, identity, callers, things):
    how = {"scheme": scheme, "identity": identity}
    dedicated = callers["dedicated"]
    status, sealed = dedicated("Encrypt", KeyId=things["inside key"], Plaintext=PLAIN, **how)
    assert status == 200
    opened = dedicated("Decrypt", CiphertextBlob=sealed["CiphertextBlob"], **how)
    assert opened[1]["Plaintext"] == PLAIN
    assert dedicated("GetSecretValue", SecretName="inside", **how)[1]["SecretData"] == "v"
    for name in (things["outside key"], "alias/outside"):
        status, body = dedicated("Encrypt", KeyId=name, Plaintext=PLAIN, **how)
        assert (status, body["Code"]) == (404, "Forbidden.KeyNotFound")
    status, body = dedicated("GetSecretValue", SecretName="outside", **how)
    assert (status, body["Code"]) == (404, "Forbidden.ResourceNotFound")
    elsewhere = callers["vpc"]("Encrypt", KeyId=things["outside key"], Plaintext=PLAIN)[1]
    status, body = dedicated("Decrypt", CiphertextBlob=elsewhere["CiphertextBlob"], **how)
    assert (status, body["Code"]) == (404, "Forbidden.KeyNotFound")


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("CreateKey", {}),
        ("DescribeKey", {"KeyId": "alias/inside"}),
        ("ListKeys", {}),
        ("ReEncrypt", {"CiphertextBlob": "AAAA", "DestinationKeyId": "alias/inside"}),
        ("GetManagedDataKey", {"DataKeyName": "conformance-data-key"}),
        ("ListManagedDataKeyVersions", {"DataKeyName": "conformance-data-key"}),
        ("BatchGetSecretValue", {"SecretsList": '[{"SecretName":"inside"}]'}),
    ],
)
def test_whatever_is_no_business_of_an_application_is_refused(operation, params, callers, things):
    before = dict(callers["vpc"].served.endpoint.account.counts())
    status, body = callers["dedicated"](operation, **params)
    assert (status, body["Code"]) == (400, "UnsupportedOperation")
    assert callers["vpc"].served.endpoint.account.counts() == before


def test_reading_a_secret_takes_decrypt_on_its_key_for_everybody_there(callers, things):
    endpoint = callers["vpc"].served.endpoint
    from conformance.reference.ram import Statement

    only = (Statement("Allow", ("kms:GetSecretValue",)),)
    later = endpoint.clock.now().replace(year=2100)
    endpoint.identities.add("reader", only, token_expires=later)
    assert callers["vpc"]("GetSecretValue", identity="reader", SecretName="inside")[0] == 200
    status, body = callers["dedicated"]("GetSecretValue", identity="reader", SecretName="inside")
    assert (status, body["Code"]) == (403, "Forbidden.NoPermission")
    assert things["inside key"] in body["Message"]
    endpoint.identities.remove("reader")


def test_the_switch_opens_keys_of_an_instance_to_the_internet(callers, things):
    internet, served = callers["internet"], callers["vpc"].served
    asked = {"KeyId": things["inside key"], "Plaintext": PLAIN}
    blob = callers["vpc"]("Encrypt", **asked)[1]["CiphertextBlob"]
    for operation, params in (("Encrypt", asked), ("Decrypt", {"CiphertextBlob": blob})):
        status, body = internet(operation, **params)
        assert (status, body["Code"]) == (403, "Forbidden.NoPermission")
    assert internet("Encrypt", KeyId=things["outside key"], Plaintext=PLAIN)[0] == 200
    assert internet("GetSecretValue", SecretName="inside")[1]["SecretData"] == "v"
    assert internet("DescribeKey", KeyId=things["inside key"])[0] == 200
    switch = f"{served.running.control_url}/internet"
    instance = served.endpoint.instance_id
    assert httpx.get(switch, trust_env=False).json()[instance] is False
    for state, status in ((True, 200), (False, 403)):
        thrown = httpx.post(switch, json={instance: state}, trust_env=False)
        assert thrown.json()[instance] is state
        assert internet("Encrypt", **asked)[0] == status
    for wrong in ({}, {"kst-none": True}, {instance: "on"}, []):
        assert httpx.post(switch, json=wrong, trust_env=False).status_code == 400


def test_a_client_key_has_no_kms_api_there():
    from test_access_control import Access

    access = Access()
    answer = access.ask("GetSecretValue", gateway="dedicated", SecretName="mine")
    assert (answer.status, json.loads(answer.body)["Code"]) == (403, "Forbidden.NoPermission")


def test_an_older_image_asks_for_the_access_key_of_the_instance_protocol():
    endpoint = Endpoint(Settings(older_image=True))
    auth = Acs3Auth(endpoint.identities["full"].credential)
    request = httpx.Request("POST", "https://kms.example/", params={"Action": "ListKeys"})
    wire = WireRequest.from_httpx(auth.sign_request(request))
    answer = endpoint.handle(wire, "dedicated", gateway="dedicated")
    assert answer.status == 400
    assert b"MissingParameter" in answer.body
    assert b"x-kms-acccesskeyid" in answer.body
    assert endpoint.handle(wire, "https").status == 200
