"""Reads the documents in specs/ and turns request schemas into requests."""

from conformance.spec.catalogue import Catalogue, Operation, PromisedError, catalogue, resolve

__all__ = ["Catalogue", "Operation", "PromisedError", "catalogue", "resolve"]
