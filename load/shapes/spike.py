"""A steady rate, a burst, and the time it takes to recover.

locust -f load/locustfile.py,load/shapes/spike.py --kind spike --target T.toml --headless
"""

import time

from locust import LoadTestShape

from load.session import Session


class SpikeShape(LoadTestShape):
    """Asks the session how many users there are to be."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """Return users and users a second, None at the end."""
        session = Session.current
        assert session is not None
        users = session.steer(time.time())
        # At once in both directions: what a step is to measure is its rate, not the way to it.
        return None if users is None else (users, 100_000.0)
