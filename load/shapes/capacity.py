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
        return None if users is None else (users, float(max(users, 1)))
