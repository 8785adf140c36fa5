"""KMS instances: shown, counted, connected, bound to VPCs, released."""

from typing import Any

from conformance.reference.call import Call, handles
from conformance.reference.errors import KmsError
from conformance.reference.model import BoundVpc, Instance
from conformance.reference.services.finding import find_instance, invalid, unsupported
from conformance.reference.services.keys import live_keys
from conformance.reference.services.life import remove_key
from conformance.reference.services.paging import filtered, page
from conformance.reference.services.quota import used
from conformance.reference.services.secret_life import live_secrets
from conformance.wire.times import format_iso


def _state_refusal(instance: Instance) -> KmsError:
    message = f"The KMS instance is {instance.status}."
    return KmsError("Forbidden.DKMSInstanceStateInvalid", message)


def _used(call: Call, instance: Instance) -> dict[str, int]:
    """Return what an instance holds now, after what time has taken away."""
    live_keys(call)
    live_secrets(call)
    return used(call.account, instance)


@handles("GetKmsInstance")
def get_kms_instance(call: Call) -> dict[str, Any]:
    """Show an instance; KeyNum, SecretNum and VpcNum are what it may hold."""
    instance = find_instance(call, "KmsInstanceId")
    bound = [
        {
            "VpcId": vpc.vpc_id,
            "VSwitchId": vpc.vswitch_id,
            "RegionId": vpc.region,
            "VpcOwnerId": vpc.owner,
        }
        for vpc in instance.bound_vpcs
    ]
    shown = {
        "InstanceId": instance.id,
        "InstanceName": instance.name,
        "Status": instance.status,
        "Spec": instance.spec,
        "KeyNum": instance.key_quota,
        "SecretNum": str(instance.secret_quota),
        "VpcNum": instance.vpc_quota,
        "ProductVersion": instance.product_version,
        "ProductType": instance.product_type,
        "ChargeType": instance.charge_type,
        "CreateTime": format_iso(instance.created),
        "StartDate": format_iso(instance.created),
        "EndDate": format_iso(instance.end) if instance.end else "",
        "VpcId": instance.vpc_id,
        "VswitchIds": instance.vswitch_ids,
        "ZoneIds": instance.zone_ids,
        "BindVpcs": {"BindVpc": bound},
        "DeletionProtection": instance.deletion_protection,
        "DeletionProtectionDescription": instance.deletion_protection_description,
        "Log": 0,
        "LogStorage": 0,
    }
    if call.endpoint.instance_ca_pem:
        shown["CaCertificateChainPem"] = call.endpoint.instance_ca_pem
    return {"KmsInstance": shown}


@handles("ListKmsInstances")
def list_kms_instances(call: Call) -> dict[str, Any]:
    """List instances; filters know the id under both names that documents use (inferred)."""
    rows = filtered(
        call,
        list(call.account.instances.values()),
        {
            "KmsInstanceId": lambda instance: [instance.id],
            "DKMSInstanceId": lambda instance: [instance.id],
            "Status": lambda instance: [instance.status],
        },
    )
    return page(
        call,
        rows,
        lambda instance: {
            "KmsInstanceId": instance.id,
            "KmsInstanceArn": call.account.arn("instance", instance.id),
        },
    )


@handles("GetKmsInstanceQuotaInfos")
def get_kms_instance_quota_infos(call: Call) -> dict[str, Any]:
    """Show quotas and their use, of the default instance when none is named (inferred)."""
    if "KmsInstanceId" in call.params:
        instance: Instance | None = find_instance(call, "KmsInstanceId")
    else:
        default = call.account.default_instance or next(iter(call.account.instances), "")
        instance = call.account.instances.get(default)
    if instance is None:
        return {"KmsInstanceQuotaInfos": []}
    quotas = {
        "key": instance.key_quota,
        "secret": instance.secret_quota,
        "qps": instance.spec,
        "vpc": instance.vpc_quota,
    }
    in_use = _used(call, instance)
    wanted = call.params.get("ResourceType")
    rows = [
        {"ResourceType": kind, "ResourceQuota": quota, "UsedQuantity": in_use[kind]}
        for kind, quota in quotas.items()
        if wanted in {None, kind}
    ]
    return {"KmsInstanceId": instance.id, "KmsInstanceQuotaInfos": rows}


@handles("GetDefaultKmsInstance")
def get_default_kms_instance(call: Call) -> dict[str, Any]:
    """Name the default instance of a migrated account; empty when there is none (inferred)."""
    return {"DefaultKmsInstanceId": call.account.default_instance or ""}


@handles("ConnectKmsInstance")
def connect_kms_instance(call: Call) -> dict[str, Any]:
    """Turn on a software instance that was bought: from Uninitialized to Connected, at once."""
    instance = find_instance(call, "KmsInstanceId")
    if instance.kind != "software":
        raise unsupported("Only software instances are connected this way.")
    if instance.status != "Uninitialized":
        raise _state_refusal(instance)
    instance.vpc_id = call.params["VpcId"]
    instance.vswitch_ids = list(call.params["VSwitchIds"])
    instance.zone_ids = list(call.params["ZoneIds"])
    instance.status = "Connected"
    return {}


@handles("UpdateKmsInstanceBindVpc")
def update_kms_instance_bind_vpc(call: Call) -> dict[str, Any]:
    """Replace the VPCs from which an instance is reached; all of the instance's region."""
    instance = find_instance(call, "KmsInstanceId")
    if instance.status != "Connected":
        raise _state_refusal(instance)
    rows = call.params["BindVpcs"]
    region = call.account.region
    if any(row.get("RegionId", region) != region for row in rows):
        raise invalid(f"BindVpcs are VPCs of {region}.")
    if len(rows) > instance.vpc_quota:
        message = f"The instance can be bound to {instance.vpc_quota} VPCs."
        raise KmsError("Rejected.LimitExceeded", message)
    instance.bound_vpcs = [
        BoundVpc(
            row["VpcId"],
            row.get("VSwitchId", ""),
            region,
            str(row.get("VpcOwnerId", call.account.uid)),
        )
        for row in rows
    ]
    return {}


@handles("ReleaseKmsInstance")
def release_kms_instance(call: Call) -> dict[str, Any]:
    """Give up a pay-as-you-go instance with all its keys and secrets.

    One that holds any must be forced, as this endpoint makes no backups (inferred).
    """
    instance = find_instance(call, "KmsInstanceId")
    if instance.charge_type != "POSTPAY":
        raise unsupported("Only pay-as-you-go instances are released.")
    if instance.deletion_protection:
        raise unsupported("Deletion protection of the instance is on.")
    held = _used(call, instance)
    forced = call.params.get("ForceDeleteWithoutBackup") == "true"
    if (held["key"] or held["secret"]) and not forced:
        raise unsupported("The instance holds keys or secrets that were not backed up.")
    for key in [key for key in live_keys(call) if key.instance_id == instance.id]:
        remove_key(call.account, key)
    for secret in [row for row in live_secrets(call) if row.instance_id == instance.id]:
        del call.account.secrets[secret.name]
    del call.account.instances[instance.id]
    return {}
