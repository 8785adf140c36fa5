"""Faults of an agent: what it answers."""
