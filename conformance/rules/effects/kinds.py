"""What the kind of a key decides: specs that need an instance, levels, versions, protection."""

from conformance.rules.effects.looking import done, expect_key, key_metadata, new_key
from conformance.rules.lists import rows_at
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotApplicable

_SDK = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_SPECS = "Key types and specifications page 480161"


def _levels() -> list[Case]:
    return [Case(level, level) for level in ("SOFTWARE", "HSM")]


@rule(
    "EFF-016",
    level=Level.MUST,
    family="effects",
    statement="ProtectionLevel is ignored where an instance is named: the instance decides, and "
    "the key has the level that it has without.",
    provenance="documented",
    source=_SDK,
    stage="service",
    promises=("semantics/protection-level-of-instance",),
    operations=("CreateKey",),
    safety="creates",
    cases=_levels,
)
def instances_decide_the_level(kms: Kms, level: str) -> None:
    """Ask for a level beside an instance."""
    instance = kms.provide("instance")["id"]
    found = []
    for wish in ({}, {"ProtectionLevel": level}):
        request = {"Description": f"{kms.marker} conformance test, may be deleted", **wish}
        created = done(kms, "CreateKey", {**request, "DKMSInstanceId": instance})
        found.append(key_metadata(created).get("ProtectionLevel"))
    kms.expect(
        found[0] == found[1],
        f"ProtectionLevel is that of the instance, {found[0]}, found {found[1]}",
        kms.exchanges[-1],
    )


def _small() -> list[Case]:
    return [Case(spec, spec) for spec in ("Aliyun_AES_128", "Aliyun_AES_192")]


@rule(
    "EFF-017",
    level=Level.SHOULD,
    family="effects",
    statement="AES keys of 128 and 192 bits need an instance: CreateKey outside one is refused.",
    provenance="documented",
    source="terraform-provider-alicloud, page of keys (2026-08)",
    stage="service",
    promises=("semantics/small-aes-needs-instance",),
    operations=("CreateKey",),
    safety="creates",
    cases=_small,
)
def small_keys_need_an_instance(kms: Kms, spec: str) -> None:
    """Ask for a short key outside any instance."""
    request = {"Description": f"{kms.marker} conformance test, may be deleted", "KeySpec": spec}
    created = kms.call("CreateKey", request)
    if created.ok and key_metadata(created).get("DKMSInstanceId"):
        raise NotApplicable("keys of the target are made in its default instance", [created])
    kms.expect_refused(created, why=f"{spec} outside an instance")


@rule(
    "EFF-018",
    level=Level.MUST,
    family="effects",
    statement="DescribeKey shows PrimaryKeyVersion of symmetric keys, one of the versions that are "
    "listed, and of no asymmetric key.",
    provenance="documented",
    source="CreateKey page, AlibabaCloudDocs/kms (2021-07)",
    stage="service",
    promises=("semantics/primary-version-shown",),
    operations=("DescribeKey", "ListKeyVersions"),
)
def primary_versions(kms: Kms) -> None:
    """Describe a symmetric key, and an asymmetric one of each kind that is offered."""
    symmetric = kms.provide("symmetric-key")["id"]
    listed = done(kms, "ListKeyVersions", {"KeyId": symmetric, "PageSize": 100})
    versions = {str(row.get("KeyVersionId")) for row in rows_at(listed, "KeyVersions.KeyVersion")}
    shown = key_metadata(done(kms, "DescribeKey", {"KeyId": symmetric})).get("PrimaryKeyVersion")
    look = kms.exchanges[-1]
    kms.expect(shown, "DescribeKey of a symmetric key shows PrimaryKeyVersion", look)
    whole = listed.data.get("TotalCount") == len(versions)
    kms.expect(
        not whole or shown in versions,
        "PrimaryKeyVersion is a version that is listed",
        look,
        listed,
    )
    for spec in ("RSA_2048", "EC_P256", "EC_P256K", "EC_SM2"):
        if not kms.offers(f"spec:{spec}"):
            continue
        pair = kms.provide("asymmetric-key", {"KeySpec": spec, "KeyUsage": "SIGN/VERIFY"})["id"]
        described = done(kms, "DescribeKey", {"KeyId": pair})
        kms.expect(
            not key_metadata(described).get("PrimaryKeyVersion"),
            f"DescribeKey of an {spec} key shows no PrimaryKeyVersion",
            described,
        )


@rule(
    "EFF-019",
    level=Level.MUST,
    family="effects",
    statement="DeletionProtectionDescription counts together with protection only: sent with "
    "protection off it is not shown.",
    provenance="documented",
    source=_SDK,
    stage="service",
    promises=("semantics/protection-description",),
    operations=("SetDeletionProtection", "DescribeKey"),
    safety="creates",
)
def protection_text_needs_protection(kms: Kms) -> None:
    """Describe protection that is off, on, and off again."""
    key, text = new_key(kms), f"{kms.marker} kept"
    for on in (False, True, False):
        request = {"KeyId": key, "EnableDeletionProtection": on}
        done(kms, "SetDeletionProtection", {**request, "DeletionProtectionDescription": text})
        expect_key(
            kms,
            key,
            DeletionProtection="Enabled" if on else "Disabled",
            DeletionProtectionDescription=text if on else None,
        )


