"""A second endpoint of KMS API, written apart from the reference and choosing otherwise.

It exists so that the rules are not tuned to one code base: another web server (threads, standard
library), state in SQLite, signature checks of its own, the gateway's error family, UUID key ids, the
smallest answers that the documentation allows, plaintexts that are decoded base64 rather than text.
It offers some seventy operations and declines the rest. Nothing of `conformance` is imported.

    python tests/second/server.py          # prints where it listens and waits
"""

import access
import aliases
import ciphers
import exports
import keys
import labels
import material
import rotation
import sundries
import vault
from core import OPERATIONS, TOKENS, USERS, Params, Refused, Store, encoded

__all__ = [
    "OPERATIONS",
    "TOKENS",
    "USERS",
    "Params",
    "Refused",
    "Store",
    "access",
    "aliases",
    "ciphers",
    "encoded",
    "exports",
    "keys",
    "labels",
    "material",
    "rotation",
    "sundries",
    "vault",
]
