"""Who does what: a stranger, a group, a channel, a forum, somebody who reads Arabic, an activist, and whoever runs the bot, in one week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.transcript.stage import Person, Stage
from bot.speech import speech_for
from bot.texts import pressed, talking, watching, wishes
from storage.alert_changes import MuteKind, Wrong

ANN = Person(id=501, name="Ann")
BEA = Person(id=502, name="Bea, a member")
CARL = Person(id=503, name="Carl, an admin")
HIDDEN = Person(id=504, name="An anonymous admin", hidden=True)
DORA = Person(id=505, name="Dora")
EMIL = Person(id=506, name="Emil")
LAYLA = Person(id=507, name="Layla", language="ar")
FAY = Person(id=508, name="Fay")
GUS = Person(id=509, name="Gus")
OLA = Person(id=510, name="Ola, who runs the bot")

GROUP, CHANNEL, FORUM = -1001001001001, -1001001001002, -1001001001003
SCHOOLS, POLICE = 11, 12
TOPICS = {SCHOOLS: "Schools", POLICE: "Police"}
BEGIN = datetime(2026, 5, 19, 17, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A part of the page: what is seen in these chats."""

    title: str
    about: str
    chats: dict[int, str]  # and what they are called where there are several
    right_to_left: bool = False


CHAPTERS = (
    Chapter(
        title="A stranger",
        about="Ann has heard of the bot and opens a private chat with it. She keeps it for four days.",
        chats={ANN.id: ""},
    ),
    Chapter(
        title="A group",
        about="Three roles: Bea is a member, Carl an admin, and one admin writes in the name of the group.",
        chats={GROUP: "In the group “Northmere Watch”", CARL.id: "Carl’s private chat", HIDDEN.id: ""},
    ),
    Chapter(
        title="A channel",
        about="Dora owns the channel @northmere_news, which nobody but admins can write in. She manages it from her private chat with the bot.",
        chats={
            DORA.id: "Dora’s private chat",
            CHANNEL: "In the channel “Northmere News”, where 4,000 people read",
            EMIL.id: "Emil’s private chat",
        },
    ),
    Chapter(
        title="A forum with two topics",
        about="Carl is an admin of a newsroom’s forum. Each topic has watches of its own.",
        chats={FORUM: "In the forum “Newsroom”"},
    ),
    Chapter(
        title="In Arabic",
        about="Layla’s Telegram is set to Arabic, so the bot speaks Arabic to her, from right to left.",
        chats={LAYLA.id: ""},
        right_to_left=True,
    ),
    Chapter(
        title="An activist",
        about="Fay keeps a watchlist for her campaign and shares it with Gus.",
        chats={FAY.id: "Fay’s private chat", GUS.id: "Gus’s private chat"},
    ),
    Chapter(
        title="Whoever runs the bot",
        about="Ola’s number stands in the configuration as that of an admin.",
        chats={OLA.id: ""},
    ),
)


async def play(stage: Stage) -> None:
    """The week, in order of time; what happens in one chat is read by itself in its chapter."""
    _set_up(stage)
    await stage.poll()
    for begin in (_ola_begins, _ann_begins, _group_begins, _channel_begins, _forum_begins, _layla_begins, _fay_begins):
        await begin(stage)
    await stage.until(datetime(2026, 5, 19, 17, 40, tzinfo=UTC))  # what followers of a list hear together
    await stage.until(datetime(2026, 5, 20, 17, 0, tzinfo=UTC))
    await stage.poll()
    await _wednesday(stage)
    await stage.until(datetime(2026, 5, 21, 17, 0, tzinfo=UTC))
    await stage.poll()
    await stage.until(datetime(2026, 5, 22, 7, 0, tzinfo=UTC))
    await _friday_morning(stage)
    await stage.until(datetime(2026, 5, 22, 17, 0, tzinfo=UTC))
    await stage.poll()
    await _friday_evening(stage)
    await stage.until(datetime(2026, 5, 22, 22, 0, tzinfo=UTC))
    await stage.poll()
    await stage.until(datetime(2026, 5, 23, 6, 0, tzinfo=UTC))  # the end of Ann's quiet hours
    await stage.until(datetime(2026, 5, 23, 9, 0, tzinfo=UTC))
    await _saturday(stage)
    await stage.until(datetime(2026, 5, 25, 8, 0, tzinfo=UTC))  # weekly reports


