"""Two threads for RSA private-key work, which releases the interpreter's lock."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class _Job(NamedTuple):
    """What a thread does, and what an event loop does with the result."""

    loop: asyncio.AbstractEventLoop
    function: Callable[[], Any]
    then: Callable[[Any], object]


class Workers:
    """Threads that never keep the process alive, and hand results straight to the event loop.

    A standard pool is waited for at exit, and making an RSA_4096 key takes seconds. Its futures are
    tied to those of the event loop by as much work as a whole stage of a request.

    Args:
        count: Number of threads.
    """

    def __init__(self, count: int = 2) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"rsa-{number}", daemon=True)
            for number in range(count)
        ]
        self._started = False

    def run(self, function: Callable[[], T], then: Callable[[T], object]) -> None:
        """Queue one job of the running event loop.

        Args:
            function: What a thread does; it answers for its own errors.
            then: Called by the event loop with what the function returned.
        """
        if not self._started:
            self._started = True
            for thread in self._threads:
                thread.start()
        self._jobs.put(_Job(asyncio.get_running_loop(), function, then))

    def shutdown(self) -> None:
        """Let the threads end when what is queued is done; never waits for them."""
        for _ in self._threads:
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            result = job.function()
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                job.loop.call_soon_threadsafe(job.then, result)
