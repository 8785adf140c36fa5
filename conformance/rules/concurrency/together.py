"""Sends calls at the same time: threads that wait for one another and then start."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from conformance.client.exchange import Exchange
from conformance.run.context import Kms

Ask = Callable[[], Exchange]

#: Calls in flight at most: as many connections as a usual client opens.
MOST = 16
_SETTLING = 3.0


def together(calls: Sequence[Ask], most: int = MOST) -> list[Exchange]:
    """Send calls at the same time and return their answers in the order of the calls.

    Every worker has its first call ready before any of them is sent.

    Args:
        calls: What to send, each with parameters of its own.
        most: Calls in flight at most.

    Raises:
        Hang, TransportProblem, NotTestable: What the first call without an answer raised, once all
            have ended.
    """
    workers = min(most, len(calls))
    ready = threading.Barrier(workers)
    waiting = threading.local()

    def run(call: Ask) -> Exchange:
        if not getattr(waiting, "started", False):
            waiting.started = True
            ready.wait()
        return call()

    with ThreadPoolExecutor(workers, thread_name_prefix="together") as pool:
        futures = [pool.submit(run, call) for call in calls]
    return [future.result() for future in futures]


def settle(kms: Kms) -> None:
    """Give a target that is not on this machine time to let changes show everywhere."""
    if not kms.target.loopback:
        time.sleep(_SETTLING)
