"""Logs: one line for each event on stderr, as key=value or JSON, without secrets.

A value from outside (a feed's address, an error's text) can neither begin a new line nor forge a key: everything but plain words is quoted
and control characters are escaped. Secrets are taken out of the finished line, tracebacks included, so that no path around it is left.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

# What a token looks like wherever it stands: in an address of the Bot API (/bot123:AA…/sendMessage), a repr, a traceback.
_TOKEN = re.compile(r"\d{6,12}:[A-Za-z0-9_-]{30,}")
_HIDDEN = "[secret]"
_PLAIN = re.compile(r"[\w.:/@+-]+")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

# httpx writes every address with the token in it at INFO, python-telegram-bot at DEBUG; the scheduler tells of every tick.
_LOUD = ("httpx", "httpcore", "telegram", "apscheduler", "asyncio", "aiohttp.access", "alembic", "sqlalchemy")


def setup_logging(
    level: str, form: Literal["keyvalue", "json"], *, secrets: Iterable[str] = (), tracebacks: bool = True, stream: TextIO | None = None
) -> None:
    """Send all logs to ``stream`` (stderr). ``secrets`` are texts that must never appear in them.

    ``tracebacks=False`` is for commands that people run: they read what happened, and ``--debug`` shows where.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter(form, secrets, tracebacks=tracebacks))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


class LineFormatter(logging.Formatter):
    """A record as one line, redacted."""

    def __init__(self, form: Literal["keyvalue", "json"], secrets: Iterable[str] = (), *, tracebacks: bool = True) -> None:
        super().__init__()
        self._form = form
        self._tracebacks = tracebacks
        # Longest first: one secret may begin with another.
        known = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._secrets = re.compile("|".join([*map(re.escape, known), _TOKEN.pattern]))

    def format(self, record: logging.LogRecord) -> str:
        pairs = list(_pairs(record))
        if record.exc_info and record.exc_info[1] is not None:
            pairs.append(("error", f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"))
            if self._tracebacks:
                pairs.append(("traceback", self.formatException(record.exc_info)))
        clean = [(key, self.redacted(value) if isinstance(value, str) else value) for key, value in pairs]
        if self._form == "json":
            return _unbroken(json.dumps(dict(clean), ensure_ascii=False))
        return " ".join(f"{key}={_quoted(value)}" for key, value in clean)

    def redacted(self, text: str) -> str:
        return self._secrets.sub(_HIDDEN, text)


def _pairs(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    yield "time", datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield "level", record.levelname.lower()
    yield "logger", record.name
    yield "event", record.getMessage()
    for key, value in vars(record).items():
        if key not in _STANDARD and value is not None:
            yield key, value if isinstance(value, int | float) else str(value)


def _quoted(value: Any) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) and text.isascii() else _unbroken(json.dumps(text, ensure_ascii=False))


def _unbroken(text: str) -> str:
    """Escape what JSON leaves and a terminal or a reader of lines would act on: C1 controls, line separators, reversals of direction."""
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)
