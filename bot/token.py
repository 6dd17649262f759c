"""The bot's token and the secret of its webhook: where they come from, whether they can be one, and a value that never shows itself."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = "CONTRACTWATCH_TELEGRAM_TOKEN"
WEBHOOK_ENVIRONMENT = "CONTRACTWATCH_WEBHOOK_SECRET"


class TokenError(Exception):
    """A secret that cannot be used, or is needed and not there. The sentence names the place and the mend, never the secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One of the secrets: ``form`` is what it must look like, ``looks`` says so, ``source`` how one is had."""

    name: str
    variable: str
    form: re.Pattern[str]
    looks: str
    source: str


_TOKEN = _Kind(
    name="token",
    variable=ENVIRONMENT,
    # The number of the bot, a colon, a secret. Bot API servers refuse everything else with 404 before they look at it.
    form=re.compile(r"[1-9]\d{0,15}:[A-Za-z0-9_-]{6,100}"),
    looks="bot token: it looks like 123456789:AAexample and stands alone, without quotes",
    source="write into it the token that @BotFather gave you",
)
_WEBHOOK = _Kind(
    name="webhook secret",
    variable=WEBHOOK_ENVIRONMENT,
    form=re.compile(r"[A-Za-z0-9_-]{32,256}"),  # of these Telegram takes 1 to 256; short ones can be guessed
    looks="webhook secret: it is made of 32 to 256 letters, digits, _ and -, such as `openssl rand -hex 32` prints",
    source="write into it what `openssl rand -hex 32` prints",
)


class Token:
    """A secret. Its text is had by ``reveal()`` alone: it is in no repr, no format, no comparison, no pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Token(…)"

    def __reduce__(self) -> str:
        raise TypeError("a token is not pickled")


def read_token(file: Path | None, environ: Mapping[str, str]) -> Token | None:
    """The token from the environment, else from the configured file; None when neither is there.

    A file that is not there means that no bot was set up yet: alerts then go to the console. Raises ``TokenError`` when a token is there
    and cannot be used: it is malformed, or its file may be read by others.
    """
    return _read(_TOKEN, file, environ)


def read_webhook_secret(file: Path | None, environ: Mapping[str, str]) -> Token:
    """The secret that Telegram shows with what it brings; raises ``TokenError`` also when there is none."""
    found = _read(_WEBHOOK, file, environ)
    if found is None:
        place = (
            f"write what `openssl rand -hex 32` prints into {file} and run `chmod 600 {file}`"
            if file
            else "name its file as [telegram.webhook] secret_file"
        )
        raise TokenError(f"the webhook has no secret, so anybody could forge updates: {place}, or set {WEBHOOK_ENVIRONMENT}")
    return found


def _read(kind: _Kind, file: Path | None, environ: Mapping[str, str]) -> Token | None:
    from_environment = environ.get(kind.variable, "").strip()
    if from_environment:
        return _checked(kind, from_environment, f"the environment variable {kind.variable}")
    if file is None:
        return None
    place = f"the {kind.name} file {file}"
    try:
        mode = file.stat().st_mode
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise TokenError(
            f"{place} cannot be read ({reason}): it must be a file that this user may read and that holds the {kind.name} alone"
        ) from error
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise TokenError(f"{place} may be read or changed by others: run `chmod 600 {file}`")
    if not text.strip():
        raise TokenError(f"{place} is empty: {kind.source}")
    return _checked(kind, text.strip(), place)


def why_no_token(file: Path | None) -> str:
    """One sentence for the log when there is no token: what follows from it and what would change it."""
    place = f"write it into {file}, alone, and run `chmod 600 {file}`" if file else "name its file as [telegram] token_file"
    return (
        "no Telegram token, so alerts go to the console only; to start the bot, get a token from @BotFather "
        f"and {place}, or set {ENVIRONMENT}"
    )


def _checked(kind: _Kind, text: str, place: str) -> Token:
    if not kind.form.fullmatch(text):
        raise TokenError(f"{place} holds no {kind.looks}")
    return Token(text)
