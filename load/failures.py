"""Errors of the load generator that a user can cause or has to know of."""

from conformance.target.problems import UsageError


class LoadError(UsageError):
    """Something the user can mend; the text is one sentence that says how. Exit code 2."""


class NothingProven(Exception):  # noqa: N818 - an outcome of a run
    """The target did not answer, or not rightly, before the run began. Exit code 3."""


class NeverSent(NothingProven):
    """No connection to the target came about, so that the request changed nothing there."""


class TransportFailure(Exception):  # noqa: N818 - an outcome of a request
    """A request got no complete HTTP answer.

    Attributes:
        kind: ``refused``, ``reset``, ``closed``, ``time-out``, ``tls``, ``name``, ``protocol`` or
            ``network``; one word that the report counts by.
        detail: What the platform said.
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail
