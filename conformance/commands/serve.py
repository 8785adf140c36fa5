"""``kms-conformance serve``: is an endpoint. The one bridge to the embedded endpoint."""

import argparse
import os
import signal
import threading
from typing import Any


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand; its options are the endpoint's own."""
    from conformance.reference import serve_cli

    parser = serve_cli.add_parser(subparsers)
    parser.add_argument("--while-stdin-open", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(handler=serve)


def serve(arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    from conformance.reference import serve_cli

    if arguments.while_stdin_open:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    return serve_cli.run(arguments)


def _end_with_stdin() -> None:
    """End with the process that started us, however it ends."""
    # Past sys.stdin: a thread that waits inside it would be in the way when the process ends.
    while os.read(0, 4096):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
