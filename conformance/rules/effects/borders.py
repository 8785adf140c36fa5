"""Where things end: unknown versions, reserved names, full lists, what a deletion takes along."""

import base64

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs12
from cryptography.x509 import load_pem_x509_certificate

from conformance.client.exchange import Exchange
from conformance.rules.effects.looking import done, expect_key, gone, key_metadata, new_key
from conformance.run.context import Kms
from conformance.run.registry import Level, rule
from conformance.spec.catalogue import catalogue

_SDK = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_RESPONSES = "KMS Responses page, AlibabaCloudDocs/kms (2021-07)"
_STATES = "Impact of the key state on API operations, page 44211"
_POINTS = "Use application access points page (zh); Create an application access point page"
#: Characters that the description of a key may have.
_DESCRIPTION = 8_192


@rule(
    "EFF-080",
    level=Level.MUST,
    family="effects",
    statement="A version that a key does not have, that of another key for instance, is refused "
    "with 404 Forbidden.KeyVersionNotFound.",
    provenance="documented",
    source=_RESPONSES,
    stage="state",
    promises=("semantics/unknown-key-version",),
    operations=("DescribeKeyVersion",),
    safety="creates",
)
def unknown_key_version(kms: Kms) -> None:
    """Describe the version of one key as that of another."""
    one, two = new_key(kms), new_key(kms)
    shown = done(kms, "DescribeKey", {"KeyId": two})
    version = key_metadata(shown).get("PrimaryKeyVersion")
    kms.expect(isinstance(version, str) and version, "DescribeKey has PrimaryKeyVersion", shown)
    for wrong in (str(version), "00000000-0000-4000-8000-000000000000"):
        kms.expect_refused(
            kms.call("DescribeKeyVersion", {"KeyId": one, "KeyVersionId": wrong}),
            codes=["Forbidden.KeyVersionNotFound"],
            statuses=[404],
            why="the key has no such version",
        )


@rule(
    "EFF-093",
    level=Level.MUST,
    family="effects",
    statement="A description of a key that is as long as it may be, 8,192 characters, comes back "
    "whole.",
    provenance="documented",
    source=_SDK,
    stage="service",
    operations=("CreateKey", "DescribeKey"),
    safety="creates",
)
def longest_description(kms: Kms) -> None:
    """Create a key with a description whose end tells where it was cut."""
    text = kms.fresh_name("key").ljust(_DESCRIPTION - 8, ".") + "the end."
    made = kms.call("CreateKey", {"Description": text}, placement="form")
    shown = expect_key(kms, str(key_metadata(kms.expect_success(made)).get("KeyId")))
    found = str(shown.get("Description"))
    kms.expect(found == text, f"{len(text)} characters come back, found {len(found)}", made)


@rule(
    "EFF-081",
    level=Level.MUST,
    family="effects",
    statement="Whether an alias can be moved is a matter of the new key alone: it leaves a key "
    "that waits for its deletion.",
    provenance="documented",
    source=_STATES,
    stage="state",
    operations=("UpdateAlias",),
    safety="schedules-deletion",
)
def alias_leaves_pending_key(kms: Kms) -> None:
    """Move an alias from a key that waits for its deletion to another one."""
    old, new, name = new_key(kms), new_key(kms), kms.fresh_name("alias")
    done(kms, "CreateAlias", {"AliasName": name, "KeyId": old})
    done(kms, "ScheduleKeyDeletion", {"KeyId": old, "PendingWindowInDays": 7})
    done(kms, "UpdateAlias", {"AliasName": name, "KeyId": new})
    shown = expect_key(kms, name)
    kms.expect(shown.get("KeyId") == new, "the alias names the new key", kms.exchanges[-1])


@rule(
    "EFF-082",
    level=Level.MUST,
    family="effects",
    statement="Names that begin acs/ are not for Generic secrets: CreateSecret is refused and "
    "makes none.",
    provenance="documented",
    source=_SDK,
    stage="parameter",
    promises=("semantics/secret-name",),
    operations=("CreateSecret",),
    safety="creates",
)
def reserved_secret_name(kms: Kms) -> None:
    """Ask for a Generic secret of a reserved name."""
    name = f"acs/{kms.fresh_name('secret')}"
    request = {"SecretName": name, "SecretData": "x", "VersionId": "v1"}
    kms.expect_refused(kms.call("CreateSecret", request), why="the name begins acs/")
    gone(kms, kms.call("DescribeSecret", {"SecretName": name}), "Forbidden.ResourceNotFound")


