"""Handlers of the operations, a module a topic."""
