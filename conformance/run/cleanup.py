"""Removes what runs have made: by their journals, and by the marks that their things carry.

Keys cannot be deleted at once; clean means scheduled for deletion with the shortest window. All
else is gone afterwards. Only things that a journal names or that carry a run's mark are touched.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from conformance.client.caller import Caller
from conformance.client.exchange import Exchange
from conformance.client.resources.base import MARK
from conformance.run.journal import Entry
from conformance.run.things import KINDS, SHORTEST_WINDOW
from conformance.run.verdict import Outcome
from conformance.wire.failures import WireError
from conformance.wire.times import parse_iso

#: Seconds by which the clocks of target and suite may differ when a thing's time is compared.
_CLOCKS_DIFFER = 120
_PAGE = 100
#: A policy that stands in nobody's way, in place of one that keeps a thing from being removed.
_OPEN: Mapping[str, Any] = {
    "Version": "1",
    "Statement": [
        {"Effect": "Allow", "Principal": {"RAM": ["*"]}, "Action": ["kms:*"], "Resource": ["*"]}
    ],
}
_NAMED = {"PolicyName": "default"}
_MOST_PAGES = 100


@dataclass
class Report:
    """What a clean-up did: sentences about what is left."""

    removed: int = 0
    left: list[str] = field(default_factory=list)


class Cleaner:
    """Removes things from one target.

    Args:
        caller: Sends the calls.
        stop: Asked before each thing; True ends the clean-up.
    """

    def __init__(self, caller: Caller, stop: Callable[[], bool] = lambda: False) -> None:
        self._caller = caller
        self._stop = stop
        self._keys: list[Mapping[str, Any]] | None = None

    def clean(
        self, entries: Iterable[Entry], gone: Callable[[Entry], None] = lambda _: None
    ) -> Report:
        """Remove things, the newest first, and tell ``gone`` of each that is no longer there."""
        report = Report()
        for entry in entries:
            if self._stop():
                report.left.append(f"{entry.kind} {entry.name or '(unnamed)'}: not reached")
                continue
            try:
                problem = self._remove(entry, report)
            except Outcome as outcome:
                problem = outcome.message
            if problem is None:
                gone(entry)
            else:
                report.left.append(f"{entry.kind} {entry.name or '(unnamed)'}: {problem}")
        return report

    def marked(self) -> Iterator[Entry]:
        """Yield whatever carries the suite's mark, whichever run made it, the dependent first."""
        lists = (
            ("access-point", "ListApplicationAccessPoints", "ApplicationAccessPoints", "Name"),
            ("access-policy", "ListPolicies", "Policies", "Name"),
            ("network-rule", "ListNetworkRules", "NetworkRules", "Name"),
            ("alias", "ListAliases", "Aliases", "AliasName"),
            ("secret", "ListSecrets", "SecretList", "SecretName"),
        )
        number = 0
        for kind, operation, member, name in lists:
            for item in self._listed(operation, member):
                if MARK in str(item.get(name, "")):
                    number += 1
                    yield Entry(number, kind, str(item[name]), state="made")
        for key in self._all_keys():
            if MARK in str(key.get("Description", "")) and key.get("KeyState") != "PendingDeletion":
                number += 1
                yield Entry(number, "key", str(key["KeyId"]), state="made")

    # --- removing -----------------------------------------------------------------------------

    def _remove(self, entry: Entry, report: Report) -> str | None:
        """Remove one thing; return what stands against it, None when it is gone."""
        if entry.name is None:
            return self._remove_unnamed(entry, report)
        if entry.state == "intent" and not self._is_ours(entry):
            return "the run ended before the answer came, and its name has no mark: look for it"
        return self._remove_named(entry.kind, entry.name, report)

    def _is_ours(self, entry: Entry) -> bool:
        return MARK in (entry.name or "") or self._caller.target.loopback

    def _remove_unnamed(self, entry: Entry, report: Report) -> str | None:
        if entry.kind == "client-key":
            point = entry.asked.get("AapName")
            listed = self._call("ListClientKeys", {"AapName": point})
            items = _items(listed.data, "ClientKeys") if listed.ok else []
            names = [str(item.get("ClientKeyId")) for item in items]
        elif entry.kind != "key":
            return "the run ended before its name was known: look for it"
        else:
            names = [str(k["KeyId"]) for k in self._all_keys() if self._fits(entry, k)]
        problems = [self._remove_named(entry.kind, name, report) for name in names]
        return next((problem for problem in problems if problem), None)

    def _fits(self, entry: Entry, key: Mapping[str, Any]) -> bool:
        """Tell whether a key is the one that an unanswered CreateKey has made."""
        asked = entry.asked
        description = asked.get("Description", "")
        if key.get("KeyState") == "PendingDeletion" or key.get("Description", "") != description:
            return False
        if MARK in description:
            return True
        if not self._caller.target.loopback:
            return False
        try:
            created = parse_iso(str(key.get("CreationDate"))).timestamp()
        except WireError:
            return False
        return created >= float(asked.get("time", 0)) - _CLOCKS_DIFFER

    def _remove_named(self, kind: str, name: str, report: Report) -> str | None:
        found = KINDS[kind]
        if kind == "key":
            exchange = self._schedule(name)
        elif kind == "secret":
            exchange = self._delete_secret(name)
        else:
            exchange = self._call(found.deletes, {found.parameter: name})
        if exchange is None or exchange.status == 404 or "NotFound" in (exchange.code or ""):
            return None
        if exchange.ok:
            report.removed += 1
            return None
        return f"{exchange.operation} answered {exchange.describe()}"

    def _schedule(self, key_id: str) -> Exchange | None:
        """Schedule a key; None when it is scheduled as soon as can be already."""
        request = {"KeyId": key_id, "PendingWindowInDays": SHORTEST_WINDOW}
        exchange = self._call("ScheduleKeyDeletion", request)
        if exchange.ok or exchange.status == 404:
            return exchange
        metadata = self._call("DescribeKey", {"KeyId": key_id}).data.get("KeyMetadata") or {}
        if metadata.get("KeyState") == "PendingDeletion":
            if _days_left(metadata) <= SHORTEST_WINDOW + 1:
                return None
            if not self._call("CancelKeyDeletion", {"KeyId": key_id}).ok:
                # It goes all the same, if later.
                return None
        elif exchange.status == 403:
            self._call("SetKeyPolicy", {"KeyId": key_id, "Policy": _OPEN, **_NAMED})
        else:
            unprotect = {
                "ProtectedResourceArn": metadata.get("Arn"),
                "EnableDeletionProtection": False,
            }
            self._call("SetDeletionProtection", unprotect)
        return self._call("ScheduleKeyDeletion", request)

    def _delete_secret(self, name: str) -> Exchange:
        request = {"SecretName": name, "ForceDeleteWithoutRecovery": "true"}
        exchange = self._call("DeleteSecret", request)
        if exchange.ok or exchange.status == 404:
            return exchange
        if exchange.status == 403:
            self._call("SetSecretPolicy", {"SecretName": name, "Policy": _OPEN, **_NAMED})
        else:
            self._call("RestoreSecret", {"SecretName": name})
        return self._call("DeleteSecret", request)

    # --- finding ------------------------------------------------------------------------------

    def _all_keys(self) -> list[Mapping[str, Any]]:
        """Return the metadata of every key; asked once."""
        if self._keys is None:
            self._keys = []
            for item in self._listed("ListKeys", "Keys"):
                described = self._call("DescribeKey", {"KeyId": item.get("KeyId")})
                if described.ok:
                    self._keys.append(described.data.get("KeyMetadata") or {})
        return self._keys

    def _listed(self, operation: str, member: str) -> Iterator[Mapping[str, Any]]:
        for page in range(1, _MOST_PAGES + 1):
            exchange = self._call(operation, {"PageNumber": page, "PageSize": _PAGE})
            items = _items(exchange.data, member) if exchange.ok else []
            yield from items
            if len(items) < _PAGE:
                return

    def _call(self, operation: str, params: Mapping[str, Any]) -> Exchange:
        return self._caller.call(operation, params, trusted=True)


def _items(data: Mapping[str, Any], member: str) -> list[Mapping[str, Any]]:
    """Return a list of an answer, whether it is wrapped in an object or not."""
    value: Any = data.get(member)
    if isinstance(value, Mapping):
        value = next((inner for inner in value.values() if isinstance(inner, list)), None)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _days_left(metadata: Mapping[str, Any]) -> float:
    try:
        end = parse_iso(str(metadata.get("DeleteDate")))
    except WireError:
        return 0.0
    return (end - datetime.now(UTC)).total_seconds() / 86_400
