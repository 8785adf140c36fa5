"""Proof that the instrument is right and fast: ratios measured within one run."""
