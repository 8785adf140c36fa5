"""Harmless variations of an agent, which no promise forbids."""
