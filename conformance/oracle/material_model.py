"""Model of a key whose material is imported: bound to its first material for good."""

from conformance.oracle.expected import ANYTHING, Expected, expected_of, refused
from conformance.oracle.key_model import PENDING_IMPORT, KeyModel

BAD_TOKEN = "InvalidImportToken"  # noqa: S105 - an error code


class MaterialModel:
    """A key, the material that it is bound to, and what it encrypted.

    Attributes:
        state: Model of the key's state.
        bound: The material, by a name of the caller's; None before the first import.
    """

    def __init__(self) -> None:
        self.state = KeyModel(PENDING_IMPORT, external=True)
        self.bound: str | None = None

    def expects(self, operation: str) -> Expected:
        """Return what an operation that only the state decides may answer."""
        return expected_of(self.state.expects(operation))

    def imports(self, material: str, *, own_token: bool) -> Expected:
        """Return what ImportKeyMaterial may answer.

        Args:
            material: Which one is offered.
            own_token: Whether the token was issued for this key.
        """
        expected = self.expects("ImportKeyMaterial")
        if not own_token:
            expected &= refused(BAD_TOKEN)
        if self.bound is not None and material != self.bound:
            expected &= refused()
        return expected

    def opens(self) -> Expected:
        """Return what Decrypt of an own blob may answer."""
        return self.expects("Decrypt")

    def after(self, operation: str, expected: Expected) -> frozenset[str]:
        """Return the states that the key may be in after a call."""
        if expected.outcome == "refused":
            return frozenset({self.state.state})
        possible = self.state.expects(operation).states
        return possible | {self.state.state} if expected is ANYTHING else possible

    def moved(self, operation: str, state: str, material: str | None = None) -> None:
        """Take over that an operation succeeded, and the state that shows."""
        if operation == "ImportKeyMaterial":
            self.bound = self.bound or material
        self.state.moved(operation, state)
