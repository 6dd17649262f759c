"""/lists and /list: watchlists with names, made, filled, shared by a link, followed, copied and ended."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from bot.commands import routing
from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Buttons, Decision, Desk, ensure, numbered_button, pages, refused, stale
from bot.commands.drafting import elsewhere
from bot.commands.followers import farewells
from bot.commands.names import Unusable
from bot.commands.packing import PACKS
from bot.commands.rights import may_press, remote, target_of
from bot.commands.which import is_number
from bot.commands.wishes import Wish, read_wishes
from bot.markup import Piece, clean, join, words
from bot.speech import Speech
from bot.texts import answers, watching
from bot.texts import lists as texts
from bot.texts.packs import READY
from bot.texts.settings import BACK
from bot.watch_words import describe
from storage.list_changes import (
    AddWatchlist,
    CopyWatchlist,
    DeleteWatchlist,
    FollowWatchlist,
    RenameWatchlist,
    ShareWatchlist,
    UnfollowWatchlist,
)
from storage.records import AddWatch, WatchlistRecord, WatchRecord

LIST = "li"  # begins button data: "li:<what>:<list>:<chat>", and for choices ":<value>"
_SHOWN = 30
_SHORTEST, _LONGEST = 2, 60  # letters of a name
_TOKEN = 64
_ARROW = re.compile("->|→")


async def lists(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001 - all deciders are called alike
    """/lists: the watchlists with names that a place keeps or follows, each with a button."""
    place, _ = await target_of(asked, desk.rights, change=True, refusal=answers.ADMINS_SEE)
    text, buttons = await _overview(place, asked.place, desk)
    return Decision(replies=desk.reply(asked.place, text, buttons=buttons))


async def list_(asked: Asked, desk: Desk, now: datetime) -> Decision:  # noqa: ARG001
    """/list NAME: opens a list; with lines below it, makes or fills it; "-> OTHER" behind it renames it, or says where it is told."""
    place, rest = await target_of(asked, desk.rights, change=True)
    head, _, below = rest.partition("\n")
    name, arrow, new = (_name(part) for part in _ARROW.sub("->", head).partition("->"))
    if not name:
        return Decision(replies=desk.reply(asked.place, texts.HOW))
    linked = routing.is_link(new)
    if not all(_SHORTEST <= len(one) <= _LONGEST for one in ([name, new] if arrow and not linked else [name])):
        return Decision(replies=desk.reply(asked.place, texts.NAME_WRONG))
    known = await _lists(place, desk)
    if linked:
        return await _sent_to(asked, place, known, desk, name=name, link=new)
    if arrow:
        return _renamed(asked, place, known, desk, name=name, new=new)
    lines, found = read_wishes(below), _called(name, known)
    if found is not None and not lines:
        text, buttons = await _opened(found, place, desk)
        return Decision(replies=desk.reply(asked.place, text, buttons=buttons))
    return _filled(asked, place, found or name, lines, desk)


def opens(argument: str) -> bool:
    """Whether what stands behind /list only opens a list: nothing is put on it, and it is neither renamed nor sent elsewhere."""
    return bool(argument) and "\n" not in argument and not _ARROW.search(argument)


async def follow(asked: Asked, desk: Desk, token: str) -> Decision:
    """/start l_<token>: follow what somebody shared; opening the link is all it takes."""
    place, _ = await target_of(asked, desk.rights, change=True)
    shared = await desk.call(desk.store.shared_watchlist, token) if len(token) <= _TOKEN else None
    if shared is None:
        return Decision(replies=desk.reply(asked.place, texts.LINK_GONE))
    record, watches = shared
    known = next((one for one in await _lists(place, desk) if one.id == record.id), None)
    if known is not None:
        said = desk.speech.say(texts.YOUR_OWN if known.mine else texts.FOLLOWED_BEFORE, name=record.name)
        return Decision(replies=desk.reply(asked.place, said))
    changes = (
        ensure(place, desk.speech, user_id=asked.user_id),
        FollowWatchlist(chat_id=place.chat_id, thread_id=place.thread_id, token=token),
    )
    said = desk.speech.say(texts.NOW_FOLLOWED, name=record.name, watches=_count(record, desk.speech))
    shown = _lines(watches, desk.speech) if asked.place.private else []
    return Decision(changes=changes, replies=desk.reply(asked.place, *pages(said, shown)))


async def press(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A button of /lists: whoever presses must be one who may change the place, and the list one that it keeps or follows."""
    place = remote(pressed, data[2]) if len(data) in (3, 4) and is_number(data[1]) else None
    if place is None:
        return stale(desk)
    what, number, _, *values = data
    if not await may_press(pressed, place.chat_id, desk.rights):
        return refused(desk)
    if what == "b":
        return _shown(pressed, *await _overview(place, pressed.place, desk), desk)
    known = await _lists(place, desk)
    record = next((one for one in known if one.id == int(number)), None)
    if record is None:
        return stale(desk)
    if record.mine and what in (routing.WHERE, routing.SOON):
        back = (desk.speech.label(BACK), _data("o", record, place))
        kept = routing.Kept(record=record, place=place, pressed=pressed, data=_datas(record, place), back=back)
        return await routing.press(kept, what, "".join(values), desk)
    return await (_press_mine if record.mine else _press_followed)(pressed, record, place, what, desk)


