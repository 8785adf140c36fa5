"""Providers of real things on the target, a module a topic."""

from conformance.client.resources.base import Bundle, Make, Names, Resources, provides

__all__ = ["Bundle", "Make", "Names", "Resources", "provides"]
