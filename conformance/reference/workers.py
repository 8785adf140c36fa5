"""Two threads for RSA private-key work, which releases the interpreter's lock."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class _Job(NamedTuple):
    """What a thread does, and the future of an event loop that waits for it."""

    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"
    function: Callable[[], Any]


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

    def run(
        self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> "asyncio.Future[T]":
        """Queue one job of the running event loop; awaiting what is returned gives its result."""
        if not self._started:
            self._started = True
            for thread in self._threads:
                thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(loop, future, lambda: function(*args, **kwargs)))
        return future

    def shutdown(self) -> None:
        """Let the threads end when what is queued is done; never waits for them."""
        for _ in self._threads:
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            result, error = None, None
            try:
                result = job.function()
            except BaseException as raised:  # noqa: BLE001 - belongs to whoever waits for it
                error = raised
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                job.loop.call_soon_threadsafe(_settle, job.future, result, error)


def _settle(future: "asyncio.Future[Any]", result: object, error: BaseException | None) -> None:
    if future.done():  # nobody waits any longer
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
