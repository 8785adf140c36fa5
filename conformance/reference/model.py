"""The things an account holds. Plain state in memory, changed by the services only.

All times are aware and in UTC, at full precision; services cut them to seconds when they answer.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from conformance.reference.sm.sm2 import Sm2PrivateKey

KeyState: TypeAlias = Literal["Enabled", "Disabled", "PendingDeletion", "PendingImport"]
Rotation: TypeAlias = Literal["Enabled", "Disabled", "Suspended"]
SecretRotation: TypeAlias = Literal["Enabled", "Disabled", "Invalid"]
ServiceStatus: TypeAlias = Literal["Enabled", "NotEnabled", "InDebt", "Suspended"]
#: Bytes of a symmetric or HMAC key, or a private key. None until material was imported.
Material: TypeAlias = bytes | RSAPrivateKey | EllipticCurvePrivateKey | Sm2PrivateKey | None
#: Block cipher of a symmetric key.
BlockCipher: TypeAlias = Literal["AES", "SM4"]
#: A policy document as the caller wrote it: Version and Statement.
PolicyDocument: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class KeyVersion:
    """One version of a key."""

    id: str
    created: datetime
    material: Material = field(default=None, repr=False)
    cipher: BlockCipher = "AES"


@dataclass(slots=True)
class Key:
    """A key with its versions, oldest first.

    Attributes:
        primary_version: Id of the version that encrypts; None for asymmetric keys.
        rotation: Automatic rotation as set; Suspended is derived from the state by the service.
        material_expires: When imported material goes.
        material_digest: Of the material first imported, which the key is bound to.
        creator_type: ``Service`` for keys that the service made for itself.
    """

    id: str
    spec: str
    usage: str
    origin: str
    created: datetime
    creator: str
    state: KeyState = "Enabled"
    protection_level: str = "SOFTWARE"
    description: str = ""
    versions: dict[str, KeyVersion] = field(default_factory=dict)
    primary_version: str | None = None
    rotation: Rotation = "Disabled"
    rotation_interval: timedelta | None = None
    last_rotation: datetime | None = None
    next_rotation: datetime | None = None
    delete_date: datetime | None = None
    deletion_protection: bool = False
    deletion_protection_description: str = ""
    material_expires: datetime | None = None
    material_digest: bytes | None = field(default=None, repr=False)
    tags: dict[str, str] = field(default_factory=dict)
    policy: PolicyDocument | None = None
    instance_id: str | None = None
    storage_mechanism: str | None = None
    creator_type: Literal["User", "Service"] = "User"


@dataclass(slots=True)
class Alias:
    """A name for one key; ``name`` begins with ``alias/``."""

    name: str
    key_id: str
    created: datetime


@dataclass(slots=True)
class SecretVersion:
    """One version of a secret and its stage labels."""

    id: str
    data: str = field(repr=False)
    data_type: str
    created: datetime
    stages: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Secret:
    """A secret with its versions, oldest first.

    Attributes:
        planned_delete: End of the deletion window; None outside it.
        extended_config: As the caller wrote it, None when there is none.
        encryption_key_id: None for the service's own key.
    """

    name: str
    type: str
    created: datetime
    updated: datetime
    creator: str
    description: str = ""
    encryption_key_id: str | None = None
    versions: dict[str, SecretVersion] = field(default_factory=dict)
    rotation: SecretRotation = "Disabled"
    rotation_interval: timedelta | None = None
    last_rotation: datetime | None = None
    next_rotation: datetime | None = None
    planned_delete: datetime | None = None
    extended_config: dict[str, Any] | None = None
    tags: dict[str, str] = field(default_factory=dict)
    policy: PolicyDocument | None = None
    instance_id: str | None = None
    owing_service: str | None = None


@dataclass(slots=True)
class AccessPolicy:
    """A policy of application access points (CreatePolicy)."""

    name: str
    created: datetime
    description: str = ""
    permissions: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    access_control_rules: dict[str, Any] = field(default_factory=dict)
    kms_instance: str | None = None


@dataclass(slots=True)
class NetworkRule:
    """Addresses that a policy of an access point allows."""

    name: str
    created: datetime
    type: str = "Private"
    description: str = ""
    source_private_ip: list[str] = field(default_factory=list)


@dataclass(slots=True)
class AccessPoint:
    """An application access point; ``policies`` are names."""

    name: str
    created: datetime
    authentication_method: str = "ClientKey"
    description: str = ""
    policies: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ClientKey:
    """A client key of an access point; the service keeps the public half only."""

    id: str
    access_point: str
    created: datetime
    not_before: datetime
    not_after: datetime
    public_key: RSAPublicKey = field(repr=False)
    key_algorithm: str = "RSA_2048"
    key_origin: str = "KMS_PROVIDED"
    certificate_pem: str = ""


@dataclass(slots=True)
class BoundVpc:
    """A VPC from which an instance is reached."""

    vpc_id: str
    vswitch_id: str
    region: str
    owner: str


@dataclass(slots=True)
class Instance:
    """A KMS instance, the dedicated gateway's host; ``kind`` decides the key specs it takes.

    Attributes:
        internet_access: The switch for cryptography with its keys from the Internet, over the
            shared gateway. The console sets it, no operation does.
    """

    id: str
    name: str
    created: datetime
    kind: Literal["software", "hardware"] = "software"
    status: Literal["Uninitialized", "Connecting", "Connected", "Disconnected", "Error"] = (
        "Connected"
    )
    spec: int = 1000
    key_quota: int = 1000
    secret_quota: int = 100
    vpc_quota: int = 5
    product_version: str = "3"
    product_type: str = "kms_ddi_public_cn"
    charge_type: str = "PREPAY"
    end: datetime | None = None
    vpc_id: str = ""
    vswitch_ids: list[str] = field(default_factory=list)
    zone_ids: list[str] = field(default_factory=list)
    bound_vpcs: list[BoundVpc] = field(default_factory=list)
    deletion_protection: bool = False
    deletion_protection_description: str = ""
    internet_access: bool = False


@dataclass(slots=True)
class ManagedDataKeyVersion:
    """One version of a managed data key."""

    id: str
    name: str
    created: datetime
    plaintext: bytes = field(repr=False)
    ciphertext: str = field(default="", repr=False)


@dataclass(slots=True)
class ManagedDataKey:
    """A data key that the service keeps, by name; versions oldest first."""

    name: str
    key_id: str
    created: datetime
    versions: dict[str, ManagedDataKeyVersion] = field(default_factory=dict)


@dataclass(slots=True)
class ImportToken:
    """What GetParametersForImport handed out: a wrapping key for one key and one day."""

    token: str = field(repr=False)
    key_id: str
    wrapping_spec: str
    wrapping_algorithm: str
    expires: datetime
    private_key: RSAPrivateKey | Sm2PrivateKey = field(repr=False)


@dataclass(slots=True)
class Account:
    """One account in one region. Dictionaries are by id or name and keep the order of creation."""

    uid: str
    region: str
    keys: dict[str, Key] = field(default_factory=dict)
    #: Id of each key version to the id of its key.
    key_versions: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)
    access_points: dict[str, AccessPoint] = field(default_factory=dict)
    access_policies: dict[str, AccessPolicy] = field(default_factory=dict)
    network_rules: dict[str, NetworkRule] = field(default_factory=dict)
    client_keys: dict[str, ClientKey] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    managed_data_keys: dict[str, ManagedDataKey] = field(default_factory=dict)
    import_tokens: dict[str, ImportToken] = field(default_factory=dict)
    #: Times of the rotations of secrets that were asked for within the last hour.
    secret_rotations: list[datetime] = field(default_factory=list)
    default_instance: str | None = None
    status: ServiceStatus = "Enabled"
    #: Whether any key or secret was ever given a policy of its own.
    has_policies: bool = False

    def arn(self, kind: str, identifier: str) -> str:
        """Return ``acs:kms:<region>:<uid>:<kind>/<identifier>``."""
        return f"acs:kms:{self.region}:{self.uid}:{kind}/{identifier}"

    def counts(self) -> dict[str, int]:
        """Return how many things of each kind there are."""
        return {
            "keys": len(self.keys),
            "aliases": len(self.aliases),
            "secrets": len(self.secrets),
            "access_points": len(self.access_points),
            "access_policies": len(self.access_policies),
            "network_rules": len(self.network_rules),
            "client_keys": len(self.client_keys),
            "instances": len(self.instances),
            "managed_data_keys": len(self.managed_data_keys),
        }
