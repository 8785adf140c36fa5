"""A second endpoint of KMS API, written apart from the reference and choosing otherwise.

It exists so that the rules are not tuned to one code base: another web server (threads, standard
library), state in SQLite, signature checks of its own, the gateway's error family, UUID key ids, the
smallest answers that the documentation allows, plaintexts that are decoded base64 rather than text.
It offers some forty operations and declines the rest. Nothing of `conformance` is imported.

    python tests/second/server.py          # prints where it listens and waits
"""

import ciphers
import keys
import sundries
import vault
from core import OPERATIONS, USERS, Params, Refused, Store, encoded

__all__ = [
    "OPERATIONS",
    "USERS",
    "Params",
    "Refused",
    "Store",
    "ciphers",
    "encoded",
    "keys",
    "sundries",
    "vault",
]
