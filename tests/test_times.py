"""When a chat is told: digests at a time of its own clock, quiet hours, and nothing lost or told twice on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from storing import a_finding, an_entry, chat, chat_watch, claim, must_claim, save, send, set_up, told

from bot.grouped import render_group
from bot.markup import WORD_JOINER
from bot.speech import speech_for
from storage.groups import GroupKind
from storage.records import ChannelState, MigrateChat, SetChannelState
from storage.store import Store, open_store
from storage.times import Rhythm, SetRhythm, SetTimes, SetZone, Times, last_due, next_turn, quiet_until
from watchers.types import EventKind

ANN = 7
LONDON, BERLIN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DAILY = Times(rhythm=Rhythm.DAILY, minute=8 * 60)
NIGHT = Times(quiet=(22 * 60, 7 * 60))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- the clock ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "night", "told"),
    [
        # 02:30 does not exist on 29 March in Berlin, and comes twice on 25 October.
        (BERLIN, "2026-03-28T12:00", ["2026-03-29T01:30", "2026-03-30T00:30", "2026-03-31T00:30"]),
        (BERLIN, "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30", "2026-10-27T01:30"]),
    ],
)
def test_a_digest_at_half_past_two_comes_once_on_each_of_the_two_nights(zone: ZoneInfo, night: str, told: list[str]) -> None:
    times, now, moments = Times(rhythm=Rhythm.DAILY, minute=150), utc(night), []
    seen = now
    while len(moments) < 3:
        now += 10 * MINUTE
        if last_due(Rhythm.DAILY, times, zone, now) > seen:
            moments.append(now)
            seen = now

    assert moments == [utc(one) for one in told]


@pytest.mark.parametrize(
    ("evening", "hours"),
    [("2026-03-28T22:00", 8), ("2026-10-24T21:00", 10), ("2026-06-01T21:00", 9)],
    ids=["spring", "autumn", "summer"],
)
def test_quiet_hours_over_midnight_begin_and_end_by_the_clock(evening: str, hours: int) -> None:
    begin = utc(evening)

    assert quiet_until(NIGHT, LONDON, begin - MINUTE) is None
    assert quiet_until(NIGHT, LONDON, begin) == begin + hours * HOUR
    assert quiet_until(NIGHT, LONDON, begin + hours * HOUR - MINUTE) == begin + hours * HOUR
    assert quiet_until(NIGHT, LONDON, begin + hours * HOUR) is None


def test_a_timetable_turns_at_the_next_of_all_its_times() -> None:
    times = Times(rhythm=Rhythm.WEEKLY, weekday=4, minute=18 * 60, quiet=(22 * 60, 7 * 60))

    assert next_turn({Rhythm.WEEKLY}, times, LONDON, utc("2026-06-05T12:00")) == utc("2026-06-05T17:00"), "a Friday at six"
    assert next_turn({Rhythm.WEEKLY}, times, LONDON, utc("2026-06-05T17:00")) == utc("2026-06-05T21:00")
    assert next_turn({Rhythm.AT_ONCE}, Times(), LONDON, utc("2026-06-05T12:00")) is None
    assert next_turn({Rhythm.HOURLY}, Times(rhythm=Rhythm.HOURLY), ZoneInfo("Asia/Kolkata"), utc("2026-06-05T12:00")) == utc(
        "2026-06-05T12:30"
    ), "the full hour of the chat's own clock"


@pytest.mark.parametrize("wrong", [{"minute": 1440}, {"quiet": (60, 60)}, {"weekday": 7}, {"quiet": (-1, 60)}])
def test_times_that_no_clock_shows_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no times that a clock shows"):
        Times(**wrong)  # type: ignore[arg-type]


# --- what is told when ----------------------------------------------------------------------------------------------------------------------

NOON = utc("2026-06-01T11:00")  # in London; a Monday


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Store]:
    """Where the database does not matter."""
    with open_store(sqlite_url) as store:
        yield store


class Told:
    """A person who watches Palantir, with a timetable."""

    def __init__(self, store: Store, times: Times) -> None:
        self.store, self.count = store, 0
        set_up(store, NOON)
        self.channel = chat(store, ANN, NOON, "Palantir")
        self.watch = chat_watch(store, "Palantir")
        store.apply([SetZone(chat_id=ANN, zone="Europe/London"), SetTimes(chat_id=ANN, times=times)], now=NOON)
        store.turn_timetables(NOON)

    def happens(self, now: datetime, *events: EventKind) -> None:
        for kind in events:
            self.count += 1
            found = a_finding(kind, f"Firm {self.count}", watches=(self.watch,))
            save(self.store, "bbc", told(an_entry(f"{self.count}"), found), now=now)
        self.tick(now)

    def tick(self, now: datetime) -> None:
        self.store.turn_timetables(now)
        self.store.fan_out(now)

    def receives(self, now: datetime) -> list[list[str]]:
        """Every message that is sent now, as the firms it names."""
        self.tick(now)
        messages: list[list[str]] = []
        while (claimed := claim(self.store, now)) is not None:
            group = self.store.group(claimed.delivery_id, self.channel) if claimed.grouped else None
            numbers = [claimed.alert_id] if group is None else [alert for _, alert in group.parts]
            views = [self.store.alert_view(number, self.channel) for number in numbers if number is not None]
            shown = None if group is None else {part: view.revision for (part, _), view in zip(group.parts, views, strict=True)}
            self.store.sent(
                claimed.delivery_id, owner="daemon", message_id=len(messages) + 1, revision=1, channel_pause_until=now, now=now, shown=shown
            )
            messages.append([view.suppliers[0] for view in views])
        return messages


AWARDED, CANCELLED = EventKind.AWARDED, EventKind.CANCELLED


def test_a_daily_digest_comes_at_its_time_with_everything_once_and_cancellations_first(store: Store) -> None:
    ann = Told(store, DAILY)
    ann.happens(NOON + HOUR, AWARDED, AWARDED, CANCELLED)
    ann.happens(NOON + 5 * HOUR, AWARDED, CANCELLED)
    morning = utc("2026-06-02T07:00")

    assert ann.receives(morning - MINUTE) == []
    assert store.next_delivery_at(morning - MINUTE) is None, "nobody waits for what is held"
    assert ann.receives(morning) == [["Firm 3", "Firm 5", "Firm 1", "Firm 2", "Firm 4"]]
    ann.happens(morning + MINUTE, AWARDED)
    assert ann.receives(morning + HOUR) == []
    assert ann.receives(morning + DAY) == [["Firm 6"]], "one alone is told in full"
    assert ann.receives(morning + 2 * DAY) == [], "and nothing when there is nothing"


def test_a_weekly_digest_is_neither_withheld_for_its_age_nor_lost_in_an_outage_of_two_weeks(sqlite: Store) -> None:
    ann = Told(sqlite, Times(rhythm=Rhythm.WEEKLY, weekday=0, minute=8 * 60))
    ann.happens(NOON + HOUR, AWARDED, CANCELLED)
    monday = utc("2026-06-08T07:00")
    sqlite.expire(monday + DAY)
    ann.tick(monday + 14 * DAY)
    sqlite.expire(monday + 14 * DAY)

    assert ann.receives(monday + 14 * DAY) == [["Firm 2", "Firm 1"]]
    assert sqlite.ledger(monday + 14 * DAY).problems == ()


def test_quiet_hours_hold_all_but_cancellations(store: Store) -> None:
    ann = Told(store, NIGHT)
    night, morning = utc("2026-06-01T23:00"), utc("2026-06-02T06:00")
    ann.happens(night, AWARDED, CANCELLED, AWARDED)

    assert ann.receives(night) == [["Firm 2"]]
    assert ann.receives(morning - MINUTE) == []
    assert ann.receives(morning) == [["Firm 1"], ["Firm 3"]], "a few are told in full"


def test_more_than_a_few_of_one_night_are_one_message_and_so_are_cancellations_that_may_not_break_through(sqlite: Store) -> None:
    ann = Told(sqlite, Times(quiet=NIGHT.quiet, urgent=False))
    ann.happens(utc("2026-06-01T23:00"), AWARDED, AWARDED, AWARDED, CANCELLED)

    assert ann.receives(utc("2026-06-01T23:30")) == []
    assert ann.receives(utc("2026-06-02T06:00")) == [["Firm 4", "Firm 1", "Firm 2", "Firm 3"]]


def test_what_waits_to_be_sent_when_quiet_hours_begin_waits_for_their_end(sqlite: Store) -> None:
    ann = Told(sqlite, NIGHT)
    ann.happens(utc("2026-06-01T20:59"), AWARDED)
    after = utc("2026-06-02T01:00")

    assert ann.receives(after) == [], "nobody was at work as they began"
    assert ann.receives(utc("2026-06-02T06:00")) == [["Firm 1"]]


def test_a_digest_that_falls_into_quiet_hours_comes_at_their_end(sqlite: Store) -> None:
    ann = Told(sqlite, Times(rhythm=Rhythm.DAILY, minute=150, quiet=(22 * 60, 7 * 60)))
    ann.happens(NOON, AWARDED, AWARDED)

    assert ann.receives(utc("2026-06-02T02:00")) == []
    assert ann.receives(utc("2026-06-02T06:00")) == [["Firm 1", "Firm 2"]]


def test_one_list_may_be_told_sooner_than_the_rest(store: Store) -> None:
    ann = Told(store, DAILY)
    store.apply([SetRhythm(chat_id=ANN, rhythm=Rhythm.HOURLY)], now=NOON)
    ann.happens(NOON + MINUTE, AWARDED, AWARDED)

    assert ann.receives(NOON + 59 * MINUTE) == []
    assert ann.receives(NOON + HOUR) == [["Firm 1", "Firm 2"]]
    store.apply([SetRhythm(chat_id=ANN, rhythm=Rhythm.AT_ONCE)], now=NOON + HOUR)
    ann.happens(NOON + HOUR, AWARDED)
    assert ann.receives(NOON + HOUR) == [["Firm 3"]]
    store.apply([SetRhythm(chat_id=ANN, rhythm=None)], now=NOON + HOUR)
    ann.happens(NOON + HOUR, AWARDED)
    assert ann.receives(NOON + 2 * HOUR) == []


@pytest.mark.parametrize("new", [Times(), Times(rhythm=Rhythm.HOURLY), NIGHT], ids=["at once", "hourly", "quiet hours only"])
def test_nothing_that_waits_for_a_digest_is_lost_when_the_digest_is_given_up(sqlite: Store, new: Times) -> None:
    ann = Told(sqlite, DAILY)
    ann.happens(NOON, AWARDED, AWARDED)
    sqlite.apply([SetTimes(chat_id=ANN, times=new)], now=NOON + MINUTE)

    assert ann.receives(NOON + 2 * MINUTE) == [["Firm 1", "Firm 2"]]


def test_a_digest_at_a_new_time_is_not_told_at_once(sqlite: Store) -> None:
    ann = Told(sqlite, DAILY)
    ann.happens(NOON, AWARDED, AWARDED)
    sqlite.apply([SetTimes(chat_id=ANN, times=Times(rhythm=Rhythm.DAILY, minute=11 * 60))], now=NOON + MINUTE)

    assert ann.receives(NOON + 2 * MINUTE) == []
    assert ann.receives(utc("2026-06-02T10:00")) == [["Firm 1", "Firm 2"]]


def test_a_digest_that_was_not_sent_is_sent_again_as_one(sqlite: Store) -> None:
    ann = Told(sqlite, DAILY)
    ann.happens(NOON, AWARDED, CANCELLED, AWARDED)
    morning = utc("2026-06-02T07:00")
    ann.tick(morning)
    claimed = must_claim(sqlite, morning)
    sqlite.retry(
        claimed.delivery_id, owner="daemon", not_before=morning, maybe_sent=False, error="502", channel_pause_until=None, now=morning
    )

    assert ann.receives(morning) == [["Firm 2", "Firm 1", "Firm 3"]]


def test_a_kill_in_the_middle_of_a_digest_repeats_it_marked_and_whole(store: Store) -> None:
    ann = Told(store, DAILY)
    ann.happens(NOON, AWARDED, CANCELLED)
    morning = utc("2026-06-02T07:00")
    ann.tick(morning)
    must_claim(store, morning)
    later = morning + HOUR
    store.recover(later)
    ann.happens(later, AWARDED)
    again = must_claim(store, later)

    assert again.maybe_sent
    group = store.group(again.delivery_id, ann.channel)
    assert group is not None
    assert len(group.parts) == 2, "what came since waits for the next one"


def test_who_is_back_in_the_night_is_told_in_the_morning(sqlite: Store) -> None:
    ann = Told(sqlite, NIGHT)
    gone, back = utc("2026-06-01T15:00"), utc("2026-06-01T23:00")
    sqlite.apply([SetChannelState(chat_id=ANN, state=ChannelState.SUSPENDED, reason="blocked")], now=gone)
    ann.happens(gone + MINUTE, AWARDED)
    sqlite.apply([SetChannelState(chat_id=ANN, state=ChannelState.ACTIVE)], now=back)

    assert ann.receives(back) == []
    assert ann.receives(utc("2026-06-02T06:00")) == [["Firm 1"]]


def test_a_group_that_moves_keeps_its_times(store: Store) -> None:
    Told(store, DAILY)
    chat(store, -1007, NOON, "Serco")
    store.apply([MigrateChat(old_chat_id=ANN, new_chat_id=-1007)], now=NOON)
    channel = store.channel(-1007)

    assert channel is not None
    assert store.times(channel.id) == DAILY


def test_a_digest_reads_by_kind_and_watch_with_a_button_for_each(sqlite: Store) -> None:
    ann = Told(sqlite, DAILY)
    ann.happens(NOON, AWARDED, CANCELLED, AWARDED)
    morning = utc("2026-06-02T07:00")
    ann.tick(morning)
    group = sqlite.group(must_claim(sqlite, morning).delivery_id, ann.channel)
    assert group is not None
    assert group.kind is GroupKind.DIGEST
    views = {number: sqlite.alert_view(alert, ann.channel) for number, alert in group.parts}
    message = render_group(group, views, speech_for("en", "Europe/London"))

    assert message.plain.replace(WORD_JOINER, "").split("\n") == [
        "🗂 DIGEST: 3 ALERTS · 🔴 1 · 🟢 2",
        "",
        "🔴 CANCELLED: 1",
        "1. Firm 2 · 1 Jun",
        "",
        "🟢 AWARDED: 2",
        "2. Firm 1 · 1 Jun",
        "3. Firm 3 · 1 Jun",
        "",
        "A number opens its alert.",
    ]
    first, *_ = group.parts
    assert message.buttons[0][0] == ("1", f"o:{first[1]}")
    assert message.shown == {number: 1 for number, _ in group.parts}


def test_a_story_of_a_digest_that_changes_edits_it(sqlite: Store) -> None:
    ann = Told(sqlite, DAILY)
    ann.happens(NOON, AWARDED, AWARDED)
    morning = utc("2026-06-02T07:00")
    assert ann.receives(morning) == [["Firm 1", "Firm 2"]]
    save(sqlite, "itv", told(an_entry("again"), a_finding(AWARDED, "Firm 2", watches=(ann.watch,))), now=morning + HOUR)
    edit = must_claim(sqlite, morning + 2 * HOUR)

    assert (edit.edits, edit.grouped) == (1, True)
    assert send(sqlite, edit, morning + 2 * HOUR)


def test_a_tick_with_nothing_due_reads_an_index_however_many_timetables_there_are(sqlite: Store) -> None:
    Told(sqlite, DAILY)
    statements: list[str] = []
    event.listen(sqlite._db._reader, "before_cursor_execute", lambda c, cursor, statement, *_: statements.append(statement))
    sqlite.turn_timetables(NOON + HOUR)
    [asked] = [one for one in statements if "timetable" in one]
    plan = sqlite._db.read(lambda connection: connection.exec_driver_sql("EXPLAIN QUERY PLAN " + asked.replace("?", "0")).all())

    assert not [step for step in plan if "SCAN" in step[3]]
