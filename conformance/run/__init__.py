"""Runs rules against a target: selection, seeds, verdicts, evidence, journal and events.

The pytest plugin is `conformance.run.plugin`; rules are declared with `conformance.run.registry`
and receive a `conformance.run.context.Kms`.
"""
