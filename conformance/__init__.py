"""Conformance suite for Alibaba Cloud Key Management Service (KMS)."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("kms-conformance")
except PackageNotFoundError:  # a checkout that is not installed
    __version__ = "0+unknown"
