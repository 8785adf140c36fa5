"""An agent under test: starting it, asking it, and being the KMS that it asks."""
