"""Versions and stages of a secret, against a model; windows of deletion."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from conformance.client.exchange import Exchange
from conformance.oracle.secret_model import CURRENT, PREVIOUS, Labels, SecretModel
from conformance.rules.cryptography.asking import SDK, done
from conformance.rules.dates import is_near
from conformance.rules.effects.looking import new_secret
from conformance.rules.effects.secrets import expect_value
from conformance.rules.lists import find_row, pages, texts
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_GENERIC = "Generic secrets pages, AlibabaCloudDocs/kms (2021-07)"
_DELETE = "DeleteSecret page (zh)"
#: Steps of a walk: with the first version there are never more than ten versions.
_LONGEST = 9
_FEW = 4
_OWN = ("alpha", "beta")


def shown_labels(kms: Kms, name: str) -> tuple[Labels, Exchange]:
    """Return the stages of every version, and the last page of the list."""
    request = {"SecretName": name, "IncludeDeprecated": "true"}
    found: Labels = {}
    for _, rows in pages(kms, "ListSecretVersionIds", request):
        for row in rows:
            found[str(row.get("VersionId"))] = frozenset(texts(row.get("VersionStages")))
    return found, kms.exchanges[-1]


class _Walk:
    """One secret, changed step by step beside its model."""

    def __init__(self, kms: Kms) -> None:
        self.kms = kms
        self.name, value = new_secret(kms)
        self.model = SecretModel()
        self.model.created("v1", value)

    def take(self, step: tuple[str, str, int]) -> None:
        """Take a step where it is possible; number chooses among the versions there are."""
        kind, stage, number = step
        versions = list(self.model.values)
        version = versions[number % len(versions)]
        if kind == "put":
            self._put([])
        elif kind == "put-labelled":
            self._put([stage])
        elif kind == "move":
            self._move(stage, version)
        elif kind == "remove" and stage in self.model.holders and stage in _OWN:
            self._remove(stage)

    def _put(self, stages: list[str]) -> None:
        version = f"v{len(self.model.values) + 1}"
        value = f"value-{self.kms.random.getrandbits(96):024x}"
        request: dict[str, Any] = {
            "SecretName": self.name,
            "SecretData": value,
            "VersionId": version,
        }
        if stages:
            request["VersionStages"] = stages
        done(self.kms, "PutSecretValue", request)
        possible = self.model.put(version, value, stages)
        self.check(possible, f"PutSecretValue {' '.join(stages) or 'without stages'}")

    def _move(self, stage: str, version: str) -> None:
        request = {"SecretName": self.name, "VersionStage": stage, "MoveToVersion": version}
        holder = self.model.holders.get(stage)
        if holder is not None:
            # Whether RemoveFromVersion is needed as well is not told; with it the move is complete.
            request["RemoveFromVersion"] = holder
        if holder == version:
            return
        done(self.kms, "UpdateSecretVersionStage", request)
        possible = self.model.moves(stage, version)
        self.check(possible, f"moving {stage} to {version}")
        if stage == CURRENT and possible[0] != possible[1]:
            follows = self.model.holders.get(PREVIOUS) == holder
            self.kms.showed("previous-stage-follows", "follows" if follows else "stays")

    def _remove(self, stage: str) -> None:
        request = {
            "SecretName": self.name,
            "VersionStage": stage,
            "RemoveFromVersion": self.model.holders[stage],
        }
        done(self.kms, "UpdateSecretVersionStage", request)
        self.check(self.model.removed(stage), f"removing {stage}")

    def check(self, possible: list[Labels], step: str) -> None:
        """Compare labels, and the values that the labels lead to."""
        kms = self.kms
        labels, look = shown_labels(kms, self.name)
        kms.expect(
            labels in possible,
            f"after {step} the stages are {_told(possible[0])}, found {_told(labels)}",
            look,
        )
        self.model.take_over(labels)
        current = self.model.holders[CURRENT]
        expect_value(kms, self.name, self.model.values[current], current, CURRENT)

    def finish(self) -> None:
        """Read every value by its version and by each of its stages."""
        for version, value in self.model.values.items():
            expect_value(self.kms, self.name, value, version, VersionId=version)
        for stage, version in self.model.holders.items():
            value = self.model.values[version]
            expect_value(self.kms, self.name, value, version, stage, VersionStage=stage)


def _told(labels: Labels) -> str:
    return "; ".join(
        f"{version} {' '.join(sorted(stages)) or 'none'}"
        for version, stages in sorted(labels.items())
    )


@rule(
    "SEC-020",
    level=Level.MUST,
    family="secrets",
    statement="However versions are added and stages moved, each stage is on one version, values "
    "never change, and a read by stage gives the value of the version that has it.",
    provenance="documented",
    source=_GENERIC,
    stage="service",
    promises=(
        "semantics/secret-version-fixed",
        "semantics/secret-stage-single",
    ),
    operations=("PutSecretValue", "UpdateSecretVersionStage", "GetSecretValue"),
    safety="creates",
    readings=("previous-stage-follows",),
)
def versions_and_stages(kms: Kms) -> None:
    """Walk at random; a failure is told as the shortest walk that shows it."""
    from hypothesis import strategies as st

    step = st.tuples(
        st.sampled_from(["put", "put-labelled", "move", "remove"]),
        st.sampled_from([*_OWN, CURRENT]),
        st.integers(0, 9),
    )

    def check(steps: list[tuple[str, str, int]]) -> None:
        walk = _Walk(kms)
        for one in steps:
            walk.take(one)
        walk.finish()

    # A walk asks some thirty times, other properties once.
    examples = kms.examples // 3 if kms.target.loopback else min(kms.examples, _FEW)
    kms.property(st.lists(step, min_size=1, max_size=_LONGEST), check, max_examples=examples)


@rule(
    "SEC-021",
    level=Level.MUST,
    family="secrets",
    statement="A version put with several stages takes each of them, ACSCurrent among them, from "
    "the version that had it.",
    provenance="documented",
    source=_GENERIC,
    stage="service",
    operations=("PutSecretValue",),
    safety="creates",
)
def several_stages(kms: Kms) -> None:
    """Put versions with two and three stages."""
    name, _ = new_secret(kms)
    values = {version: f"{version}-{kms.random.getrandbits(64):016x}" for version in ("v2", "v3")}
    for version, stages in (
        ("v2", ["alpha", "beta"]),
        ("v3", ["beta", CURRENT]),
    ):
        request = {
            "SecretName": name,
            "SecretData": values[version],
            "VersionId": version,
            "VersionStages": stages,
        }
        done(kms, "PutSecretValue", request)
    labels, look = shown_labels(kms, name)
    held = {version: stages - {PREVIOUS} for version, stages in labels.items()}
    wish = {"v1": frozenset(), "v2": frozenset({"alpha"}), "v3": frozenset({"beta", CURRENT})}
    kms.expect(held == wish, f"the stages are {_told(wish)}, found {_told(held)}", look)
    expect_value(kms, name, values["v3"], "v3", CURRENT)
    expect_value(kms, name, values["v2"], "v2", VersionStage="alpha")
    expect_value(kms, name, values["v3"], "v3", VersionStage="beta")


@rule(
    "SEC-022",
    level=Level.SHOULD,
    family="secrets",
    statement="A secret has at most eight stage labels: one more is refused, and what was there "
    "stays.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=("semantics/secret-eight-stages",),
    operations=("PutSecretValue",),
    safety="creates",
)
def eight_stages(kms: Kms) -> None:
    """Add labels one by one, beyond what there may be."""
    name, value = new_secret(kms)
    done_labels = 1
    for number in range(2, 11):
        request = {
            "SecretName": name,
            "SecretData": f"value-{number}",
            "VersionId": f"v{number}",
            "VersionStages": [f"stage-{number}"],
        }
        exchange = kms.call("PutSecretValue", request)
        if not exchange.ok:
            kms.expect_refused(exchange, why=f"label {done_labels + 1} of one secret")
            break
        done_labels += 1
    kms.expect(
        done_labels in {7, 8},
        f"a secret takes eight labels and no more, found {done_labels}",
        kms.exchanges[-1],
    )
    expect_value(kms, name, value, "v1", CURRENT)


def _windows() -> list[Case]:
    wishes: dict[str, tuple[Mapping[str, Any], int]] = {
        "7-days": ({"RecoveryWindowInDays": 7}, 7),
        "30-days": ({"RecoveryWindowInDays": 30}, 30),
        "default": ({}, 30),
    }
    return [Case(name, wish) for name, wish in wishes.items()]


@rule(
    "SEC-030",
    level=Level.MUST,
    family="secrets",
    statement="A deleted secret waits as long as RecoveryWindowInDays says, 30 days unless told; "
    "DeleteSecret and DescribeSecret tell the same time.",
    provenance="documented",
    source=_DELETE,
    stage="service",
    promises=("semantics/secret-window",),
    operations=("DeleteSecret", "DescribeSecret"),
    safety="schedules-deletion",
    cases=_windows,
)
def windows_are_as_asked(kms: Kms, wish: tuple[Mapping[str, Any], int]) -> None:
    """Delete a secret and read when it will go."""
    params, days = wish
    name, _ = new_secret(kms)
    deleted = done(kms, "DeleteSecret", {"SecretName": name, **params})
    described = done(kms, "DescribeSecret", {"SecretName": name})
    for exchange in (deleted, described):
        planned = _planned(kms, exchange)
        ahead = (planned - kms.now()).total_seconds() / 86400
        kms.expect(
            is_near(planned, kms.now() + timedelta(days=days)),
            f"PlannedDeleteTime is {days} days ahead, found {ahead:.1f} days",
            exchange,
        )


def _planned(kms: Kms, exchange: Exchange) -> datetime:
    """Read PlannedDeleteTime, in seconds and UTC or with the fractions of older samples."""
    text = str(exchange.data.get("PlannedDeleteTime"))
    head, dot, rest = text.partition(".")
    if dot:
        text = head + rest.lstrip("0123456789")
    try:
        planned = datetime.fromisoformat(text)
    except ValueError:
        kms.violated(f"{exchange.operation} tells PlannedDeleteTime, a time", exchange)
    kms.expect(planned.tzinfo is not None, "PlannedDeleteTime tells its zone", exchange)
    return planned


@rule(
    "SEC-031",
    level=Level.MUST,
    family="secrets",
    statement="A restored secret is what it was: every version with its value and its stages, its "
    "description, and no PlannedDeleteTime; it takes new values again.",
    provenance="documented",
    source="Operation descriptions, Go SDK alibabacloud-go/kms-20160120 v4.1.0",
    stage="service",
    promises=("semantics/secret-restore",),
    operations=("DeleteSecret", "RestoreSecret"),
    safety="schedules-deletion",
)
def restored_secrets_are_whole(kms: Kms) -> None:
    """Delete and restore a secret with three versions and a stage of the caller's."""
    text = f"{kms.marker} kept"
    name, first = new_secret(kms, Description=text)
    values = {"v1": first}
    for version, stages in (("v2", []), ("v3", ["alpha"])):
        values[version] = f"{version}-{kms.random.getrandbits(64):016x}"
        request = {"SecretName": name, "SecretData": values[version], "VersionId": version}
        done(kms, "PutSecretValue", {**request, **({"VersionStages": stages} if stages else {})})
    before, _ = shown_labels(kms, name)
    done(kms, "DeleteSecret", {"SecretName": name, "RecoveryWindowInDays": 7})
    done(kms, "RestoreSecret", {"SecretName": name})
    after, look = shown_labels(kms, name)
    kms.expect(after == before, "a restored secret has its versions and stages", look)
    for version, value in values.items():
        expect_value(kms, name, value, version, VersionId=version)
    described = done(kms, "DescribeSecret", {"SecretName": name})
    kms.expect(
        described.data.get("Description") == text and not described.data.get("PlannedDeleteTime"),
        "a restored secret has its description and no PlannedDeleteTime",
        described,
    )
    row, page = find_row(kms, "ListSecrets", "SecretName", name)
    kms.expect(
        row is not None and not row.get("PlannedDeleteTime"),
        "ListSecrets lists a restored secret, without PlannedDeleteTime",
        page,
    )
    done(kms, "PutSecretValue", {"SecretName": name, "SecretData": "more", "VersionId": "v4"})
    expect_value(kms, name, "more", "v4", CURRENT)
