"""Faults of an agent: who may ask, how often it asks KMS, what else it does."""
