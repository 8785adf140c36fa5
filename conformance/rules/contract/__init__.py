"""The contract of each operation: what it must accept, what it must refuse, what it answers."""
