"""Starts an agent under test and ends it."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from conformance.run.verdict import NotTestable
from conformance.target.agent import AgentEntry, filled
from conformance.target.model import Target

_POLL = 0.02
_STOP_SECONDS = 5.0
_LOG_SHOWN = 300
#: Variables that an agent under test gets from the suite alone.
_OWN = ("KMS_SESSION_TOKEN", "KMS_CONTAINER_AUTHORIZATION_TOKEN")


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """How an agent is wanted.

    Attributes:
        ttl: Seconds for which it keeps values.
        response_type: Shape of its answers.
        gateway: Gateway that it asks.
    """

    ttl: float = 300
    response_type: int = 0
    gateway: str = "shared"


class AgentProcess:
    """An agent that the suite has started.

    Args:
        entry: How to start it.
        target: Its upstream.
        settings: How it is wanted.

    Raises:
        NotTestable: When it does not start, or cannot be had as it is wanted.
    """

    def __init__(self, entry: AgentEntry, target: Target, settings: AgentSettings) -> None:
        _check_wish(entry, settings)
        self._folder = Path(tempfile.mkdtemp(prefix="kms-conformance-agent-"))
        self.token = secrets.token_urlsafe(32)
        port = _free_port() if "port" in entry.words else urlsplit(entry.url).port or 80
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.log = self._folder / "agent.log"
        self._output = self._folder / "output"
        try:
            self._process = self._start(entry, target, settings)
            self._await_listening(entry.start_within)
        except BaseException:
            self.stop()
            raise

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def written(self) -> str:
        """Return all that it has written: log, standard output and standard error."""
        texts = []
        for path in [*sorted(self._folder.glob("agent.log*")), self._output]:
            with suppress(OSError):
                texts.append(path.read_text(encoding="utf-8", errors="replace"))
        return "\n".join(texts)

    def stop(self) -> None:
        """End it and remove its files."""
        process: subprocess.Popen[bytes] | None = getattr(self, "_process", None)
        if process is not None:
            assert process.stdin is not None
            with suppress(OSError):
                process.stdin.close()
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(
        self, entry: AgentEntry, target: Target, settings: AgentSettings
    ) -> "subprocess.Popen[bytes]":
        token_file = self._folder / "token"
        token_file.touch(mode=0o600)
        token_file.write_text(self.token, encoding="ascii")
        values = _words(target, settings) | {
            "port": str(self.port),
            "token_file": str(token_file),
            "log": str(self.log),
        }
        if entry.config is not None:
            written = self._folder / entry.config.name
            written.write_text(filled(entry.config.read_text(encoding="utf-8"), values), "utf-8")
            values["config"] = str(written)
        command = [filled(part, values) for part in entry.command]
        folder = entry.config.parent if entry.config is not None else None
        with self._output.open("wb") as output:
            try:
                return subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=_environment(target, token_file),
                    cwd=folder,
                )
            except OSError as error:
                raise NotTestable(
                    f"the command of [agent] cannot be started: {command[0]}: {error.strerror}"
                ) from None

    def _await_listening(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            if not self.alive:
                raise NotTestable(
                    f"the agent ended at once with exit code {self._process.returncode}: "
                    f"{self._last_words()}"
                )
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if time.monotonic() > end:
                    raise NotTestable(
                        f"the agent does not listen on 127.0.0.1:{self.port} after {seconds:g} s: "
                        f"{self._last_words()}"
                    ) from None
            else:
                return
            time.sleep(_POLL)

    def _last_words(self) -> str:
        lines = self.written().replace(self.token, "<redacted>").strip().splitlines()
        return lines[-1][-_LOG_SHOWN:] if lines else "it has written nothing"


def _check_wish(entry: AgentEntry, settings: AgentSettings) -> None:
    usual = AgentSettings()
    for name in ("ttl", "response_type", "gateway"):
        wanted = getattr(settings, name)
        if wanted != getattr(usual, name) and not _can_choose(name, entry.words):
            raise NotTestable(
                f"the rule needs an agent with {name} {wanted}: let command or config of [agent] "
                f"hold {{{'endpoint' if name == 'gateway' else name}}}"
            )


def _can_choose(name: str, words: frozenset[str]) -> bool:
    return name in words or (name == "gateway" and "endpoint" in words)


def _words(target: Target, settings: AgentSettings) -> dict[str, str]:
    gateway = target.gateways.get(settings.gateway)
    if gateway is None or "https" not in gateway.listeners:
        raise NotTestable(f"the upstream has no {settings.gateway} gateway")
    plain = target.gateways["shared"].listeners.get("http", "")
    return {
        "target": str(target.path),
        "gateway": settings.gateway,
        "endpoint": urlsplit(gateway.listeners["https"]).netloc,
        "http": urlsplit(plain).netloc,
        "ca": str(gateway.ca or ""),
        "region": target.region,
        "ttl": f"{settings.ttl:g}",
        "response_type": str(settings.response_type),
    }


def _environment(target: Target, token_file: Path) -> dict[str, str]:
    full = target.identities["full"]
    environment = {name: value for name, value in os.environ.items() if name not in _OWN}
    return environment | {
        "KMS_TOKEN": f"file://{token_file}",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": full.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": full.secret,
        "ALIBABA_CLOUD_REGION_ID": target.region,
    }


def _free_port() -> int:
    """Return a port that nobody uses, on whatever address, so that who listens there is told."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])
