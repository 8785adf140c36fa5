"""Random passwords as GetRandomPassword describes them."""

import secrets
import string
from dataclasses import dataclass

#: Characters of a password that count as punctuation: printable ASCII but space and backtick.
PUNCTUATION = "".join(mark for mark in string.punctuation if mark != "`")


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """What a random password may and must contain; lengths in characters."""

    length: int = 32
    exclude_lowercase: bool = False
    exclude_uppercase: bool = False
    exclude_numbers: bool = False
    exclude_punctuation: bool = False
    exclude_characters: str = ""
    require_each_type: bool = False

    def classes(self) -> list[str]:
        """Return the alphabets that remain, one for each type of character."""
        alphabets = (
            (self.exclude_lowercase, string.ascii_lowercase),
            (self.exclude_uppercase, string.ascii_uppercase),
            (self.exclude_numbers, string.digits),
            (self.exclude_punctuation, PUNCTUATION),
        )
        banned = set(self.exclude_characters)
        kept = [
            "".join(c for c in letters if c not in banned) for out, letters in alphabets if not out
        ]
        return [letters for letters in kept if letters]


def random_password(rules: PasswordRules) -> str:
    """Make a password.

    Raises:
        ValueError: When the rules leave no character to choose from.
    """
    classes = rules.classes()
    if not classes:
        raise ValueError("no character is left to choose from")
    chosen = [secrets.choice(letters) for letters in classes] if rules.require_each_type else []
    everything = "".join(classes)
    chosen += [secrets.choice(everything) for _ in range(rules.length - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)
