"""Answers about things in situations that a plain valid request does not bring about."""

from collections.abc import Callable, Iterable, Mapping

from conformance.client.exchange import Exchange
from conformance.rules.contract.schema import answer_problems, places
from conformance.rules.effects.looking import done, expect_key, new_key, new_secret
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule
from conformance.run.verdict import NotTestable
from conformance.spec.catalogue import catalogue

_OPERATIONS = "Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0"
_TAGS = [{"TagKey": "team", "TagValue": "billing"}]

Situation = Callable[[Kms], list[Exchange]]


def _described(kms: Kms, key_id: str) -> Exchange:
    return done(kms, "DescribeKey", {"KeyId": key_id})


def _key_in_window(kms: Kms) -> list[Exchange]:
    key_id = new_key(kms)
    done(kms, "ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": 7})
    return [_described(kms, key_id), done(kms, "ListKeys", {"PageSize": 100})]


def _protected_key(kms: Kms) -> list[Exchange]:
    key_id = new_key(kms)
    request = {
        "ProtectedResourceArn": expect_key(kms, key_id)["Arn"],
        "EnableDeletionProtection": True,
        "DeletionProtectionDescription": "until the migration is over",
    }
    done(kms, "SetDeletionProtection", request)
    shown = _described(kms, key_id)
    done(kms, "SetDeletionProtection", {**request, "EnableDeletionProtection": False})
    return [shown, _described(kms, key_id)]


def _rotating_key(kms: Kms) -> list[Exchange]:
    key_id = new_key(kms)
    request = {"KeyId": key_id, "EnableAutomaticRotation": True, "RotationInterval": "365d"}
    done(kms, "UpdateRotationPolicy", request)
    return [_described(kms, key_id)]


def _key_of_instance(kms: Kms) -> list[Exchange]:
    return [_described(kms, str(kms.provide("instance-key")["id"]))]


def _tagged_key(kms: Kms) -> list[Exchange]:
    key_id = new_key(kms)
    done(kms, "TagResource", {"KeyId": key_id, "Tags": _TAGS})
    return [done(kms, "ListResourceTags", {"KeyId": key_id})]


def _tagged_secret(kms: Kms) -> list[Exchange]:
    name, _ = new_secret(kms, Tags=_TAGS)
    return [
        done(kms, "DescribeSecret", {"SecretName": name, "FetchTags": "true"}),
        done(kms, "ListSecrets", {"FetchTags": "true", "PageSize": 100}),
    ]


def _secret_in_window(kms: Kms) -> list[Exchange]:
    name = {"SecretName": kms.provide("secret-in-window")["name"]}
    return [done(kms, "DescribeSecret", name)]


def _secret_under_key(kms: Kms) -> list[Exchange]:
    key_id = kms.provide("symmetric-key")["id"]
    name, _ = new_secret(kms, EncryptionKeyId=key_id)
    return [done(kms, "DescribeSecret", {"SecretName": name})]


def _secret_of_instance(kms: Kms) -> list[Exchange]:
    return [done(kms, "DescribeSecret", {"SecretName": kms.provide("instance-secret")["name"]})]


def _managed_secret(kms: Kms) -> list[Exchange]:
    name = kms.provide("managed-secret", fresh=True)["name"]
    policy = {"EnableAutomaticRotation": True, "RotationInterval": "720h"}
    done(kms, "UpdateSecretRotationPolicy", {"SecretName": name, **policy})
    wanted = [{"SecretName": name, "FetchExtendedConfig": "true"}]
    return [
        done(kms, "DescribeSecret", {"SecretName": name}),
        done(kms, "GetSecretValue", {"SecretName": name, "FetchExtendedConfig": "true"}),
        done(kms, "BatchGetSecretValue", {"SecretsList": wanted}),
    ]


def _unknown_secret_among_many(kms: Kms) -> list[Exchange]:
    names = [kms.provide("secret")["name"], kms.fresh_name("secret")]
    request = {"SecretsList": [{"SecretName": name} for name in names]}
    return [done(kms, "BatchGetSecretValue", request)]


def _key_of_several_versions(kms: Kms) -> list[Exchange]:
    key_id = new_key(kms)
    made = kms.call("CreateKeyVersion", {"KeyId": key_id})
    if not made.ok:
        raise NotTestable(f"a second version is answered {made.describe()}", [made])
    return [_described(kms, key_id), done(kms, "ListKeyVersions", {"KeyId": key_id})]


