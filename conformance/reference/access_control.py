"""Application access points: what a client key may do, and from where.

Each access point has policies; a policy is for the shared gateway or for one instance, and says
which roles it grants on which keys and secrets, to callers from which networks. A client key may do
what one of the policies of its access point permits. Nothing is kept between calls, so that every
change acts at once.

The small decisions are methods, which a fault replaces on the `AccessControl` of one endpoint.
"""

import ipaddress
from collections.abc import Iterator
from typing import Literal

from conformance.reference.errors import KmsError
from conformance.reference.model import AccessPolicy, Account, ClientKey, NetworkRule, Secret

#: Scope of a policy for the shared gateway, in place of the id of an instance.
SHARED = "shared"
RETRIEVAL = "GetSecretValue"

_KEY_USER = "RbacPermission/Template/CryptoServiceKeyUser"
#: Roles that read secrets: on an instance, and on the shared gateway.
_SECRET_USERS = {
    "instance": "RbacPermission/Template/CryptoServiceSecretUser",
    "shared": "RbacPermission/Template/SecretUser",
}
_NETWORKS = {"instance": {"Private"}, "shared": {"Public", "VPC"}}

Scope = Literal["instance", "shared"]


class AccessControl:
    """Decides for the access points of one account.

    Args:
        account: Whose access points, policies, network rules and client keys count.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def permit(
        self,
        client_key: ClientKey,
        *,
        operation: str,
        resource_arn: str | None,
        scope: str,
        client_ip: str,
    ) -> None:
        """Go on only when a policy of the access point permits the operation.

        Args:
            client_key: Who asks.
            operation: Of either API.
            resource_arn: The key or secret it is about; None where it is about none.
            scope: ``shared``, or the id of the instance.
            client_ip: Address of the caller; an empty one is in no network.

        Raises:
            KmsError: Forbidden.NoPermission; the message names the resource.
        """
        resource = None if resource_arn is None else resource_arn.split(":", 4)[-1]
        for policy in self.policies(client_key):
            if (
                self.has_scope(policy, scope)
                and self.grants(policy, operation, _kind(scope))
                and (resource is None or self.covers(policy, resource))
                and self.lets_in(policy, client_ip, _kind(scope))
            ):
                return
        message = f"The access point has no permission for {operation}"
        message += f" on {resource_arn}." if resource_arn else "."
        raise KmsError("Forbidden.NoPermission", message)

    def permit_retrieval(
        self, client_key: ClientKey, secret: Secret, *, scope: str, client_ip: str
    ) -> None:
        """Go on only when a secret may be read.

        On an instance this takes the use of the protecting key, too.

        Raises:
            KmsError: Forbidden.NoPermission; the message names the secret or the key.
        """
        arn = self._account.arn
        self.permit(
            client_key,
            operation=RETRIEVAL,
            resource_arn=arn("secret", secret.name),
            scope=scope,
            client_ip=client_ip,
        )
        if scope == SHARED or secret.encryption_key_id is None:
            return
        self.permit(
            client_key,
            operation="Decrypt",
            resource_arn=arn("key", secret.encryption_key_id),
            scope=scope,
            client_ip=client_ip,
        )

    def policies(self, client_key: ClientKey) -> Iterator[AccessPolicy]:
        """Yield the policies of a client key's access point."""
        point = self._account.access_points.get(client_key.access_point)
        for name in point.policies if point is not None else ():
            policy = self._account.access_policies.get(name)
            if policy is not None:
                yield policy

    def has_scope(self, policy: AccessPolicy, scope: str) -> bool:
        """Tell whether a policy is for the shared gateway, or for this instance."""
        return (policy.kms_instance or SHARED) == scope

    def grants(self, policy: AccessPolicy, operation: str, kind: Scope) -> bool:
        """Tell whether a policy grants the role that an operation takes."""
        role = _SECRET_USERS[kind] if operation == RETRIEVAL else _KEY_USER
        return role in policy.permissions and (kind == "instance" or operation == RETRIEVAL)

    def covers(self, policy: AccessPolicy, resource: str) -> bool:
        """Tell whether a policy names a resource, ``key/<id>`` or ``secret/<name>``."""
        return any(
            resource.startswith(named[:-1]) if named.endswith("*") else resource == named
            for named in policy.resources
        )

    def lets_in(self, policy: AccessPolicy, client_ip: str, kind: Scope) -> bool:
        """Tell whether a policy's network rules let an address in; without any they all do."""
        names = policy.access_control_rules.get("NetworkRules")
        if names is None:
            return True
        rules = [self._account.network_rules.get(name) for name in names]
        return any(
            rule is not None and rule.type in _NETWORKS[kind] and self.is_within(rule, client_ip)
            for rule in rules
        )

    def is_within(self, rule: NetworkRule, client_ip: str) -> bool:
        """Tell whether a network rule lists an address."""
        try:
            address = ipaddress.ip_address(client_ip)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        networks = [ipaddress.ip_network(text, strict=False) for text in rule.source_private_ip]
        return any((mapped or address) in network for network in networks)


def _kind(scope: str) -> Scope:
    return "shared" if scope == SHARED else "instance"
