"""The log of an agent: a JSON object a line, of the names of secrets and never of their values."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from typing import Any

from conformance.agent.settings import Settings
from conformance.target.problems import UsageError

_LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "none": logging.CRITICAL + 1,
}
_NAMES = {number: name for name, number in _LEVELS.items()}


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON, in the member names of Zap."""
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        line = {
            "level": _NAMES.get(record.levelno, "info"),
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "msg": record.getMessage(),
            **fields,
        }
        return json.dumps(line, ensure_ascii=False)


class Log:
    """Writes lines to a file that is begun anew at a size, or to standard error.

    Args:
        settings: Name file and level.
        formatter: Another form of lines; for deviations.

    Raises:
        UsageError: When the file cannot be written.
    """

    def __init__(self, settings: Settings, formatter: logging.Formatter | None = None) -> None:
        self._handler = _handler(settings)
        self._handler.setFormatter(formatter or _Line())
        # Of this agent alone: several may live in one process.
        self._logger = logging.Logger("kms-agent", _LEVELS[settings.log_level])  # noqa: LOG001
        self._logger.addHandler(self._handler)

    def write(self, level: str, message: str, **fields: Any) -> None:
        """Write a line; ``fields`` become members of it."""
        self._logger.log(_LEVELS[level], message, extra={"fields": fields})

    def close(self) -> None:
        """Let go of the file."""
        self._handler.close()


def _handler(settings: Settings) -> logging.Handler:
    if settings.log_file is None:
        return logging.StreamHandler(sys.stderr)
    try:
        return RotatingFileHandler(
            settings.log_file,
            maxBytes=settings.log_bytes,
            backupCount=settings.log_backups,
            encoding="utf-8",
        )
    except OSError as error:
        raise UsageError(
            f"the log file {settings.log_file} cannot be written ({error.strerror}): "
            "name another as LogFile under [Log], or with --log-file"
        ) from None
