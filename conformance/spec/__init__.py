"""Reads the documents in specs/ and turns request schemas into requests."""

from conformance.spec.catalogue import Catalogue, Operation, PromisedError, catalogue

__all__ = ["Catalogue", "Operation", "PromisedError", "catalogue"]
