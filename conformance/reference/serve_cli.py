"""The options of ``kms-conformance serve`` and the process behind it."""

import argparse
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.reference.endpoint import Endpoint
    from conformance.reference.server import Server

#: Open files: one a connection.
_DESCRIPTORS = 8192
_USAGE = 2
#: File with the authority of the shared gateway.
_CA = "ca.pem"
#: Requests leave hardly any cycles behind: looking for them can wait.
_COLLECTION_THRESHOLD = 20_000


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> argparse.ArgumentParser:
    """Add the subcommand ``serve``."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "serve",
        help="be an endpoint: the embedded reference endpoint",
        description=_ABOUT,
        allow_abbrev=False,
    )
    add_options(parser)
    parser.set_defaults(handler=run)
    return parser


_ABOUT = (
    "Serves KMS API over HTTP and HTTPS from memory, as the shared gateway and as the dedicated "
    "one of an instance, with real cryptography and private certificate authorities made at start. "
    "Prints one line of JSON when it is ready, and ends on SIGTERM or Ctrl-C. It is an endpoint to "
    "test against, not a place to keep secrets in."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the endpoint."""
    place = parser.add_argument_group("where")
    place.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: loopback)"
    )
    place.add_argument(
        "--http-port", type=_port, default=0, metavar="PORT", help="0 takes a free one (default)"
    )
    place.add_argument(
        "--https-port", type=_port, default=0, metavar="PORT", help="0 takes a free one (default)"
    )
    place.add_argument(
        "--internet-port",
        type=_port,
        default=0,
        metavar="PORT",
        help="HTTPS on the side of the Internet; the ports above stand on that of the VPC",
    )
    place.add_argument(
        "--dedicated-port",
        type=_port,
        default=0,
        metavar="PORT",
        help="of the dedicated gateway of an instance, HTTPS with a private authority of its own",
    )
    place.add_argument(
        "--name", action="append", default=[], help="further name the certificate is for"
    )
    place.add_argument(
        "--control-port", type=_port, default=0, metavar="PORT", help="of the control surface"
    )
    place.add_argument("--no-control", action="store_true", help="no control surface")
    _add_behaviour(parser)
    _add_deviations(parser)


