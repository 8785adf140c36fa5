"""What an account has before the first call: things that no operation of the API makes.

Instances are bought, managed data keys come from other products, and each cloud service keeps a key
of its own.
"""

import base64
import os
from datetime import datetime, timedelta
from uuid import uuid4

from conformance.reference.model import (
    Account,
    Alias,
    BoundVpc,
    Instance,
    Key,
    ManagedDataKey,
    ManagedDataKeyVersion,
)
from conformance.reference.services.blob import IV_BYTES
from conformance.reference.services.life import add_version
from conformance.reference.services.material import new_material
from conformance.reference.services.symmetric import bind_context, seal

#: A software instance that is connected, one that was bought and not connected, and a hardware one.
SOFTWARE_INSTANCE = "kst-hzz65f176a0ogplgqhsb1"
NEW_INSTANCE = "kst-hzz65f176a0ogplgqhsb2"
HARDWARE_INSTANCE = "kst-hzz65f176a0ogplgqhsb3"
#: The managed data key, with versions of three days.
MANAGED_DATA_KEY = "conformance-data-key"
#: Alias of the key that a cloud service keeps in the account.
SERVICE_ALIAS = "alias/acs/ecs"

_SPEC = "Aliyun_AES_256"
#: Keys and secrets of an instance: what runs leave behind waits for its deletion and counts.
_QUOTA = 20_000


def furnish(account: Account, now: datetime) -> None:
    """Put instances, a managed data key and the key of a service into a new account."""
    _add_instances(account, now)
    service_key = _add_service_key(account, now)
    account.aliases[SERVICE_ALIAS] = Alias(SERVICE_ALIAS, service_key.id, now)
    _add_managed_data_key(account, service_key, now)


def _add_instances(account: Account, now: datetime) -> None:
    vpc, switch = "vpc-bp1i7nlfh4xftc1k6vx4n", "vsw-bp1i512amda6d10a0qa63"
    zones = [f"{account.region}-k", f"{account.region}-j"]
    connected = Instance(
        SOFTWARE_INSTANCE,
        "software",
        now,
        vpc_id=vpc,
        vswitch_ids=[switch],
        zone_ids=zones,
        bound_vpcs=[BoundVpc(vpc, switch, account.region, account.uid)],
        end=now + timedelta(days=365),
        key_quota=_QUOTA,
        secret_quota=_QUOTA,
    )
    new = Instance(
        NEW_INSTANCE, "bought", now, status="Uninitialized", charge_type="POSTPAY", end=None
    )
    hardware = Instance(
        HARDWARE_INSTANCE,
        "hardware",
        now,
        kind="hardware",
        vpc_id=vpc,
        vswitch_ids=[switch],
        zone_ids=zones,
        end=now + timedelta(days=365),
        key_quota=_QUOTA,
        secret_quota=_QUOTA,
    )
    account.instances.update({row.id: row for row in (connected, new, hardware)})
    account.default_instance = connected.id


def _add_service_key(account: Account, now: datetime) -> Key:
    key = Key(
        str(uuid4()),
        _SPEC,
        "ENCRYPT/DECRYPT",
        "Aliyun_KMS",
        now,
        "Ecs",
        description="Default key of a cloud service",
        creator_type="Service",
    )
    add_version(account, key, new_material(_SPEC), now)
    account.keys[key.id] = key
    return key


def _add_managed_data_key(account: Account, key: Key, now: datetime) -> None:
    data_key = ManagedDataKey(MANAGED_DATA_KEY, key.id, now)
    assert key.primary_version is not None
    protecting = key.versions[key.primary_version]
    for days in (2, 1, 0):
        plaintext = os.urandom(32)
        text = base64.b64encode(plaintext)
        version_id = (now - timedelta(days=days)).strftime("%Y%m%d")
        blob = seal(protecting, os.urandom(IV_BYTES), text, bind_context(None))
        data_key.versions[version_id] = ManagedDataKeyVersion(
            version_id,
            f"kms-datakeyversion!{MANAGED_DATA_KEY}!{version_id}",
            now - timedelta(days=days),
            plaintext,
            base64.b64encode(blob).decode("ascii"),
        )
    account.managed_data_keys[data_key.name] = data_key
