"""A shell command that sends a recorded request again, with a fresh signature.

A signature is good for minutes only, so that the command signs anew and hands the request to curl:

    kms-conformance sign --target T.toml DescribeKey --pair KeyId=... | curl --config -

Secrets come from where the target file takes them: environment variables or files. The value of a
parameter that the specs mark secret is taken from an environment variable of its own.
"""

import re
import shlex
from pathlib import Path

import httpx

from conformance.client.exchange import REDACTED, Exchange
from conformance.client.instance import InstanceExchange
from conformance.client.redact import Redactor, secret_paths
from conformance.wire.encoding import decode_pairs
from conformance.wire.failures import WireError
from conformance.wire.request import FORM
from conformance.wire.rpc import COMMON_PARAMETERS

Pairs = list[tuple[str, str]]


def curl_command(exchange: Exchange, redactor: Redactor, target_file: Path | None) -> str | None:
    """Return the command; None for a request whose signature is wrong on purpose.

    Such a request, and one of KMS Instance API, cannot be made again from what it consists of; the
    replay command repeats it.
    """
    if exchange.signer == "other" or isinstance(exchange, InstanceExchange):
        return None
    try:
        pairs = _pairs(exchange)
    except WireError:
        return None
    parts = ["kms-conformance", "sign"]
    if target_file is not None:
        parts += ["--target", shlex.quote(str(target_file))]
    for option, value, usual in (
        ("--identity", exchange.identity, "full"),
        ("--scheme", exchange.scheme, "V3"),
        ("--method", exchange.method, "POST"),
        ("--placement", exchange.placement, "query"),
        ("--format", exchange.answer_format, "JSON"),
        ("--gateway", exchange.gateway, "shared"),
        ("--listener", exchange.listener, "https"),
    ):
        if value != usual:
            parts += [option, shlex.quote(value)]
    if exchange.signer == "none":
        parts.append("--unsigned")
    parts.append(shlex.quote(exchange.operation))
    hidden = {path[0] for path in secret_paths(exchange.operation, "request") if path}
    parts += [f"--pair {_pair(name, value, hidden, redactor)}" for name, value in pairs]
    return " ".join(parts) + " | curl --silent --show-error --include --config -"


def _pairs(exchange: Exchange) -> Pairs:
    """Return the operation's own pairs as they were sent, query before form."""
    pairs = decode_pairs(httpx.URL(exchange.url).query)
    types = [value for name, value in exchange.request_headers if name.lower() == "content-type"]
    if types and types[0].startswith(FORM):
        pairs += decode_pairs(exchange.request_body)
    return [pair for pair in pairs if pair[0] not in COMMON_PARAMETERS]


def _pair(name: str, value: str, hidden: set[str], redactor: Redactor) -> str:
    shown = redactor.text(value)
    if name.partition(".")[0] in hidden or REDACTED in shown:
        variable = "KMS_" + re.sub(r"[^A-Za-z0-9]", "_", name).upper()
        return f'"{name}=${variable}"'
    return shlex.quote(f"{name}={value}")
