"""Searches for the highest rate that keeps all limits.

locust -f load/locustfile.py,load/shapes/capacity.py --kind capacity --target T.toml --headless
"""

import time

from locust import LoadTestShape

from load.session import Session


class CapacityShape(LoadTestShape):
    """Asks the search how many users there are to be."""

    def tick(self) -> tuple[int, float] | None:
        """Return users and users a second, None at the end."""
        session = Session.current
        assert session is not None
        users = session.steer(time.time())
        # At once in both directions: what a step is to measure is its rate, not the way to it.
        return None if users is None else (users, 100_000.0)