@rule(
    "EFF-088",
    level=Level.MUST,
    family="effects",
    statement="GetManagedDataKey answers the version that is named, the newest with UseLatest, and "
    "else the first; the same version always has the same plaintext, and no other has it.",
    provenance="documented",
    source=_SDK,
    stage="service",
    promises=("semantics/managed-data-key-version",),
    operations=("GetManagedDataKey", "ListManagedDataKeyVersions"),
)
def managed_data_key_versions(kms: Kms) -> None:
    """Read every version by its id, then the first and the newest."""
    name = kms.provide("managed-data-key")["name"]
    listed = done(kms, "ListManagedDataKeyVersions", {"DataKeyName": name, "PageSize": 100})
    rows = rows_at(listed, "ManagedDataKeyVersions.ManagedDataKeyVersion")
    versions = [str(row.get("DataKeyVersionId")) for row in rows]
    plain: dict[str, object] = {}
    for version in versions[:5]:
        request = {"DataKeyName": name, "DataKeyVersionId": version}
        sent = done(kms, "GetManagedDataKey", request)
        found = sent.data.get("DataKeyVersionId")
        kms.expect(found == version, f"the version is {version}, found {found}", sent)
        plain[version] = sent.data.get("Plaintext")
    kms.expect(
        len(set(plain.values())) == len(plain), "no two versions are the same", *kms.exchanges[-5:]
    )
    ends = {
        str(done(kms, "GetManagedDataKey", {"DataKeyName": name, **wish}).data["DataKeyVersionId"])
        for wish in ({}, {"UseLatest": True})
    }
    look = kms.exchanges[-2:]
    kms.expect(
        not versions or len(versions) == 1 or len(ends) == 2,
        "without a version comes the first one, with UseLatest the newest",
        *look,
    )
    for exchange in look:
        version = str(exchange.data.get("DataKeyVersionId"))
        kms.expect(
            plain.get(version, exchange.data.get("Plaintext")) == exchange.data.get("Plaintext"),
            "the same version has the same plaintext",
            exchange,
        )
        whole = listed.data.get("TotalCount") == len(versions)
        # In which order versions are listed, no page says.
        kms.expect(
            not whole or version in versions,
            "the version is one of those that are listed",
            exchange,
            listed,
        )


@rule(
    "KEY-032",
    level=Level.MUST,
    family="keys",
    statement="HMAC keys never rotate: UpdateRotationPolicy is refused with 400 "
    "Rejected.UnsupportedOperation, and rotation stays off.",
    provenance="documented",
    source=f"{_SPECS}; UpdateRotationPolicy page (zh)",
    stage="state",
    promises=("semantics/hmac-keys-never-rotate",),
    operations=("UpdateRotationPolicy",),
    needs=("operation:GenerateMac",),
)
def mac_keys_do_not_rotate(kms: Kms) -> None:
    """Try to switch rotation on."""
    key = kms.provide("mac-key", {"Algorithm": "HMAC_SHA_256"})["id"]
    request = {"KeyId": key, "EnableAutomaticRotation": True, "RotationInterval": "365d"}
    kms.expect_refused(
        kms.call("UpdateRotationPolicy", request),
        codes=["Rejected.UnsupportedOperation"],
        statuses=[400],
        why="an HMAC key",
    )
    metadata = expect_key(kms, str(key), KeyState="Enabled")
    kms.expect(
        metadata.get("AutomaticRotation", "Disabled") == "Disabled",
        "AutomaticRotation stays Disabled",
        kms.exchanges[-1],
    )


@rule(
    "EFF-089",
    level=Level.MUST,
    family="effects",
    statement="No key is made with another KeySpec than was asked for: a name that no document "
    "knows is refused, not replaced.",
    provenance="documented",
    source=_SDK,
    stage="parameter",
    operations=("CreateKey",),
    safety="creates",
    cases=lambda: [Case(spec, spec) for spec in ("RSA_2047", "Aliyun_AES_256_X", "nonsense")],
)
def unknown_specs_are_not_replaced(kms: Kms, spec: str) -> None:
    """Ask for a key of a kind that does not exist."""
    text = f"{kms.marker} conformance test, may be deleted"
    exchange = kms.call("CreateKey", {"Description": text, "KeySpec": spec})
    told = key_metadata(exchange).get("KeySpec")
    kms.expect(
        not exchange.ok, f"CreateKey refuses the KeySpec {spec}, makes a key of {told}", exchange
    )
