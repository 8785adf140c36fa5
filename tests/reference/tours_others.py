"""Walks among policies, access points, instances and the rest."""

import json

from cryptography.hazmat.primitives.serialization import (
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate
from touring import document, raw
from tours_secrets import secret

from conformance.reference.services.seed import NEW_INSTANCE, SOFTWARE_INSTANCE


def policies(tour):
    key = tour.key(DKMSInstanceId=SOFTWARE_INSTANCE)
    secret(tour, DKMSInstanceId=SOFTWARE_INSTANCE)
    tour("GetKeyPolicy", KeyId=key)

    def same(wanted):
        return lambda body: json.loads(body["Policy"]) == wanted

    for wanted in (
        document("Allow", "kms:Encrypt", "Deny", "kms:Decrypt"),
        document("Allow", "kms:*"),
    ):
        tour("SetKeyPolicy", KeyId=key, Policy=wanted)
        tour("GetKeyPolicy", take=same(wanted), KeyId=key)
        tour("SetSecretPolicy", SecretName="s", Policy=wanted)
        tour("GetSecretPolicy", take=same(wanted), SecretName="s")
    tour("SetKeyPolicy", KeyId=key, Policy=document("Deny", "kms:Encrypt"))
    tour("Encrypt", KeyId=key, Plaintext="aGk=")
    outside = tour.key()
    tour("GetKeyPolicy", KeyId=outside)


def access_points(tour):
    permissions = ["RbacPermission/Template/CryptoServiceKeyUser"]
    tour("CreateNetworkRule", Name="n", Type="Private", SourcePrivateIp=["10.0.0.0/8"])
    tour("CreateNetworkRule", Name="n", Type="Private", SourcePrivateIp=["10.0.0.0/8"])
    tour("CreatePolicy", Name="p", Permissions=permissions, Resources=["key/*"])
    tour("CreatePolicy", Name="q", Permissions=permissions, Resources=["key/*"])
    tour("CreateApplicationAccessPoint", Name="a", Policies=["p"], Description="d")
    tour("CreateApplicationAccessPoint", Name="b", Policies=["none"])
    tour(
        "CreatePolicy",
        Name="r",
        Permissions=permissions,
        Resources=["key/*"],
        AccessControlRules={"NetworkRules": ["none"]},
    )

    def point(body):
        return body["Description"], body["Policies"]

    tour("UpdateApplicationAccessPoint", Name="a", Policies=["q"])
    tour("DescribeApplicationAccessPoint", take=point, Name="a")
    for name in ("s", "t"):
        tour("CreatePolicy", Name=name, Permissions=permissions, Resources=["key/*"])
    tour("CreateApplicationAccessPoint", Name="c", Policies=["p", "q", "s"])
    tour("CreateApplicationAccessPoint", Name="d", Policies=["p", "q", "s", "t"])
    tour("UpdateApplicationAccessPoint", Name="c", Policies=["p"], Description="both")
    tour("DescribeApplicationAccessPoint", take=point, Name="c")
    tour("ListApplicationAccessPoints", take=lambda body: body["ApplicationAccessPoints"])
    tour("UpdatePolicy", Name="p", Resources=["key/x"])
    tour("DescribePolicy", take=lambda body: body["Resources"], Name="p")
    tour("UpdatePolicy", Name="p", AccessControlRules={"NetworkRules": ["n"]})
    tour("DescribePolicy", take=lambda body: body["AccessControlRules"], Name="p")
    tour("DescribeNetworkRule", take=lambda body: body["SourcePrivateIp"], Name="n")
    client_keys(tour)
    for operation in ("DeleteNetworkRule", "DeletePolicy", "DeleteApplicationAccessPoint"):
        name = {"DeleteNetworkRule": "n", "DeletePolicy": "p"}.get(operation, "a")
        tour(operation, Name=name)
        tour(operation.replace("Delete", "Describe"), Name=name)
    tour("ListClientKeys", take=lambda body: len(body["ClientKeys"]))


def client_keys(tour):
    made = tour("CreateClientKey", AapName="a", Password="Passw0rd!")
    try:
        private, _, _ = pkcs12.load_key_and_certificates(raw(made["PrivateKeyData"]), b"Passw0rd!")
    except ValueError:
        tour.note("file", "does not open")
    else:
        shown = tour("GetClientKey", ClientKeyId=made["ClientKeyId"])
        certificate = load_pem_x509_certificate(shown["PublicKeyData"].encode())
        tour.note("halves", certificate.public_key() == private.public_key())
    tour.note("years", int(made["NotAfter"][:4]) - int(made["NotBefore"][:4]))
    given = {"NotBefore": "2030-01-01T00:00:00Z", "NotAfter": "2031-01-01T00:00:00Z"}
    tour(
        "CreateClientKey",
        take=lambda body: (body["NotBefore"], body["NotAfter"]),
        AapName="a",
        Password="Passw0rd!",
        **given,
    )
    for _ in range(2):
        tour("CreateClientKey", AapName="a", Password="Passw0rd!")
    tour("DeleteClientKey", ClientKeyId=made["ClientKeyId"])
    tour("GetClientKey", ClientKeyId=made["ClientKeyId"])


def instances(tour):
    connect = {"VpcId": "v", "VSwitchIds": ["s"], "ZoneIds": ["a", "b"]}
    tour("ConnectKmsInstance", KMProvider="Aliyun", KmsInstanceId=NEW_INSTANCE, **connect)
    for vpcs in (["one", "two"], ["three"]):
        rows = [{"VpcId": vpc} for vpc in vpcs]
        tour("UpdateKmsInstanceBindVpc", KmsInstanceId=NEW_INSTANCE, BindVpcs=rows)
        tour(
            "GetKmsInstance",
            take=lambda body: [row["VpcId"] for row in body["KmsInstance"]["BindVpcs"]["BindVpc"]],
            KmsInstanceId=NEW_INSTANCE,
        )


def denied(tour):
    key = tour.key()
    tour("DisableKey", identity="none", KeyId=key)
    tour.state(key)
    tour("OpenKmsService")
    made = [tour.key(Description="same"), tour.key(Description="same")]
    tour.note("new each time", made[0] != made[1])


def passwords(tour):
    for params in (
        {},
        {"PasswordLength": 64},
        {"ExcludeNumbers": "true", "ExcludePunctuation": "true"},
    ):
        made = [tour("GetRandomPassword", **params)["RandomPassword"] for _ in range(2)]
        tour.note("length", [len(password) for password in made])
        tour.note("differ", made[0] != made[1])
        if params.get("ExcludeNumbers"):
            tour.note("letters", all(password.isalpha() for password in made))
    made = tour("GetRandomPassword", RequireEachIncludedType="true")["RandomPassword"]
    tour.note("digits", any(letter.isdigit() for letter in made))
