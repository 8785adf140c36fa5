"""The switch of an instance that opens its keys to cryptography from the Internet."""
