"""Application access points: what client keys may do, on the shared gateway and on an instance."""
