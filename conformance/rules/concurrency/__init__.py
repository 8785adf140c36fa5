"""Rules about calls at the same time, and about answers that are not the same each time."""
