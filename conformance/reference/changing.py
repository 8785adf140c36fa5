"""Tools for deviations: wrap a handler, a stage, an error or an answer of one endpoint.

@fault("encrypt-loses-version", breaks=("EFF-012",), statement="...", source="...")
def _(endpoint: Endpoint) -> None:
    def change(call: Call, answer: dict[str, Any]) -> None:
        del answer["KeyVersionId"]

    wrap_answer(endpoint, "Encrypt", change)
"""

from collections.abc import Callable, Iterable
from typing import Any

from conformance.reference.call import Call, Handler
from conformance.reference.endpoint import Endpoint, Stage
from conformance.reference.errors import KmsError
from conformance.reference.passage import Passage, Response

#: Changes the members of a success in place, or returns others.
Change = Callable[[Call, dict[str, Any]], dict[str, Any] | None]


def wrap_handler(
    endpoint: Endpoint, operations: str | Iterable[str], wrapper: Callable[[Call, Handler], Any]
) -> None:
    """Put ``wrapper(call, original)`` in the place of handlers.

    Args:
        endpoint: Which one.
        operations: A name, several, or ``*`` for all.
        wrapper: Returns the answer.

    Raises:
        LookupError: When an operation has no handler.
    """
    names = _names(endpoint, operations)
    for name in names:
        endpoint.handlers[name] = _wrapped(endpoint.handlers[name], wrapper)


def _wrapped(original: Handler, wrapper: Callable[[Call, Handler], Any]) -> Handler:
    def handler(call: Call) -> dict[str, Any]:
        answer: dict[str, Any] = wrapper(call, original)
        return answer

    return handler


def _names(endpoint: Endpoint, operations: str | Iterable[str]) -> list[str]:
    if operations == "*":
        return list(endpoint.handlers)
    names = [operations] if isinstance(operations, str) else list(operations)
    for name in names:
        if name not in endpoint.handlers:
            raise LookupError(f"no handler answers {name!r}")
    return names


def wrap_answer(endpoint: Endpoint, operations: str | Iterable[str], change: Change) -> None:
    """Change the members of successes.

    Args:
        endpoint: Which one.
        operations: A name, several, or ``*`` for all.
        change: Changes the members in place, or returns others.
    """

    def wrapper(call: Call, original: Handler) -> dict[str, Any]:
        answer = original(call)
        changed = change(call, answer)
        return answer if changed is None else changed

    wrap_handler(endpoint, operations, wrapper)


def replace_error(
    endpoint: Endpoint,
    applies: Callable[[KmsError], bool],
    code: str | None = None,
    status: int | None = None,
    message: str | None = None,
) -> None:
    """Answer some refusals with another code, status or message.

    Args:
        endpoint: Which one.
        applies: Tells which refusals.
        code: The other code, None to keep it.
        status: The other status, None to keep it.
        message: The other message, None to keep it.
    """
    original = endpoint.render

    def render(passage: Passage) -> Response:
        error = passage.error
        if error is not None and applies(error):
            passage.error = KmsError(
                code or error.code,
                error.message if message is None else message,
                status or error.status,
                error.extra,
            )
        return original(passage)

    endpoint.render = render


def replace_response(endpoint: Endpoint, change: Callable[[Passage, Response], Response]) -> None:
    """Change rendered answers: status, headers, body."""
    original = endpoint.render
    endpoint.render = lambda passage: change(passage, original(passage))


def skip(endpoint: Endpoint, stage: str, when: Callable[[Passage], bool] = lambda _: True) -> None:
    """Leave a stage out, always or for some requests.

    Raises:
        AttributeError: When there is no such stage.
    """
    original: Stage = getattr(endpoint, stage)

    def skipping(passage: Passage) -> None:
        if not when(passage):
            original(passage)

    setattr(endpoint, stage, skipping)


def refuse_at(endpoint: Endpoint, stage: str, judge: Callable[[Passage], KmsError | None]) -> None:
    """Refuse more than the stage does; ``judge`` is asked after it."""
    original: Stage = getattr(endpoint, stage)

    def stricter(passage: Passage) -> None:
        original(passage)
        error = judge(passage)
        if error is not None:
            raise error

    setattr(endpoint, stage, stricter)


def forgive(
    endpoint: Endpoint,
    stage: str,
    applies: Callable[[KmsError, Passage], bool],
    instead: Callable[[Passage], None] = lambda _: None,
) -> None:
    """Let some refusals of a stage pass, and do something instead."""
    original: Stage = getattr(endpoint, stage)

    def lenient(passage: Passage) -> None:
        try:
            original(passage)
        except KmsError as error:
            if not applies(error, passage):
                raise
            instead(passage)

    setattr(endpoint, stage, lenient)
