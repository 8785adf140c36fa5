"""What is under test: target files, callers, capabilities, safety level and pace.

`load_target` reads a file; `embedded_target` starts the embedded endpoint and yields its target.
"""

from conformance.target.load import load_target
from conformance.target.model import SAFETY_LEVELS, Gateway, Target, is_loopback, safety_rank
from conformance.target.problems import TargetError, UsageError

__all__ = [
    "SAFETY_LEVELS",
    "Gateway",
    "Target",
    "TargetError",
    "UsageError",
    "is_loopback",
    "load_target",
    "safety_rank",
]
