"""Promises of the service as data; the documents beside this module travel in the wheel."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def root() -> Traversable:
    """Return the folder that holds every spec document."""
    return files(__name__)