def _key_saved_from_deletion(kms: Kms) -> list[Exchange]:
    key_id = new_key(kms)
    done(kms, "ScheduleKeyDeletion", {"KeyId": key_id, "PendingWindowInDays": 7})
    done(kms, "CancelKeyDeletion", {"KeyId": key_id})
    shown = _described(kms, key_id)
    done(kms, "DisableKey", {"KeyId": key_id})
    return [shown, _described(kms, key_id)]


def _key_that_no_longer_rotates(kms: Kms) -> list[Exchange]:
    key_id = new_key(kms)
    request = {"KeyId": key_id, "EnableAutomaticRotation": True, "RotationInterval": "365d"}
    done(kms, "UpdateRotationPolicy", request)
    done(kms, "UpdateRotationPolicy", {"KeyId": key_id, "EnableAutomaticRotation": False})
    return [_described(kms, key_id)]


def _secret_of_several_versions(kms: Kms) -> list[Exchange]:
    name, _ = new_secret(kms)
    done(kms, "PutSecretValue", {"SecretName": name, "SecretData": "later", "VersionId": "v2"})
    done(kms, "UpdateSecret", {"SecretName": name, "Description": f"{kms.marker} changed"})
    return [
        done(kms, "DescribeSecret", {"SecretName": name}),
        done(kms, "GetSecretValue", {"SecretName": name}),
        done(kms, "GetSecretValue", {"SecretName": name, "VersionStage": "ACSPrevious"}),
        done(kms, "ListSecretVersionIds", {"SecretName": name, "IncludeDeprecated": "true"}),
    ]


def _restored_secret(kms: Kms) -> list[Exchange]:
    name, _ = new_secret(kms)
    done(kms, "DeleteSecret", {"SecretName": name, "RecoveryWindowInDays": 7})
    done(kms, "RestoreSecret", {"SecretName": name})
    return [
        done(kms, "DescribeSecret", {"SecretName": name}),
        done(kms, "ListSecrets", {"PageSize": 100}),
    ]


#: Situation to what brings it about and looks at it.
_SITUATIONS: Mapping[str, tuple[Situation, str]] = {
    "key in its deletion window": (_key_in_window, "DescribeKey"),
    "protected key": (_protected_key, "DescribeKey"),
    "rotating key": (_rotating_key, "DescribeKey"),
    "key of an instance": (_key_of_instance, "DescribeKey"),
    "tagged key": (_tagged_key, "ListResourceTags"),
    "tagged secret": (_tagged_secret, "DescribeSecret"),
    "secret in its deletion window": (_secret_in_window, "DescribeSecret"),
    "secret under a key": (_secret_under_key, "DescribeSecret"),
    "secret of an instance": (_secret_of_instance, "DescribeSecret"),
    "managed secret": (_managed_secret, "DescribeSecret"),
    "key of several versions": (_key_of_several_versions, "ListKeyVersions"),
    "key saved from its deletion": (_key_saved_from_deletion, "DescribeKey"),
    "key that no longer rotates": (_key_that_no_longer_rotates, "DescribeKey"),
    "secret of several versions": (_secret_of_several_versions, "ListSecretVersionIds"),
    "restored secret": (_restored_secret, "DescribeSecret"),
    "unknown secret among many": (_unknown_secret_among_many, "BatchGetSecretValue"),
}


def _cases() -> Iterable[Case]:
    return [Case(name, found, operation) for name, (found, operation) in _SITUATIONS.items()]


@rule(
    "CON-013",
    level=Level.MUST,
    family="contract",
    statement="Answers about things in uncommon situations (in a deletion window, protected, "
    "rotating, tagged, managed, of an instance, of several versions, restored) fit the "
    "operation's description.",
    provenance="documented",
    source=_OPERATIONS,
    stage="answer",
    safety="schedules-deletion",
    cases=_cases,
)
def answers_fit_in_situations(kms: Kms, situation: Situation) -> None:
    """Bring a situation about and judge the answers by the response schema."""
    situation(kms)
    for exchange in kms.exchanges:
        if not exchange.ok:
            continue
        found = answer_problems(catalogue().operations[exchange.operation], exchange)
        for problem in found:
            kms.expect(
                not problem.gates,
                f"{exchange.operation} answers {problem.expected}, found {problem.found}",
                exchange,
            )
        kms.proves(*(f"answer/{exchange.operation}/{place}" for place in places(exchange.data)))
