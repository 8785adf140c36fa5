"""Judges answers without trusting the endpoint: own arithmetic, models of keys and secrets."""