def _set_up(stage: Stage) -> None:
    add = stage.api.add_chat
    add(GROUP, type="supergroup", title="Northmere Watch", members={BEA.id: "member", CARL.id: "administrator", HIDDEN.id: "administrator"})
    add(
        CHANNEL,
        type="channel",
        title="Northmere News",
        username="northmere_news",
        members={DORA.id: "creator", EMIL.id: "member"},
        bot="left",
    )
    add(FORUM, type="supergroup", title="Newsroom", topics={SCHOOLS, POLICE}, members={CARL.id: "administrator"})
    for person in (ANN, CARL, DORA, EMIL, LAYLA, FAY, GUS, OLA):
        add(person.id)


async def _ola_begins(stage: Stage) -> None:
    await stage.write(OLA, "/start")
    await stage.write(OLA, "/admin")
    await stage.press(OLA, "Feeds")


async def _ann_begins(stage: Stage) -> None:
    await stage.write(ANN, "/start")
    await stage.write(ANN, "Palantir")
    stage.draw("question", ANN.id, last=2)
    await stage.press(ANN, wishes.CHANGE)
    await stage.press(ANN, wishes.AS_SUPPLIER)
    await stage.press(ANN, wishes.BACK)
    await stage.press(ANN, wishes.SAVE)
    stage.say(ANN.id, "Several at once, one a line; the second line is a slip.")
    await stage.write(ANN, "/watch Serco\nX\nCapita\nFujitsu as supplier\nNorthmere Council as public body")
    await stage.press(ANN, watching.TAKE_NAMES)
    await stage.press(ANN, wishes.SAVE)
    await stage.write(ANN, "/watches")
    await stage.write(ANN, "/zone London")
    await stage.write(ANN, "/status")


async def _group_begins(stage: Stage) -> None:
    await stage.arrive(GROUP, CARL, "left", "member")
    await stage.write(BEA, "/watch Serco", chat=GROUP)
    await stage.write(CARL, "/watch Palantir", chat=GROUP)
    await stage.press(BEA, wishes.SAVE, chat=GROUP)
    await stage.press(CARL, wishes.SAVE, chat=GROUP)
    await stage.write(HIDDEN, "/watch Northmere Council", chat=GROUP)
    await stage.press(HIDDEN, wishes.SAVE, chat=GROUP)
    await stage.write(BEA, "/watches", chat=GROUP)
    await stage.write(CARL, "/watches", chat=GROUP)
    await stage.write(CARL, "/start")
    await stage.write(CARL, "/watches", chat=GROUP)


async def _channel_begins(stage: Stage) -> None:
    await stage.write(DORA, "/start")
    await stage.write(DORA, "/watch @northmere_news Northmere Council")
    stage.say(DORA.id, "She makes the bot an admin of the channel that may post.")
    await stage.arrive(CHANNEL, DORA, "left", "administrator")
    await stage.write(DORA, "/watch @northmere_news Northmere Council")
    await stage.press(DORA, wishes.SAVE)
    await stage.write(DORA, "/settings @northmere_news")
    await stage.press(DORA, "🔔")
    await stage.press(DORA, "Cancellations only")
    await stage.write(EMIL, "/watch @northmere_news Serco")
    await stage.write(EMIL, "/watches @northmere_news")


async def _forum_begins(stage: Stage) -> None:
    await stage.arrive(FORUM, CARL, "left", "member")
    for topic, name in ((SCHOOLS, "Northmere Council"), (POLICE, "Metropolitan Police")):
        inside = {"message_thread_id": topic, "is_topic_message": True}
        await stage.write(CARL, f"/watch {name}", chat=FORUM, **inside)
        await stage.press(CARL, wishes.SAVE, chat=FORUM)


async def _layla_begins(stage: Stage) -> None:
    arabic = speech_for("ar")
    await stage.write(LAYLA, "/start")
    await stage.write(LAYLA, "Palantir")
    await stage.press(LAYLA, arabic.label(wishes.SAVE))
    await stage.write(LAYLA, "/watch وزارة الصحة")
    await stage.press(LAYLA, arabic.label(wishes.SAVE))
    await stage.write(LAYLA, "/watches")
    await stage.write(LAYLA, "/help")


