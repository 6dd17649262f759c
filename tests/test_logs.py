"""Logs: one line for each event, whatever is in it, and never a secret."""

from __future__ import annotations

import io
import json
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.logs import setup_logging
from bot.sdnotify import Notifier
from bot.token import ENVIRONMENT, WEBHOOK_ENVIRONMENT, Token, TokenError, read_token, read_webhook_secret, why_no_token

TOKEN = "1234567890:AAH-marked_token_abcdefghijklmnopqrs"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def logged(form: str, *, level: str = "debug", secrets: tuple[str, ...] = (), tracebacks: bool = True) -> io.StringIO:
    stream = io.StringIO()
    setup_logging(level, form, secrets=secrets, tracebacks=tracebacks, stream=stream)  # type: ignore[arg-type]
    return stream


def test_a_line_holds_time_level_logger_event_and_the_extras_in_this_order():
    out = logged("keyvalue")
    logging.getLogger("bot.test").info("feed fails", extra={"feed": "bbc-uk", "failures": 3, "nothing": None})
    assert out.getvalue().split(" ", 1)[1] == 'level=info logger=bot.test event="feed fails" feed=bbc-uk failures=3\n'


def test_json_lines_hold_the_same():
    out = logged("json")
    logging.getLogger("bot.test").info("polled %d", 3, extra={"feed": "a"})
    record = json.loads(out.getvalue())
    assert record.pop("time").endswith("Z")
    assert record == {"level": "info", "logger": "bot.test", "event": "polled 3", "feed": "a"}


@pytest.mark.parametrize("form", ["keyvalue", "json"])
@pytest.mark.parametrize(
    "evil", ["a\nlevel=error event=forged", "a\r\nb", "a\u2028b", "a\x85b", "a\x1b[31mred", "\u202egnp.exe", '" event="x', "\U000e0001"]
)
def test_nothing_from_outside_begins_a_line_or_reaches_the_terminal_as_a_control(form: str, evil: str):
    out = logged(form)
    logging.getLogger("bot").info("fetched %s", evil, extra={"url": evil})
    text = out.getvalue()
    assert len(text.splitlines()) == 1
    assert text.removesuffix("\n").isprintable()
    assert " event=forged" not in text.replace("\\nlevel=error event=forged", "")


@pytest.mark.parametrize("form", ["keyvalue", "json"])
def test_a_token_is_in_no_line_however_it_gets_there(form: str):
    out = logged(form, secrets=("hunter2",))
    log = logging.getLogger("bot")
    log.info("POST https://api.telegram.org/bot%s/getMe", TOKEN)
    log.info("args", extra={"bot": f"ExtBot[token={TOKEN}]", "store": "postgresql://cw:hunter2@db"})
    try:
        raise ValueError(f"refused {TOKEN} hunter2")  # noqa: TRY301 - the traceback is what is tested
    except ValueError:
        log.exception("failed")
    logging.getLogger("py.warnings").warning("%r", {"token": TOKEN})
    assert TOKEN not in out.getvalue()
    assert "hunter2" not in out.getvalue()
    assert len(out.getvalue().splitlines()) == 4


def test_libraries_that_write_every_address_are_quiet_even_at_debug():
    out = logged("keyvalue", level="debug")
    for name in ("httpx", "httpcore.connection", "telegram.Bot", "apscheduler.executors.default"):
        logging.getLogger(name).info("HTTP Request: POST https://api.telegram.org/bot%s/getMe", TOKEN)
    assert out.getvalue() == ""


def test_a_person_reads_what_happened_and_the_daemon_keeps_where():
    for tracebacks in (False, True):
        out = logged("keyvalue", tracebacks=tracebacks)
        try:
            raise ValueError("broken")  # noqa: TRY301 - the traceback is what is tested
        except ValueError:
            logging.getLogger("bot").exception("failed")
        assert 'error="ValueError: broken"' in out.getvalue()
        assert ("Traceback" in out.getvalue()) is tracebacks


# --- the token ------------------------------------------------------------------------------------------------------------------------


def test_the_environment_wins_over_the_file(tmp_path: Path):
    file = tmp_path / "token"
    file.write_text("1:AAfromfile")
    file.chmod(0o600)
    assert read_token(file, {ENVIRONMENT: f" {TOKEN}\n"}).reveal() == TOKEN  # type: ignore[union-attr]
    assert read_token(file, {}).reveal() == "1:AAfromfile"  # type: ignore[union-attr]


def test_without_a_file_there_is_no_token_and_a_sentence_that_says_what_to_do(tmp_path: Path):
    file = tmp_path / "telegram-token"
    assert read_token(file, {}) is None
    assert read_token(None, {}) is None
    assert str(file) in why_no_token(file)
    assert "chmod 600" in why_no_token(file)
    assert "token_file" in why_no_token(None)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o606])
def test_a_token_that_others_may_read_or_change_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int):
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(mode)
    with pytest.raises(TokenError, match=f"chmod 600 {file}"):
        read_token(file, {})


@pytest.mark.parametrize("text", ["", "  \n", "token", '"1:AAabcdefgh"', "1:AAabcdefgh extra", "0123:AAabcdefgh", TOKEN + "\n" + TOKEN])
def test_what_is_no_token_is_refused_and_not_repeated(tmp_path: Path, text: str):
    file = tmp_path / "token"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(TokenError) as caught:
        read_token(file, {})
    assert str(file) in str(caught.value)
    assert "AAabcdefgh" not in str(caught.value)


@pytest.mark.parametrize("text", ["x" * 31, "x" * 257, "x" * 31 + "!", "x" * 16 + " " + "x" * 16, "é" * 40])
def test_a_secret_of_the_webhook_that_could_be_guessed_or_sent_by_no_telegram_is_refused_and_not_repeated(tmp_path: Path, text: str):
    file = tmp_path / "webhook-secret"
    file.write_text("x" * 32 + "\n")
    file.chmod(0o600)
    assert read_webhook_secret(file, {}).reveal() == "x" * 32
    with pytest.raises(TokenError, match="32 to 256 letters") as caught:
        read_webhook_secret(file, {WEBHOOK_ENVIRONMENT: text})
    assert text not in str(caught.value)


def test_a_webhook_without_a_secret_is_refused(tmp_path: Path):
    for file, mend in ((None, "secret_file"), (tmp_path / "none", f"chmod 600 {tmp_path / 'none'}")):
        with pytest.raises(TokenError, match=mend):
            read_webhook_secret(file, {})


def test_a_token_shows_itself_only_when_asked():
    token = Token(TOKEN)
    assert token.reveal() == TOKEN
    assert TOKEN not in f"{token} {token!r} {[token]}"


# --- systemd --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("abstract", [False, True])
def test_the_service_manager_is_told_everything(tmp_path: Path, abstract: bool):
    place = f"@cw-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + place[1:] if abstract else place)
        manager.settimeout(60)
        notifier = Notifier({"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())})
        notifier.ready()
        notifier.status("34 feeds,\n2 failing")
        notifier.alive()
        notifier.stopping()
        assert [manager.recv(100).decode() for _ in range(4)] == ["READY=1", "STATUS=34 feeds, 2 failing", "WATCHDOG=1", "STOPPING=1"]
    assert notifier.watchdog is not None
    assert notifier.watchdog.total_seconds() == 30
    notifier.ready()  # the manager is gone: nothing happens


@pytest.mark.parametrize("environment", [{}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "5", "WATCHDOG_PID": "1"}])
def test_without_a_manager_nothing_is_told_and_nothing_watched(environment: dict[str, str]):
    notifier = Notifier(environment)
    notifier.ready()
    assert notifier.watchdog is None