async def _press_mine(pressed: Pressed, record: WatchlistRecord, place: Place, what: str, desk: Desk) -> Decision:
    own = {"chat_id": place.chat_id, "thread_id": place.thread_id, "watchlist_id": record.id}
    speech = desk.speech
    if what in ("s", "t"):
        token = secrets.token_urlsafe(16) if what == "s" else None
        shown = _shown(pressed, *await _opened(replace(record, token=token), place, desk), desk)
        return replace(shown, changes=(ShareWatchlist(**own, token=token),))  # type: ignore[arg-type]
    if what == "d":
        row = ((speech.label(texts.YES), _data("D", record, place)), (speech.label(texts.NO), _data("o", record, place)))
        return _shown(pressed, speech.say(texts.REALLY, name=record.name), (row,), desk)
    if what == "D":
        told = await farewells(record, desk)
        toast = speech.label(texts.GONE, name=record.name)
        return Decision(changes=(DeleteWatchlist(**own),), replies=told, toast=toast, close=True)  # type: ignore[arg-type]
    return _shown(pressed, *await _opened(record, place, desk), desk) if what == "o" else stale(desk)


async def _press_followed(pressed: Pressed, record: WatchlistRecord, place: Place, what: str, desk: Desk) -> Decision:
    unfollow = UnfollowWatchlist(chat_id=place.chat_id, thread_id=place.thread_id, watchlist_id=record.id)
    match what:
        case "o":
            return _shown(pressed, *await _opened(record, place, desk), desk)
        case "u":
            return Decision(changes=(unfollow,), toast=desk.speech.label(texts.UNFOLLOWED, name=record.name), close=True)
        case "c":
            name = _free(record.name, await _lists(place, desk))
            copy = CopyWatchlist(chat_id=place.chat_id, thread_id=place.thread_id, watchlist_id=record.id, name=name)
            return Decision(changes=(copy, unfollow), toast=desk.speech.label(texts.COPIED), close=True)
    return stale(desk)


def _renamed(asked: Asked, place: Place, known: Sequence[WatchlistRecord], desk: Desk, *, name: str, new: str) -> Decision:
    found = _called(name, known)
    speech = desk.speech
    if found is None or not found.mine:
        return Decision(replies=desk.reply(asked.place, speech.say(texts.NO_SUCH, name=name)))
    if any(one.mine and one.id != found.id and one.name.casefold() == new.casefold() for one in known):
        return Decision(replies=desk.reply(asked.place, speech.say(texts.TAKEN, name=new)))
    change = RenameWatchlist(chat_id=place.chat_id, thread_id=place.thread_id, watchlist_id=found.id, name=new)
    return Decision(changes=(change,), replies=desk.reply(asked.place, speech.say(texts.RENAMED, name=found.name, new=new)))


async def _sent_to(asked: Asked, place: Place, known: Sequence[WatchlistRecord], desk: Desk, *, name: str, link: str) -> Decision:
    found = _called(name, known)
    if found is None or not found.mine:
        return Decision(replies=desk.reply(asked.place, desk.speech.say(texts.NO_SUCH, name=name)))
    return await routing.send_to(asked, place, found, link, desk)


def _filled(asked: Asked, place: Place, found: WatchlistRecord | str, lines: Sequence[tuple[int, Wish | Unusable]], desk: Desk) -> Decision:
    """Put what the lines ask for on a list, which is made when there is only a name. Nothing is done by halves."""
    speech, where = desk.speech, {"chat_id": place.chat_id, "thread_id": place.thread_id}
    wrong = [
        speech.say(texts.LINE_WRONG, number=number + 1, problem=speech.say(watching.UNUSABLE[one.reason], line=one.line))
        for number, one in lines
        if isinstance(one, Unusable)
    ]
    if wrong:
        return Decision(replies=desk.reply(asked.place, *pages(None, wrong)))
    if isinstance(found, WatchlistRecord) and not found.mine:
        return Decision(replies=desk.reply(asked.place, speech.say(texts.NOT_YOURS, name=found.name)))
    wishes = tuple((one.watch, one.terms) for _, one in lines if isinstance(one, Wish))
    count = speech.say(texts.WATCHES, n=len(wishes))
    if isinstance(found, str):
        made = AddWatchlist(**where, name=found, watches=wishes)  # type: ignore[arg-type]
        said = desk.reply(asked.place, speech.say(texts.MADE, name=found, watches=count))
        return Decision(changes=(ensure(place, speech, user_id=asked.user_id), made), replies=said)
    adds = tuple(AddWatch(**where, watch=watch, terms=terms, watchlist_id=found.id) for watch, terms in wishes)  # type: ignore[arg-type]
    return Decision(changes=adds, replies=desk.reply(asked.place, speech.say(texts.ADDED, name=found.name, watches=count)))


