"""A second endpoint of KMS API, written apart from the reference and choosing otherwise.

It exists so that the rules are not tuned to one code base: another web server (threads, standard
library), state in SQLite, signature checks of its own, the gateway's error family, UUID key ids, the
smallest answers that the documentation allows, plaintexts that are decoded base64 rather than text.
It offers some forty operations and declines the rest. Nothing of `conformance` is imported.

    python tests/second/server.py          # prints where it listens and waits
"""

import base64
import binascii
import json
import re
import secrets
import sqlite3
import string
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

REGION, ACCOUNT = "cn-hangzhou", "1000000000000001"
USERS = {
    # id: (secret, may write, may read, active)
    "LTAI-second-full": ("full-secret-of-second", True, True, True),
    "LTAI-second-reader": ("reader-secret-of-second", False, True, True),
    "LTAI-second-nobody": ("nobody-secret-of-second", False, False, True),
    "LTAI-second-off": ("off-secret-of-second", True, True, False),
}
Params = dict[str, str]
Answer = dict[str, Any]
OPERATIONS: dict[str, Callable[["Store", Params], Answer]] = {}


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str = "The request was refused.") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


def operation(function: Callable[["Store", Params], Answer]) -> Callable[["Store", Params], Answer]:
    name = "".join(part.capitalize() for part in function.__name__.split("_"))
    OPERATIONS[name.replace("Reencrypt", "ReEncrypt")] = function
    return function


def now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def invalid(name: str) -> Refused:
    return Refused(400, "InvalidParameter", f"The specified parameter {name} is not valid.")


def needed(params: Params, name: str) -> str:
    if not params.get(name):
        raise Refused(400, "MissingParameter", f"The parameter {name} is missing.")
    return params[name]


def choice(params: Params, name: str, allowed: tuple[str, ...], default: str = "") -> str:
    value = params.get(name, default)
    if value != default and value not in allowed:
        raise invalid(name)
    return value


def whole(params: Params, name: str, low: int, high: int, default: int | None = None) -> int:
    if name not in params:
        if default is None:
            raise Refused(400, "MissingParameter", name)
        return default
    if not re.fullmatch(r"[0-9]{1,9}", params[name]) or not low <= int(params[name]) <= high:
        raise invalid(name)
    return int(params[name])