async def _fay_begins(stage: Stage) -> None:
    await stage.write(FAY, "/start")
    await stage.write(FAY, "/help")
    await stage.write(FAY, "/watch cancellations by London bodies")
    await stage.press(FAY, wishes.SAVE)
    await stage.write(FAY, "/watch Palantir AND Metropolitan Police over £1m without football")
    await stage.press(FAY, wishes.SAVE)
    await stage.write(FAY, "/list Northmere contractors\nSerco as supplier\nCapita as supplier over £1m")
    await stage.write(FAY, "/lists")
    await stage.press(FAY, "1. Northmere")
    await stage.press(FAY, "🔗")
    link = stage.api.last(FAY.id)["text"].partition("start=")[2].split()[0]
    await stage.write(GUS, f"/start {link}")
    await stage.write(FAY, "/list Northmere contractors\nFujitsu")
    await stage.write(FAY, "/lists")
    await stage.press(FAY, "📦")
    await stage.press(FAY, "Consultancies")
    await stage.press(FAY, "➕")


async def _wednesday(stage: Stage) -> None:
    stage.draw("alert", ANN.id)
    stage.draw("alert-in-arabic", LAYLA.id, last=2)
    await stage.press(ANN, pressed.WHY_BUTTON)
    await stage.press(ANN, pressed.MORE_BUTTON)
    await stage.press(ANN, pressed.EVIDENCE_BUTTON)
    stage.say(ANN.id, "Five watches and a message for each story: she would rather read them together, over breakfast.")
    await stage.write(ANN, "/settings")
    await stage.press(ANN, "⏱")
    await stage.press(ANN, "once a day")
    await stage.press(ANN, "🕘")
    await stage.press(ANN, "08:00")
    await stage.press(BEA, pressed.WHY_BUTTON, chat=GROUP)
    await stage.press(BEA, pressed.MUTE_BUTTON, chat=GROUP)
    await stage.press(CARL, pressed.MUTE_BUTTON, chat=GROUP)
    await stage.press(CARL, pressed.MUTE[MuteKind.STORY], chat=GROUP)
    await stage.press(CARL, pressed.FOR_A_DAY, chat=GROUP)
    await stage.press(LAYLA, speech_for("ar").label(pressed.WHY_BUTTON))
    stage.api.chats[FORUM].closed = {SCHOOLS}


async def _friday_morning(stage: Stage) -> None:
    stage.draw("digest", ANN.id)
    await stage.press(ANN, "2", on="DIGEST")
    await stage.press(ANN, pressed.MUTE_BUTTON)
    await stage.press(ANN, pressed.MUTE[MuteKind.CONTRACT])
    await stage.press(ANN, pressed.FOR_GOOD)
    await stage.write(ANN, "/mutes")
    await stage.press(ANN, "1", on="Muted here")
    await stage.press(ANN, "4", on="DIGEST")
    await stage.press(ANN, pressed.WRONG_BUTTON)
    await stage.press(ANN, pressed.WRONG[Wrong.NOT_DECIDED])
    stage.say(ANN.id, "She wants cancellations at once after all, but not at night.")
    await stage.write(ANN, "/settings")
    await stage.press(ANN, "⏱")
    await stage.press(ANN, "at once")
    await stage.press(ANN, "🌙")
    await stage.press(ANN, "22:00")
    await stage.press(EMIL, pressed.WHY_BUTTON, chat=CHANNEL)
    await stage.press(EMIL, pressed.WRONG_BUTTON, chat=CHANNEL)


async def _friday_evening(stage: Stage) -> None:
    await stage.write(ANN, "/contract", **stage.answering(ANN, "£120,000,000"))
    await stage.write(ANN, "/latest")


async def _saturday(stage: Stage) -> None:
    await stage.write(ANN, "/watches")
    await stage.press(ANN, "2. Capita")
    await stage.press(ANN, "⏸")
    await stage.press(ANN, "🗑")
    await stage.press(ANN, "↩️")
    await stage.write(ANN, "/unwatch Capita")
    await stage.write(ANN, "/privacy")
    await stage.write(ANN, "/export")
    await stage.write(ANN, "/forget")
    await stage.press(ANN, talking.FORGET_YES)
    await stage.write(FAY, "/watch Palantir\n/start\n" + "X" * 90)
    await stage.write(FAY, "Hello!\nHow are you?")
    await stage.write(FAY, "/wotch Serco")
