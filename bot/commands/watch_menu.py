"""/watches: what a place follows, twelve to a page; each is opened, changed, paused and removed in the same message. And /without.

Button data: "w:p:<chat>:<page>" (a page), "w:u:<chat>:<draft>" (undo), else "w:<what>:<chat>:<list>:<watch>[:<value>]". There a watch
goes by a digest of what it asks for: so a screen is right before its change is written, and the buttons of before find nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b

from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Buttons, Decision, Desk, numbered_button, refused, stale
from bot.commands.drafting import Draft, elsewhere, put_draft, read_draft
from bot.commands.options import adjusted, option_rows
from bot.commands.rights import may_press, remote, target_of
from bot.commands.which import is_number
from bot.commands.wishes import Wish, read_words
from bot.markup import Piece, join, tagless, units, words
from bot.speech import Speech
from bot.texts import answers, watching
from bot.texts import watch_menu as texts
from bot.watch_words import describe, short_name
from storage.list_changes import ReplaceWatch, SetTerms, TakeDraft
from storage.records import AddWatch, Change, RemoveWatch, Reply, WatchRecord
from storage.watchlists import key_of
from watchers.types import Terms, Watch

MENU = "w"  # first letter of button data
ROWS = 12
_LONGEST_LINE = 260  # units: twelve of them and what stands around them fit into a message
_MAX_TOAST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A watch on its screen: its number in the list of ``place``, which is shown ``here``."""

    record: WatchRecord
    number: int
    place: Place
    here: Place

    @property
    def wish(self) -> Wish:
        return Wish(self.record.watch, self.record.terms)

    @property
    def named_list(self) -> int | None:
        return None if self.record.watchlist is None else self.record.list_id

    def button(self, label: str, what: str, value: str = "") -> tuple[str, str]:
        """A button that is about this watch."""
        return label, ":".join(filter(None, (MENU, what, self.place.code, str(self.record.list_id), _digest(self.record), value)))

    def back(self, speech: Speech) -> tuple[str, str]:
        """The button to the page of the list that it stands on."""
        return _to_page(self.place, (self.number - 1) // ROWS, speech.label(texts.BACK))

    def asking(self, watch: Watch) -> tuple[Change, _Opened]:
        """The change to what it asks for, and the watch as it is then."""
        change = ReplaceWatch(
            chat_id=self.place.chat_id,
            thread_id=self.place.thread_id,
            watch_id=self.record.id,
            watch=watch,
            watchlist_id=self.named_list,
        )
        return change, replace(self, record=replace(self.record, watch=watch, key=key_of(watch)))

    def telling(self, terms: Terms) -> tuple[Change, _Opened]:
        """The change to what of it is told, and the watch as it is then."""
        change = SetTerms(
            chat_id=self.place.chat_id,
            thread_id=self.place.thread_id,
            watch_id=self.record.id,
            terms=terms,
            watchlist_id=self.named_list,
        )
        return change, replace(self, record=replace(self.record, terms=terms))


async def watches(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    """/watches: numbered, each with a link to share and a button that opens it."""
    place, _ = await target_of(asked, desk.rights, change=True, refusal=answers.ADMINS_SEE)
    return Decision(replies=(_page(place, asked.place, await desk.watches(place), 0, desk),))


async def without(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/without NUMBER WORDS: reports that hold one of the words are no more told for this watch."""
    place, rest = await target_of(asked, desk.rights, change=True)
    number, _, said = rest.strip().partition(" ")
    records = await desk.watches(place)
    if not is_number(number) or not 0 < int(number) <= len(records) or not said.strip():
        return Decision(replies=desk.reply(asked.place, texts.WITHOUT_WHICH))
    opened = _Opened(record=records[int(number) - 1], number=int(number), place=place, here=asked.place)
    if not opened.record.mine:
        return Decision(replies=(_screen(opened, desk),))
    excluded = read_words(said, besides=opened.record.watch.without)
    if excluded is None:
        return Decision(replies=desk.reply(asked.place, desk.speech.say(watching.UNUSABLE["words"], line=said.strip())))
    change, after = opened.asking(replace(opened.record.watch, without=excluded))
    return Decision(changes=(change,), replies=(_screen(after, desk),))


async def press(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A button of any of the screens. Whoever presses must be one who may change the place, and is asked about every time."""
    place = remote(pressed, data[1]) if len(data) > 1 else None
    if place is None:
        return stale(desk)
    if not await may_press(pressed, place.chat_id, desk.rights):
        return refused(desk)
    records = await desk.watches(place)
    match data:
        case ["p", _, page] if is_number(page):
            return Decision(edit=_page(place, pressed.place, records, int(page), desk))
        case ["u", _, draft] if is_number(draft):
            return await _undone(int(draft), place, pressed, len(records), desk)
        case [what, _, list_id, digest, *value] if len(value) <= 1:
            for number, record in enumerate(records, 1):
                if str(record.list_id) == list_id and _digest(record) == digest:
                    opened = _Opened(record=record, number=number, place=place, here=pressed.place)
                    return _acted(opened, what, "".join(value), desk)
    return stale(desk)


def _acted(opened: _Opened, what: str, value: str, desk: Desk) -> Decision:
    """What a button of one watch does."""
    if what == "o":
        return Decision(edit=_screen(opened, desk))
    if not opened.record.mine:
        return stale(desk)
    if what == "e":
        return Decision(edit=_excluded(opened, desk))
    return _removed(opened, desk) if what == "d" else _changed(opened, what, value, desk)


def _changed(opened: _Opened, what: str, value: str, desk: Desk) -> Decision:
    """One thing about the watch is another from now on."""
    watch, terms = opened.record.watch, opened.record.terms
    show, toast = _screen, texts.CHANGED_TOAST
    if what == "h" and value in ("0", "1"):
        change, after = opened.telling(replace(terms, paused=value == "1"))
        toast = texts.PAUSED_TOAST if after.record.terms.paused else texts.RESUMED_TOAST
    elif what == "x" and is_number(value) and int(value) < len(watch.without):
        change, after = opened.asking(replace(watch, without=watch.without[: int(value)] + watch.without[int(value) + 1 :]))
        show = _excluded
    elif (wish := adjusted(opened.wish, what, value)) is None:
        return stale(desk)
    else:
        change, after = opened.telling(wish.terms) if wish.watch == watch else opened.asking(wish.watch)
    return Decision(changes=(change,), edit=show(after, desk), toast=desk.speech.label(toast))


def _removed(opened: _Opened, desk: Desk) -> Decision:
    """It is gone at once; for a day one press brings it back as it was."""
    speech, place = desk.speech, opened.place
    draft = Draft(id=secrets.randbelow(2**53), place=place, wishes=(opened.wish,), watchlist_id=opened.named_list)
    gone = RemoveWatch(chat_id=place.chat_id, thread_id=place.thread_id, watch_id=opened.record.id, watchlist_id=opened.named_list)
    said = speech.say(texts.REMOVED, watch=describe(opened.record.watch, speech, opened.record.terms))
    row = ((speech.label(texts.UNDO), f"{MENU}:u:{place.code}:{draft.id}"), opened.back(speech))
    toast = speech.label(watching.REMOVED_TOAST, name=short_name(opened.record.watch, speech), limit=_MAX_TOAST)
    return Decision(changes=(put_draft(draft, opened.here), gone), edit=_message(opened.here, said, (row,), desk), toast=toast)


async def _undone(number: int, place: Place, pressed: Pressed, count: int, desk: Desk) -> Decision:
    draft = await read_draft(number, pressed, desk)
    if draft is None or draft.place.chat_id != place.chat_id:
        return Decision(toast=desk.speech.label(texts.UNDO_GONE))
    speech = desk.speech
    adds = [
        AddWatch(chat_id=place.chat_id, thread_id=draft.place.thread_id, watch=one.watch, terms=one.terms, watchlist_id=draft.watchlist_id)
        for one in draft.wishes
    ]
    said = [speech.say(watching.ADDED, name=describe(one.watch, speech, one.terms)) for one in draft.wishes]
    last = ((_to_page(place, count // ROWS, speech.label(texts.BACK)),),)
    return Decision(
        changes=(TakeDraft(chat_id=pressed.place.chat_id, draft_id=draft.id), *adds),
        edit=_message(pressed.place, join("\n", said), last, desk),
        toast=speech.label(texts.BACK_AGAIN),
    )


def _page(place: Place, here: Place, records: Sequence[WatchRecord], page: int, desk: Desk) -> Reply:
    """A page of the list; the last one where there are not so many any more."""
    speech, chat = desk.speech, elsewhere(place, here)
    if not records:
        return _message(here, speech.say(texts.WATCHING_NOTHING), (), desk)
    pages = -(-len(records) // ROWS)
    page = min(page, pages - 1)
    shown = [
        _Opened(record=record, number=number, place=place, here=here)
        for number, record in enumerate(records[page * ROWS : (page + 1) * ROWS], page * ROWS + 1)
    ]
    head = speech.say(texts.WATCHED_THERE, chat=chat) if chat else speech.say(texts.WATCHED_HERE)
    lines = [_line(one, desk) for one in shown]
    buttons = [(one.button(numbered_button(one.number, short_name(one.record.watch, speech), speech), "o"),) for one in shown]
    return _message(here, join("\n", [head, *lines, speech.say(texts.PRESS)]), (*buttons, *_footer(place, page, pages, speech)), desk)


def _footer(place: Place, page: int, pages: int, speech: Speech) -> Buttons:
    """‹ 2 / 5 ›: the arrows lead round."""
    if pages == 1:
        return ()
    middle = speech.label(texts.PAGE, page=page + 1, pages=pages)
    return (tuple(_to_page(place, to % pages, label) for label, to in (("‹", page - 1), (middle, page), ("›", page + 1))),)


def _to_page(place: Place, page: int, label: str) -> tuple[str, str]:
    return label, f"{MENU}:p:{place.code}:{page}"


def _line(opened: _Opened, desk: Desk) -> Piece:
    """A watch in full, or where that is very long by its name: its screen says the rest."""
    speech, record = desk.speech, opened.record
    link = words(texts.LINK.format(username=desk.username, payload=f"w_{record.id}"))
    shown = describe(record.watch, speech, record.terms)
    if units(tagless(shown.html)) > _LONGEST_LINE:
        shown = speech.name(short_name(record.watch, speech))
    if record.watchlist is not None:
        shown = speech.say(texts.LISTED, watch=shown, list=record.watchlist)
    return speech.say(texts.LINE, number=opened.number, watch=shown, link=link)


def _screen(opened: _Opened, desk: Desk) -> Reply:
    """One watch: what it asks for, and all that can be changed of it."""
    speech, record = desk.speech, opened.record
    said = [describe(record.watch, speech, record.terms)]
    if record.watchlist is not None:
        said.append(speech.say(texts.OWN_LIST if record.mine else texts.THEIRS, list=record.watchlist))
    back = (opened.back(speech),)
    if not record.mine:
        return _message(opened.here, join("\n", said), (back,), desk)
    paused, count = record.terms.paused, len(record.watch.without)
    excluded = speech.label(texts.EXCLUDED_SOME, n=count) if count else speech.label(texts.EXCLUDED)
    pause = opened.button(speech.label(texts.RESUME if paused else texts.PAUSE), "h", str(int(not paused)))
    rows = option_rows(opened.wish, speech, lambda what, value: opened.button("", what, value)[1])
    last = (pause, opened.button(speech.label(texts.REMOVE), "d"))
    return _message(opened.here, join("\n", said), (*rows, (opened.button(excluded, "e"),), last, back), desk)


def _excluded(opened: _Opened, desk: Desk) -> Reply:
    """The words that a watch excludes, each with a button that takes it back, and how more are added."""
    speech, record = desk.speech, opened.record
    there = "" if opened.place.chat_id == opened.here.chat_id else f"{opened.place.code} "
    how = speech.say(texts.HOW_WITHOUT, command=f"/without {there}{opened.number} football, cricket")
    rows = [(opened.button(speech.label(texts.TAKE_BACK, word=word), "x", str(index)),) for index, word in enumerate(record.watch.without)]
    back = (opened.button(speech.label(texts.BACK), "o"),)
    return _message(opened.here, join("\n", [describe(record.watch, speech, record.terms), how]), (*rows, back), desk)


def _digest(record: WatchRecord) -> str:
    return blake2b(record.key.encode(), digest_size=6).hexdigest()


def _message(here: Place, text: Piece, buttons: Buttons, desk: Desk) -> Reply:
    return desk.reply(here, text, buttons=buttons)[-1]