def unbase64(params: Params, name: str) -> bytes:
    try:
        return base64.b64decode(needed(params, name).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise invalid(name) from None


def from_json(params: Params, name: str, kind: type) -> Any:
    if name not in params:
        return None
    try:
        value = json.loads(params[name])
    except ValueError:
        raise invalid(name) from None
    if not isinstance(value, kind):
        raise invalid(name)
    return value


def filters(params: Params) -> list[Any]:
    found = from_json(params, "Filters", list) or []
    for one in found:
        if not isinstance(one, dict) or not isinstance(one.get("Key"), str):
            raise invalid("Filters")
        values = one.get("Values")
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise invalid("Filters")
        if len(values) > 10:
            raise invalid("Filters")
    if len(found) > 10:
        raise invalid("Filters")
    return found


class Store:
    """Documents by kind and name in SQLite; every request is one transaction."""

    def __init__(self) -> None:
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.execute(
            "create table things (kind text, name text, body text, born integer primary key"
            " autoincrement, unique (kind, name))"
        )

    def get(self, kind: str, name: str) -> Any:
        row = self.database.execute(
            "select body from things where kind = ? and name = ?", (kind, name)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, name: str, body: Any) -> None:
        self.database.execute(
            "insert into things (kind, name, body) values (?, ?, ?)"
            " on conflict (kind, name) do update set body = excluded.body",
            (kind, name, json.dumps(body)),
        )

    def drop(self, kind: str, name: str) -> None:
        self.database.execute("delete from things where kind = ? and name = ?", (kind, name))

    def all(self, kind: str) -> list[Any]:
        rows = self.database.execute(
            "select body from things where kind = ? order by born desc", (kind,)
        )
        return [json.loads(body) for (body,) in rows]

    def key(self, reference: str, *, alias: bool = True) -> Any:
        if reference.startswith("alias/"):
            if not alias:
                raise Refused(400, "Unsupported.Alias")
            found = self.get("alias", reference)
            if found is None:
                raise Refused(404, "Forbidden.AliasNotFound")
            reference = found["KeyId"]
        reference = reference.rpartition("key/")[2] if reference.startswith("acs:") else reference
        key = self.get("key", reference)
        if key is None or (key["gone"] and key["gone"] <= stamp(now())):
            raise Refused(404, "Forbidden.KeyNotFound")
        return key

    def usable(self, reference: str) -> Any:
        key = self.key(reference)
        if key["state"] != "Enabled":
            raise Refused(409, f"Rejected.{key['state']}")
        return key

    def secret(self, params: Params) -> Any:
        name = needed(params, "SecretName")
        name = name.partition(":secret/")[2] if name.startswith("acs:kms:") else name
        secret = self.get("secret", name)
        if secret is None:
            raise Refused(404, "Forbidden.ResourceNotFound")
        return secret


def page(params: Params, rows: list[Any], outer: str, inner: str, most: int = 100) -> Answer:
    number = whole(params, "PageNumber", 1, 10**8, 1)
    size = whole(params, "PageSize", 1, most, 10)
    return {
        outer: {inner: rows[(number - 1) * size : number * size]},
        "TotalCount": len(rows),
        "PageNumber": number,
        "PageSize": size,
    }


def metadata(key: Any) -> Answer:
    shown = {
        "KeyId": key["id"],
        "Arn": f"acs:kms:{REGION}:{ACCOUNT}:key/{key['id']}",
        "KeyState": key["state"],
        "KeySpec": key["spec"],
        "KeyUsage": key["usage"],
        "CreationDate": key["born"],
        "Origin": key["origin"],
        "Description": key["description"],
        "ProtectionLevel": "SOFTWARE",
        "AutomaticRotation": "Disabled",
    }
    if key["gone"]:
        shown["DeleteDate"] = key["gone"]
    if key["spec"] == "Aliyun_AES_256":
        shown["PrimaryKeyVersion"] = key["version"]
    return {"KeyMetadata": shown}


SIGNING = {"RSA_2048", "RSA_3072", "EC_P256", "EC_P256K"}


@operation
def create_key(store: Store, params: Params) -> Answer:
    spec = choice(params, "KeySpec", ("Aliyun_AES_256", *SIGNING), "Aliyun_AES_256")
    usage = choice(params, "KeyUsage", ("ENCRYPT/DECRYPT", "SIGN/VERIFY"))
    origin = choice(params, "Origin", ("Aliyun_KMS", "EXTERNAL"), "Aliyun_KMS")
    choice(params, "ProtectionLevel", ("SOFTWARE", "HSM"), "SOFTWARE")
    if len(params.get("Description", "")) > 8192:
        raise invalid("Description")
    usage = usage or ("SIGN/VERIFY" if spec in SIGNING else "ENCRYPT/DECRYPT")
    if (spec == "Aliyun_AES_256" and usage == "SIGN/VERIFY") or (
        spec.startswith("EC") and usage[0] == "E"
    ):
        raise invalid("KeyUsage")
    if origin == "EXTERNAL":
        raise Refused(400, "Unsupported.Origin")
    tags = checked_tags(params)
    key = {
        "id": str(uuid.uuid4()),
        "version": str(uuid.uuid4()),
        "spec": spec,
        "usage": usage,
        "origin": origin,
        "state": "Enabled",
        "born": stamp(now()),
        "gone": "",
        "description": params.get("Description", ""),
        "material": new_material(spec),
        "tags": {tag["TagKey"]: tag["TagValue"] for tag in tags or []},
    }
    store.put("key", key["id"], key)
    return metadata(key)


def new_material(spec: str) -> str:
    if spec == "Aliyun_AES_256":
        return secrets.token_hex(32)
    private: Any
    if spec.startswith("RSA"):
        private = rsa.generate_private_key(65537, int(spec[4:]))
    else:
        private = ec.generate_private_key(ec.SECP256R1() if spec == "EC_P256" else ec.SECP256K1())
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def private_key(key: Any) -> Any:
    return serialization.load_pem_private_key(key["material"].encode(), None)


@operation
def describe_key(store: Store, params: Params) -> Answer:
    return metadata(store.key(needed(params, "KeyId")))


@operation
def list_keys(store: Store, params: Params) -> Answer:
    keys = store.all("key")
    for wanted in filters(params):
        name, values = wanted.get("Key"), wanted.get("Values", [])
        field = {"KeyState": "state", "KeySpec": "spec", "KeyUsage": "usage"}.get(name)
        if field:
            keys = [key for key in keys if key[field] in values]
        elif str(name).lower() == "keyid":
            keys = [key for key in keys if key["id"] in values]
        elif name == "TagKey":
            keys = [key for key in keys if set(key["tags"]) & set(values)]
    rows = [
        {"KeyId": key["id"], "KeyArn": f"acs:kms:{REGION}:{ACCOUNT}:key/{key['id']}"}
        for key in keys
    ]
    return page(params, rows, "Keys", "Key")


def change(store: Store, params: Params, state: str, allowed: tuple[str, ...]) -> Answer:
    key = store.key(needed(params, "KeyId"), alias=False)
    if key["state"] not in allowed:
        raise Refused(409, "Rejected.StateModifiedFailed")
    key["state"] = state
    store.put("key", key["id"], key)
    return {}


@operation
def enable_key(store: Store, params: Params) -> Answer:
    return change(store, params, "Enabled", ("Enabled", "Disabled"))


@operation
def disable_key(store: Store, params: Params) -> Answer:
    return change(store, params, "Disabled", ("Enabled", "Disabled"))


@operation
def schedule_key_deletion(store: Store, params: Params) -> Answer:
    needed(params, "KeyId")
    days = whole(params, "PendingWindowInDays", 7, 366)
    change(store, params, "PendingDeletion", ("Enabled", "Disabled", "PendingImport"))
    key = store.get("key", params["KeyId"])
    key["gone"] = stamp(now() + timedelta(days=days))
    store.put("key", key["id"], key)
    return {}


@operation
def cancel_key_deletion(store: Store, params: Params) -> Answer:
    change(store, params, "Enabled", ("PendingDeletion",))
    key = store.get("key", params["KeyId"])
    key["gone"] = ""
    store.put("key", key["id"], key)
    return {}


@operation
def update_key_description(store: Store, params: Params) -> Answer:
    needed(params, "KeyId")
    if "Description" not in params:
        raise Refused(400, "MissingParameter", "Description")
    key = store.key(params["KeyId"], alias=False)
    if key["state"] == "PendingDeletion":
        raise Refused(409, "Rejected.PendingDeletion")
    key["description"] = params["Description"]
    store.put("key", key["id"], key)
    return {}


@operation
def list_key_versions(store: Store, params: Params) -> Answer:
    key = store.key(needed(params, "KeyId"))
    return page(params, [version_of(key)], "KeyVersions", "KeyVersion")


@operation
def describe_key_version(store: Store, params: Params) -> Answer:
    key = store.key(needed(params, "KeyId"))
    if needed(params, "KeyVersionId") != key["version"]:
        raise Refused(404, "Forbidden.KeyVersionNotFound")
    return {"KeyVersion": version_of(key)}


def version_of(key: Any) -> Answer:
    return {"KeyId": key["id"], "KeyVersionId": key["version"], "CreationDate": key["born"]}


@operation
def create_alias(store: Store, params: Params) -> Answer:
    name = needed(params, "AliasName")
    key = store.key(needed(params, "KeyId"), alias=False)
    if not re.fullmatch(r"alias/(?!acs)[A-Za-z0-9_/-]+", name) or len(name) > 255:
        raise invalid("AliasName")
    if store.get("alias", name):
        raise Refused(400, "AliasAlreadyExists")
    if key["state"] == "PendingDeletion":
        raise Refused(409, "Rejected.StateModifiedFailed")
    store.put("alias", name, {"AliasName": name, "KeyId": key["id"]})
    return {}


@operation
def update_alias(store: Store, params: Params) -> Answer:
    name, key = existing_alias(store, params), store.key(needed(params, "KeyId"), alias=False)
    if key["state"] == "PendingDeletion":
        raise Refused(409, "Rejected.PendingDeletion")
    store.put("alias", name, {"AliasName": name, "KeyId": key["id"]})
    return {}


@operation
def delete_alias(store: Store, params: Params) -> Answer:
    store.drop("alias", existing_alias(store, params))
    return {}


def existing_alias(store: Store, params: Params) -> str:
    name = needed(params, "AliasName")
    if not re.fullmatch(r"alias/[A-Za-z0-9_/-]+", name) or len(name) > 255:
        raise invalid("AliasName")
    if store.get("alias", name) is None:
        raise Refused(404, "Forbidden.AliasNotFound")
    return name


def shown_aliases(store: Store) -> list[Answer]:
    return [
        {**alias, "AliasArn": f"acs:kms:{REGION}:{ACCOUNT}:{alias['AliasName']}"}
        for alias in store.all("alias")
    ]


@operation
def list_aliases(store: Store, params: Params) -> Answer:
    return page(params, shown_aliases(store), "Aliases", "Alias")


@operation
def list_aliases_by_key_id(store: Store, params: Params) -> Answer:
    key = store.key(needed(params, "KeyId"), alias=False)
    own = [alias for alias in shown_aliases(store) if alias["KeyId"] == key["id"]]
    return page(params, own, "Aliases", "Alias")


def context_of(params: Params, name: str = "EncryptionContext") -> bytes:
    context = from_json(params, name, dict) or {}
    if not all(isinstance(value, str) for value in context.values()):
        raise invalid(name)
    if len(params.get(name, "")) > 8192:
        raise invalid(name)
    return json.dumps(context, sort_keys=True).encode()


def symmetric(store: Store, reference: str) -> Any:
    key = store.usable(reference)
    if key["spec"] != "Aliyun_AES_256":
        raise Refused(400, "UnsupportedOperation")
    return key


def seal(key: Any, data: bytes, context: bytes) -> str:
    head = key["version"].encode() + secrets.token_bytes(12)
    box = AESGCM(bytes.fromhex(key["material"])).encrypt(head[36:], data, context)
    return base64.b64encode(head + box).decode()


def unseal(store: Store, params: Params, context: bytes) -> tuple[Any, bytes]:
    blob = unbase64(params, "CiphertextBlob")
    for key in store.all("key"):
        if key["version"].encode() == blob[:36]:
            key = store.usable(key["id"])
            try:
                return key, AESGCM(bytes.fromhex(key["material"])).decrypt(
                    blob[36:48], blob[48:], context
                )
            except (InvalidTag, ValueError):
                raise invalid("CiphertextBlob") from None
    raise invalid("CiphertextBlob")


def named(key: Any, **more: Any) -> Answer:
    return {"KeyId": key["id"], "KeyVersionId": key["version"], **more}


@operation
def encrypt(store: Store, params: Params) -> Answer:
    needed(params, "KeyId")
    data, context = unbase64(params, "Plaintext"), context_of(params)
    if len(data) > 6144:
        raise invalid("Plaintext")
    key = symmetric(store, params["KeyId"])
    return named(key, CiphertextBlob=seal(key, data, context))


@operation
def decrypt(store: Store, params: Params) -> Answer:
    key, data = unseal(store, params, context_of(params))
    return named(key, Plaintext=base64.b64encode(data).decode())


@operation
def reencrypt(store: Store, params: Params) -> Answer:
    needed(params, "DestinationKeyId")
    if "SourceEncryptionAlgorithm" in params or "SourceKeyId" in params:
        raise Refused(400, "UnsupportedOperation")
    source, data = unseal(store, params, context_of(params, "SourceEncryptionContext"))
    context = context_of(params, "DestinationEncryptionContext")
    target = symmetric(store, params["DestinationKeyId"])
    return named(source, CiphertextBlob=seal(target, data, context))


def data_key(store: Store, params: Params) -> tuple[Any, bytes, str]:
    spec = choice(params, "KeySpec", ("AES_256", "AES_128"), "AES_256")
    size = whole(params, "NumberOfBytes", 1, 1024, 32 if spec == "AES_256" else 16)
    context = context_of(params)
    key = symmetric(store, needed(params, "KeyId"))
    plain = secrets.token_bytes(size)
    return key, plain, seal(key, plain, context)


@operation
def generate_data_key(store: Store, params: Params) -> Answer:
    key, plain, blob = data_key(store, params)
    return named(key, CiphertextBlob=blob, Plaintext=base64.b64encode(plain).decode())


@operation
def generate_data_key_without_plaintext(store: Store, params: Params) -> Answer:
    key, _, blob = data_key(store, params)
    return named(key, CiphertextBlob=blob)


def pair(store: Store, params: Params, usage: str) -> Any:
    needed(params, "KeyVersionId")
    key = store.usable(needed(params, "KeyId"))
    if key["spec"] == "Aliyun_AES_256" or (usage and key["usage"] != usage):
        raise Refused(400, "UnsupportedOperation")
    if params["KeyVersionId"] != key["version"]:
        raise Refused(404, "Forbidden.KeyVersionNotFound")
    return key


def signature_scheme(key: Any, params: Params) -> tuple[Any, ...]:
    wanted = needed(params, "Algorithm")
    digest = utils.Prehashed(hashes.SHA256())
    if key["spec"].startswith("EC") and wanted == "ECDSA_SHA_256":
        return (ec.ECDSA(digest),)
    if key["spec"].startswith("RSA") and wanted == "RSA_PSS_SHA_256":
        return padding.PSS(padding.MGF1(hashes.SHA256()), 32), digest
    if key["spec"].startswith("RSA") and wanted == "RSA_PKCS1_SHA_256":
        return padding.PKCS1v15(), digest
    raise invalid("Algorithm")


@operation
def asymmetric_sign(store: Store, params: Params) -> Answer:
    digest = unbase64(params, "Digest")
    key = pair(store, params, "SIGN/VERIFY")
    scheme = signature_scheme(key, params)
    if len(digest) != 32:
        raise invalid("Digest")
    return named(key, Value=base64.b64encode(private_key(key).sign(digest, *scheme)).decode())


@operation
def asymmetric_verify(store: Store, params: Params) -> Answer:
    digest, value = unbase64(params, "Digest"), unbase64(params, "Value")
    key = pair(store, params, "SIGN/VERIFY")
    scheme = signature_scheme(key, params)
    if len(digest) != 32:
        raise invalid("Digest")
    try:
        private_key(key).public_key().verify(value, digest, *scheme)
    except InvalidSignature:
        return named(key, Value=False)
    return named(key, Value=True)


def oaep(key: Any, params: Params) -> padding.OAEP:
    kinds = {"RSAES_OAEP_SHA_256": hashes.SHA256(), "RSAES_OAEP_SHA_1": hashes.SHA1()}
    wanted = needed(params, "Algorithm")
    if wanted not in kinds or not key["spec"].startswith("RSA"):
        raise invalid("Algorithm")
    return padding.OAEP(padding.MGF1(kinds[wanted]), kinds[wanted], None)


@operation
def asymmetric_encrypt(store: Store, params: Params) -> Answer:
    data = unbase64(params, "Plaintext")
    key = pair(store, params, "ENCRYPT/DECRYPT")
    try:
        box = private_key(key).public_key().encrypt(data, oaep(key, params))
    except ValueError:
        raise invalid("Plaintext") from None
    return named(key, CiphertextBlob=base64.b64encode(box).decode())


@operation
def asymmetric_decrypt(store: Store, params: Params) -> Answer:
    box = unbase64(params, "CiphertextBlob")
    key = pair(store, params, "ENCRYPT/DECRYPT")
    try:
        data = private_key(key).decrypt(box, oaep(key, params))
    except ValueError:
        raise invalid("CiphertextBlob") from None
    return named(key, Plaintext=base64.b64encode(data).decode())


@operation
def get_public_key(store: Store, params: Params) -> Answer:
    key = pair(store, params, "")
    pem = (
        private_key(key)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return named(key, PublicKey=pem.decode())


def checked_tags(params: Params) -> list[Any] | None:
    tags = from_json(params, "Tags", list)
    if not all(isinstance(tag, dict) for tag in tags or []):
        raise invalid("Tags")
    for tag in tags or []:
        key, value = tag.get("TagKey", ""), tag.get("TagValue", "")
        if not re.fullmatch(r"(?!aliyun|acs:)[A-Za-z0-9/\\_.+=:@-]{1,128}", str(key)):
            raise invalid("Tags")
        if not re.fullmatch(r"[A-Za-z0-9/\\_.+=:@-]{0,128}", str(value)):
            raise invalid("Tags")
    if tags is not None and len(tags) > 20:
        raise invalid("Tags")
    return tags


def tagged(store: Store, params: Params) -> tuple[str, Any]:
    if ("KeyId" in params) == ("SecretName" in params):
        raise invalid("KeyId") if "KeyId" in params else Refused(400, "MissingParameter", "KeyId")
    if "KeyId" in params:
        key = store.key(params["KeyId"])
        if key["state"] == "PendingDeletion":
            raise Refused(409, "Rejected.PendingDeletion")
        return "key", key
    return "secret", store.secret(params)


@operation
def tag_resource(store: Store, params: Params) -> Answer:
    needed(params, "Tags")
    tags = checked_tags(params)
    kind, thing = tagged(store, params)
    thing["tags"].update({tag["TagKey"]: tag["TagValue"] for tag in tags or []})
    store.put(kind, thing.get("id") or thing["name"], thing)
    return {}


@operation
def untag_resource(store: Store, params: Params) -> Answer:
    text = needed(params, "TagKeys")
    names = from_json(params, "TagKeys", list) if text.startswith("[") else text.split(",")
    kind, thing = tagged(store, params)
    if not names or not all(isinstance(name, str) for name in names):
        raise invalid("TagKeys")
    for name in names:
        thing["tags"].pop(name, None)
    store.put(kind, thing.get("id") or thing["name"], thing)
    return {}


@operation
def list_resource_tags(store: Store, params: Params) -> Answer:
    key = store.key(needed(params, "KeyId"))
    rows = [{"KeyId": key["id"], "TagKey": k, "TagValue": v} for k, v in key["tags"].items()]
    return {"Tags": {"Tag": rows}}


@operation
def create_secret(store: Store, params: Params) -> Answer:
    name, data = needed(params, "SecretName"), needed(params, "SecretData")
    version = needed(params, "VersionId")
    kind = choice(params, "SecretDataType", ("text", "binary"), "text")
    if choice(params, "SecretType", ("Generic",), "Generic") != "Generic":
        raise invalid("SecretType")
    if not re.fullmatch(r"(?!acs/)[A-Za-z0-9_/+=.@-]{1,192}", name):
        raise invalid("SecretName")
    if len(data.encode()) > 30720:
        raise invalid("SecretData")
    if len(version) > 64:
        raise invalid("VersionId")
    tags = checked_tags(params)
    if found := store.get("secret", name):
        raise Refused(
            409, "Rejected.ResourceInDeleteWindow" if found["gone"] else "Rejected.ResourceExist"
        )
    secret = {
        "name": name,
        "born": stamp(now()),
        "gone": "",
        "description": params.get("Description", ""),
        "tags": {tag["TagKey"]: tag["TagValue"] for tag in tags or []},
        "versions": [
            {
                "id": version,
                "data": data,
                "kind": kind,
                "born": stamp(now()),
                "stages": ["ACSCurrent"],
            }
        ],
    }
    store.put("secret", name, secret)
    return {"SecretName": name, "VersionId": version, "Arn": arn(secret), "SecretType": "Generic"}


def arn(secret: Any) -> str:
    return f"acs:kms:{REGION}:{ACCOUNT}:secret/{secret['name']}"


def living(store: Store, params: Params) -> Any:
    secret = store.secret(params)
    if secret["gone"]:
        raise Refused(409, "Rejected.ResourceInDeleteWindow")
    return secret


@operation
def put_secret_value(store: Store, params: Params) -> Answer:
    data, version = needed(params, "SecretData"), needed(params, "VersionId")
    kind = choice(params, "SecretDataType", ("text", "binary"), "text")
    stages = from_json(params, "VersionStages", list)
    if stages is not None and not (stages and all(isinstance(s, str) for s in stages)):
        raise invalid("VersionStages")
    secret = living(store, params)
    if len(data.encode()) > 30720:
        raise invalid("SecretData")
    for old in secret["versions"]:
        if old["id"] == version:
            if (old["data"], old["kind"]) != (data, kind):
                raise Refused(409, "Rejected.ResourceExist")
            return put_answer(secret, old)
    new = {"id": version, "data": data, "kind": kind, "born": stamp(now()), "stages": []}
    if stages is None:
        holder = next(v for v in secret["versions"] if "ACSCurrent" in v["stages"])
        take(secret, "ACSPrevious")
        take(secret, "ACSCurrent")
        holder["stages"].append("ACSPrevious")
        new["stages"] = ["ACSCurrent"]
    else:
        for stage in stages:
            take(secret, stage)
        new["stages"] = stages
    secret["versions"].append(new)
    if len(secret["versions"]) > 10:
        unlabelled = [v for v in secret["versions"] if not v["stages"]]
        secret["versions"].remove((unlabelled or secret["versions"])[0])
    store.put("secret", secret["name"], secret)
    return put_answer(secret, new)


def put_answer(secret: Any, version: Any) -> Answer:
    stages = {"VersionStage": version["stages"]}
    return {"SecretName": secret["name"], "VersionId": version["id"], "VersionStages": stages}


def take(secret: Any, stage: str) -> None:
    for version in secret["versions"]:
        version["stages"] = [label for label in version["stages"] if label != stage]


@operation
def get_secret_value(store: Store, params: Params) -> Answer:
    secret = living(store, params)
    stage = params.get("VersionStage", "" if "VersionId" in params else "ACSCurrent")
    for version in secret["versions"]:
        if params.get("VersionId", version["id"]) == version["id"] and (
            not stage or stage in version["stages"]
        ):
            return {
                **put_answer(secret, version),
                "SecretData": version["data"],
                "SecretDataType": version["kind"],
                "CreateTime": version["born"],
                "SecretType": "Generic",
            }
    raise Refused(404, "Forbidden.ResourceNotFound")


@operation
def update_secret_version_stage(store: Store, params: Params) -> Answer:
    stage = needed(params, "VersionStage")
    to, off = params.get("MoveToVersion"), params.get("RemoveFromVersion")
    if not (to or off) or (stage in ("ACSCurrent", "ACSPrevious") and not to):
        raise Refused(400, "MissingParameter", "MoveToVersion")
    secret = living(store, params)
    known = {version["id"]: version for version in secret["versions"]}
    if (to or off) not in known or (off and off not in known):
        raise Refused(404, "Forbidden.ResourceNotFound")
    if off and stage not in known[off]["stages"]:
        raise invalid("RemoveFromVersion")
    take(secret, stage)
    if to:
        known[to]["stages"].append(stage)
    store.put("secret", secret["name"], secret)
    return {"SecretName": secret["name"]}


@operation
def list_secret_version_ids(store: Store, params: Params) -> Answer:
    every = choice(params, "IncludeDeprecated", ("true", "false"), "false") == "true"
    secret = store.secret(params)
    rows = [
        {
            "VersionId": v["id"],
            "CreateTime": v["born"],
            "VersionStages": {"VersionStage": v["stages"]},
        }
        for v in secret["versions"]
        if every or v["stages"]
    ]
    return {"SecretName": secret["name"], **page(params, rows, "VersionIds", "VersionId")}


@operation
def describe_secret(store: Store, params: Params) -> Answer:
    secret = store.secret(params)
    shown = {
        "SecretName": secret["name"],
        "Arn": arn(secret),
        "CreateTime": secret["born"],
        "Description": secret["description"],
        "SecretType": "Generic",
    }
    if choice(params, "FetchTags", ("true", "false"), "false") == "true":
        shown["Tags"] = {"Tag": [{"TagKey": k, "TagValue": v} for k, v in secret["tags"].items()]}
    if secret["gone"]:
        shown["PlannedDeleteTime"] = secret["gone"]
    return shown


@operation
def list_secrets(store: Store, params: Params) -> Answer:
    found = store.all("secret")
    for wanted in filters(params):
        if wanted.get("Key") == "SecretName":
            found = [s for s in found if any(value in s["name"] for value in wanted["Values"])]
    rows = [
        {"SecretName": s["name"], "CreateTime": s["born"], "SecretType": "Generic"} for s in found
    ]
    return page(params, rows, "SecretList", "Secret")


@operation
def update_secret(store: Store, params: Params) -> Answer:
    secret = living(store, params)
    secret["description"] = params.get("Description", secret["description"])
    store.put("secret", secret["name"], secret)
    return {"SecretName": secret["name"]}


@operation
def delete_secret(store: Store, params: Params) -> Answer:
    force = choice(params, "ForceDeleteWithoutRecovery", ("true", "false"), "false") == "true"
    days = whole(params, "RecoveryWindowInDays", 7, 30, 30)
    if force and "RecoveryWindowInDays" in params:
        raise invalid("RecoveryWindowInDays")
    secret = living(store, params)
    gone = now() if force else now() + timedelta(days=days)
    if force:
        store.drop("secret", secret["name"])
    else:
        store.put("secret", secret["name"], {**secret, "gone": stamp(gone)})
    return {"SecretName": secret["name"], "PlannedDeleteTime": stamp(gone)}


@operation
def restore_secret(store: Store, params: Params) -> Answer:
    secret = store.secret(params)
    if not secret["gone"]:
        raise Refused(409, "Rejected.ResourceInUse")
    store.put("secret", secret["name"], {**secret, "gone": ""})
    return {"SecretName": secret["name"]}


@operation
def get_random_password(store: Store, params: Params) -> Answer:
    length = whole(params, "PasswordLength", 8, 128, 32)
    kinds = {
        "ExcludeLowercase": string.ascii_lowercase,
        "ExcludeUppercase": string.ascii_uppercase,
        "ExcludeNumbers": string.digits,
        "ExcludePunctuation": "!#$%&()*+,-./:;<=>?@[]^_{|}~",
    }
    off = {name for name in kinds if choice(params, name, ("true", "false"), "false") == "true"}
    every = choice(params, "RequireEachIncludedType", ("true", "false"), "false") == "true"
    excluded = set(params.get("ExcludeCharacters", ""))
    groups = [[c for c in text if c not in excluded] for n, text in kinds.items() if n not in off]
    groups = [group for group in groups if group]
    if not groups:
        raise invalid("ExcludeCharacters")
    chosen = [secrets.choice(group) for group in groups] if every else []
    pool = [character for group in groups for character in group]
    chosen += [secrets.choice(pool) for _ in range(length - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return {"RandomPassword": "".join(chosen)}


@operation
def describe_regions(store: Store, params: Params) -> Answer:
    return {"Regions": {"Region": [{"RegionId": REGION}, {"RegionId": "cn-shanghai"}]}}


@operation
def describe_account_kms_status(store: Store, params: Params) -> Answer:
    return {"AccountStatus": "Enabled"}
