"""The bot's token: where it comes from, whether it can be one, and a value that never shows itself."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path

ENVIRONMENT = "CONTRACTWATCH_TELEGRAM_TOKEN"

# The number of the bot, a colon, a secret. Bot API servers refuse everything else with 404 before they look at it.
_TOKEN = re.compile(r"[1-9]\d{0,15}:[A-Za-z0-9_-]{6,100}")


class TokenError(Exception):
    """A token that is there and cannot be used. The sentence names the place and the mend, never the token."""


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
    from_environment = environ.get(ENVIRONMENT, "").strip()
    if from_environment:
        return _checked(from_environment, f"the environment variable {ENVIRONMENT}")
    if file is None:
        return None
    try:
        mode = file.stat().st_mode
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise TokenError(
            f"the token file {file} cannot be read ({reason}): it must be a file that this user may read and that holds the token alone"
        ) from error
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise TokenError(f"the token file {file} may be read or changed by others: run `chmod 600 {file}`")
    if not text.strip():
        raise TokenError(f"the token file {file} is empty: write into it the token that @BotFather gave you")
    return _checked(text.strip(), f"the token file {file}")


def why_no_token(file: Path | None) -> str:
    """One sentence for the log when there is no token: what follows from it and what would change it."""
    place = f"write it into {file}, alone, and run `chmod 600 {file}`" if file else "name its file as [telegram] token_file"
    return (
        "no Telegram token, so alerts go to the console only; to start the bot, get a token from @BotFather "
        f"and {place}, or set {ENVIRONMENT}"
    )


def _checked(text: str, place: str) -> Token:
    if not _TOKEN.fullmatch(text):
        raise TokenError(f"{place} holds no bot token: it looks like 123456789:AAexample and stands alone, without quotes")
    return Token(text)
