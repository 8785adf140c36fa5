"""Network rules, access points and client keys under a few names."""

from typing import Any

from conformance.client.exchange import Exchange
from conformance.oracle.access_model import UNKNOWN, AccessModel
from conformance.rules.lists import find_row, texts
from conformance.rules.machines.engine import Machine, pick, run_machine, steps
from conformance.run.context import Kms
from conformance.run.registry import Level, rule

_POINTS = "Use application access points page (zh); Go SDK v4.1.0"
_ADDRESSES = (["10.1.0.0/16"], ["10.2.0.0/16", "192.168.3.4"], ["172.16.0.1"])


class Access(Machine):
    """Two names of network rules, two of access points, and their client keys."""

    commands = (
        "create-rule", "update-rule", "delete-rule", "create-point", "update-point",
        "delete-point", "add-key", "drop-key",
    )  # fmt: skip
    stories = (
        steps("create-rule/0/1 update-rule/0/2 create-rule/0/0 delete-rule/0 create-rule/0/0"),
        steps("create-point/0 add-key/0 add-key/0 add-key/0 add-key/0 drop-key/0 add-key/0"),
        steps("create-point/0 add-key/0 create-point/1 delete-point/0 create-point/0 update-point"),
    )

    def begin(self) -> None:
        """Choose names that nothing has."""
        self.rules, self.points = AccessModel(), AccessModel()
        fresh = self.kms.fresh_name
        self.rule_names = [fresh("network-rule") for _ in range(2)]
        self.point_names = [fresh("access-point") for _ in range(2)]
        self.policies = self.kms.provide("access-policy")["names"]
        self.password = f"Aa1-{self.kms.random.getrandbits(64):016x}"
        self.count = 0

    def _rule(self, number: int) -> tuple[str, str]:
        name = pick(self.rule_names, number)
        return name, f"rule {self.rule_names.index(name) + 1}"

    def _point(self, number: int) -> tuple[str, str]:
        name = pick(self.point_names, number)
        return name, f"access point {self.point_names.index(name) + 1}"

    def _text(self) -> str:
        self.count += 1
        return f"{self.kms.marker} {self.count}"

    def create_rule(self, a: int, b: int) -> None:
        """Create a network rule."""
        (name, told), addresses = self._rule(a), pick(_ADDRESSES, b)
        if name in self.rules.things:
            return
        members = {"Description": self._text(), "SourcePrivateIp": addresses}
        request = {"Name": name, "Type": "Private", **members}
        if self.ask("CreateNetworkRule", request, self.rules.creates(name), f"create {told}").ok:
            self.rules.created(name, members)
        self._look_rule(name)

    def update_rule(self, a: int, b: int) -> None:
        """Change the addresses of a network rule; its description stays."""
        (name, told), addresses = self._rule(a), pick(_ADDRESSES, b)
        request = {"Name": name, "SourcePrivateIp": addresses}
        if self.ask("UpdateNetworkRule", request, self.rules.names(name), f"update {told}").ok:
            self.rules.things[name]["SourcePrivateIp"] = addresses
        self._look_rule(name)

    def delete_rule(self, a: int, _: int) -> None:
        """Delete a network rule."""
        name, told = self._rule(a)
        expected = self.rules.deletes(name)
        if self.ask("DeleteNetworkRule", {"Name": name}, expected, f"delete {told}").ok:
            self.rules.deleted(name)
        self._look_rule(name)

    def create_point(self, a: int, _: int) -> None:
        """Create an access point."""
        name, told = self._point(a)
        if name in self.points.things:
            return
        members = {"Description": self._text(), "Policies": list(self.policies)}
        request = {"Name": name, "AuthenticationMethod": "ClientKey", **members}
        expected = self.points.creates(name)
        if self.ask("CreateApplicationAccessPoint", request, expected, f"create {told}").ok:
            self.points.created(name, members)
        self._look_point(name)

    def update_point(self, a: int, _: int) -> None:
        """Change the description of an access point; its policies stay."""
        name, told = self._point(a)
        text = self._text()
        request = {"Name": name, "Description": text}
        expected = self.points.names(name)
        if self.ask("UpdateApplicationAccessPoint", request, expected, f"update {told}").ok:
            self.points.things[name]["Description"] = text
        self._look_point(name)

    def delete_point(self, a: int, _: int) -> None:
        """Delete an access point; its client keys go with it."""
        name, told = self._point(a)
        keys = list(self.points.client_keys.get(name, ()))
        expected = self.points.deletes(name)
        request = {"Name": name}
        if self.ask("DeleteApplicationAccessPoint", request, expected, f"delete {told}").ok:
            self.points.deleted(name)
            for key in keys:
                got = self.kms.call("GetClientKey", {"ClientKeyId": key}, method="GET")
                self.expect(got.code == UNKNOWN, f"the client keys of {told} are gone with it", got)
        self._look_point(name)

    def add_key(self, a: int, _: int) -> None:
        """Give an access point a client key."""
        name, told = self._point(a)
        request = {"AapName": name, "Password": self.password}
        expected = self.points.adds_key(name)
        made = self.ask("CreateClientKey", request, expected, f"make a client key of {told}")
        if made.ok:
            key = str(made.data.get("ClientKeyId"))
            self.expect(
                all(key not in keys for keys in self.points.client_keys.values()),
                "a client key has an id of its own",
                made,
            )
            self.points.client_keys[name].append(key)
        self._look_keys(name)

    def drop_key(self, a: int, b: int) -> None:
        """Take a client key away."""
        name, told = self._point(a)
        keys = self.points.client_keys.get(name)
        if not keys:
            return
        key = pick(keys, b)
        words = f"delete a client key of {told}"
        self.ask("DeleteClientKey", {"ClientKeyId": key}, self.points.names(name), words)
        keys.remove(key)
        self._look_keys(name)

    def _look_rule(self, name: str) -> None:
        self._look("DescribeNetworkRule", self.rules, name)

    def _look_point(self, name: str) -> None:
        self._look("DescribeApplicationAccessPoint", self.points, name)
        self._look_keys(name)

    def _look(self, operation: str, model: AccessModel, name: str) -> None:
        members = model.things.get(name)

        def fits(exchange: Exchange) -> bool:
            shown = {wish: exchange.data.get(wish) for wish in members or ()}
            return all(_same(shown[wish], value) for wish, value in (members or {}).items())

        def look() -> Exchange:
            return self.kms.call(operation, {"Name": name})

        if members is not None:
            self.shows(look, fits, f"{operation} shows what was asked for last")
            return
        looked = look()
        self.expect(looked.code == UNKNOWN, f"{operation} finds nothing", looked)

    def _look_keys(self, name: str) -> None:
        if name not in self.points.things:
            return
        wish = set(self.points.client_keys[name])

        def fits(exchange: Exchange) -> bool:
            rows = exchange.data.get("ClientKeys") or []
            return {str(row.get("ClientKeyId")) for row in rows} == wish

        self.shows(
            lambda: self.kms.call("ListClientKeys", {"AapName": name}, method="GET"),
            fits,
            "ListClientKeys lists the client keys that there are",
        )

    def finish(self) -> None:
        """Look for every name in its list."""
        for listing, model, names in (
            ("ListNetworkRules", self.rules, self.rule_names),
            ("ListApplicationAccessPoints", self.points, self.point_names),
        ):
            for name in names:
                row, page = find_row(self.kms, listing, "Name", name)
                self.expect(
                    (row is not None) == (name in model.things),
                    f"{listing} lists what there is and nothing else",
                    page,
                )


def _same(found: Any, wish: Any) -> bool:
    """Compare a member that may be left out, and lists in any form."""
    if found is None:
        return True
    return texts(found) == wish if isinstance(wish, list) else found == wish


@rule(
    "EFF-073",
    level=Level.MUST,
    family="effects",
    statement="However network rules, access points and client keys are made, changed and deleted "
    "under the same names, what is described and listed is what the model says.",
    provenance="documented",
    source=_POINTS,
    stage="service",
    operations=("CreateNetworkRule", "CreateApplicationAccessPoint", "CreateClientKey"),
    safety="schedules-deletion",
    readings=("access-point-change",),
)
def access_follows_the_model(kms: Kms) -> None:
    """Walk at random; a failure is told as the shortest story that shows it."""
    run_machine(kms, Access, share=0.3)
