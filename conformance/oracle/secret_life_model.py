"""Model of a secret's life: there, waiting for its deletion, or not there at all."""

from typing import Literal

from conformance.oracle.expected import ANYTHING, OK, Expected, refused

UNKNOWN = "Forbidden.ResourceNotFound"
IN_WINDOW = "Rejected.ResourceInDeleteWindow"
EXISTS = "Rejected.ResourceExist"
IN_USE = "Rejected.ResourceInUse"

Life = Literal["absent", "live", "waiting"]

_CELLS: dict[str, dict[Life, Expected]] = {
    "CreateSecret": {"absent": OK, "live": refused(EXISTS), "waiting": refused(IN_WINDOW)},
    "UpdateSecret": {"absent": refused(UNKNOWN), "live": OK, "waiting": refused(IN_WINDOW)},
    "DeleteSecret": {"absent": refused(UNKNOWN), "live": OK, "waiting": refused(IN_WINDOW)},
    "RestoreSecret": {"absent": refused(UNKNOWN), "live": refused(IN_USE), "waiting": OK},
    # What reads and writes of values answer while a secret waits is concluded.
    "PutSecretValue": {"absent": refused(UNKNOWN), "live": OK, "waiting": ANYTHING},
    "GetSecretValue": {"absent": refused(UNKNOWN), "live": OK, "waiting": ANYTHING},
    "DescribeSecret": {"absent": refused(UNKNOWN), "live": OK, "waiting": ANYTHING},
    # Whether a secret that waits can be removed at once is nowhere told.
    "force": {"absent": refused(UNKNOWN), "live": OK, "waiting": ANYTHING},
}


class SecretLifeModel:
    """One name: whether a secret has it, and its values by version, the current one last put.

    Attributes:
        life: Where the secret is in its life.
        values: Value by version.
        current: The version that is ACSCurrent.
        description: As it was set last.
    """

    def __init__(self) -> None:
        self.life: Life = "absent"
        self.values: dict[str, str] = {}
        self.current = ""
        self.description = ""

    def expects(self, operation: str) -> Expected:
        """Return what an operation may answer; "force" is DeleteSecret without a window."""
        return _CELLS[operation][self.life]

    def created(self, version: str, value: str, description: str) -> None:
        """Take over that the secret was made; nothing of an earlier one is left."""
        self.life, self.values, self.current = "live", {version: value}, version
        self.description = description

    def put(self, version: str, value: str) -> None:
        """Take over a further version."""
        self.values[version] = value
        self.current = version

    def removed(self) -> None:
        """Take over that it is gone for good."""
        self.life, self.values, self.current, self.description = "absent", {}, "", ""
