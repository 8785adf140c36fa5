"""An endpoint starts soon: it loads nothing that only the rules or the tests need."""

import subprocess
import sys

import pytest

CODE = """
import sys
import conformance.cli
from conformance.reference.endpoint import Endpoint
import conformance.reference.serve_cli, conformance.reference.server
Endpoint()
print(sorted(name for name in {0!r} if name in sys.modules))
"""
#: Each takes longer to load than the endpoint itself.
UNNEEDED = ("hypothesis", "pytest", "locust", "gevent", "load", "reports")


@pytest.mark.parametrize("command", ["serve", "agent"])
def test_a_server_does_not_load_what_it_does_not_need(command):
    help_of = f"{sys.executable} -X importtime -m conformance.cli {command} --help".split()
    told = subprocess.run(help_of, capture_output=True, text=True, check=True).stderr
    loaded = {line.rpartition("|")[2].strip() for line in told.splitlines()}
    assert loaded.isdisjoint(UNNEEDED)


def test_an_endpoint_does_not_load_what_it_does_not_need():
    code = CODE.format(UNNEEDED)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
