"""The command line: ``contractwatch <command>``.

Commands are loaded when they are called: ``classify`` in a pipeline should not wait for Telegram's library. ``main`` holds the one place
where any error at all is caught, so that a person reads a sentence and never a traceback (``--debug`` shows it).
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Sequence

import click

from bot.cli.common import FAILED, WRONG_USE
from bot.config_mistakes import ConfigError
from bot.logs import LineFormatter, setup_logging
from bot.token import TokenError
from storage.exceptions import StoreError
from watchers.exceptions import WatchError

log = logging.getLogger(__name__)

_INTERRUPTED, _BROKEN_PIPE = 130, 141  # 128 and the signal's number, as a shell reports it

_COMMANDS = {
    "demo": "bot.cli.demo:demo",
    "run": "bot.cli.run:run",
    "check": "bot.cli.check:check",
    "doctor": "bot.cli.doctor:doctor",
    "classify": "bot.cli.classify:classify",
    "stories": "bot.cli.stories:stories",
    "feeds": "bot.cli.feeds:feeds",
    "watchlists": "bot.cli.watchlists:watchlists",
    "replay": "bot.cli.replay:replay_command",
    "status": "bot.cli.status:status",
    "evidence": "bot.cli.evidence:evidence",
    "complaints": "bot.cli.complaints:complaints",
    "ledger": "bot.cli.ledger:ledger",
    "story": "bot.cli.story:story",
    "backup": "bot.cli.database:backup",
    "db": "bot.cli.database:db",
}


class _Commands(click.Group):
    """The commands in the order a newcomer meets them, each loaded on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Log more, and show where an error comes from.")
@click.version_option(package_name="contractwatch", prog_name="contractwatch", message="%(prog)s %(version)s")
def cli(*, debug: bool) -> None:
    """Tell, once and with the evidence, when a contract with a watched supplier or public body is awarded or cancelled.

    Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 3 done with some feeds failing. The daemon also ends with 65 when its
    database is damaged, 75 when another daemon holds it, and 78 when its Telegram token cannot be used.
    """
    if debug:
        setup_logging("debug", "keyvalue")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code."""
    code = _run(list(sys.argv[1:] if arguments is None else arguments))
    sys.exit(_flushed(code))


def _run(arguments: list[str]) -> int:
    setup_logging("warning", "keyvalue", tracebacks=False)
    try:
        result = cli.main(args=arguments, prog_name="contractwatch", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except SystemExit:
        return _stopped_reading()  # click's way of saying that nobody reads our output any more; it ends by this in no other case
    except Exception as error:  # noqa: BLE001 -- the one place where any error at all is caught
        return _ended_by(error, daemon=arguments[:1] == ["run"])
    return result if isinstance(result, int) else 0


def _ended_by(error: Exception, *, daemon: bool) -> int:
    """Say in one sentence what ended a command, and give its exit code."""
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.ClickException():
            error.show()
            return error.exit_code
        case ConfigError():
            return _say(str(error), WRONG_USE, error)
        case WatchError() | StoreError() | TokenError() | FileNotFoundError():
            return _say(str(error), FAILED, error)
    # Nothing expected this one. The daemon's log keeps where it happened; a person at a terminal is told how to see it.
    log.log(logging.ERROR if daemon else logging.DEBUG, "a command ended by an unexpected error", exc_info=error)
    return _say(f"this is a bug in contractwatch ({type(error).__name__}): run it again with --debug to see where", FAILED)


def _say(message: str, code: int, error: Exception | None = None) -> int:
    """One sentence on stderr. Errors quote what they met, and what they met may be a token."""
    if error is not None:
        log.debug("a command ended by an error", exc_info=error)
    click.echo(LineFormatter("keyvalue").redacted(f"Error: {message}"), err=True)
    return code


def _stopped_reading() -> int:
    """Whoever read our output has left (``… | head``): nothing more is written, and nothing is said about it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _BROKEN_PIPE


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _stopped_reading()
    return code
