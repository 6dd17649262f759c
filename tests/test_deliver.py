"""What becomes of alerts when Telegram is slow, down, refusing or silent, through the real store and over real sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from botapi import TOKEN, BotApi
from telegramworld import QUICK, World, a_world, with_policy

from bot.outcomes import TokenRefused
from bot.pacing import Chats, Gate, Paces
from bot.verdicts import OnUnknown
from storage.exceptions import StoreUnavailable
from storage.records import Channel, ChannelKind, ChannelState


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made:
        yield made


async def told(world: World, chat_id: int, count: int, seconds: float = 60.0) -> list[str]:
    await world.api.until(lambda: len(world.api.shown(chat_id)) >= count, seconds)
    return world.api.shown(chat_id)


async def settled(world: World, true: Callable[[], object], seconds: float = 60.0) -> None:
    await world.api.until(true, seconds)


async def test_an_alert_reaches_every_chat_once(world: World) -> None:
    for chat in (1, 2, 3):
        world.follow(chat)
    world.publish("Met cancels Palantir deal")

    async with world.running(hearing=False):
        await settled(world, lambda: world.states() == {"sent": 3})

    for chat in (1, 2, 3):
        assert len(world.api.shown(chat)) == 1
        assert "CANCELLED · Palantir" in world.api.shown(chat)[0]


async def test_a_chat_is_told_in_order_and_at_its_pace(world: World) -> None:
    world.follow(1)
    world.publish("Alpha", "Bravo", "Charlie")

    async with world.running(hearing=False):
        texts = await told(world, 1, 3)

    assert [next(word for word in ("Alpha", "Bravo", "Charlie") if word in text) for text in texts] == ["Alpha", "Bravo", "Charlie"]
    times = [at for at, _ in world.api.accepted]
    assert all(later - earlier >= 0.15 for earlier, later in pairwise(times))


async def test_a_slow_chat_does_not_hold_up_the_others(world: World) -> None:
    world.follow(1)
    world.follow(2)
    world.api.fail(
        "sendMessage", "error", chat_id=1, code=429, description="Too Many Requests: retry after 1", parameters={"retry_after": 1}
    )
    world.publish("News")
    started = time.monotonic()

    async with world.running(hearing=False):
        await told(world, 1, 1)

    assert [chat for _, chat in world.api.accepted] == [2, 1]
    at = next(at for at, chat in world.api.accepted if chat == 1)
    assert at - started >= 1.0, "nothing is sent while the pause runs"
    assert "↻" not in world.api.shown(1)[0], "what was refused did not arrive"


async def test_a_long_pause_is_meant_for_all_chats(sqlite_url: str) -> None:
    async with a_world(sqlite_url, settings=replace(with_policy(overall_wait=timedelta(milliseconds=500)), senders=1)) as world:
        world.follow(1)
        world.follow(2)
        world.api.fail("sendMessage", "error", code=429, description="Too Many Requests: retry after 1", parameters={"retry_after": 1})
        world.publish("News")
        started = time.monotonic()

        async with world.running(hearing=False):
            await told(world, 1, 1)
            await told(world, 2, 1)

        assert min(at for at, _ in world.api.accepted) - started >= 1.0


async def test_refusals_of_two_chats_in_a_row_are_meant_for_all(sqlite_url: str) -> None:
    async with a_world(sqlite_url, settings=replace(QUICK, senders=1)) as world:
        for chat in (1, 2, 3):
            world.follow(chat)
        refusal = "Too Many Requests: retry after 1"
        world.api.fail("sendMessage", "error", code=429, description=refusal, parameters={"retry_after": 1}, times=2)
        world.publish("News")
        started = time.monotonic()

        async with world.running(hearing=False):
            for chat in (1, 2, 3):
                await told(world, chat, 1)

        assert min(at for at, _ in world.api.accepted) - started >= 1.0
        assert len(world.api.called("sendMessage")) == 5


@pytest.mark.parametrize(("kind", "more"), [("reset", {}), ("slow", {"seconds": 0.1}), ("garbage", {}), ("http", {"code": 502})])
async def test_a_send_of_unknown_fate_is_sent_once_more_and_marked(world: World, kind: str, more: dict[str, object]) -> None:
    world.follow(1)
    world.api.fail("sendMessage", kind, after=True, **more)
    world.publish("News")

    async with world.running(hearing=False):
        first, second = await told(world, 1, 2)
        await asyncio.sleep(0.3)

    assert not first.startswith("↻")
    assert second.startswith("↻ 🔴")
    assert world.states() == {"sent": 1}
    assert len(world.api.shown(1)) == 2


async def test_a_line_that_swallows_answers_makes_two_copies_and_no_more(world: World) -> None:
    world.follow(1)
    world.api.fail("sendMessage", "reset", after=True, times=99)
    world.api.fail("getMe", "reset", times=99)
    world.publish("News")

    async with world.running(hearing=False):
        await told(world, 1, 2)
        await settled(world, lambda: world.api.called("getMe"))

    assert len(world.api.shown(1)) == 2
    assert world.states() == {"pending": 1}, "and it is not lost either"


async def test_a_row_of_accidents_loses_nothing(world: World) -> None:
    world.follow(1)
    world.api.fail("sendMessage", "reset", times=2)
    world.publish("News")

    async with world.running(hearing=False):
        await told(world, 1, 1)
        await settled(world, lambda: world.states() == {"sent": 1})

    assert len(world.api.shown(1)) == 1


async def test_an_admin_who_wants_no_copies_gets_a_list_of_uncertain_ones(sqlite_url: str) -> None:
    async with a_world(sqlite_url, settings=with_policy(on_unknown=OnUnknown.HOLD)) as world:
        world.follow(1)
        world.api.fail("sendMessage", "reset", after=True)
        world.publish("News")

        async with world.running(hearing=False):
            await settled(world, lambda: world.states() == {"uncertain": 1})

        assert len(world.api.shown(1)) == 1


async def test_telegram_that_cannot_be_reached_is_waited_for_without_a_mark(world: World) -> None:
    world.follow(1)
    world.publish("News")
    await world.api.leave()

    async with world.running(hearing=False):
        await settled(world, lambda: world.deliverer._failures >= 1)
        await world.api.serve(world.api.port)
        (text,) = await told(world, 1, 1)

    assert not text.startswith("↻")


async def test_a_chat_that_shut_us_out_is_suspended_and_the_others_go_on(world: World) -> None:
    world.follow(1)
    world.follow(2)
    world.api.chats[1].bot = "kicked"
    world.publish("News")

    async with world.running(hearing=False):
        await settled(world, lambda: world.states() == {"sent": 1, "failed": 1})

    channel = world.store.channel(1)
    assert channel is not None
    assert (channel.state, channel.state_reason) == (ChannelState.SUSPENDED, "Forbidden: bot was blocked by the user")
    assert len(world.store.channel_watches(channel.id)) == 1, "its settings are kept"


async def test_a_mistake_of_ours_is_given_up_without_suspending_the_chat(world: World) -> None:
    world.follow(1)
    world.api.fail("sendMessage", "error", description="Bad Request: message is too long")
    world.publish("News")

    async with world.running(hearing=False):
        await settled(world, lambda: world.states() == {"failed": 1})

    channel = world.store.channel(1)
    assert channel is not None
    assert channel.state is ChannelState.ACTIVE


async def test_markup_that_is_not_understood_is_sent_as_plain_text_at_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.follow(1)
    world.api.fail("sendMessage", "error", description="Bad Request: can't parse entities: unsupported start tag")
    world.publish("News")

    async with world.running(hearing=False):
        await settled(world, lambda: world.states() == {"sent": 1})

    assert "parse_mode" not in world.api.called("sendMessage")[1]
    assert "CANCELLED · Palantir" in world.api.shown(1)[0]
    assert "cannot read our markup" in caplog.text


async def test_a_group_that_moved_is_followed(world: World) -> None:
    world.follow(-5, kind="group")
    world.api.chats[-5].moved_to = -1005
    world.api.add_chat(-1005, type="supergroup")
    world.publish("News")

    async with world.running(hearing=False):
        (text,) = await told(world, -1005, 1)

    assert not text.startswith("↻")
    assert world.store.channel(-5) is None
    assert world.store.channel(-1005) is not None


async def test_a_topic_gets_its_own_and_a_topic_that_is_gone_gives_way_to_the_chat(world: World) -> None:
    world.follow(-1007, kind="supergroup", thread_id=11)
    world.publish("Alpha")

    async with world.running(hearing=False):
        await told(world, -1007, 1)
        assert world.api.last(-1007)["message_thread_id"] == 11
        world.api.chats[-1007].topics.clear()
        world.publish("Bravo")
        world.deliverer.wake()
        await told(world, -1007, 2)

    assert "message_thread_id" not in world.api.last(-1007)


async def test_the_topics_of_a_chat_share_its_pace(world: World) -> None:
    for thread in (11, 12):
        world.follow(-1007, kind="supergroup", thread_id=thread)
    world.publish("News")

    async with world.running(hearing=False):
        await told(world, -1007, 2)

    (first, _), (second, _) = world.api.accepted
    assert second - first >= 0.4
    assert {message["message_thread_id"] for message in world.api.messages} == {11, 12}


async def test_a_message_is_edited_when_its_story_grows(world: World) -> None:
    world.follow(1)
    world.publish("News")

    async with world.running(hearing=False):
        await told(world, 1, 1)
        world.publish("News", feed="other")
        await world.api.until(lambda: "2 outlets" in world.api.shown(1)[0])
        await settled(world, lambda: world.states() == {"sent": 1})

    assert len(world.api.shown(1)) == 1


@pytest.mark.parametrize("description", ["Bad Request: message to edit not found", "Bad Request: message is not modified: x"])
async def test_an_edit_that_has_nothing_to_change_is_given_up_quietly(world: World, description: str) -> None:
    world.follow(1)
    world.publish("News")

    async with world.running(hearing=False):
        await told(world, 1, 1)
        world.api.fail("editMessageText", "error", description=description)
        world.publish("News", feed="other")
        await settled(world, lambda: world.api.called("editMessageText"))
        await asyncio.sleep(0.6)

    assert len(world.api.called("editMessageText")) == 1
    assert world.states() == {"sent": 1}
    assert len(world.api.shown(1)) == 1


async def test_an_edit_of_unknown_fate_is_simply_repeated(world: World) -> None:
    world.follow(1)
    world.publish("News")

    async with world.running(hearing=False):
        await told(world, 1, 1)
        world.api.fail("editMessageText", "reset", after=True)
        world.publish("News", feed="other")
        await settled(world, lambda: len(world.api.called("editMessageText")) == 2)

    assert len(world.api.shown(1)) == 1
    assert "↻" not in world.api.shown(1)[0]


async def test_a_refused_token_ends_deliveries_and_keeps_the_alert(world: World) -> None:
    world.follow(1)
    world.publish("News")
    world.api.revoked = True

    with pytest.raises(TokenRefused, match="refuses the bot's token") as refused:
        await world.deliverer.run()
    await world.deliverer.drain()
    await world.telegram.close()

    assert refused.value.exit_code == 78
    assert TOKEN not in str(refused.value)
    assert world.states() == {"pending": 1}


async def test_an_orderly_stop_waits_for_what_is_under_way_and_doubles_nothing(world: World) -> None:
    for chat in range(1, 9):
        world.follow(chat)
    world.api.fail("sendMessage", "hold", seconds=0.4, times=99)
    world.publish("News")

    running = asyncio.create_task(world.deliverer.run())
    await settled(world, lambda: len(world.api.called("sendMessage")) >= 4)
    await world.deliverer.drain()
    await running
    world.api.faults.clear()
    await world.restart()
    async with world.running(hearing=False):
        await settled(world, lambda: world.states() == {"sent": 8})

    assert [len(world.api.shown(chat)) for chat in range(1, 9)] == [1] * 8
    assert not any(message["text"].startswith("↻") for message in world.api.messages)


async def test_a_stop_that_cannot_wait_marks_the_copy(world: World) -> None:
    world.follow(1)
    hung = world.api.fail("sendMessage", "hold", seconds=30, after=True)
    world.publish("News")

    running = asyncio.create_task(world.deliverer.run())
    await settled(world, lambda: hung.times == 0 and world.api.shown(1))
    await world.deliverer.drain(timedelta(seconds=0.2))
    await running
    assert world.states() == {"pending": 1}

    await world.restart()
    async with world.running(hearing=False):
        texts = await told(world, 1, 2)

    assert texts[1].startswith("↻")


async def test_a_daemon_that_is_killed_leaves_a_marked_copy_and_loses_nothing(world: World) -> None:
    for chat in (1, 2, 3):
        world.follow(chat)
    world.publish("News")
    claim = await world.call(world.store.claim_delivery, world.now(), owner="dead", lease=timedelta(seconds=60), edit_pause=timedelta(1))
    assert claim is not None

    world.store.recover(world.now())
    async with world.running(hearing=False):
        await settled(world, lambda: world.states() == {"sent": 3})

    marked = [chat for chat in (1, 2, 3) if world.api.shown(chat)[0].startswith("↻")]
    assert marked == [claim.channel.chat_id]


async def test_what_waited_a_week_is_withheld_with_its_reason(world: World) -> None:
    world.follow(1)
    world.publish("News")
    world.now_ahead = timedelta(days=8)
    world.api.fail("sendMessage", "error", code=429, description="Too Many Requests", parameters={"retry_after": 1})

    async with world.running(hearing=False):
        await settled(world, lambda: world.states() == {"withheld": 1})


async def test_once_delivers_what_is_due_and_settling_waits_for_the_rest(world: World) -> None:
    world.follow(1)
    world.publish("Alpha", "Bravo")

    assert await world.deliverer.run_once(world.now()) == 1
    assert await world.deliverer.settle(timedelta(seconds=5)) >= 1  # a moment too early counts as a try of its own
    assert await world.deliverer.run_once(world.now()) == 0
    await world.telegram.close()

    assert len(world.api.shown(1)) == 2


async def test_an_idle_deliverer_asks_the_database_rarely(world: World) -> None:
    world.follow(1)
    asked = 0

    async def counting(method: Callable[..., object], *args: object, **more: object) -> object:
        nonlocal asked
        asked += 1
        return await plain(method, *args, **more)

    plain = world.deliverer._call
    world.deliverer._call = counting  # type: ignore[assignment]
    async with world.running(hearing=False):
        await asyncio.sleep(1.0)
        quiet = asked
        world.publish("News")
        world.deliverer.wake()
        await told(world, 1, 1)

    assert quiet <= 4


async def test_many_chats_at_once_keep_the_pace_of_telegram(sqlite_url: str) -> None:
    async with a_world(sqlite_url, settings=replace(QUICK, per_second=25)) as world:
        for chat in range(1, 41):
            world.follow(chat)
        world.publish("News")

        async with world.running(hearing=False):
            await settled(world, lambda: world.states() == {"sent": 40})

        times = sorted(at for at, _ in world.api.accepted)
        assert max(sum(at <= other < at + 1 for other in times) for at in times) < 30


def test_what_claims_take_is_made_good_and_no_second_has_more_than_telegram_takes() -> None:
    now, times = 0.0, []
    gate = Gate(25, monotonic=lambda: now)
    for _ in range(500):
        now += gate.wait() + 0.006  # the claim, and a sleep that was too long
        gate.passed()
        times.append(now)
    now += 60
    for _ in range(60):  # a claim that takes no time, after a pause
        now += gate.wait()
        gate.passed()
        times.append(now)

    assert times[499] < 500 / 25 * 1.01
    assert max(sum(at <= other < at + 1 for other in times) for at in times) <= 28


def test_what_was_held_up_before_it_could_leave_does_not_leave_in_a_crowd() -> None:
    now, times, ready = 0.0, list[float](), 0
    gate = Gate(25, monotonic=lambda: now)
    while len(times) < 500:
        if not gate.wait():
            gate.passed()
            ready += 1
        held = 2.0 <= now % 3 < 2.9  # a long transaction: eight are claimed meanwhile, and all ready at once then
        while ready and not held and not gate.crowded():
            gate.left()
            times.append(now)
            ready -= 1
        now += 0.01

    assert max(sum(at <= other < at + 1 for other in times) for at in times) <= 28


async def test_a_bot_api_of_ones_own_is_spoken_to_under_its_address(world: World, sqlite_url: str) -> None:
    assert isinstance(world.api, BotApi)
    assert world.telegram._bot.base_url.startswith(world.api.url)
    assert TOKEN not in repr(world.telegram)
    await world.telegram.close()


def test_the_real_paces_are_telegrams() -> None:
    paces = Paces()

    assert (paces.private >= timedelta(seconds=1), paces.group * 20 >= timedelta(minutes=1)) == (True, True)


async def test_an_answer_does_not_wait_for_the_pace_of_alerts(sqlite_url: str) -> None:
    hour = timedelta(hours=1)
    async with a_world(sqlite_url, settings=with_policy(paces=Paces(private=hour, group=hour))) as world:
        world.follow(1)
        world.publish("News", "More news")
        async with world.running():
            await told(world, 1, 1)

            assert (await world.ask(1, "/help")).startswith("I read newsrooms")
        assert len(world.api.shown(1)) == 2, "the second alert keeps the pace"


@pytest.mark.parametrize("kind", ["private", "supergroup"])
def test_a_chat_is_never_sent_more_than_telegram_allows_and_answers_find_room(kind: str) -> None:
    """Alerts as fast as may be, and somebody who asks all the time: simulated, an hour of it."""
    place = {"kind": ChannelKind.TELEGRAM, "key": "telegram:5", "chat_id": 5, "thread_id": None, "title": "", "type": kind}
    clock, chat = [0.0], Channel(id=1, state=ChannelState.ACTIVE, state_reason=None, language="en", **place)  # type: ignore[arg-type]
    chats, sent, waited = Chats(Paces(), monotonic=lambda: clock[0]), list[float](), list[float]()
    asked = 0.0
    while clock[0] < 3600:
        answer = clock[0] >= asked
        if (wait := chats.wait(chat, answer=answer)) and (answer or (wait := min(wait, asked - clock[0])) > 0):
            clock[0] += wait
            continue
        chats.begin(chat)
        chats.end(chat, sent=True, answer=answer)
        sent.append(clock[0])
        if answer:
            waited.append(clock[0] - asked)
            asked = clock[0] + 30

    def most(seconds: float) -> int:
        return max(sum(at <= other < at + seconds for other in sent[n : n + 70]) for n, at in enumerate(sent))

    assert most(3) <= 3
    assert most(60) <= (60 if kind == "private" else 20)
    assert len(sent) > (3300 if kind == "private" else 1000)
    assert max(waited) <= 1.1


async def test_a_daemon_without_a_token_keeps_what_is_meant_for_telegram(world: World) -> None:
    world.follow(1)
    world.publish("News")
    await world.telegram.close()
    world.deliverer._transports = {}

    await world.deliverer.run_once(world.now())

    assert world.states() == {"pending": 1}


async def test_an_alert_that_cannot_be_made_into_a_message_stops_nobody(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.follow(1)
    world.follow(2)
    world.publish("News")
    plain, first = world.deliverer._call, True

    async def broken(method: Callable[..., object], *args: object, **more: object) -> object:
        nonlocal first
        if getattr(method, "__name__", "") == "alert_view" and first:
            first = False
            raise ValueError("a shape nobody thought of")
        return await plain(method, *args, **more)

    world.deliverer._call = broken  # type: ignore[assignment]
    async with world.running(hearing=False):
        await settled(world, lambda: world.states() == {"sent": 1, "failed": 1})

    assert "could not be made into a message" in caplog.text


async def test_an_outcome_is_kept_until_the_database_takes_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.deliver._STORE_PAUSE", 0.05)
    world.follow(1)
    world.publish("News")
    plain, full = world.deliverer._call, 4

    async def broken(method: Callable[..., object], *args: object, **more: object) -> object:
        nonlocal full
        if getattr(method, "__name__", "") in ("claim_delivery", "sent") and full:
            full -= 1
            raise StoreUnavailable("the disk is full")
        return await plain(method, *args, **more)

    world.deliverer._call = broken  # type: ignore[assignment]
    async with world.running(hearing=False):
        await settled(world, lambda: world.states() == {"sent": 1})

    assert (full, len(world.api.shown(1))) == (0, 1)


async def test_in_a_channel_where_no_button_can_open_the_rest_every_alert_stands_in_a_message(world: World) -> None:
    world.follow(-1009, kind="channel")
    world.publish(*(f"Cancelled {number}" for number in range(30)))
    async with world.running(hearing=False):
        await settled(world, lambda: world.states() == {"sent": 30})

    rows = [message["reply_markup"]["inline_keyboard"] for message in world.api.messages]
    buttons = [[button["callback_data"] for row in keyboard for button in row] for keyboard in rows]
    assert [len(one) for one in buttons] == [12, 12, 6]
    assert len({data for one in buttons for data in one if data.startswith("o:")}) == 30
