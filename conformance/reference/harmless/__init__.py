"""Variations that no promise forbids; none may cost a verdict."""
