"""Floods: what could be dozens of messages, and how many a person receives. Real feeds, rules, store, deliverer; only Telegram is not real."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from botapi import BotApi
from raw_server import answer
from spine import PALANTIR, START, Spine, a_spine, item, notice, rss
from storing import a_feed, a_finding, a_notice, an_entry, chat, chat_watch, claim, must_claim, save, set_up, told
from telegramworld import QUICK, World, bare

from bot.facade import StoreCalls
from bot.texts import answers
from bot.texts import evidence as texts
from storage.groups import GroupKind, Waiting, first_group
from storage.records import AddWatch, ChannelState, DeliveryState, EnsureChannel, SetChannelState
from storage.store import Store, open_store
from watchers.types import AlertClass, EventKind, Organisation, Party, Watch
from watchers.workers import Workers

ANN = 7
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[Workers]:
    async with Workers(processes=1) as running:
        yield running


@dataclass
class Flood:
    """A person who watches Palantir, and what reaches them."""

    spine: Spine
    world: World
    seen: int = 0

    async def receives(self, *, patience: float = 1.0) -> list[str]:
        """Deliver all that is due; the messages that came since the last time."""
        self.world.now_ahead = self.spine.now - datetime.now(UTC)
        self.spine.store.fan_out(self.spine.now)
        await self.world.deliverer.settle(timedelta(seconds=patience))
        return self.new()

    def new(self) -> list[str]:
        shown = [bare(text) for text in self.world.api.shown(ANN)]
        fresh, self.seen = shown[self.seen :], len(shown)
        return fresh

    async def polled(self) -> list[str]:
        await self.spine.round()
        return await self.receives()


@pytest_asyncio.fixture(loop_scope="module")
async def flood(store: Store, workers: Workers) -> AsyncIterator[Flood]:
    async with a_spine(store, workers) as spine, BotApi() as api:
        call = StoreCalls(1)
        world = World(store, api, call)
        api.add_chat(ANN)
        follow(spine, "Palantir")
        try:
            yield Flood(spine, world)
        finally:
            await world.deliverer.drain()
            await world.telegram.close()
            call.close()


def follow(spine: Spine, *names: str) -> None:
    changes: list[Any] = [EnsureChannel(chat_id=ANN, type="private", title="", language="en")]
    changes += [AddWatch(chat_id=ANN, watch=Watch(organisation=Organisation(name=name))) for name in names]
    spine.store.apply(changes, now=spine.now - timedelta(hours=1))


BODIES = (
    "Leeds Council",
    "Met Police",
    "Dorset Council",
    "Harrow Council",
    "Kent Council",
    "NHS England",
    "Camden Council",
    "Fife Council",
)


def reports(count: int, *, guid: str = "", shift: timedelta = timedelta(0)) -> bytes:
    """Contracts of one supplier with as many bodies; ``guid`` is part of every link and guid, ``shift`` is added to every date."""
    titles = [f"{body} cancels £{place + 3}m contract with Palantir" for place, body in enumerate(BODIES[:count])]
    quiet = [item(f"Library {number} opens on Sundays", f"q{number}{guid}") for number in range(5)]
    return rss(*[item(title, f"{place}{guid}", at=START - timedelta(minutes=place) + shift) for place, title in enumerate(titles)], *quiet)


def serve(flood: Flood, document: bytes) -> None:
    flood.spine.route("/bbc", answer(document, Content_Type="text/xml"))


# --- a feed that forgets who its entries were ---------------------------------------------------------------------------------------------


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("shift", [timedelta(0), timedelta(days=10)], ids=["dates as they were", "dates as of today"])
async def test_a_feed_that_rewrites_all_its_guids_and_links_sends_nothing_new(flood: Flood, shift: timedelta) -> None:
    serve(flood, reports(6))
    assert len(await flood.polled()) == 6

    for hour in range(3):
        serve(flood, reports(6, guid=f"-v{hour}"))
        assert await flood.polled() == []
    flood.spine.now += timedelta(days=10)
    serve(flood, reports(6, guid="-later", shift=shift))
    assert await flood.polled() == []


@pytest.mark.asyncio(loop_scope="module")
async def test_the_first_poll_of_a_feed_sends_nothing_and_what_comes_later_does(flood: Flood) -> None:
    flood.spine.route("/bbc", answer(reports(6), Content_Type="text/xml"))
    flood.spine.add(a_feed("bbc", url=flood.spine.web.url("/bbc"), seeds=True))
    assert await flood.polled() == []

    serve(flood, reports(7))
    assert len(await flood.polled()) == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_entries_that_come_too_old_are_kept_and_listed_and_never_sent(flood: Flood) -> None:
    serve(flood, reports(6, shift=-timedelta(days=31)))
    assert await flood.polled() == []

    count, listed = flood.spine.store.old_entries(3)

    assert (count, len(listed)) == (6, 3), "what is not dated as old is none of them"
    _, everything = flood.spine.store.old_entries(100)
    assert sum("cancelled" in one.events for one in everything) == 6


# --- many notices at once -----------------------------------------------------------------------------------------------------------------


def framework(count: int) -> list[dict[str, Any]]:
    return [notice("uk7_signed", number) for number in range(1, count + 1)]


@pytest.mark.asyncio(loop_scope="module")
async def test_37_notices_of_one_framework_are_one_message_that_opens_to_all_of_them(flood: Flood) -> None:
    flood.spine.watch(PALANTIR)
    supplier = framework(1)[0]["awards"][0]["suppliers"][0]["name"]
    follow(flood.spine, supplier)
    flood.spine.register(*framework(37))

    (message,) = await flood.polled()

    assert message.startswith("🟢 37 AWARDED · ")
    assert message.count("🟢 AWARDED") == 3
    assert flood.spine.store.counts(flood.spine.now).deliveries["sent"] >= 37
    async with flood.world.running():
        listed = await opened(flood, "+34 more")
    assert len(listed) == 4
    assert sum(page.count("🟢 AWARDED") for page in listed) == 34
    numbers = [found for page in (message, *listed) for found in re.findall(r"\d{6}-2026", page)]
    assert set(numbers) == {f"{number:06}-2026" for number in range(1, 38)}


async def opened(flood: Flood, label: str) -> list[str]:
    """Press the button, and the one under what it brings, until there is none."""
    pages: list[str] = []
    api = flood.world.api
    while label:
        before = len(api.shown(ANN))
        api.press(ANN, api.last(ANN), label=label)
        await api.until(lambda before=before: len(api.shown(ANN)) > before)
        pages += flood.new()
        rows = api.last(ANN).get("reply_markup", {}).get("inline_keyboard", [])
        label = rows[0][0]["text"] if rows else ""
    return pages


@pytest.mark.asyncio(loop_scope="module")
async def test_more_at_once_than_anybody_reads_is_one_message_that_opens_to_all_of_them_cancellations_first(flood: Flood) -> None:
    awards = [f"{place} Council awards £{number + 3}m contract to Palantir" for number, place in enumerate(PLACES)]
    ends = [f"{body} cancels £{number + 40}m contract with Palantir" for number, body in enumerate(BODIES)]
    serve(flood, rss(*[item(title, str(number)) for number, title in enumerate((*awards, *ends))]))

    (message,) = await flood.polled()

    assert message.startswith("🗂 33 ALERTS · 🔴 8 · 🟢 25\nSo many came at once that they are told together.")
    assert all(body in message for body in BODIES)
    assert message.index("CANCELLED") < message.index(BODIES[0]) < message.index("AWARDED")
    async with flood.world.running():
        listed = await opened(flood, "+13 more")
    text = "\n".join((message, *listed))
    assert [text.count(f"{place} Council") >= 1 for place in PLACES] == [True] * len(PLACES)
    assert waits(flood) == ["sent"] * 33


PLACES = (
    *("Harrow", "Dorset", "Leeds", "Kent", "Camden", "Fife", "Powys", "Derry", "Hull", "Bath", "Wigan", "Bury", "Kirklees", "Croydon"),
    *("Brent", "Ealing", "Hackney", "Sutton", "Merton", "Bexley", "Barnet", "Enfield", "Newham", "Bolton", "Oldham"),
)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_message_of_many_whose_fate_is_unknown_comes_once_more_marked_and_whole(flood: Flood) -> None:
    follow(flood.spine, framework(1)[0]["awards"][0]["suppliers"][0]["name"])
    flood.spine.register(*framework(5))
    flood.world.api.fail("sendMessage", "reset", after=True)

    first, second = await flood.polled()

    assert first.startswith("🟢 5 AWARDED")
    assert second == f"↻ {first}"
    assert waits(flood) == ["sent"] * 5
    assert await flood.receives() == []


@pytest.mark.asyncio(loop_scope="module")
async def test_who_asks_for_the_evidence_of_many_chooses_one(flood: Flood) -> None:
    follow(flood.spine, framework(1)[0]["awards"][0]["suppliers"][0]["name"])
    flood.spine.register(*framework(4))
    await flood.polled()
    api = flood.world.api
    async with flood.world.running():
        question = await flood.world.ask(ANN, "/evidence", reply_to_message=api.last(ANN))
        assert question == texts.OF_MANY
        buttons = [row[0]["text"] for row in api.last(ANN)["reply_markup"]["inline_keyboard"]]
        assert [label.partition(".")[0] for label in buttons] == ["1", "2", "3", "4"]
        api.press(ANN, api.last(ANN), label=buttons[2])
        await api.until(lambda: api.files)
    assert list(api.files) == ["evidence-3.txt"]


# --- a chat that comes back ---------------------------------------------------------------------------------------------------------------


def at(flood: Flood, *, state: ChannelState) -> None:
    flood.spine.store.apply([SetChannelState(chat_id=ANN, state=state, reason="blocked")], now=flood.spine.now)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_chat_that_comes_back_after_a_week_gets_three_messages_cancellations_first_and_nothing_twice(flood: Flood) -> None:
    serve(flood, reports(2))
    assert len(await flood.polled()) == 2
    at(flood, state=ChannelState.SUSPENDED)
    awards = [item(f"{place} Council awards £{number + 3}m contract to Palantir", f"a{number}") for number, place in enumerate(PLACES[:9])]
    serve(flood, rss(*awards))
    assert await flood.polled() == []
    serve(flood, reports(8))
    assert await flood.polled() == []
    flood.spine.now += timedelta(days=8)
    flood.spine.store.expire(flood.spine.now)

    at(flood, state=ChannelState.ACTIVE)
    first, second = await flood.receives()

    assert first.startswith("🔴 6 CANCELLED\nTold late and together")
    assert second.startswith("🟢 9 AWARDED\nTold late and together")
    assert [first.count("🔴 CANCELLED"), second.count("🟢 AWARDED")] == [6, 8]
    flood.spine.store.expire(flood.spine.now)
    async with flood.world.running():
        (rest,) = await opened(flood, "+1 more")
    assert rest.startswith("9 of 9")
    at(flood, state=ChannelState.ACTIVE)
    assert await flood.receives() == []


def waits(flood: Flood) -> list[str]:
    """The states of what was meant for the person."""
    sql = "SELECT state FROM delivery JOIN channel ON channel.id = channel_id WHERE chat_id = 7 AND delivery.kind = 'alert' ORDER BY delivery.id"
    return flood.spine.store._db.read(
        lambda connection: list(connection.exec_driver_sql(sql.replace("state FROM", "delivery.state FROM")).scalars())
    )


@pytest.mark.asyncio(loop_scope="module")
async def test_what_failed_because_the_bot_was_blocked_is_not_lost(flood: Flood) -> None:
    flood.world.api.chats[ANN].bot = "kicked"
    serve(flood, reports(5))
    assert await flood.polled() == []
    assert waits(flood) == ["failed", "pending", "pending", "pending", "pending"]
    flood.spine.now += timedelta(days=9)
    flood.spine.store.expire(flood.spine.now)

    flood.world.api.chats[ANN].bot = "member"
    at(flood, state=ChannelState.ACTIVE)
    (message,) = await flood.receives()

    assert message.startswith("🔴 5 CANCELLED")
    assert message.count("🔴 CANCELLED") == 5


@pytest.mark.asyncio(loop_scope="module")
async def test_who_never_comes_back_costs_nothing_and_what_is_over_a_month_old_is_not_owed(flood: Flood) -> None:
    at(flood, state=ChannelState.SUSPENDED)
    serve(flood, reports(5))
    await flood.polled()
    assert waits(flood) == []

    flood.spine.now += timedelta(days=31)
    at(flood, state=ChannelState.ACTIVE)
    assert await flood.receives() == []


# --- a restored backup --------------------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio(loop_scope="module")
async def test_a_restored_backup_repeats_at_most_a_marked_message_of_each_kind(workers: Workers, sqlite_url: str, tmp_path: Path) -> None:
    """Nobody knows any more that six alerts were sent after the copy was made; they come once more, together, and say so."""
    path, copy = Path(sqlite_url.removeprefix("sqlite:///")), tmp_path / "backup.db"
    async with BotApi() as api:
        api.add_chat(ANN)
        received: list[str] = []
        for restored in (False, True):
            if restored:
                for end in ("-wal", "-shm"):
                    path.with_name(path.name + end).unlink(missing_ok=True)
                shutil.copy(copy, path)
            with open_store(sqlite_url) as store:
                async with a_spine(store, workers) as spine:
                    flood = Flood(spine, World(store, api, StoreCalls(1), settings=QUICK), seen=len(api.shown(ANN)))
                    spine.now += timedelta(hours=9) if restored else timedelta(0)
                    assert store.begin(spine.now) == (START if restored else None)
                    if not restored:
                        follow(spine, "Palantir")
                        serve(flood, reports(2))
                        assert len(await flood.polled()) == 2
                        store.backup(copy)
                        store.at_work(spine.now)
                    serve(flood, reports(8))
                    received = await flood.polled()
                    if not restored:
                        assert len(received) == 6
                    else:
                        assert received == [], "what is seen again is gathered for a quarter of an hour"
                        await spine.round()
                        received = await flood.receives()
                        serve(flood, rss(item("Powys Council awards £9m contract to Palantir", "new", at=spine.now)))
                        later = await flood.polled()
                    await flood.world.deliverer.drain()
                    await flood.world.telegram.close()
        (message,) = received
        assert message.startswith("↻ 🔴 6 CANCELLED\nThe database was restored from a backup")
        assert [text[:9] for text in later] == ["🟢 AWARDED"[:9]], "what is new is told at once and unmarked"


def test_a_database_that_was_not_set_back_is_not_taken_for_one(sqlite_url: str, tmp_path: Path) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with open_store(sqlite_url) as store:
        assert store.begin(NOW) is None, "the first start"
        store.at_work(NOW + timedelta(minutes=1))
        store.backup(tmp_path / "copy.db")
        assert store.begin(NOW + timedelta(days=3)) is None, "down for days"
        store.at_work(NOW + timedelta(days=3, minutes=1))
    with open_store(sqlite_url) as store:
        assert store.begin(NOW + timedelta(days=2)) is None, "a clock that was set back"
        assert store.set_back() is None
    shutil.copy(tmp_path / "copy.db", path)
    with open_store(sqlite_url) as store:
        assert store.begin(NOW + timedelta(days=4)) == NOW + timedelta(minutes=1)
        assert store.begin(NOW + timedelta(days=4, minutes=1)) is None, "it is told once"


def test_a_restored_postgresql_database_is_known_by_its_new_tables(postgresql: Any) -> None:
    """As after ``pg_dump`` and ``pg_restore``: the same rows, in tables that were made anew."""
    with postgresql.database() as url, open_store(url) as store:
        assert store.begin(NOW) is None
        assert store.begin(NOW + timedelta(days=1)) is None
        for sql in ("ALTER TABLE delivery RENAME TO gone", "CREATE TABLE delivery (LIKE gone INCLUDING ALL)"):
            store._db.write(lambda connection, sql=sql: connection.exec_driver_sql(sql))
        assert store.begin(NOW + timedelta(days=2)) == NOW + timedelta(days=1)


# --- groups in the store ------------------------------------------------------------------------------------------------------------------


def waiting(count: int, *, kind: AlertClass | None = AlertClass.AWARDED, first: int = 1, minutes: int = 1, **more: Any) -> list[Waiting]:
    at = NOW - timedelta(minutes=minutes)
    subjects = frozenset(more.get("subject", ""))
    return [Waiting(delivery_id=first + n, alert=kind, subjects=subjects, at=at, again=more.get("again", False)) for n in range(count)]


@pytest.mark.parametrize(
    ("alerts", "told"),
    [
        (waiting(1), None),
        (waiting(20), None),
        (waiting(21), (GroupKind.BURST, 21, 1)),
        (waiting(30) + waiting(3, first=31, kind=AlertClass.CANCELLED), (GroupKind.BURST, 33, 31)),
        (waiting(3, subject="o") + waiting(20, first=4), (GroupKind.PROCESS, 3, 1)),
        (waiting(3, subject="o") + waiting(21, first=4), (GroupKind.BURST, 24, 1)),
        (waiting(3, minutes=300), None),
        (waiting(4, minutes=300), (GroupKind.LATE, 4, 1)),
        (waiting(4, minutes=300) + waiting(3, first=5, kind=AlertClass.CANCELLED), (GroupKind.LATE, 3, 5)),
        (waiting(2) + waiting(2, first=3, minutes=61), (GroupKind.LATE, 4, 1)),
        (waiting(2, subject="o"), None),
        (waiting(3, subject="o"), (GroupKind.PROCESS, 3, 1)),
        (waiting(1) + waiting(3, first=2, subject="o"), None),
        (waiting(3, subject="o") + waiting(5, first=4, subject="p"), (GroupKind.PROCESS, 3, 1)),
        (waiting(1, again=True), None),
        (waiting(1) + waiting(2, first=2, again=True), (GroupKind.AGAIN, 2, 2)),
        (waiting(4, minutes=300, kind=None) + waiting(1, first=5), (GroupKind.LATE, 1, 5)),
    ],
)
def test_what_is_told_together(alerts: Sequence[Waiting], told: tuple[GroupKind, int, int] | None) -> None:
    chosen = first_group(alerts, NOW)

    assert (None if chosen is None else (chosen[0], len(chosen[1]), chosen[1][0])) == told


def a_burst(store: Store, count: int = 5) -> int:
    """A chat for which notices of one process wait; says its channel."""
    set_up(store, NOW)
    channel = chat(store, ANN, NOW, "Palantir")
    watch = chat_watch(store, "Palantir")
    found = [
        told(
            an_entry(str(number)),
            a_finding(
                EventKind.AWARDED,
                f"Supplier {number}",
                watches=(watch,),
                suppliers=(Party(name=f"Supplier {number}"),),
                notice=a_notice(award_ids=(str(number),), number=f"{number:06}-2026"),
            ),
        )
        for number in range(count)
    ]
    save(store, "bbc", *found, now=NOW)
    store.fan_out(NOW)
    return channel


def test_what_waits_together_soon_after_a_burst_is_told_together_too() -> None:
    assert first_group(waiting(2), NOW, burst=True) == (GroupKind.BURST, (1, 2))
    assert first_group(waiting(1), NOW, burst=True) is None


def states(store: Store) -> dict[str, int]:
    return dict(store.counts(NOW).deliveries)


def test_a_group_is_recorded_with_all_its_alerts_at_once(store: Store) -> None:
    channel = a_burst(store)
    claimed = must_claim(store, NOW)
    assert claimed.grouped
    assert claim(store, NOW) is None, "the others wait with it"
    group = store.group(claimed.delivery_id, channel)
    assert group is not None
    assert (group.kind, len(group.parts), group.classes) == (GroupKind.PROCESS, 5, {AlertClass.AWARDED: 5})

    shown = {number: 1 for number, _ in group.parts[:3]}
    assert store.sent(claimed.delivery_id, owner="daemon", message_id=9, revision=None, channel_pause_until=NOW, now=NOW, shown=shown)

    assert states(store) == {DeliveryState.SENT: 5}
    assert store.alerts_shown(channel, message_id=9) == (1, 2, 3, 4, 5)
    assert claim(store, NOW + timedelta(hours=1)) is None


def test_a_story_of_a_group_that_changes_edits_its_message_and_one_that_is_not_shown_does_not(store: Store) -> None:
    channel = a_burst(store)
    claimed = must_claim(store, NOW)
    group = store.group(claimed.delivery_id, channel)
    assert group is not None
    shown = {number: 1 for number, _ in group.parts[:3]}
    store.sent(claimed.delivery_id, owner="daemon", message_id=9, revision=None, channel_pause_until=NOW, now=NOW, shown=shown)
    later = NOW + timedelta(hours=1)

    save(
        store,
        "itv",
        told(an_entry("more"), a_finding(EventKind.AWARDED, "Supplier 1", watches=(chat_watch(store, "Palantir"),))),
        now=later,
    )
    edit = must_claim(store, later)

    assert (edit.edits, edit.grouped) == (9, True)
    assert store.group(edit.delivery_id, channel) == group
    revisions = {number: 2 if place == 1 else 1 for place, (number, _) in enumerate(group.parts[:3])}
    store.sent(edit.delivery_id, owner="daemon", message_id=9, revision=None, channel_pause_until=later, now=later, shown=revisions)
    assert claim(store, later + timedelta(hours=1)) is None


def test_what_may_have_arrived_is_repeated_as_the_same_group(store: Store) -> None:
    channel = a_burst(store)
    claimed = must_claim(store, NOW)
    before = store.group(claimed.delivery_id, channel)
    store.recover(NOW)  # as after kill -9; on PostgreSQL the lease must end
    later = NOW + timedelta(hours=2)
    save(
        store,
        "itv",
        told(an_entry("more"), a_finding(EventKind.AWARDED, "Supplier 77", watches=(chat_watch(store, "Palantir"),))),
        now=later,
    )
    store.fan_out(later)

    again = must_claim(store, later)

    assert (again.delivery_id, again.maybe_sent, again.grouped) == (claimed.delivery_id, True, True)
    assert store.group(again.delivery_id, channel) == before


def test_what_surely_did_not_arrive_is_grouped_anew(store: Store) -> None:
    a_burst(store)
    claimed = must_claim(store, NOW)
    store.retry(claimed.delivery_id, owner="daemon", not_before=NOW, maybe_sent=False, error="429", channel_pause_until=None, now=NOW)

    again = must_claim(store, NOW)

    assert (again.delivery_id, again.grouped, again.maybe_sent) == (claimed.delivery_id, True, False)


def test_a_refused_group_does_not_take_the_others_along(store: Store) -> None:
    channel = a_burst(store)
    claimed = must_claim(store, NOW)
    store.failed(claimed.delivery_id, owner="daemon", reason="refused", suspend=False, now=NOW)

    rest = must_claim(store, NOW)

    assert states(store) == {DeliveryState.FAILED: 1, DeliveryState.SENDING: 1, DeliveryState.PENDING: 3}
    group = store.group(rest.delivery_id, channel)
    assert group is not None
    assert len(group.parts) == 4


def test_those_led_by_what_is_withheld_wait_by_themselves_again(store: Store) -> None:
    channel = a_burst(store)
    claimed = must_claim(store, NOW)
    store.retry(claimed.delivery_id, owner="daemon", not_before=NOW, maybe_sent=True, error="?", channel_pause_until=None, now=NOW)
    end = "UPDATE delivery SET state = 'withheld' WHERE id = "
    store._db.write(lambda connection: connection.exec_driver_sql(f"{end}{claimed.delivery_id}"))

    rest = must_claim(store, NOW)

    group = store.group(rest.delivery_id, channel)
    assert group is not None
    assert len(group.parts) == 4


def test_a_program_that_reads_the_console_is_told_one_by_one(store: Store) -> None:
    set_up(store, NOW)
    notices = [a_notice(award_ids=(str(number),)) for number in range(5)]
    found = [a_finding(supplier=f"Supplier {number}", notice=one) for number, one in enumerate(notices)]
    save(store, "bbc", *[told(an_entry(str(number)), one) for number, one in enumerate(found)], now=NOW)
    store.fan_out(NOW)

    claimed = must_claim(store, NOW)

    assert (claimed.alert_id, claimed.grouped) == (1, False)


# --- the button ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio(loop_scope="module")
async def test_a_forged_button_shows_nothing_of_another_chat(flood: Flood) -> None:
    flood.spine.watch(PALANTIR)
    follow(flood.spine, framework(1)[0]["awards"][0]["suppliers"][0]["name"])
    flood.spine.register(*framework(5))
    await flood.polled()
    api = flood.world.api
    api.add_chat(8)
    async with flood.world.running():
        await flood.world.ask(8, "Serco")
        for data in ("g:1:0", "g:1:3", "g:1", "g:x:y", "g:99999999999999999999:0", "g:1:99"):
            assert await flood.world.press(8, 8, data=data) == answers.STALE_BUTTON, data
