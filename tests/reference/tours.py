"""Which walks show the faults of which area."""

from touring import notes_of
from tours_crypto import data_keys, macs, rsa_encryption, signing, symmetric
from tours_keys import (
    deletion,
    every_state,
    imports,
    keys_of_all_kinds,
    metadata_of_a_new_key,
    policy_given_at_creation,
    protection,
    references,
    rotation,
    switching,
)
from tours_lists import (
    aliases,
    changed_keys,
    lists,
    many_aliases,
    secret_filters,
    tags,
    waiting_keys,
)
from tours_others import access_points, denied, instances, passwords, policies
from tours_secrets import (
    batches,
    managed_secrets,
    new_secrets,
    secret_deletion,
    secret_under_a_key,
    secret_versions,
)

__all__ = ["STEPS", "notes_of"]

KEYS = (
    metadata_of_a_new_key,
    keys_of_all_kinds,
    policy_given_at_creation,
    references,
    switching,
    deletion,
    protection,
)
SECRETS = (
    new_secrets,
    secret_versions,
    secret_deletion,
    secret_under_a_key,
    managed_secrets,
    batches,
)
#: Steps of each area, each taken on an endpoint of its own.
STEPS = {
    "keys": KEYS,
    "states": (every_state, switching, deletion),
    "rotation": (rotation,),
    "imports": (imports,),
    "aliases": (aliases, references),
    "tags": (tags,),
    "paging": (lists, waiting_keys, many_aliases),
    "filters": (lists, secret_filters, changed_keys),
    "crypto": (symmetric, data_keys, macs),
    "data_keys": (data_keys, macs),
    "signing": (signing, rsa_encryption),
    "secrets": SECRETS,
    "secret_values": SECRETS,
    "policies": (policies,),
    "access_points": (access_points, instances),
    "effects": (*KEYS, aliases, *SECRETS, denied, passwords),
    "idempotency": (switching, deletion, aliases, denied, *SECRETS),
}
