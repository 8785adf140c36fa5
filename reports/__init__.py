"""Results in; terminal summary, JUnit, Allure, HTML, certificate, badge and difference out.

Everything here reads a results folder (`results.jsonl` and `evidence/`) and knows nothing of the
runner. `render` and `summary` raise `ResultsError`, whose text says what is wrong and what to do.
"""

from reports.certificate import CertificateError, Verification, verify
from reports.difference import Diff, diff
from reports.render_all import FORMATS, UnknownFormatError, render
from reports.results import ResultsError
from reports.terminal import summary

__all__ = [
    "FORMATS",
    "CertificateError",
    "Diff",
    "ResultsError",
    "UnknownFormatError",
    "Verification",
    "diff",
    "render",
    "summary",
    "verify",
]