@rule(
    "EFF-083",
    level=Level.MUST,
    family="effects",
    statement="A key has no more tags than the largest number that any page names: what goes "
    "beyond is refused, and the tags stay as they were.",
    provenance="documented",
    source=_SDK,
    stage="state",
    promises=("limit/tags-per-resource",),
    operations=("TagResource",),
    safety="creates",
    readings=("tags-per-resource",),
)
def too_many_tags(kms: Kms) -> None:
    """Put ten tags on a key, then as many as make one too many."""
    most = catalogue().limit("tags-per-resource").max
    assert most is not None
    key = new_key(kms)
    tags = [{"TagKey": f"t{number}", "TagValue": "x"} for number in range(int(most) + 1)]
    done(kms, "TagResource", {"KeyId": key, "Tags": tags[:10]})
    kms.expect_refused(
        kms.call("TagResource", {"KeyId": key, "Tags": tags[10:]}), why=f"there are {most} at most"
    )
    listed = done(kms, "ListResourceTags", {"KeyId": key})
    rows = (listed.data.get("Tags") or {}).get("Tag") or []
    kms.expect(len(rows) == 10, f"the ten tags stay, found {len(rows)}", listed)


def _client_key(kms: Kms, point: str, password: str) -> Exchange:
    return done(kms, "CreateClientKey", {"AapName": point, "Password": password})


def _get_client_key(kms: Kms, key_id: str) -> Exchange:
    return kms.call("GetClientKey", {"ClientKeyId": key_id}, method="GET")


@rule(
    "EFF-084",
    level=Level.MUST,
    family="effects",
    statement="PrivateKeyData of CreateClientKey is a PKCS#12 that opens with the password that "
    "was sent, and holds the private half of the certificate that GetClientKey tells.",
    provenance="documented",
    source=_POINTS,
    stage="service",
    operations=("CreateClientKey", "GetClientKey"),
    safety="creates",
)
def client_key_file(kms: Kms) -> None:
    """Open the file of a client key and compare its halves."""
    point = str(kms.provide("access-point", fresh=True)["name"])
    password = f"Aa1-{kms.random.getrandbits(64):016x}"
    created = _client_key(kms, point, password)
    try:
        data = base64.b64decode(str(created.data.get("PrivateKeyData")), validate=True)
        private = pkcs12.load_key_and_certificates(data, password.encode())[0]
    except ValueError:
        kms.violated("PrivateKeyData is a PKCS#12 under the password", created)
    if private is None:
        kms.violated("the PKCS#12 holds a private key", created)
    told = kms.expect_success(_get_client_key(kms, str(created.data.get("ClientKeyId"))))
    try:
        published = load_pem_x509_certificate(str(told.data.get("PublicKeyData")).encode())
    except ValueError:
        kms.violated("PublicKeyData is a certificate in PEM", told)
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    same = private.public_key().public_bytes(*form) == published.public_key().public_bytes(*form)
    kms.expect(same, "private and published half belong together", created, told)


@rule(
    "EFF-085",
    level=Level.MUST,
    family="effects",
    statement="The client keys of an access point go with it: nobody gets in with them any more.",
    provenance="documented",
    source=_POINTS,
    stage="service",
    operations=("DeleteApplicationAccessPoint", "GetClientKey"),
    safety="schedules-deletion",
)
def client_keys_go_along(kms: Kms) -> None:
    """Delete an access point and look for its client key."""
    point = str(kms.provide("access-point", fresh=True)["name"])
    created = _client_key(kms, point, f"Aa1-{kms.random.getrandbits(64):016x}")
    key_id = str(created.data.get("ClientKeyId"))
    done(kms, "DeleteApplicationAccessPoint", {"Name": point})
    gone(kms, _get_client_key(kms, key_id), "Forbidden.ResourceNotFound")


@rule(
    "EFF-086",
    level=Level.SHOULD,
    family="effects",
    statement="Only keys of a KMS instance have a key policy: GetKeyPolicy of another is refused.",
    provenance="documented",
    source=_SDK,
    stage="state",
    promises=("semantics/policy-instance-only",),
    operations=("GetKeyPolicy",),
    safety="creates",
)
def no_policy_outside_instances(kms: Kms) -> None:
    """Ask for the policy of a key outside any instance."""
    created = done(kms, "CreateKey", {"Description": f"{kms.marker} conformance test"})
    metadata = key_metadata(created)
    if metadata.get("DKMSInstanceId"):
        return
    asked = kms.call("GetKeyPolicy", {"KeyId": metadata.get("KeyId")})
    kms.expect_refused(asked, why="the key is in no instance")


@rule(
    "EFF-087",
    level=Level.SHOULD,
    family="effects",
    statement="A Disabled key protects no new secret: CreateSecret under it is refused, as only "
    "Enabled keys do cryptography.",
    provenance="inferred",
    source=_STATES,
    stage="state",
    operations=("CreateSecret",),
    safety="creates",
)
def no_secret_under_disabled_key(kms: Kms) -> None:
    """Create a secret under a key that was disabled."""
    key, name = new_key(kms), kms.fresh_name("secret")
    done(kms, "DisableKey", {"KeyId": key})
    request = {"SecretName": name, "SecretData": "x", "VersionId": "v1", "EncryptionKeyId": key}
    kms.expect_refused(kms.call("CreateSecret", request), why="its key is Disabled")
    gone(kms, kms.call("DescribeSecret", {"SecretName": name}), "Forbidden.ResourceNotFound")
