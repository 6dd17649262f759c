"""The console as a channel: text for people, JSON Lines for programs."""

from __future__ import annotations

import json
from typing import TextIO

from rich.console import Console
from rich.text import Text

from bot.markup import WORD_JOINER
from bot.outcomes import Outcome, Sent, Unreachable
from bot.render import Message
from storage.records import Claim


class ConsoleTransport:
    """Writes alerts to a stream, each at once. Colours only on a terminal: a pipe gets no escape codes."""

    def __init__(self, stream: TextIO, *, as_json: bool = False) -> None:
        self._stream = stream
        self._as_json = as_json
        self._colours = Console(file=stream, highlight=False, soft_wrap=True) if stream.isatty() and not as_json else None

    async def send(self, claim: Claim, message: Message) -> Outcome:  # noqa: ARG002 - every console shows the same
        """Write it. A stream that is closed or full is tried again later: what was not read is not told."""
        try:
            if self._as_json:
                record = message.record or {"note": message.plain}
                self._stream.write(json.dumps(dict(record), ensure_ascii=False) + "\n")
            else:
                self._write_text(message.plain.replace(WORD_JOINER, ""))
            self._stream.flush()
        except (OSError, ValueError) as error:
            return Unreachable(f"the console cannot be written to: {error}")
        return Sent(None)

    async def answers(self) -> bool:
        """A stream has nothing to say."""
        return True

    def _write_text(self, text: str) -> None:
        if self._colours is None:
            self._stream.write(text + "\n\n")
            return
        first, _, rest = text.partition("\n")
        self._colours.print(Text(first, style="bold"), Text(rest + "\n"), sep="\n")
