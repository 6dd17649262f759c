"""Alerts on the console: for people, for programs, and into a pipe that is gone."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

from alertviews import alert_view

from bot.console import ConsoleTransport
from bot.outcomes import Sent, Unreachable
from bot.render import Message, render_alert
from bot.speech import ENGLISH
from storage.records import Channel, ChannelKind, ChannelState, Claim, DeliveryKind

CLAIM = Claim(
    delivery_id=1,
    kind=DeliveryKind.ALERT,
    channel=Channel(
        id=1,
        kind=ChannelKind.CONSOLE,
        key="console:main",
        chat_id=None,
        thread_id=None,
        title="",
        type="console",
        state=ChannelState.ACTIVE,
        state_reason=None,
        language="en",
    ),
    attempts=1,
    maybe_sent=False,
    alert_id=7,
    payload=None,
    edits=None,
    created_at=datetime(2026, 5, 21, tzinfo=UTC),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def test_people_read_text_without_escape_codes_in_a_pipe() -> None:
    stream = io.StringIO()

    assert await ConsoleTransport(stream).send(CLAIM, render_alert(alert_view(sentence="Read it on news.example.com"), ENGLISH)) == Sent(
        None
    )

    text = stream.getvalue()
    assert text.startswith("🔴 CANCELLED · Palantir · Metropolitan Police · £50m\n")
    assert "“Read it on news.example.com”" in text, "what stops links in Telegram is not needed here"
    assert "\x1b" not in text
    assert text.endswith("\n\n")


async def test_a_terminal_gets_the_first_line_in_bold() -> None:
    stream = Terminal()

    await ConsoleTransport(stream).send(CLAIM, render_alert(alert_view(), ENGLISH))

    assert stream.getvalue().startswith("\x1b[1m🔴 CANCELLED")


async def test_what_feeds_write_cannot_drive_the_terminal() -> None:
    stream = Terminal()

    await ConsoleTransport(stream).send(CLAIM, render_alert(alert_view(sentence="\x1b[2J[red]x[/red]\x07"), ENGLISH))

    assert "\x1b[2J" not in stream.getvalue()
    assert "[red]x[/red]" in stream.getvalue()


async def test_programs_read_one_object_a_line() -> None:
    stream = Terminal()
    transport = ConsoleTransport(stream, as_json=True)

    await transport.send(CLAIM, render_alert(alert_view(), ENGLISH))
    await transport.send(CLAIM, Message(html="<b>Hi</b>", plain="Hi"))

    alert, note = map(json.loads, stream.getvalue().splitlines())
    assert alert["alert"] == "cancelled"
    assert note == {"note": "Hi"}


async def test_a_console_that_is_closed_is_tried_again_later() -> None:
    stream = io.StringIO()
    transport = ConsoleTransport(stream)
    stream.close()

    assert isinstance(await transport.send(CLAIM, render_alert(alert_view(), ENGLISH)), Unreachable)
    assert await transport.answers()
