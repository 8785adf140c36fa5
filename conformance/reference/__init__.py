"""The reference endpoint: KMS API over HTTP and HTTPS, in memory, with real cryptography.

It is a target to test against, not a place to keep secrets in.
"""