async def _overview(place: Place, here: Place, desk: Desk) -> tuple[Piece, Buttons]:
    speech, known, chat = desk.speech, await _lists(place, desk), elsewhere(place, here)
    ready = ((speech.label(READY), f"{PACKS}:a::{place.code}"),)
    if not known:
        return speech.say(texts.NONE), (ready,)
    lines = [_line(number, one, speech) for number, one in enumerate(known, 1)]
    buttons = tuple(((numbered_button(number, one.name, speech), _data("o", one, place)),) for number, one in enumerate(known, 1))
    return join("\n", [speech.say(texts.THERE, chat=chat) if chat else speech.say(texts.HERE), *lines]), (*buttons, ready)


def _line(number: int, one: WatchlistRecord, speech: Speech) -> Piece:
    count = _count(one, speech)
    if not one.mine:
        return speech.say(texts.FOLLOWED, number=number, name=one.name, watches=count)
    if not one.followers:
        return speech.say(texts.MINE, number=number, name=one.name, watches=count)
    followers = speech.say(texts.FOLLOWERS, n=one.followers)
    return speech.say(texts.MINE_SHARED, number=number, name=one.name, watches=count, followers=followers)


async def _opened(record: WatchlistRecord, place: Place, desk: Desk) -> tuple[Piece, Buttons]:
    """A list with what is on it, and what can be done with it."""
    speech = desk.speech
    on_it = [one for one in await desk.watches(place) if one.list_id == record.id]
    lines = [speech.say(texts.OPENED, name=record.name, watches=_count(record, speech)), *_lines(on_it, speech)]
    back = ((speech.label(texts.BACK), _data("b", record, place)),)
    copy = (speech.label(texts.COPY), _data("c", record, place))
    if not record.mine:
        unfollow = (speech.label(texts.UNFOLLOW), _data("u", record, place))
        return join("\n", [*lines, speech.say(texts.FOLLOWED_ONE)]), ((unfollow,), (copy,), back)
    rows: list[tuple[tuple[str, str], ...]] = [((speech.label(texts.SHARE), _data("s", record, place)),)]
    if record.token is not None:
        link = texts.SHARE_LINK.format(username=desk.username, token=record.token)
        lines.append(speech.say(texts.LINK, link=words(link)))
        send = (speech.label(texts.SEND_LINK), f"https://t.me/share/url?url={quote(link, safe='')}")
        rows = [(send,), ((speech.label(texts.UNSHARE), _data("t", record, place)),)]
    rows += await routing.rows(record, place, _datas(record, place), desk)
    rows += [((speech.label(texts.DELETE), _data("d", record, place)),), back]
    return join("\n", [*lines, speech.say(texts.HOW_TO_FILL, name=record.name)]), tuple(rows)


def _lines(watches: Sequence[WatchRecord], speech: Speech) -> list[Piece]:
    lines = [speech.say(texts.ONE, watch=describe(one.watch, speech, one.terms)) for one in watches[:_SHOWN]]
    return [*lines, speech.say(texts.MORE, n=len(watches) - _SHOWN)] if len(watches) > _SHOWN else lines


async def _lists(place: Place, desk: Desk) -> list[WatchlistRecord]:
    channel = await desk.channel(place)
    return [] if channel is None else await desk.call(desk.store.watchlists, channel.id)


def _shown(pressed: Pressed, text: Piece, buttons: Buttons, desk: Desk) -> Decision:
    (reply,) = desk.reply(pressed.place, text, buttons=buttons)
    return Decision(edit=reply)


def _free(name: str, known: Sequence[WatchlistRecord]) -> str:
    """The name, numbered where one's own list has it already."""
    taken = {one.name.casefold() for one in known if one.mine}
    names = (name, *(f"{name} ({number})" for number in range(2, len(taken) + 3)))
    return next(one for one in names if one.casefold() not in taken)


def _count(record: WatchlistRecord, speech: Speech) -> Piece:
    return speech.say(texts.WATCHES, n=record.watches)


def _data(what: str, record: WatchlistRecord, place: Place) -> str:
    return f"{LIST}:{what}:{record.id}:{place.code}"


def _datas(record: WatchlistRecord, place: Place) -> routing.Data:
    return lambda what, value: f"{_data(what, record, place)}:{value}" if value else _data(what, record, place)


def _called(name: str, known: Sequence[WatchlistRecord]) -> WatchlistRecord | None:
    return next((one for one in known if one.name.casefold() == name.casefold()), None)  # one's own come first


def _name(text: str) -> str:
    return clean(unicodedata.normalize("NFC", text)).strip()
