"""What was shown, as a page: Markdown that reads the same on a web page and in an editor."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from benchmarks.transcript.days import CHAPTERS, TOPICS, Chapter
from benchmarks.transcript.marked import Line, Run, buttons_of, lines_of, steady
from benchmarks.transcript.stage import Shown

HEAD = """# A week with the bot, message by message

What people write to the bot and what it answers, from the first `/start` to `/forget`. A program played all of this with the bot itself, over an invented week
of news ([samples](../samples/README.md)) and by a clock of its own. `make transcript` plays it again; a test fails when the bot says anything else.

Buttons stand in brackets, ↗ marks one that opens an address. What was struck out stood in a message before it was edited. Times are London's.
"""
_LONDON = ZoneInfo("Europe/London")
_SPECIAL = re.compile(r"([\\`*\[\]<>~|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_LINE_START = re.compile(r"^(\s*)(#+|[-+]|\d+[.)])(?=\s)")
_SHOWN_OF_A_FILE = 12  # lines
_LONGEST = 160  # letters of a line of a file
_LONG_AGO = 3600  # seconds
_ALIKE = 0.5  # an edit that keeps so much of a message is shown with what changed


def write_page(shown: Sequence[Shown]) -> str:
    """The whole page."""
    parts = [HEAD]
    for chapter in CHAPTERS:
        parts += _chapter(chapter, [one for one in shown if one.chat in chapter.chats])
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def _chapter(chapter: Chapter, shown: Sequence[Shown]) -> Iterator[str]:
    yield f"\n## {chapter.title}\n\n{chapter.about}\n"
    day = place = ""
    for one, following in zip(shown, [*shown[1:], None], strict=True):
        local = one.at.astimezone(_LONDON)
        today = f"{local:%A} {local.day} {local:%B}"
        if day != today:
            day, place = today, ""
            yield f"\n### {today}\n" if len({o.at.date() for o in shown}) > 1 else ""
        if (here := chapter.chats[one.chat]) != place:
            place = here
            yield f"\n*{here}*\n"
        yield from _shown(one, local)
        if one.picture and (following is None or following.picture != one.picture):
            yield f"\n![As it looks in a chat](pictures/{one.picture}.svg)\n"


def _shown(one: Shown, local: datetime) -> Iterator[str]:
    at = f"{local:%H:%M}"
    match one.what:
        case "note":
            yield f"\n*{one.text}*\n"
        case "written":
            yield f"\n**{one.who}**, {at}{_where(one)}:\n"
            yield from _quoted([_escaped(line) for line in steady(one.text).split("\n")])
        case "pressed":
            yield f"\n**{one.who}**, {at}, presses {_button(steady(one.text))}\n"
        case "toast":
            how = "A box says" if one.loud else "For a moment it says"
            lines = _escaped(steady(one.text)).split("\n")
            yield f"\n{how}: “{lines[0]}”\n" if len(lines) == 1 else f"\n{how}:\n"
            yield from _quoted(lines if len(lines) > 1 else [])
        case "message":
            yield f"\n**Contractwatch**, {at}{_where(one)}:\n"
            yield from _quoted([*_file(one), *map(_line, lines_of(one.message))])
            yield from _quoted(_rows(one), more=True)
            yield from _inside(one.file)
        case "edit":
            yield from _edited(one, at)
        case "buttons":
            rows = _rows(one)
            yield "\nThe buttons are now:\n" if rows else "\nThe buttons are gone.\n"
            yield from _quoted(rows)


def _where(one: Shown) -> str:
    """In which topic a message stands, what it answers, and whether it came without a sound."""
    topic, answered = TOPICS.get(one.message.get("message_thread_id", 0)), one.message.get("reply_to_message")
    said = [f"in the topic “{topic}”"] if topic else []
    said += [f"in answer to the message of {_clock(answered['date'])}"] if answered else []
    said += ["without a sound"] if one.silent else []
    return "".join(f", {words}" for words in said)


def _clock(seconds: int) -> str:
    local = datetime.fromtimestamp(seconds, _LONDON)
    return f"{local:%A} {local:%H:%M}"


def _file(one: Shown) -> Iterator[str]:
    if one.message.get("document"):
        yield f"📄 `{one.message['document']['file_name']}`"


def _inside(file: bytes) -> Iterator[str]:
    """How a file begins."""
    lines = steady(file.decode("utf-8-sig")).splitlines() if file else []
    if lines:
        yield "\n```text"
        yield from (line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…" for line in lines[:_SHOWN_OF_A_FILE])
        yield from ["…"] if len(lines) > _SHOWN_OF_A_FILE else []
        yield "```\n"


def _edited(one: Shown, at: str) -> Iterator[str]:
    """A message that is another now: line by line where most of it stayed, else as it is."""
    before, after = ([_line(line) for line in lines_of(message)] for message in (one.before, one.message))
    pairs = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    old = one.at.timestamp() - one.message["date"] > _LONG_AGO
    which = f" of {_clock(one.message['date'])}" if old else ""
    yield f"\n**Contractwatch**, {at}, edits its message{which}:\n"
    lines: list[str] = []
    if pairs.ratio() < _ALIKE:
        lines = after
    else:
        for kind, first, last, begin, end in pairs.get_opcodes():
            if kind == "equal":
                lines += after[begin:end]
            else:
                lines += [f"~~{line}~~" for line in before[first:last] if line.strip("> ")]
                lines += after[begin:end]
    yield from _quoted(lines)
    yield from _quoted(_rows(one), more=True)


def _quoted(lines: Sequence[str], *, more: bool = False) -> Iterator[str]:
    """Lines as a block of their own; ``more``: below another of the same message."""
    if not lines:
        return
    if more:
        yield ">"
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        quoted, next_quoted = line.startswith("> "), following.startswith("> ")
        yield f"> {line}".rstrip() + ("  " if line.strip() and following.strip() and quoted == next_quoted else "")
        if line.strip() and following.strip() and quoted != next_quoted:
            yield ">"


def _line(line: Line) -> str:
    made = "".join(map(_run, line.runs))
    made = _LINE_START.sub(lambda found: f"{found[1]}{found[2][:-1]}\\{found[2][-1]}", made)
    return f"> {made}" if line.quoted else made


def _run(run: Run) -> str:
    core = run.text.strip()
    if not core:
        return run.text
    before, after = run.text[: len(run.text) - len(run.text.lstrip())], run.text[len(run.text.rstrip()) :]
    made = f"`{core}`" if run.code else _escaped(core)
    made = f"**{made}**" if run.bold else made
    made = f"*{made}*" if run.italic else made
    made = f"[{made}]({run.url})" if run.url else made
    return before + made + after


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _rows(one: Shown) -> list[str]:
    return [" ".join(map(_button, row)) for row in buttons_of(one.message)]


def _button(label: str) -> str:
    return f"`[ {label} ]`"
