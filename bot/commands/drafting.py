"""Before a watch is saved: what it would have brought, and Save, Change or Cancel.

What is asked about is a row with a number that nobody can guess, and expires in a day; so buttons work after a restart, a forged one finds
nothing, and of two presses of Save the second finds the row gone.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from telegram import Chat

from bot.backtest import BackTest, back_test
from bot.commands.asked import Asked, Place, Pressed
from bot.commands.desk import Buttons, Decision, Desk, ensure, numbered_button, pages, refused, stale
from bot.commands.names import Unusable, same_name
from bot.commands.options import adjusted, option_rows
from bot.commands.rights import may_press
from bot.commands.suggesting import suggestion_lines, suggestions
from bot.commands.wishes import Wish
from bot.markup import Piece, join
from bot.speech import Speech
from bot.texts import watching
from bot.texts import wishes as texts
from bot.watch_words import describe
from storage.list_changes import PutDraft, TakeDraft
from storage.records import DEFAULT_EVENTS, AddWatch, Change, Reply
from storage.times import AT_ANY_TIME, Rhythm, SetTimes
from storage.watch_rows import read_terms, read_watch, terms_body, watch_body
from watchers.suggest import Suggestion

DRAFT = "d"  # first letter of button data: "d:<what>:<draft>" and for choices ":<value>"
KEEP = timedelta(days=1)
_BLANK = Piece("", "")
_SHOWN = 20
_TESTED = 3  # watches asked for together of which each is looked back for


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody is asked about: the watches, and the place and the list they are for (None: the nameless one)."""

    id: int
    place: Place
    wishes: tuple[Wish, ...]
    watchlist_id: int | None = None


async def propose(asked: Asked, place: Place, lines: Sequence[tuple[int, Wish | Unusable]], desk: Desk, now: datetime) -> Decision:
    """The question whether to save what was asked for. What is watched already, or cannot be, is said beside it."""
    speech, here = desk.speech, await desk.watches(place)
    followed = [Wish(record.watch, record.terms) for record in here if record.mine]
    wanted = [one for _, one in lines if isinstance(one, Wish)]
    new = tuple(one for one in wanted if not any(_alike(one, other) for other in followed))
    said = [speech.say(texts.ALREADY, watch=describe(one.watch, speech, one.terms)) for one in wanted if one not in new]
    said += [_problem(number, one, speech, alone=len(lines) == 1) for number, one in lines if isinstance(one, Unusable)]
    if not new:
        return Decision(replies=desk.reply(asked.place, *pages(None, said)))
    draft = Draft(id=secrets.randbelow(2**53), place=place, wishes=new)
    if asked.place.type == Chat.CHANNEL:  # a question there would be put to all its readers; who may post has decided
        changes, answer = await _saving(draft, asked.place, asked.user_id, desk)
        return Decision(changes=changes, replies=desk.reply(asked.place, *pages(answer, said)))
    replies = await _question(draft, asked.place, desk, now, said)
    return Decision(changes=(put_draft(draft, asked.place),), replies=replies)


