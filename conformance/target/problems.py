"""What a user can do wrong before anything is sent.

``UsageError``
    A file, option or selection that cannot be used.

    ``TargetError``
        The target file, or something it names, cannot be used.

Each message is one sentence that says what was found and what would be right; it never holds a
secret. The command line prints it and exits with 2.
"""


class UsageError(Exception):
    """Something the user gave cannot be used; the message says how to mend it."""


class TargetError(UsageError):
    """The target file, or something that it names, cannot be used."""
