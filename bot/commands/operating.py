"""/admin, for whoever runs the bot (``[telegram] admins``), in their private chat: how things are, and what can be done about it.

To everybody else there is no such command. Nothing here shows what anybody watches.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Buttons, Decision, Desk, stale
from bot.commands.talking import FORGET
from bot.feed_health import health
from bot.markup import Piece, foreign, join, words
from bot.texts import operating as texts
from storage.list_changes import PutDraft, TakeDraft
from storage.operator_changes import PAUSED_DELIVERIES, PAUSED_POLLING, Announce, SetLimits, SetListed, SetPause
from storage.records import Change, ChannelState, DeliveryState, Reply

ADMIN = "a"  # first letter of button data
_ALWAYS = ("privacy", "export", "forget", "stop")  # everybody may have what is kept of them, and have it deleted
_PAGE = 12
_WEEK = timedelta(days=7)
_KEEP = timedelta(days=1)
_LONGEST = 3000
_MOST = 10_000  # of anything that is limited
_DIGITS = re.compile(r"[0-9]{1,5}")
_NUMBER = re.compile(r"-?[0-9]{1,18}")


def runs_the_bot(request: Asked | Pressed, desk: Desk) -> bool:
    return request.place.private and request.user_id in desk.admins


async def may_use(request: Asked | Pressed, desk: Desk) -> bool:
    """Whether the bot is there for them: for everybody, or for those on the list, by their own number or that of the chat."""
    listed = (await desk.call(desk.store.operating)).listed
    if listed is None or request.user_id in desk.admins or {request.user_id, request.place.chat_id} & listed:
        return True
    return request.command in _ALWAYS if isinstance(request, Asked) else request.data.startswith(f"{FORGET}:")


async def admin(asked: Asked, desk: Desk, now: datetime) -> Decision:
    """/admin: the screen; with a word behind it, what that asks for."""
    what, _, rest = asked.argument.partition(" ")
    place, rest = asked.place, rest.strip()
    match what.lower():
        case "announce":
            return await _preview(place, rest, desk)
        case "allow" | "deny" as word:
            return await _listing(place, word, rest, desk, now)
        case "limit":
            return await _limit(place, rest, desk, now)
        case "everybody":
            return await _done(place, SetListed(listed=None), desk, now)
    return Decision(replies=(await _screen(place, desk, now),))


async def press(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A button of /admin. Whoever forges one must run the bot."""
    return await _pressed(pressed, desk, data, pressed.date) if runs_the_bot(pressed, desk) and pressed.date is not None else stale(desk)


async def _pressed(pressed: Pressed, desk: Desk, data: Sequence[str], now: datetime) -> Decision:
    match data:
        case ["home"]:
            return Decision(edit=await _screen(pressed.place, desk, now))
        case ["pause" | "resume" as word, "deliveries" | "polling" as what]:
            change = SetPause(what=PAUSED_DELIVERIES if what == "deliveries" else PAUSED_POLLING, paused=word == "pause")
            edit = await _screen(pressed.place, desk, now, after=change)
            return Decision(changes=(change,), edit=edit)
        case ["feeds", page] if page.isascii() and page.isdecimal() and len(page) < 6:  # noqa: PLR2004 - nobody has a million feeds
            return Decision(edit=await _feeds(pressed.place, int(page), desk, now))
        case ["noise"]:
            return Decision(edit=await _noise(pressed.place, desk, now))
        case ["send" | "cancel" as word, draft] if draft.isascii() and draft.isdecimal() and len(draft) <= 16:  # noqa: PLR2004 - below 2**53
            return await _announce(pressed, word, int(draft), desk, now)
    return stale(desk)


async def _screen(place: Place, desk: Desk, now: datetime, *, after: SetPause | SetListed | SetLimits | None = None) -> Reply:
    """How the bot is, as it is ``after`` a change that is about to be written."""
    speech, counts, operating = desk.speech, await desk.call(desk.store.counts, now), await desk.call(desk.store.operating)
    rests = {PAUSED_DELIVERIES: operating.paused_deliveries, PAUSED_POLLING: operating.paused_polling}
    listed, limits = operating.listed, operating.limits
    if isinstance(after, SetPause):
        rests[after.what] = after.paused
    if isinstance(after, SetListed):
        listed = after.listed
    if isinstance(after, SetLimits):
        limits = after.limits
    lines = [
        speech.say(texts.HEAD),
        speech.say(texts.FEEDS_WELL, healthy=counts.feeds - counts.feeds_failing, n=counts.feeds),
        speech.say(texts.WAITING, n=counts.deliveries.get(DeliveryState.PENDING, 0)),
        *([speech.say(texts.DELIVERIES_REST)] if rests[PAUSED_DELIVERIES] else []),
        *([speech.say(texts.POLLING_RESTS)] if rests[PAUSED_POLLING] else []),
        speech.say(texts.EVERYBODY) if listed is None else speech.say(texts.LISTED, n=len(listed)),
        speech.say(texts.LIMITS, **asdict(limits)),
        Piece("", ""),
        speech.say(texts.HOW),
        speech.say(texts.HOW_LIMIT),
    ]
    return desk.reply(place, join("\n", lines), buttons=_buttons(rests[PAUSED_DELIVERIES], rests[PAUSED_POLLING], desk))[-1]


