"""``kms-conformance sign``: signs one call and prints it as configuration of curl."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from conformance.target.problems import UsageError

if TYPE_CHECKING:
    from conformance.client.building import Outgoing


def add(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "sign",
        help="sign one call and print it for curl --config -",
        description="Signs one call with the credentials of a target file and prints the request "
        "in the form of curl's configuration: pipe it into curl --config -",
    )
    parser.add_argument("operation", metavar="OPERATION")
    parser.add_argument("--target", metavar="FILE", type=Path, required=True)
    parser.add_argument("--identity", default="full")
    parser.add_argument("--scheme", default="V3", choices=["V3", "RPC-1.0", "ClientKey"])
    parser.add_argument("--method", default="POST")
    parser.add_argument("--placement", default="query", choices=["query", "form", "sdk"])
    parser.add_argument("--format", default="JSON", choices=["JSON", "XML"])
    parser.add_argument("--gateway", default="shared")
    parser.add_argument("--listener", choices=["https", "http", "internet"])
    parser.add_argument("--unsigned", action="store_true", help="send no signature")
    parser.add_argument(
        "--pair", action="append", default=[], metavar="NAME=VALUE", help="a parameter as written"
    )
    parser.set_defaults(handler=sign)


def sign(arguments: argparse.Namespace) -> int:
    """Print the signed request."""
    from conformance.client.building import default_auth, lay_out
    from conformance.client.caller import Caller
    from conformance.client.codec import form_parameters, operation_or_none
    from conformance.run.verdict import NotTestable
    from conformance.target import load_target

    target = load_target(arguments.target)
    caller = Caller(target)
    known = operation_or_none(arguments.operation) is not None
    try:
        listener = arguments.listener or caller.default_listener(arguments.gateway)
        layout = lay_out(
            caller.base_url(arguments.gateway, listener),
            arguments.operation,
            [_pair(text) for text in arguments.pair],
            method=arguments.method,
            placement=arguments.placement,
            answer_format=arguments.format,
            form_names=form_parameters(arguments.operation) if known else frozenset(),
        )
        auth = (
            httpx.Auth()
            if arguments.unsigned
            else default_auth(
                arguments.scheme,
                caller.credential(arguments.identity),
                placement=arguments.placement,
                answer_format=arguments.format,
                method=arguments.method,
            )
        )
    except NotTestable as outcome:
        raise UsageError(outcome.message) from None
    print(
        curl_config(
            layout.signed(auth, usual=not arguments.unsigned), target.gateways[arguments.gateway].ca
        ),
        end="",
    )
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--pair {text!r} has no value: write NAME=VALUE")
    return name, value


def curl_config(request: "Outgoing", ca: Path | None) -> str:
    """Return a request as configuration of curl."""
    lines = [f"url = {_quoted(request.url)}", f"request = {_quoted(request.method)}"]
    names = {name.lower() for name, _ in request.headers}
    lines += [f"header = {_quoted(f'{name}: {value}')}" for name, value in request.headers]
    if request.content:
        lines.append(f"data-raw = {_quoted(request.content.decode('latin-1'))}")
    if "content-type" not in names:
        # curl would add one, which the signature does not cover.
        lines.append('header = "Content-Type:"')
    if ca is not None:
        lines.append(f"cacert = {_quoted(str(ca))}")
    return "".join(f"{line}\n" for line in lines)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f'"{escaped}"'
