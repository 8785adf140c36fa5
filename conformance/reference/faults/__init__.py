"""Deliberate deviations, a module an area; each breaks one promise."""