def _buttons(deliveries_rest: bool, polling_rests: bool, desk: Desk) -> Buttons:
    label = desk.speech.label
    deliveries = (texts.RESUME_DELIVERIES, "resume") if deliveries_rest else (texts.PAUSE_DELIVERIES, "pause")
    polling = (texts.RESUME_POLLING, "resume") if polling_rests else (texts.PAUSE_POLLING, "pause")
    return (
        ((label(texts.FEEDS), f"{ADMIN}:feeds:0"), (label(texts.NOISY), f"{ADMIN}:noise")),
        ((label(deliveries[0]), f"{ADMIN}:{deliveries[1]}:deliveries"), (label(polling[0]), f"{ADMIN}:{polling[1]}:polling")),
    )


async def _feeds(place: Place, page: int, desk: Desk, now: datetime) -> Reply:
    """A page of the feeds, those with trouble first."""
    speech = desk.speech
    feeds = sorted(await desk.call(desk.store.feeds), key=lambda one: (-one.state.fail_count, one.name.casefold()))
    pages = max(1, -(-len(feeds) // _PAGE))
    page = min(page, pages - 1)
    lines = [
        speech.say(texts.FEED_LINE, sign=_sign(one.state.fail_count), name=one.name, health=foreign(health(one.state, now), 160))
        for one in feeds[page * _PAGE : (page + 1) * _PAGE]
    ]
    head = speech.say(texts.FEEDS_PAGE, page=page + 1, pages=pages) if feeds else speech.say(texts.NO_FEEDS)
    turns = [(texts.PREVIOUS, page - 1)] * (page > 0) + [(texts.NEXT, page + 1)] * (page + 1 < pages)
    turn = tuple((speech.label(label), f"{ADMIN}:feeds:{to}") for label, to in turns)
    return desk.reply(place, join("\n", [head, *lines]), buttons=(*((turn,) if turn else ()), _back(desk)))[-1]


def _sign(failures: int) -> Piece:
    return words("🔴" if failures else "🟢")


async def _noise(place: Place, desk: Desk, now: datetime) -> Reply:
    speech, noise = desk.speech, await desk.call(desk.store.noise, now - _WEEK)
    lines = [speech.say(texts.CHAT_NOISE, chat=str(chat), n=count) for chat, count in noise.chats]
    lines += [speech.say(texts.FEED_NOISE, feed=name, n=count) for name, count in noise.feeds]
    return desk.reply(place, join("\n", [speech.say(texts.NOISE), *(lines or [speech.say(texts.QUIET)])]), buttons=(_back(desk),))[-1]


def _back(desk: Desk) -> tuple[tuple[str, str], ...]:
    return ((desk.speech.label(texts.BACK), f"{ADMIN}:home"),)


async def _listing(place: Place, word: str, who: str, desk: Desk, now: datetime) -> Decision:
    """Put somebody on the list of those who may use the bot, or take them off it; the first one makes the list."""
    if not _NUMBER.fullmatch(who):
        return Decision(replies=desk.reply(place, texts.WHO))
    listed = (await desk.call(desk.store.operating)).listed or frozenset()
    changed = listed | {int(who)} if word == "allow" else listed - {int(who)}
    return await _done(place, SetListed(listed=changed), desk, now)


async def _limit(place: Place, wanted: str, desk: Desk, now: datetime) -> Decision:
    """Let there be more, or less, of something."""
    limits = (await desk.call(desk.store.operating)).limits
    name, _, number = wanted.lower().partition(" ")
    if name not in asdict(limits) or not _DIGITS.fullmatch(number) or not 0 < int(number) <= _MOST:
        return Decision(replies=desk.reply(place, desk.speech.say(texts.WHICH_LIMIT, most=_MOST)))
    return await _done(place, SetLimits(limits=replace(limits, **{name: int(number)})), desk, now)


async def _done(place: Place, change: SetListed | SetLimits, desk: Desk, now: datetime) -> Decision:
    return Decision(changes=(change,), replies=(await _screen(place, desk, now, after=change),))


async def _preview(place: Place, text: str, desk: Desk) -> Decision:
    """The announcement as it will be read, and whether to send it."""
    if not text:
        return Decision(replies=desk.reply(place, texts.ANNOUNCE_WHAT))
    said = desk.speech.say(texts.ANNOUNCEMENT, text=join("\n", [foreign(line, _LONGEST) for line in text[:_LONGEST].split("\n")]))
    number = secrets.randbelow(2**53)
    chats = {one.chat_id for one in await desk.call(desk.store.channels) if one.chat_id is not None and one.state is ChannelState.ACTIVE}
    buttons = (
        ((desk.speech.label(texts.SEND_TO, n=len(chats)), f"{ADMIN}:send:{number}"),),
        ((desk.speech.label(texts.CANCEL), f"{ADMIN}:cancel:{number}"),),
    )
    kept = PutDraft(chat_id=place.chat_id, draft_id=number, body={"announcement": said.html}, keep=_KEEP)
    return Decision(changes=(kept,), replies=desk.reply(place, said, buttons=buttons))


async def _announce(pressed: Pressed, word: str, number: int, desk: Desk, now: datetime) -> Decision:
    """Send what was seen, or leave it; of two presses the second finds nothing."""
    body = await desk.call(desk.store.draft, pressed.place.chat_id, number, now)
    if body is None or "announcement" not in body:
        return stale(desk)
    changes: tuple[Change, ...] = (TakeDraft(chat_id=pressed.place.chat_id, draft_id=number),)
    if word == "send":
        changes += (Announce(number=number, text=body["announcement"]),)
    toast = desk.speech.label(texts.ANNOUNCED if word == "send" else texts.NOT_ANNOUNCED)
    return Decision(changes=changes, toast=toast, close=True)