async def press(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Decision:
    """A button of the question. Whoever presses must be one who may change the place it is about."""
    draft = await _read(pressed, desk, data)
    if draft is None:
        return Decision(toast=desk.speech.label(texts.DRAFT_GONE), close=True)
    if not await may_press(pressed, draft.place.chat_id, desk.rights):
        return refused(desk)
    taken = TakeDraft(chat_id=pressed.place.chat_id, draft_id=draft.id)
    match [data[0], *data[2:]]:
        case ["s" | "g" as how]:
            return await (_saved if how == "s" else _saved_for_digest)(draft, taken, pressed, desk)
        case ["x"]:
            return Decision(changes=(taken,), edit=_message(pressed.place, desk.speech.say(texts.CANCELLED), desk))
        case ["a"]:
            return await _taken_names(draft, taken, pressed, desk)
        case choice:
            return await _changed(draft, choice, taken, pressed, desk)


async def _changed(draft: Draft, choice: Sequence[str], taken: TakeDraft, pressed: Pressed, desk: Desk) -> Decision:
    """The choices about the one watch of a draft, what was chosen, and the way back to the question."""
    if len(draft.wishes) != 1:
        return stale(desk)
    here = pressed.place
    match choice:
        case ["c"]:
            return Decision(edit=_choices(draft, here, desk))
        case ["b"]:
            return Decision(edit=(await _question(draft, here, desk, _now(pressed), ()))[-1])
        case ["n", key]:
            return await _taken_name(draft, key, taken, pressed, desk)
        case [what, value] if (wish := adjusted(draft.wishes[0], what, value)) is not None:
            changed = replace(draft, wishes=(wish,))
            return Decision(changes=(taken, put_draft(changed, here)), edit=_choices(changed, here, desk))
    return stale(desk)


async def _read(pressed: Pressed, desk: Desk, data: Sequence[str]) -> Draft | None:
    if len(data) < 2 or not data[1].isdecimal() or len(data[1]) > 16:  # noqa: PLR2004 - "d:<what>:<draft>", a number below 2**53
        return None
    return await read_draft(int(data[1]), pressed, desk)


async def read_draft(number: int, pressed: Pressed, desk: Desk) -> Draft | None:
    """What was asked about in the chat of the button; None when it was answered, or is too long ago."""
    body = await desk.call(desk.store.draft, pressed.place.chat_id, number, _now(pressed))
    if body is None:
        return None
    wishes = tuple(Wish(read_watch(one["watch"], ""), read_terms(one["terms"])) for one in body["wishes"])
    return Draft(id=number, place=Place(**body["place"]), wishes=wishes, watchlist_id=body.get("watchlist_id"))


def _now(pressed: Pressed) -> datetime:
    assert pressed.date is not None  # whoever hands a press on says when it came
    return pressed.date


def put_draft(draft: Draft, asked_in: Place) -> PutDraft:
    """The change that keeps it for a day."""
    place = {name: getattr(draft.place, name) for name in ("chat_id", "thread_id", "type", "title")}
    wishes = [{"watch": watch_body(one.watch), "terms": terms_body(one.terms)} for one in draft.wishes]
    body = {"place": place, "wishes": wishes, "watchlist_id": draft.watchlist_id}
    return PutDraft(chat_id=asked_in.chat_id, draft_id=draft.id, body=body, keep=KEEP)


async def _question(draft: Draft, here: Place, desk: Desk, now: datetime, said: Sequence[Piece]) -> tuple[Reply, ...]:
    """The question with what the past says about it; ``said`` stands below."""
    speech, chat = desk.speech, elsewhere(draft.place, here)
    head = speech.say(texts.SHALL_I_THERE, chat=chat) if chat else speech.say(texts.SHALL_I)
    lines: list[Piece] = []
    offered: tuple[Suggestion, ...] = ()
    many = False
    tests = [await _test(one, draft.place, desk, now) for one in draft.wishes[:_TESTED]]
    for number, wish in enumerate(draft.wishes[:_SHOWN]):
        lines.append(speech.say(texts.ONE_LINE, watch=describe(wish.watch, speech, wish.terms)))
        if len(tests) == len(draft.wishes) > 1:
            lines.append(_brought(tests[number], speech))
    if more := len(draft.wishes[_SHOWN:]):
        lines.append(speech.say(texts.MORE_WATCHES, n=more))
    if len(draft.wishes) == 1:
        lines += [_BLANK, *_looked_back(tests[0], speech)]
        offered = await _names(draft.wishes[0], desk)
        many = tests[0].many and await _at_once(draft.place, desk)
        lines += [_BLANK, *suggestion_lines(offered, speech)] if offered else []
    others = await _first_names(draft, desk)
    if others:
        names = speech.list([speech.name(one.names[0]) for one in others.values()])
        lines += [_BLANK, speech.say(watching.SUGGESTED_MANY, names=names)]
    below = [_BLANK, *said] if said else []
    buttons = _buttons(draft, offered, speech, many=many, others=bool(others))
    return desk.reply(here, *pages(head, [*lines, *below]), buttons=buttons)


async def _at_once(place: Place, desk: Desk) -> bool:
    """Whether a place is told of each alert as it comes; one that is new is."""
    channel = await desk.channel(place)
    return channel is None or channel.times.rhythm is Rhythm.AT_ONCE


async def _test(wish: Wish, place: Place, desk: Desk, now: datetime) -> BackTest:
    """Look back for the kinds of event that the watch names, else for those that the place is told of in general."""
    channel = await desk.channel(place)
    kinds = wish.terms.kinds or (DEFAULT_EVENTS if channel is None else channel.events)
    return await back_test(desk.store, desk.call, wish.watch, replace(wish.terms, kinds=kinds), now)


async def _names(wish: Wish, desk: Desk) -> tuple[Suggestion, ...]:
    """What official notices would add to a watch of one name."""
    if wish.watch.organisation is None or wish.watch.partner is not None:
        return ()
    return await suggestions(wish.watch.organisation, wish.watch.role, desk)


async def _first_names(draft: Draft, desk: Desk) -> dict[int, Suggestion]:
    """What notices call each of several watches, by its place among them, where that differs; one alone has buttons of its own."""
    if len(draft.wishes) == 1:
        return {}
    offered = {place: await _names(wish, desk) for place, wish in enumerate(draft.wishes[:_SHOWN])}
    return {place: some[0] for place, some in offered.items() if some and not same_name(some[0].names[0], draft.wishes[place].watch.name)}


def _buttons(draft: Draft, offered: Sequence[Suggestion], speech: Speech, *, many: bool, others: bool) -> Buttons:
    names = tuple(
        ((numbered_button(number, one.names[0], speech), f"{DRAFT}:n:{draft.id}:{one.key}"),) for number, one in enumerate(offered, 1)
    )
    change = ((speech.label(texts.CHANGE), f"{DRAFT}:c:{draft.id}"),) if len(draft.wishes) == 1 else ()
    save, cancel = (speech.label(texts.SAVE), f"{DRAFT}:s:{draft.id}"), (speech.label(texts.CANCEL), f"{DRAFT}:x:{draft.id}")
    digest = (((speech.label(texts.SAVE_DIGEST), f"{DRAFT}:g:{draft.id}"),),) if many else ()
    together = (((speech.label(watching.TAKE_NAMES), f"{DRAFT}:a:{draft.id}"),),) if others else ()
    return (*names, *together, *digest, (save, *change, cancel))


def _looked_back(tested: BackTest, speech: Speech) -> list[Piece]:
    """What the last days would have brought, by kind, with samples."""
    lines = [_brought(tested, speech)]
    if len(tested.kinds) > 1:
        counts = [
            speech.say(texts.COUNTS[kind], n=count) for kind, count in sorted(tested.kinds.items(), key=lambda one: (-one[1], one[0]))
        ]
        lines.append(speech.say(texts.BY_KIND, kinds=speech.list(counts)))
    if tested.samples:
        lines.append(speech.say(texts.SAMPLES))
        lines += [speech.say(texts.SAMPLE, date=speech.date(one.first_at.date()), title=one.title) for one in tested.samples]
    if tested.many:
        lines.append(speech.say(texts.TOO_MUCH))
    return lines


def _brought(tested: BackTest, speech: Speech) -> Piece:
    if not tested.days:
        return speech.say(texts.NO_PAST)
    days = speech.say(texts.IN_DAYS, n=tested.days)
    if not tested.count:
        return speech.say(texts.PAST_NONE, days=days)
    alerts = speech.say(texts.ALERTS, n=tested.count)
    if tested.weekly < 1:
        return speech.say(texts.PAST_FEW, days=days, alerts=alerts)
    return speech.say(texts.PAST, days=days, alerts=alerts, weekly=round(tested.weekly))


def _choices(draft: Draft, here: Place, desk: Desk) -> Reply:
    (wish,) = draft.wishes
    speech = desk.speech
    rows = option_rows(wish, speech, lambda what, value: f"{DRAFT}:{what}:{draft.id}:{value}")
    last = ((speech.label(texts.BACK), f"{DRAFT}:b:{draft.id}"), (speech.label(texts.SAVE), f"{DRAFT}:s:{draft.id}"))
    return _message(here, describe(wish.watch, speech, wish.terms), desk, (*rows, last))


async def _taken_name(draft: Draft, key: str, taken: TakeDraft, pressed: Pressed, desk: Desk) -> Decision:
    """A name that notices have: read from them again, so that a button can add nothing that is not in them."""
    wish = draft.wishes[0]
    chosen = next((one for one in await _names(wish, desk) if one.key == key), None)
    if chosen is None or wish.watch.organisation is None:
        return stale(desk)
    return await _asked_again(replace(draft, wishes=(_with_names(wish, chosen),)), taken, pressed, desk)


async def _taken_names(draft: Draft, taken: TakeDraft, pressed: Pressed, desk: Desk) -> Decision:
    """What notices have for several watches, read from them again."""
    others = await _first_names(draft, desk)
    if not others:
        return stale(desk)
    wishes = tuple(_with_names(wish, others[place]) if place in others else wish for place, wish in enumerate(draft.wishes))
    return await _asked_again(replace(draft, wishes=wishes), taken, pressed, desk)


def _with_names(wish: Wish, chosen: Suggestion) -> Wish:
    assert wish.watch.organisation is not None  # only such a watch is offered names
    return replace(wish, watch=replace(wish.watch, organisation=chosen.added_to(wish.watch.organisation)))


async def _asked_again(draft: Draft, taken: TakeDraft, pressed: Pressed, desk: Desk) -> Decision:
    """The question about what the draft has become."""
    shown = await _question(draft, pressed.place, desk, _now(pressed), ())
    return Decision(changes=(taken, put_draft(draft, pressed.place)), edit=shown[-1])


async def _saved(draft: Draft, taken: TakeDraft, pressed: Pressed, desk: Desk) -> Decision:
    """What was saved is answered by a message of its own: an edit is lost when we are stopped before it, and nobody would know."""
    changes, said = await _saving(draft, pressed.place, pressed.user_id, desk)
    return Decision(changes=(taken, *changes), replies=desk.reply(pressed.place, said), close=True)


async def _saved_for_digest(draft: Draft, taken: TakeDraft, pressed: Pressed, desk: Desk) -> Decision:
    """Saved, and the place is told once a day from now on, at the hour that its settings say."""
    channel = await desk.channel(draft.place)
    times = replace(AT_ANY_TIME if channel is None else channel.times, rhythm=Rhythm.DAILY)
    changes, said = await _saving(draft, pressed.place, pressed.user_id, desk, digest=True)
    daily = SetTimes(chat_id=draft.place.chat_id, thread_id=draft.place.thread_id, times=times)
    return Decision(changes=(taken, *changes, daily), replies=desk.reply(pressed.place, said), close=True)


async def _saving(draft: Draft, here: Place, user_id: int | None, desk: Desk, *, digest: bool = False) -> tuple[tuple[Change, ...], Piece]:
    """The changes that save what was asked for, and what says so and when it is told. ``digest``: the place is told once a day now."""
    speech, chat = desk.speech, elsewhere(draft.place, here)
    chat_id, thread_id = draft.place.chat_id, draft.place.thread_id
    to = draft.watchlist_id
    adds = [AddWatch(chat_id=chat_id, thread_id=thread_id, watch=one.watch, terms=one.terms, watchlist_id=to) for one in draft.wishes]
    if len(draft.wishes) > 1:
        said = speech.say(texts.SAVED_MANY, n=len(draft.wishes))
    else:
        shown = describe(draft.wishes[0].watch, speech, draft.wishes[0].terms)
        said = speech.say(texts.SAVED_THERE, watch=shown, chat=chat) if chat else speech.say(texts.SAVED, watch=shown)
    when = texts.DAILY_NOW if digest else watching.WILL_TELL if await _at_once(draft.place, desk) else watching.WILL_TELL_TOGETHER
    return (ensure(draft.place, speech, user_id=user_id), *adds), join("\n", [said, speech.say(when)])


def _message(place: Place, text: Piece, desk: Desk, buttons: Buttons = ()) -> Reply:
    (reply,) = desk.reply(place, text, buttons=buttons)
    return reply


def _problem(number: int, one: Unusable, speech: Speech, *, alone: bool) -> Piece:
    problem = speech.say(watching.UNUSABLE[one.reason], line=one.line)
    return problem if alone else speech.say(texts.LINE_WRONG, number=number, problem=problem)


def _alike(one: Wish, other: Wish) -> bool:
    """Whether somebody who asks for the one has it in the other, which may know more names of it."""
    if not same_name(one.watch.name, other.watch.name) or one.terms != other.terms:
        return False
    return replace(one.watch, id="", organisation=None, partner=None) == replace(other.watch, id="", organisation=None, partner=None)


def elsewhere(place: Place, here: Place) -> str | None:
    """How a place is called where it is not the one that is answered; None where it is."""
    return None if place.chat_id == here.chat_id else place.title or str(place.chat_id)
