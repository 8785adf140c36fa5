"""Load on a KMS endpoint, for Locust in all its ways.

    locust -f load/locustfile.py --scenario envelope --target T.toml -u 200 --headless -t 60s

A Locust user is a unit of rate, 10 requests a second unless ``--unit`` says otherwise: 200 users
are 2,000 requests a second, however slowly the target answers. Whatever steers users steers the
rate: ``-u``, a LoadTestShape, the web page, ``--processes``, workers on other machines.
"""

import sys
from pathlib import Path

import gevent
from locust import User, events, task

# Locust puts this folder in front while it reads the file; our modules must not pass for those of
# the same name that other packages mean.
_front = sys.path.pop(0) if Path(sys.path[0]).resolve() == Path(__file__).resolve().parent else None
from load.session import Session, install  # noqa: E402

if _front is not None:
    sys.path.insert(0, _front)

install(events)


class RateUnit(User):
    """Adds one unit to the arrival rate of its process for as long as it lives."""

    def on_start(self) -> None:
        """Raise the rate."""
        session = Session.current
        if session is not None and session.station is not None:
            session.station.join()

    def on_stop(self) -> None:
        """Lower the rate."""
        session = Session.current
        if session is not None and session.station is not None:
            session.station.leave()

    @task
    def hold(self) -> None:
        """Do nothing: the engine sends."""
        gevent.sleep(3600)
