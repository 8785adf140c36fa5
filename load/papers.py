"""Credentials that a run made for itself, handed to its other processes on this machine.

They go through a file that only its owner reads, never through the port of the master.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from conformance.wire.credentials import ClientKey
from load.failures import LoadError


@dataclass(frozen=True, slots=True)
class Papers:
    """What requests of a run are sent with, beyond the target file.

    Attributes:
        client_key: Client key that the run made.
        agent: Base URL and token of the agent that runs or was started.
    """

    client_key: ClientKey | None = field(default=None, repr=False)
    agent: tuple[str, str] | None = field(default=None, repr=False)

    def write(self, path: Path) -> None:
        """Write the file."""
        key = self.client_key
        pem = None
        if key is not None:
            form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            pem = key.private_key.private_bytes(*form).decode()
        path.touch(mode=0o600)
        document = {"id": key.id if key else None, "pem": pem, "agent": self.agent}
        path.write_text(json.dumps(document), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Papers":
        """Read the file.

        Raises:
            LoadError: When it is not on this machine.
        """
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise LoadError(
                "what the master made to send with stays on its machine: give workers on others "
                "a target file with [identities.client-key], or with url and token of [agent]"
            ) from None
        key = None
        if document["pem"] is not None:
            private = load_pem_private_key(document["pem"].encode(), None)
            assert isinstance(private, RSAPrivateKey)
            key = ClientKey(document["id"], private)
        url_and_token = document["agent"]
        return cls(key, tuple(url_and_token) if url_and_token else None)
