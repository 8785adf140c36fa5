"""What time does to keys: deletion windows end, imported material expires, rotation falls due.

State changes when a key is looked at, by the time of the call: no timer runs, and a clock that is
moved by a year shows a year's changes.
"""

from datetime import datetime, timedelta
from uuid import uuid4

from conformance.reference.call import Seams, seam
from conformance.reference.model import Account, BlockCipher, Key, KeyVersion, Material
from conformance.reference.services.material import new_material
from conformance.reference.services.tables import key_specs

#: Rotations caught up at one look; a clock moved by centuries does not fill the memory.
_MOST_ROTATIONS = 60


def new_version_id() -> str:
    """Return the id of a new key version: a UUID, as long as the blob's frame wants it."""
    return str(uuid4())


def add_version(account: Account, key: Key, material: Material, now: datetime) -> KeyVersion:
    """Give a key a further version; it becomes the primary one unless the key is asymmetric."""
    cipher: BlockCipher = "SM4" if key.spec == "Aliyun_SM4" else "AES"
    version = KeyVersion(new_version_id(), now, material, cipher)
    key.versions[version.id] = version
    account.key_versions[version.id] = key.id
    if key_specs()[key.spec]["kind"] != "asymmetric":
        key.primary_version = version.id
    key.last_rotation = now
    if key.rotation_interval is not None:
        key.next_rotation = now + key.rotation_interval
    return version


def remove_key(account: Account, key: Key) -> None:
    """Forget a key with its versions, aliases and import tokens."""
    for version in key.versions:
        account.key_versions.pop(version, None)
    for name in [alias.name for alias in account.aliases.values() if alias.key_id == key.id]:
        del account.aliases[name]
    for token in [row.token for row in account.import_tokens.values() if row.key_id == key.id]:
        del account.import_tokens[token]
    account.keys.pop(key.id, None)


@seam
def deletion_due(key: Key, now: datetime) -> bool:
    """Tell whether the deletion window of a key has ended."""
    return key.delete_date is not None and key.delete_date <= now


@seam
def material_due(key: Key, now: datetime) -> bool:
    """Tell whether imported material has expired."""
    return key.material_expires is not None and key.material_expires <= now


@seam
def rotation_due(key: Key, now: datetime) -> bool:
    """Tell whether an enabled key has to rotate."""
    return key.next_rotation is not None and key.next_rotation <= now and key.state == "Enabled"


def settle(account: Account, key: Key, now: datetime, seams: Seams) -> bool:
    """Bring a key up to date; False when it is gone."""
    if key.next_rotation is None and key.delete_date is None and key.material_expires is None:
        return True
    if seams.deletion_due(key, now):
        remove_key(account, key)
        return False
    if seams.material_due(key, now):
        drop_material(key)
    for _ in range(_MOST_ROTATIONS):
        if not seams.rotation_due(key, now) or key.next_rotation is None:
            break
        add_version(account, key, new_material(key.spec), key.next_rotation)
    return True


def drop_material(key: Key) -> None:
    """Take imported material away; the key stays bound to it."""
    for version in key.versions.values():
        version.material = None
    key.material_expires = None
    if key.state != "PendingDeletion":
        key.state = "PendingImport"


def schedule_rotation(key: Key, interval: timedelta, now: datetime) -> None:
    """Switch rotation on: due one interval after the last one, at once when that is past."""
    key.rotation = "Enabled"
    key.rotation_interval = interval
    key.next_rotation = max((key.last_rotation or key.created) + interval, now)


def resume_rotation(key: Key, now: datetime) -> None:
    """Let a key that is Enabled again rotate at once when a rotation fell due meanwhile."""
    if key.next_rotation is not None:
        key.next_rotation = max(key.next_rotation, now)