def _add_behaviour(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("documented choices")
    group.add_argument("--region", default="cn-hangzhou")
    group.add_argument("--account", default="1234567890123456", help="account id")
    group.add_argument("--error-family", choices=("kms", "gateway"), default="kms")
    group.add_argument("--xml-root", choices=("response", "KMS"), default="response")
    group.add_argument("--default-format", choices=("JSON", "XML"), default="JSON")
    group.add_argument(
        "--freshness", type=_minutes, default=15.0, metavar="MINUTES", help="window of timestamps"
    )
    group.add_argument("--require-tls", action="store_true", help="refuse plain HTTP")
    group.add_argument("--throttle", action="store_true", help="enforce the documented quotas")
    group.add_argument(
        "--internet-access",
        action="store_true",
        help="the switch that opens keys of instances to cryptography from the Internet",
    )
    group.add_argument(
        "--older-image",
        action="store_true",
        help="an image of the instance before 3.0.0: no KMS API on the dedicated gateway",
    )
    group.add_argument("--seed", type=int, help="same credentials for the same number")
    group.add_argument("--record", action="store_true", help="keep requests for the witness")


def _add_deviations(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("deviations")
    group.add_argument("--fault", action="append", default=[], metavar="NAME")
    group.add_argument("--harmless", action="append", default=[], metavar="NAME")
    group.add_argument(
        "--list-faults", action="store_true", help="print faults and harmless variations as JSON"
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 0 to 65535")
    return int(text)


def _minutes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 24 * 60:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes from above 0 to 1440")
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the options of ``serve`` and run."""
    parser = argparse.ArgumentParser(
        "kms-conformance serve", description=_ABOUT, allow_abbrev=False
    )
    add_options(parser)
    return run(parser.parse_args(argv))


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop and return the exit code."""
    from conformance.reference.deviations import DeviationError, put_into_force
    from conformance.reference.endpoint import Endpoint
    from conformance.reference.listening import ListenError
    from conformance.reference.server import ListenOptions, Server
    from conformance.reference.server import run as serve_until_stopped
    from conformance.reference.settings import Settings

    if arguments.list_faults:
        return _list_deviations()
    # Whoever starts us may stop us at any time from here on.
    stopped_early: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: stopped_early.append(received))
    _raise_descriptor_limit()
    settings = Settings(
        region=arguments.region,
        uid=arguments.account,
        error_family=arguments.error_family,
        xml_root=arguments.xml_root,
        default_format=arguments.default_format,
        freshness=timedelta(minutes=arguments.freshness),
        require_tls=arguments.require_tls,
        throttle=arguments.throttle,
        older_image=arguments.older_image,
        seed=arguments.seed,
    )
    options = ListenOptions(
        host=arguments.host,
        http_port=arguments.http_port,
        https_port=arguments.https_port,
        internet_port=arguments.internet_port,
        dedicated_port=arguments.dedicated_port,
        control_port=None if arguments.no_control else arguments.control_port,
        names=tuple(arguments.name),
    )
    endpoint = Endpoint(settings)
    endpoint.witness.recording = arguments.record
    for instance in endpoint.account.instances.values():
        instance.internet_access = arguments.internet_access
    try:
        put_into_force(endpoint, "fault", arguments.fault)
        put_into_force(endpoint, "harmless", arguments.harmless)
        server = Server(endpoint, options)
    except (DeviationError, ListenError) as error:
        print(f"kms-conformance: {error}", file=sys.stderr)
        return _USAGE
    folder = Path(tempfile.mkdtemp(prefix="kms-conformance-"))
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.stop())
        # The specs are a hundred thousand objects that live as long as the process: walking over
        # them at every full collection would cost more than many a request.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_COLLECTION_THRESHOLD, 20, 50)
        serve_until_stopped(server, lambda: _ready(endpoint, server, folder, stopped_early))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _list_deviations() -> int:
    from conformance.reference.deviations import known

    document = {
        "faults": [deviation.view() for deviation in known("fault").values()],
        "harmless": [deviation.view() for deviation in known("harmless").values()],
    }
    print(json.dumps(document, indent=1))
    return 0


def _raise_descriptor_limit() -> None:
    """Allow as many connections as the system lets a process have."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _ready(endpoint: "Endpoint", server: "Server", folder: Path, stopped_early: list[int]) -> None:
    """Write the files that lead to the endpoint, and print the line that names them."""
    if stopped_early:
        server.stop()
        return
    target = write_target(endpoint, server, folder)
    instances = [
        {"id": instance.id, "name": instance.name, "type": instance.product_type}
        for instance in endpoint.account.instances.values()
    ]
    line = {
        "ready": True,
        "pid": os.getpid(),
        "http": server.http_url,
        "https": server.https_url,
        "ca": str(folder / _CA),
        "gateways": {
            "shared": {
                "https": server.https_url,
                "http": server.http_url,
                "internet": server.internet_url,
                "ca": str(folder / _CA),
            },
            "dedicated": server.dedicated_url
            and {
                "https": server.dedicated_url,
                "ca": str(folder / instance_ca_name(endpoint)),
                "instance": endpoint.instance_id,
            },
        },
        "region": endpoint.settings.region,
        "account": endpoint.settings.uid,
        "identities": {
            caller.name: credential_view(caller.credential) for caller in endpoint.identities
        },
        "instance": instances[0] if instances else None,
        "instances": instances,
        "control": server.control_url,
        "target": str(target),
        "deviations": endpoint.deviations,
    }
    try:
        print(json.dumps(line), flush=True)
    except BrokenPipeError:  # nobody waits for the line any more
        server.stop()


def credential_view(credential: Any) -> dict[str, str]:
    """Return a credential by the names that target files use."""
    view = {"access_key_id": credential.id, "access_key_secret": credential.secret}
    token = getattr(credential, "token", None)
    return view if token is None else {**view, "security_token": token}


def write_target(endpoint: "Endpoint", server: "Server", folder: Path) -> Path:
    """Write a target file for the endpoint and return its path; secrets go into files beside it."""
    from conformance.reference.standing import write_client_keys

    text = _toml_table(
        "target",
        {
            "name": "embedded reference endpoint",
            "region": endpoint.settings.region,
            "account": endpoint.settings.uid,
            "safety": "destructive",
            "billable": _billable(),
        },
    )
    text += _gateways(endpoint, server, folder)
    for caller in endpoint.identities:
        table = {}
        for name, value in credential_view(caller.credential).items():
            if name == "access_key_id":
                table[name] = value
                continue
            file = folder / f"{caller.name}.{name}"
            file.touch(mode=0o600)
            file.write_text(value, encoding="ascii")
            table[f"{name}_file"] = file.name
        text += _toml_table(f"identities.{caller.name}", table)
    for name, (key_file, password_file) in write_client_keys(endpoint, folder).items():
        named = {
            "client_key_file": key_file.name,
            "client_key_password_file": password_file.name,
        }
        text += _toml_table(f"identities.{name}", named)
    made = {
        "instance": next(iter(endpoint.account.instances), None),
        "managed-data-key": next(iter(endpoint.account.managed_data_keys), None),
    }
    text += _toml_table("resources", {name: value for name, value in made.items() if value})
    if endpoint.settings.older_image:
        text += _toml_table("offers", {"without": ["feature:dedicated-kms-api"]})
    if server.control_url is not None:
        text += _toml_table("control", {"url": server.control_url})
    target = folder / "target.toml"
    target.write_text(text, encoding="utf-8")
    return target


def instance_ca_name(endpoint: "Endpoint") -> str:
    """Return the name of the file with root and second authority of the instance."""
    return f"PrivateKmsCA_{endpoint.instance_id}.pem"


def _gateways(endpoint: "Endpoint", server: "Server", folder: Path) -> str:
    server.authority.write(folder / _CA)
    urls = {
        "https": server.https_url,
        "http": server.http_url,
        "internet": server.internet_url,
    }
    shared: dict[str, Any] = {name: url for name, url in urls.items() if url is not None}
    opened = endpoint.account.instances[endpoint.instance_id].internet_access
    switch = {"internet_switch": "on" if opened else "off", "ca": _CA}
    text = _toml_table("gateways.shared", {**shared, **switch}) if shared else ""
    if server.dedicated_url is None:
        return text
    ca = instance_ca_name(endpoint)
    server.instance_authority.write(folder / ca)
    dedicated = {"https": server.dedicated_url, "ca": ca, "instance": endpoint.instance_id}
    return text + _toml_table("gateways.dedicated", dedicated)


def _billable() -> list[str]:
    """Return the operations that cost money on the real service and none here."""
    from conformance.spec import catalogue

    return [operation.name for operation in catalogue() if operation.billable]


def _toml_table(name: str, values: dict[str, Any]) -> str:
    # A JSON string or list of strings is a TOML one, too.
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, "", ""])
