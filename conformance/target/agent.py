"""The table ``[agent]`` of a target file: an agent that runs, or how to start one.

A command is started with an endpoint of the suite as its upstream. It, and a configuration that
goes with it, may hold these words in braces:

==================  ============================================================================
{port}              port on loopback that the agent has to listen on
{token_file}        file that holds the token; KMS_TOKEN names it, too
{target}            target file of the upstream
{gateway}           shared or dedicated: the gateway that is to be asked
{endpoint} {ca}     host and port of that gateway, and the file of its authority
{http}              host and port of the shared gateway without TLS
{region}            region id
{ttl}               seconds for which values are to be kept
{response_type}     0, 1 or 2
{log}               file for the log
{config}            the configuration, with its own words in braces replaced
==================  ============================================================================

The access key of the upstream stands in ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.target.checking import did_you_mean
from conformance.target.problems import TargetError

WORDS = (
    "port", "token_file", "target", "gateway", "endpoint", "ca", "http", "region", "ttl",
    "response_type", "log", "config",
)  # fmt: skip
_WORD = re.compile(r"\{([A-Za-z_]+)\}")
_START_SECONDS = 60.0
_URL = "http://127.0.0.1:2025"


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """An agent as a target file describes it.

    Attributes:
        url: Base URL; of one that is to be started, where its command names no {port}.
        token: Token of one that runs, None where the suite makes one.
        command: Program and arguments that start it, empty for one that runs.
        config: Configuration that goes with the command.
        ttl: Seconds for which one that runs keeps values, None where it is not told.
        response_type: Of one that runs.
        log: Log file of one that runs.
        start_within: Seconds that it may take to listen.
    """

    url: str = _URL
    token: str | None = field(default=None, repr=False)
    command: tuple[str, ...] = ()
    config: Path | None = None
    ttl: float | None = None
    response_type: int = 0
    log: Path | None = None
    start_within: float = _START_SECONDS

    @property
    def words(self) -> frozenset[str]:
        """What can be chosen when it is started: words of its command and configuration."""
        texts = [*self.command]
        if self.config is not None:
            texts.append(self.config.read_text(encoding="utf-8"))
        return frozenset(name for text in texts for name in _WORD.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its known words in braces replaced."""
    return _WORD.sub(lambda found: values.get(found[1], found[0]), text)


def read_agent(
    path: Path, folder: Path, table: Mapping[str, Any], environ: Mapping[str, str] | None
) -> AgentEntry:
    """Read the table of a target file.

    Args:
        path: The target file, for messages.
        folder: Where relative paths count from.
        table: As parsed.
        environ: Source of a token named by ``token_env``; the process's own by default.

    Raises:
        TargetError: When it describes no agent that can be put to the test.
    """
    command = tuple(table.get("command", ()))
    url = table.get("url", _URL).rstrip("/")
    if not command and "url" not in table:
        raise TargetError(f"{path}: [agent] names no agent: give url and token, or a command")
    _check_url(path, url)
    token = _token(path, folder, table, os.environ if environ is None else environ)
    if command and token is not None:
        raise TargetError(
            f"{path}: [agent] gives both a command and a token: an agent that the suite starts "
            "gets a token from it, in the file {token_file} and in KMS_TOKEN"
        )
    if not command and token is None:
        raise TargetError(f"{path}: [agent] lacks token_env or token_file")
    entry = AgentEntry(
        url=url,
        token=token,
        command=command,
        config=_config(path, folder, table) if command else None,
        ttl=table.get("ttl"),
        response_type=table.get("response_type", 0),
        log=folder / table["log"] if "log" in table else None,
        start_within=table.get("start_within", _START_SECONDS),
    )
    _check_words(path, entry)
    return entry


def _check_url(path: Path, url: str) -> None:
    from conformance.target.model import is_loopback

    try:
        port = urlsplit(url).port
    except ValueError:
        port = None
    if not is_loopback(url) or port == 0:
        raise TargetError(
            f"{path}: agent.url is {url!r}: an agent listens on loopback, such as {_URL}"
        )


def _token(
    path: Path, folder: Path, table: Mapping[str, Any], environ: Mapping[str, str]
) -> str | None:
    given = [name for name in ("token", "token_env", "token_file") if name in table]
    if not given:
        return None
    if len(given) > 1:
        raise TargetError(f"{path}: [agent] gives both {given[0]} and {given[1]}: keep one")
    named = table[given[0]]
    if given[0] == "token_env":
        value = environ.get(named, "")
        problem = f"the environment variable {named} is not set"
    elif given[0] == "token_file":
        file = folder / Path(named).expanduser()
        problem = f"the file {file} cannot be read, or is empty"
        try:
            value = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            value = ""
    else:
        value, problem = named, "the token is empty"
    if not value:
        raise TargetError(f"{problem}; {path} names it as {given[0]} of [agent]")
    return str(value)


def _config(path: Path, folder: Path, table: Mapping[str, Any]) -> Path | None:
    if "config" not in table:
        return None
    file = folder / Path(table["config"]).expanduser()
    try:
        file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise TargetError(
            f"the file {file} cannot be read; {path} names it as config of [agent]"
        ) from None
    return file


def _check_words(path: Path, entry: AgentEntry) -> None:
    for word in (name for text in entry.command for name in _WORD.findall(text)):
        if word not in WORDS:
            raise TargetError(
                f"{path}: the command of [agent] holds the unknown word {{{word}}}"
                f"{did_you_mean(word, WORDS)}; known words: {', '.join(WORDS)}"
            )
