"""Every kind of message, with one foreign text in every place that others fill; and what Telegram's own parser makes of it.

``KINDS`` are those that are made of an alert alone, to be tried with random ones. ``Bot`` makes all there are: a real store in which feeds,
outlets, parties, chats and lists are called like the text, every command with it, and every button of every answer pressed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, ParamSpec, TypeVar

from alertviews import alert_view, match, notice, report
from botapi import RefusedError, found_texts, member, parse_html
from storing import Rules, a_notice, an_entry, save, told
from telegram import Update

from bot.commands import BUTTONS, COMMANDS, OPERATORS, decide
from bot.commands.asked import Place, read
from bot.commands.desk import Decision, Desk, stale
from bot.commands.telling import why
from bot.contract import contract_head, contract_lines
from bot.deliver import Deliverer, Settings
from bot.grouped import render_group, render_page
from bot.markup import WORD_JOINER, clean, clip, join, tagless, units
from bot.outcomes import Outcome, Sent
from bot.pacing import Paces
from bot.render import MAX_UNITS, Message, render_alert, render_brief
from bot.speech import Speech
from bot.verdicts import Policy
from bot.watch_words import describe
from storage.exceptions import LimitReached, NotFound
from storage.groups import Group, GroupKind
from storage.list_changes import AddWatchlist
from storage.records import (
    AddWatch,
    AlertView,
    ChannelKind,
    Claim,
    ContractView,
    Correction,
    EnsureChannel,
    FactChange,
    InboxUpdate,
    NoticeRecord,
    Reply,
    ThreadEvent,
)
from storage.store import Store
from storage.times import AT_ANY_TIME, Rhythm, SetTimes
from watchers.keys import link_key
from watchers.types import (
    Entry,
    EventKind,
    Evidence,
    Feed,
    FeedKind,
    FeedState,
    Finding,
    Match,
    Money,
    Organisation,
    Party,
    Role,
    Terms,
    Watch,
)

P = ParamSpec("P")
T = TypeVar("T")

MAX_CAPTION = 1024
MAX_DATA = 64  # bytes
MAX_TOAST = 200
_OURS = {"bold", "italic", "code", "blockquote", "text_link"}
_OUR_COMMANDS = {f"/{name}" for name in (*COMMANDS, *OPERATORS)}
_OUR_LINKS = ("https://t.me/watch_bot?", "t.me/watch_bot?")
_SAME = "(the same text)"
_HIDDEN = re.compile("[\u202a-\u202e\u0000-\u0009\u000b-\u001f]")
ARGUMENTS = {  # that commands take besides a text
    "watch": ("{text} AND {text} over £1m without {text}", "{text}\n\n{text} as supplier", "-1001001 {text}"),
    "without": ("1 {text}",),
    "list": ("{text}\n{text} as supplier", "{text} -> {text} too"),
    "evidence": ("1",),
    "contract": ("1",),
    "story": ("1", "alert:1", "split 1 {text}", "join 1 {text}"),
    "admin": ("announce {text}\n{text}", "allow {text}", "feeds"),
}
NOW = datetime(2026, 5, 21, 12, tzinfo=UTC)
ANN, GROUP, CHANNEL = 7, -1001001, -1002001


def bare(text: str) -> str:
    """The letters alone: without what keeps them still and in their direction."""
    return text.translate(dict.fromkeys(map(ord, f"{WORD_JOINER}\u2066\u2067\u2068\u2069\u200f")))


@dataclass(frozen=True, slots=True)
class Said:
    """A message, as it goes to Telegram. ``what`` it came of; ``caption``: below a file."""

    what: str
    markup: str
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()
    caption: bool = False


def faults(said: Said) -> list[str]:
    """What Telegram would refuse, drop or show otherwise than meant: nothing, for a message as it should be."""
    try:
        text, entities = parse_html(said.markup)
    except RefusedError as refused:
        return [f"refused: {refused}"]
    found = ["refused: empty"] * (not text.strip()) + ["refused: too many bytes"] * (len(said.markup.encode()) > 32768)
    found += ["injected: a tag"] * (not {one["type"] for one in entities} <= _OURS)
    found += ["injected: a link"] * (said.markup.count("<a ") != sum(one["type"] == "text_link" for one in entities))
    found += ["changed: by the parser"] * (text != tagless(said.markup))
    found += [f"injected: {one}" for one in active(said)]
    found += ["changed: hidden letters"] * bool(_HIDDEN.search(text)) + ["changed: directions"] * _turned(text)
    found += ["too long"] * (units(text) > (MAX_CAPTION if said.caption else MAX_UNITS))
    labels = [label for row in said.buttons for label, _ in row]
    found += ["button: empty"] * any(not label.strip() for label in labels)
    found += ["button: hidden letters"] * any(_HIDDEN.search(label) or _turned(label) for label in labels)
    found += ["button: too much data"] * any(
        len(data.encode()) > MAX_DATA for row in said.buttons for _, data in row if not data.startswith("https://")
    )
    return found


def _turned(text: str) -> bool:
    """Whether a direction that was begun is not ended."""
    return any(line.count("\u2068") + line.count("\u2066") + line.count("\u2067") != line.count("\u2069") for line in text.split("\n"))


def active(said: Said) -> list[str]:
    """What a client would make clickable in a message by itself and is not ours: neither a link we made nor a command we have."""
    text, entities = parse_html(said.markup)
    raw = text.encode("utf-16-le")
    for one in sorted((one for one in entities if one["type"] in ("text_link", "code")), key=lambda one: -int(one["offset"])):
        raw = raw[: one["offset"] * 2] + raw[(one["offset"] + one["length"]) * 2 :]
    found = found_texts(raw.decode("utf-16-le"))
    return [f"{kind} {part}" for kind, part in found if part not in _OUR_COMMANDS and not part.startswith(_OUR_LINKS)]


def shows(said: Said, foreign: str) -> bool:
    """Whether the letters of a foreign text, as far as it was not cut, can be read in a message."""
    beginning = clip(clean(foreign), 24).removesuffix("…")
    return beginning in bare(tagless(said.markup))


# --- made of an alert alone


def view_of(text: str, **more: Any) -> AlertView:
    """An alert in which everything that comes from outside is this text."""
    return alert_view(
        suppliers=(text, text, text),
        public_bodies=(text,),
        sentence=text,
        rule=text,
        cancel_reason=text,
        value=Money(amount=Decimal(50_000_000), currency="GBP", printed=text),
        entries=tuple(report(number, title=text, feed_name=f"{number} {text}", outlet=text, url=text) for number in range(1, 9)),
        matches=(match(watch_name=text, proof=text, flag="look-alike letters"),),
        **more,
    )


def notice_of(text: str) -> NoticeRecord:
    """A notice of which everything is this text."""
    return notice(number=text, url=f"https://notices.example/{text}", title=text, publisher=text, supplier_from=text)


def _alert(view: AlertView, speech: Speech, *, again: bool = False) -> Said:
    made = render_alert(view, speech, again=again)
    return Said("alert", made.html, made.buttons)


def _corrected(view: AlertView, *, withdrawn: bool = False) -> AlertView:
    names = FactChange(fact="suppliers", before=view.suppliers or ("x",), after=view.public_bodies or ("y",))
    value = FactChange(fact="value", before=view.value, after=view.value)
    entry = view.entries[0].entry_id if view.entries else 1
    one = Correction(at=view.created_at, entry_id=entry, changes=(names, value), said=view.sentence, withdrawn=withdrawn)
    return replace(view, corrections=(one,), withdrawn=withdrawn)


def _events(view: AlertView) -> tuple[ThreadEvent, ...]:
    """The history of a contract of which this is the last event."""
    made = ThreadEvent(
        story_id=view.story_id,
        event=view.event,
        published=view.created_at,
        happened_on=None,
        value=view.value,
        status=view.status,
        notice_number=None,
        withdrawn=False,
        reason="",
    )
    return (*(replace(made, published=view.created_at - timedelta(days=days), withdrawn=days == 9) for days in (400, 9)), made)


def _contract(view: AlertView, speech: Speech) -> Said:
    contract = ContractView(thread=view.thread, events=_events(view), views=(view,))
    return Said("contract", speech.directed(join("\n", [contract_head(contract, speech), *contract_lines(contract, speech)])).html)


def _group(kind: GroupKind) -> Callable[[AlertView, Speech], Said]:
    def together(view: AlertView, speech: Speech) -> Said:
        views = {number: replace(view, alert_id=number) for number in range(1, 25)}
        group = Group(leader_id=1, kind=kind, parts=tuple((number, number) for number in views), classes={view.alert: len(views)})
        made = render_group(group, views, speech, again=True)
        return Said(f"group: {kind}", made.html, made.buttons)

    return together


def _page(view: AlertView, speech: Speech) -> Said:
    return Said("page", speech.directed(render_page([view] * 10, speech, first=3, of=40)[0]).html)


def _watch(view: AlertView, speech: Speech) -> Said:
    """A watch in all its parts, as /watches and the question before it is saved say it."""
    organisation = Organisation(name=view.sentence)
    watch = Watch(organisation=organisation, partner=organisation, area=view.sentence, direct=True, without=view.suppliers)
    terms = Terms(kinds=frozenset({EventKind.AWARDED, EventKind.CANCELLED}), minimum=10**6, paused=True)
    return Said("watch", speech.directed(describe(watch, speech, terms)).html)


KINDS: Mapping[str, Callable[[AlertView, Speech], Said]] = {
    "alert": _alert,
    "second copy": partial(_alert, again=True),
    "corrected alert": lambda view, speech: _alert(_corrected(view), speech),
    "correction": lambda view, speech: _alert(replace(_corrected(view), reason="corrected"), speech),
    "alert that was taken back": lambda view, speech: _alert(_corrected(view, withdrawn=True), speech),
    "alert with a history": lambda view, speech: _alert(replace(view, history=_events(view)), speech),
    "alert told above": lambda view, speech: _alert(replace(view, told_above=True), speech),
    "unconfirmed alert": lambda view, speech: _alert(replace(view, unconfirmed=True), speech),
    "contract": _contract,
    "in a list": lambda view, speech: Said("brief", speech.directed(join("\n", list(render_brief(view, speech)))).html),
    **{f"together: {kind}": _group(kind) for kind in GroupKind},
    "page": _page,
    "why": lambda view, speech: Said("why", speech.directed(why(view, speech)).html),
    "watch": _watch,
}


# --- all of them


class _Anybody:
    """Telegram, to which everybody is an admin everywhere; ``file`` is what somebody sent."""

    def __init__(self, title: str, file: bytes) -> None:
        self._title, self._file = title, file

    async def is_admin(self, chat_id: int, user_id: int) -> bool:
        return True

    async def may_tell(self, place: Place) -> bool:
        return True

    async def find(self, chat: str, thread_id: int | None = None) -> Place | None:
        return Place(chat_id=GROUP, thread_id=None, type="supergroup", title=self._title)

    async def download(self, file_id: str) -> bytes:
        return self._file


async def _call(method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    return method(*args, **kwargs)


@dataclass
class Bot:
    """The bot over an empty store, in one language, among people, feeds and chats that are all called ``text``."""

    store: Store
    text: str
    language: str = "en"
    said: list[Said] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)
    now: datetime = NOW
    _update: int = 0
    _message: int = 100
    _pressed: set[str] = field(default_factory=set)
    _waiting: list[tuple[int, str]] = field(default_factory=list)
    _what: str = ""

    def __post_init__(self) -> None:
        policy = Policy(paces=Paces(private=timedelta(0), group=timedelta(0)))
        settings = Settings(policy=policy, per_second=1e6, edit_pause=timedelta(0))
        transports = {ChannelKind.TELEGRAM: self}
        self._deliverer = Deliverer(self.store, _call, transports, owner="wording", now=lambda: self.now, settings=settings)
        table = f"name,role\n{self._quoted},\n,{self._quoted}\n".encode()
        rights = _Anybody(self.text, table)
        self._desk = Desk(store=self.store, call=_call, rights=rights, username="watch_bot", admins=(ANN,))

    @property
    def _quoted(self) -> str:
        return '"' + self.text.replace('"', '""') + '"'

    # a transport of the deliverer

    async def send(self, claim: Claim, message: Message) -> Outcome:
        self._heard(
            Said(self._what or str(claim.kind), message.html, message.buttons, caption=message.file is not None), claim.channel.chat_id
        )
        self._message += 1
        return Sent(claim.edits or self._message)

    async def answers(self) -> bool:
        return True

    def _heard(self, said: Said, chat: int | None) -> None:
        self.said.append(said)
        for row in said.buttons:
            for _, data in row:
                shape = re.sub(r"[0-9a-f]{12,}|-?\d+", "#", data)
                if not data.startswith("https://") and chat is not None and shape not in self._pressed:
                    self._pressed.add(shape)
                    self._waiting.append((chat, data))

    # what happens

    async def live(self) -> None:
        """A chat, alerts of every kind, every command, every button."""
        self.set_up()
        await self.alerts()
        for command in (*COMMANDS, *OPERATORS):
            for argument in ("", self.text, *ARGUMENTS.get(command, ())):
                await self.ask(f"/{command} {argument.replace('{text}', self.text)}".strip(), ANN if argument else GROUP)
        for text in (self.text, f"https://press.example/1 {self.text}"):
            await self.ask(text, ANN)
        for old, new in (("left", "administrator"), ("administrator", "left")):
            await self.standing(old, new)
        await self.press_everything()
        await self.press(ANN, f"x:yes:{ANN}")

    def set_up(self) -> None:
        before = self.now - timedelta(days=40)
        watch = Watch(organisation=Organisation(name=self.text, aliases=(self.text,)), area=self.text, without=(self.text,))
        for chat, kind in ((ANN, "private"), (GROUP, "supergroup")):
            place = {"chat_id": chat, "thread_id": None}
            ensure = EnsureChannel(**place, type=kind, title=self.text if chat < 0 else "", language=self.language, added_by=ANN)
            follows = AddWatch(**place, watch=Watch(organisation=Organisation(name=self.text)))
            listed = AddWatchlist(**place, name=self.text, watches=((watch, Terms()),))
            self.store.apply([ensure, follows, listed], now=before)
        feeds = [
            Feed(id=one, kind=FeedKind.NEWS, url=f"https://{one}.example/rss", name=self.text, every=timedelta(minutes=15))
            for one in ("one", "two")
        ]
        self.store.sync_feeds(feeds, before)

    async def alerts(self) -> None:
        """A report, which a notice confirms, one that nothing confirms, a notice alone, many at once, and a digest."""
        self.publish("one", 1)
        await self.deliver("alert")
        self.publish("two", 1, notice=True)
        self.publish("one", 2, event=EventKind.AWARDED, notice=True)
        self.publish("one", 3)
        await self.deliver("alert with a notice")
        daily = SetTimes(chat_id=GROUP, thread_id=None, times=replace(AT_ANY_TIME, rhythm=Rhythm.DAILY))
        self.store.apply([daily], now=self.now)
        self.publish("one", *range(10, 14), notice=True)
        self.publish("one", *range(14, 40))
        await self.deliver("alerts together")
        self.now += timedelta(days=1)
        self.store.turn_timetables(self.now)
        await self.deliver("digest")
        self.now += timedelta(days=35)
        self.store.note_unconfirmed(self.now)
        await self.deliver("alert that nothing confirmed")

    def publish(self, feed_id: str, *numbers: int, event: EventKind = EventKind.CANCELLED, notice: bool = False) -> None:
        """A feed reports so many events, each its own story."""
        self.now += timedelta(minutes=1)
        watches = tuple(one for one in self.store.watches()[1] if one.name == self.text)
        found = [told(self._entry(feed_id, number), self._finding(number, event, watches, notice=notice)) for number in numbers]
        save(self.store, feed_id, *found, now=self.now, rules=Rules(), state=FeedState(seeded=True, last_ok_at=self.now))

    def _entry(self, feed_id: str, number: int) -> Entry:
        link = f"https://press.example/{number}"
        made = an_entry(f"{feed_id} {number}", self.text, summary=self.text, url=link, outlet=self.text, published=self.now)
        return replace(made, keys=(*made.keys, link_key(link) or b""))

    def _finding(self, number: int, event: EventKind, watches: tuple[Watch, ...], *, notice: bool) -> Finding:
        named = {"number": self.text, "title": self.text, "publisher": self.text, "supplier_from": self.text, "ocid": "ocds-1"}
        return Finding(
            event=event,
            suppliers=tuple(Party(name=f"{number} {self.text}") for _ in range(3)),
            public_bodies=(Party(name=self.text),),
            value=Money(amount=Decimal(50_000_000), currency="GBP", printed=self.text),
            happened_on=self.now,
            reason=self.text,
            evidence=Evidence(sentence=self.text, rule=self.text),
            matches=tuple(Match(watch=one.id, role=Role.SUPPLIER, proof=self.text, flag="look-alike letters") for one in watches),
            notice=a_notice(**named, type="UK12") if notice else None,
        )

    async def deliver(self, what: str) -> None:
        self._what = what
        self.store.fan_out(self.now)
        await self._deliverer.run_once(self.now)
        self.now += timedelta(seconds=1)

    async def ask(self, text: str, chat: int) -> None:
        more: dict[str, Any] = {}
        if text == "/import":
            more = {"document": {"file_id": "f", "file_unique_id": "u", "file_size": 9}}
        if text.startswith("https://"):
            more = {"entities": [{"type": "url", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]}
        message = {"message_id": 5, "date": int(self.now.timestamp()), "chat": self._chat(chat), "from": self._person, "text": text}
        await self._hear({"message": message | more}, text.split(maxsplit=1)[0] if text.startswith("/") else "words")

    async def standing(self, old: str, new: str) -> None:
        """We are let into the group and a channel, or shut out of them."""
        me = {"id": 1, "is_bot": True, "first_name": "Watch"}
        for chat in (self._chat(GROUP), {"id": CHANNEL, "type": "channel", "title": self.text}):
            members = {"old_chat_member": member(old, me), "new_chat_member": member(new, me)}
            body = {"chat": chat, "from": self._person, "date": int(self.now.timestamp())} | members
            await self._hear({"my_chat_member": body}, f"bot is {new}")

    async def press(self, chat: int, data: str) -> None:
        message = {"message_id": 5, "date": int(self.now.timestamp()), "chat": self._chat(chat), "text": "?"}
        query = {"id": "q", "from": self._person, "chat_instance": "1", "data": data, "message": message}
        await self._hear({"callback_query": query}, f"button {data.partition(':')[0]}")

    async def press_everything(self) -> None:
        """Every button that was shown, and those of the answers to it; one of each shape."""
        while self._waiting:
            await self.press(*self._waiting.pop(0))

    @property
    def pressed(self) -> set[str]:
        """The first letters of the buttons that were there to be pressed."""
        return {shape.partition(":")[0] for shape in self._pressed} & set(BUTTONS)

    @property
    def _person(self) -> Mapping[str, Any]:
        return {"id": ANN, "is_bot": False, "first_name": self.text, "language_code": self.language}

    def _chat(self, chat: int) -> dict[str, Any]:
        return (
            {"id": chat, "type": "private", "first_name": self.text} if chat > 0 else {"id": chat, "type": "supergroup", "title": self.text}
        )

    async def _hear(self, body: dict[str, Any], what: str) -> None:
        self._update += 1
        request = read(Update.de_json({"update_id": self._update, **body}, None), username="watch_bot")
        assert request is not None
        desk = await self._desk.speaking_to(request)  # type: ignore[arg-type]
        decision = await decide(request, desk, self.now)
        self.store.save_updates([InboxUpdate(update_id=self._update, raw={})], self.now)
        try:
            self.store.apply(decision.changes, update_id=self._update, replies=decision.replies, now=self.now)
        except (LimitReached, NotFound):  # what another button took away before, or too much: answered by a toast (``bot.updates``)
            decision = stale(desk)
        self._shown_at_once(decision, what)
        await self.deliver(what)

    def _shown_at_once(self, decision: Decision, what: str) -> None:
        self.toasts += [decision.toast] * bool(decision.toast)
        edit: Reply | None = decision.edit
        if edit is not None:
            self._heard(Said(f"{what}, edited", edit.text or _SAME, edit.buttons), edit.chat_id)
