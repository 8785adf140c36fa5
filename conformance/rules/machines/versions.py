"""Versions of symmetric keys that rotate, and what each of them encrypted."""

from typing import Any

from conformance.client.exchange import Exchange
from conformance.oracle.expected import ANYTHING, OK
from conformance.oracle.version_model import Sealed, VersionModel
from conformance.rules.cryptography.asking import b64, text_in
from conformance.rules.effects.looking import key_metadata, new_key
from conformance.rules.lists import pages
from conformance.rules.machines.engine import Machine, pick, pick_key, run_machine, steps
from conformance.run.context import Kms
from conformance.run.registry import Level, rule
from conformance.run.verdict import NotApplicable

_ROTATION = "Automatic key rotation page, AlibabaCloudDocs/kms (2021-07)"
_CONTEXTS: tuple[dict[str, str] | None, ...] = (None, {"purpose": "walk"}, {"a": "1", "b": "2"})


class Versions(Machine):
    """Two keys, their versions, and blobs under all of them."""

    commands = ("encrypt", "data-key", "rotate", "open", "move")
    stories = (
        steps("encrypt/0/0 data-key/0/1 rotate/0 encrypt/0/2 rotate/0 data-key/0 rotate/0"),
        steps("encrypt/0/1 rotate/0 move/0/0 rotate/1 move/0/1 move/1/1 rotate/0 encrypt/1"),
    )

    def begin(self) -> None:
        """Make two keys."""
        self.model = VersionModel()
        self.keys = [new_key(self.kms) for _ in range(2)]
        for key in self.keys:
            described = self.kms.expect_success(self.kms.call("DescribeKey", {"KeyId": key}))
            version = key_metadata(described).get("PrimaryKeyVersion")
            self.kms.expect(version, "DescribeKey shows PrimaryKeyVersion", described)
            self.model.versions[key] = [str(version)]

    def _made(self, sent: Exchange, text: str, key: str, context: dict[str, str] | None) -> None:
        primary = self.model.primary(key)
        self.expect(
            (sent.data.get("KeyId"), sent.data.get("KeyVersionId")) == (key, primary),
            "the newest version of the key that was named encrypts",
            sent,
        )
        blob = text_in(self.kms, sent, "CiphertextBlob")
        self.model.sealed.append(Sealed(blob, text, key, primary, context))

    def _bound(self, context: dict[str, str] | None, name: str = "") -> dict[str, Any]:
        return {} if context is None else {f"{name}EncryptionContext": context}

    def encrypt(self, a: int, b: int) -> None:
        """Encrypt a text."""
        (key, told), context = pick_key(self.keys, a), pick(_CONTEXTS, b)
        text = b64(self.kms.bytes(12))
        request = {"KeyId": key, "Plaintext": text, **self._bound(context)}
        self._made(self.ask("Encrypt", request, OK, f"Encrypt under {told}"), text, key, context)

    def data_key(self, a: int, b: int) -> None:
        """Make a data key."""
        (key, told), context = pick_key(self.keys, a), pick(_CONTEXTS, b)
        request = {"KeyId": key, **self._bound(context)}
        sent = self.ask("GenerateDataKey", request, OK, f"GenerateDataKey under {told}")
        self._made(sent, text_in(self.kms, sent, "Plaintext"), key, context)

    def rotate(self, a: int, _: int) -> None:
        """Give a key another version."""
        key, told = pick_key(self.keys, a)
        added = self.ask("CreateKeyVersion", {"KeyId": key}, ANYTHING, f"CreateKeyVersion {told}")
        if not added.ok:
            self.kms.expect_refused(added, why="a key of a kind that gets no versions by hand")
            raise NotApplicable("the target adds no version to such keys, a documented reading")
        version = (added.data.get("KeyVersion") or {}).get("KeyVersionId")
        self.expect(
            isinstance(version, str) and self.model.is_new(version),
            "CreateKeyVersion answers the id of a new version",
            added,
        )
        self.model.versions[key].append(str(version))

    def open(self, a: int, _: int) -> None:
        """Open a blob."""
        if self.model.sealed:
            self._opens(pick(self.model.sealed, a))

    def _opens(self, sealed: Sealed) -> None:
        number = self.model.sealed.index(sealed) + 1
        context = dict(sealed.context) if sealed.context is not None else None
        request = {"CiphertextBlob": sealed.blob, **self._bound(context)}
        opened = self.ask("Decrypt", request, OK, f"Decrypt blob {number}")
        self.expect(
            opened.data.get("Plaintext") == sealed.text,
            f"blob {number} opens to what was encrypted",
            opened,
        )
        self.expect(
            (opened.data.get("KeyId"), opened.data.get("KeyVersionId"))
            == (sealed.key, sealed.version),
            f"Decrypt of blob {number} names the key and version that made it",
            opened,
        )

    def move(self, a: int, b: int) -> None:
        """Move a blob to a key, under another context."""
        if not self.model.sealed or not self.kms.offers("operation:ReEncrypt"):
            return
        sealed, (key, told) = pick(self.model.sealed, a), pick_key(self.keys, b)
        context = pick(_CONTEXTS, a + b)
        source = dict(sealed.context) if sealed.context is not None else None
        request = {
            "CiphertextBlob": sealed.blob,
            "DestinationKeyId": key,
            **self._bound(source, "Source"),
            **self._bound(context, "Destination"),
        }
        number = self.model.sealed.index(sealed) + 1
        moved = self.ask("ReEncrypt", request, OK, f"ReEncrypt blob {number} to {told}")
        blob = text_in(self.kms, moved, "CiphertextBlob")
        self.model.sealed.append(Sealed(blob, sealed.text, key, self.model.primary(key), context))

    def finish(self) -> None:
        """Open every blob, and list the versions of both keys."""
        for sealed in list(self.model.sealed):
            self._opens(sealed)
        for key, versions in self.model.versions.items():
            listed: list[str] = []
            for _, rows in pages(self.kms, "ListKeyVersions", {"KeyId": key}):
                listed += [str(row.get("KeyVersionId")) for row in rows]
            self.expect(
                sorted(listed) == sorted(versions),
                "ListKeyVersions lists every version that was made",
                self.kms.exchanges[-1],
            )
            self.shows(
                lambda key=key: self.kms.call("DescribeKey", {"KeyId": key}),  # type: ignore[misc]
                lambda look, key=key: (
                    key_metadata(look).get("PrimaryKeyVersion")  # type: ignore[misc]
                    == self.model.primary(key)
                ),
                "the newest version is the primary one",
            )


@rule(
    "KEY-051",
    level=Level.MUST,
    family="keys",
    statement="However keys get versions while texts and data keys are encrypted, opened and moved "
    "between them, the newest version encrypts and each opens what it encrypted.",
    provenance="documented",
    source=_ROTATION,
    stage="service",
    promises=(
        "semantics/old-versions-decrypt",
        "semantics/new-version-encrypts",
        "semantics/reencrypt-to-new-version",
        "semantics/reencrypt-same-key",
    ),
    operations=("CreateKeyVersion", "Encrypt", "Decrypt", "GenerateDataKey", "ReEncrypt"),
    readings=("create-key-version",),
    safety="creates",
)
def versions_follow_the_model(kms: Kms) -> None:
    """Walk at random; a failure is told as the shortest story that shows it."""
    run_machine(kms, Versions)
