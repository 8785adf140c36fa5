"""Running a coroutine at once, without a task as long as it waits for nothing.

Most requests are answered without waiting for anything. A task for each of them costs as much as a
whole stage, and two rounds of the event loop.
"""

from collections.abc import Callable, Coroutine, Generator
from functools import partial
from types import coroutine
from typing import Any


def start_at_once(work: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None] | None:
    """Run a coroutine up to where it first waits.

    Until there it is no task, and must not use what asks for the current one.

    Returns:
        What is left of it, to be made a task of; None when it has ended.
    """
    try:
        awaited = work.send(None)
    except StopIteration:
        return None
    return _rest(work, awaited)


async def _rest(work: Coroutine[Any, Any, None], awaited: object) -> None:
    await _steps(work, awaited)


@coroutine
def _steps(work: Coroutine[Any, Any, None], awaited: object) -> Generator[Any, Any, None]:
    """Hand what a coroutine waits for to its task, and back what comes of it."""
    step: Callable[[], Any]
    while True:
        try:
            step = partial(work.send, (yield awaited))
        except BaseException as raised:  # noqa: BLE001 - the coroutine's to handle
            step = partial(work.throw, raised)
        try:
            awaited = step()
        except StopIteration:
            return
