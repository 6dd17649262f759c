"""/export: everything that is kept about a chat, and nothing about anybody else; for whoever may change the chat, where others do not read."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from telegramworld import World, a_world, bare

from bot.texts import answers
from bot.texts import exporting as texts
from storage.alert_changes import AddMute, MuteKind, SetSound, Sound
from storage.list_changes import FollowWatchlist, ShareWatchlist
from storage.records import AddWatch, EnsureChannel, ForgetChat, SetEvents, SetLanguage
from storage.times import Heartbeat, Report, Rhythm, SetReport, SetRhythm, SetTimes, SetZone, Times
from watchers.types import EventKind, Organisation, Watch

ANN, BOB, GROUP = 7_123_456_789, 8_123_456_789, -1_001_234_567_890


WRONG_SETTINGS = [
    json.dumps({"format": "contractwatch-export-1", "watches": [], "kept": one}).encode()
    for one in (
        {"channel": [{"kinds": "awarded dreamt"}]},
        {"timetable": [{"rhythm": "daily", "minute": 5000, "weekday": 1, "quiet_from": None, "quiet_until": None, "urgent": True}]},
        {"mute": [{"kind": "story", "until": None, "of": {"story": 2**63, "words": ""}}]},
    )
]


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made, made.running():
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ANN: "administrator", BOB: "member"})
        yield made


async def exported(world: World, text: str) -> tuple[dict[str, object], list[dict[str, str]]]:
    world.api.files.clear()
    await world.ask(ANN, text)
    await world.api.until(lambda: len(world.api.files) == 3)
    body = json.loads(world.api.files["contractwatch-export.json"])
    return body, list(csv.DictReader(world.api.files["contractwatch-watches.csv"].decode("utf-8-sig").splitlines()))


async def test_everything_about_the_chat_is_in_the_file_and_nothing_about_another(world: World) -> None:
    for chat, name in ((ANN, "Palantir"), (BOB, "Orrinmere")):
        await world.ask(chat, "/start")
        watch = Watch(organisation=Organisation(name=name, aliases=("=HYPERLINK(1)",)))
        world.store.apply([AddWatch(chat_id=chat, watch=watch)], now=world.now())
    await world.ask(ANN, "/list Outsourcers\nSerco over £1m\n=cmd as supplier")
    world.publish("One")
    await world.api.until(lambda: len(world.api.shown(ANN)) == 3)

    body, table = await exported(world, "/export")

    text = json.dumps(body)
    assert str(ANN) in text and str(BOB) not in text and "Orrinmere" not in text
    assert {"channel", "subscription", "named_watchlist", "delivery", "watchlist"} <= set(body["kept"])  # type: ignore[call-overload]
    assert {(row["list"], row["name"], row["minimum"]) for row in table} == {
        ("", "Palantir", ""), ("Outsourcers", "Serco", "1000000"), ("Outsourcers", "'=cmd", "")
    }  # fmt: skip


async def test_a_group_is_told_to_ask_in_private_and_there_only_its_admins_get_it(world: World) -> None:
    world.follow(GROUP, kind="supergroup")
    assert bare(await world.ask(ANN, "/export", chat_id=GROUP)).endswith(f"/export {GROUP}")
    assert await world.ask(BOB, "/export", chat_id=GROUP) == answers.ADMINS_ONLY
    await world.ask(BOB, "/start")
    assert "Only admins" in await world.ask(BOB, f"/export {GROUP}")

    body, table = await exported(world, f"/export {GROUP}")
    assert (str(GROUP) in json.dumps(body), [row["name"] for row in table]) == (True, ["Palantir"])


def sent(name: str, size: int = 1000) -> dict[str, object]:
    return {"document": {"file_id": name, "file_unique_id": "u", "file_name": name, "file_size": size}}


def settings_in(body: dict[str, Any]) -> object:
    """What an export says of how the chat is told, without numbers that are given anew and times of when it was set."""
    kept = {name: [dict(row) for row in rows] for name, rows in body["kept"].items()}
    channel = {name: kept["channel"][0][name] for name in ("language", "zone", "sound", "kinds")}
    times = [
        {name: row[name] for name in ("rhythm", "minute", "weekday", "quiet_from", "quiet_until", "urgent")} for row in kept["timetable"]
    ]
    report = {name: kept["report"][0][name] for name in ("heartbeat", "minute", "weekday", "silences")}
    mutes = sorted(json.dumps([row["kind"], row["until"], row["of"]]) for row in kept["mute"])
    rhythms = sorted((row["of"]["list"] or "", row["rhythm"]) for row in kept["subscription"])
    return channel, times, report, mutes, rhythms


async def test_what_was_exported_and_forgotten_comes_back_without_a_difference(world: World) -> None:
    """T10."""
    world.follow(ANN)
    world.publish("One")
    await world.api.until(lambda: world.api.shown(ANN))
    await world.watch(ANN, "/watch Palantir AND Metropolitan Police over £1m without football")
    await world.ask(ANN, "/list Big\nSerco: cancellations\nevery direct award over £2m")
    channel = world.store.channel(ANN)
    assert channel is not None
    until, targets = world.now().replace(microsecond=0) + timedelta(days=1), world.store.mute_targets(1, channel.id)
    assert {one.kind for one in targets} == set(MuteKind)
    big = world.store.watchlists(channel.id)[0].id
    world.store.apply(
        [
            SetLanguage(chat_id=ANN, language="de"),
            SetZone(chat_id=ANN, zone="Africa/Cairo"),
            SetSound(chat_id=ANN, sound=Sound.CANCELLED),
            SetEvents(chat_id=ANN, events=frozenset({EventKind.CANCELLED, EventKind.EXTENDED})),
            SetTimes(chat_id=ANN, times=Times(rhythm=Rhythm.WEEKLY, minute=600, weekday=3, quiet=(1320, 420), urgent=False)),
            SetReport(chat_id=ANN, report=Report(heartbeat=Heartbeat.ALWAYS, minute=480, weekday=4, silences=False)),
            SetRhythm(chat_id=ANN, rhythm=Rhythm.HOURLY),
            SetRhythm(chat_id=ANN, watchlist_id=big, rhythm=Rhythm.DAILY),
            *(
                AddMute(chat_id=ANN, kind=one.kind, target=one.target, until=until if one.kind is MuteKind.FEED else None)
                for one in targets
            ),
        ],
        now=world.now(),
    )
    before, table = await exported(world, "/export")
    world.store.apply([ForgetChat(chat_id=ANN)], now=world.now())
    assert world.names(ANN) == []

    answer = await world.ask(ANN, None, **sent("contractwatch-export.json"))
    again = await world.ask(ANN, None, **sent("contractwatch-export.json"))

    after, table_after = await exported(world, "/export")
    assert sorted(after["watches"], key=json.dumps) == sorted(before["watches"], key=json.dumps)
    assert sorted(table_after, key=str) == sorted(table, key=str)
    assert settings_in(after) == settings_in(before)
    assert answer == f"✅ 4 watches are here now that were in the file.\n{texts.RESTORED}"
    assert "4" in again


async def test_lists_that_were_told_in_topics_and_channels_of_the_keeper_are_told_there_again_where_they_may(world: World) -> None:
    """T10. A file can be made up, so whoever imports it must be an admin of every place that it names."""
    forum, alerts, others = -1001000001, -1001000002, -1001000003
    for chat, kind, members in ((forum, "supergroup", {ANN: "creator"}), (alerts, "channel", {ANN: "creator"}), (others, "channel", {})):
        world.api.add_chat(chat, type=kind, title="Place", topics={11} if chat == forum else set(), members=members, bot="administrator")
    await world.ask(ANN, f"/list {forum} Local\nSerco")
    await world.ask(ANN, f"/list {forum} Local -> https://t.me/c/1000001/11")
    await world.ask(ANN, "/list Mine\nCapita")
    await world.ask(ANN, f"/list Mine -> {alerts}")
    follower = EnsureChannel(chat_id=BOB, type="private", title="", language="en")
    (kept,) = (one for one in world.store.channels() if one.chat_id == ANN)
    mine = next(one.id for one in world.store.watchlists(kept.id))
    token = ShareWatchlist(chat_id=ANN, watchlist_id=mine, token="t" * 22)
    world.store.apply([follower, token, FollowWatchlist(chat_id=BOB, token="t" * 22)], now=world.now())
    group, _ = await exported(world, f"/export {forum}")
    private, _ = await exported(world, "/export")
    assert str(BOB) not in json.dumps(private)
    (row,) = private["kept"]["named_watchlist"]  # type: ignore[index]
    row["of"]["told"].append({"chat_id": others, "thread_id": None})
    world.store.apply([ForgetChat(chat_id=chat) for chat in (forum, alerts, ANN)], now=world.now())

    for chat, body in ((str(forum), group), ("", private)):
        world.api.files["export.json"] = json.dumps(body).encode()
        for _ in range(2):  # once more changes nothing
            await world.ask(ANN, None, caption=f"/import {chat}".strip(), **sent("export.json"))

    told = [
        (one.chat_id, one.thread_id, {record.name for record in world.store.watchlists(one.id)})
        for one in world.store.channels()
        if any(one.id in world.store.told(record.id) for record in world.store.watchlists(one.id))
    ]
    assert sorted(told) == [(alerts, None, {"Mine"}), (forum, 11, {"Local"})]


async def test_a_mute_of_another_database_mutes_nothing_else_here(world: World) -> None:
    world.follow(ANN)
    world.publish("One")
    body, _ = await exported(world, "/export")
    mutes = [
        {"kind": "story", "until": None, "of": {"story": 1, "words": "Something else"}},
        {"kind": "watch", "until": None, "of": {"watch": "chat:unknown"}},
        {"kind": "feed", "until": None, "of": {}},
        {"kind": "feed", "until": "2020-01-01T00:00:00+00:00", "of": {"feed": "feed"}},
    ]
    body["kept"]["mute"] = mutes  # type: ignore[index]
    world.api.files["contractwatch-export.json"] = json.dumps(body).encode()
    await world.ask(ANN, None, **sent("contractwatch-export.json"))

    channel = world.store.channel(ANN)
    assert channel is not None
    assert world.store.mutes(channel.id, world.now()) == []


@pytest.mark.parametrize(
    "body", [b"", b"[" * 100_000, b"{}", b'{"format": "contractwatch-export-1", "watches": [{}], "kept": {}}', *WRONG_SETTINGS]
)
async def test_a_file_that_is_no_export_changes_nothing(world: World, body: bytes) -> None:
    world.api.files["other.json"] = body

    assert (await world.ask(ANN, None, **sent("other.json"))).startswith(texts.NO_EXPORT)
    assert world.store.channel(ANN) is None


async def test_a_file_that_is_too_big_is_not_even_fetched(world: World) -> None:
    assert await world.ask(ANN, "/import") == texts.SEND_FILE
    assert await world.ask(ANN, None, **sent("big.json", 10**9)) == texts.NO_EXPORT
    assert not world.api.called("getFile")


async def test_a_table_is_imported_as_far_as_it_is_right_and_the_rest_said_with_its_line(world: World) -> None:
    world.api.files["mine.csv"] = b"list,name,role\n,Palantir,supplier\nBig,Serco,\nbig,Capita,\nBig,Atos,boss\n"
    world.api.files["mine.toml"] = b'[[watchlists]]\nid = "a"\nwatches = [{ name = "Fujitsu", paused = true }]\n'
    world.api.files["other.csv"] = b"Dear Sir,\nplease watch Serco\n"

    answer = await world.ask(ANN, None, **sent("mine.csv"))
    assert "3 watches are here now" in answer
    assert "line 5: role: " in answer
    assert "1 watch is here now" in await world.ask(ANN, None, **sent("mine.toml"))
    assert "nothing to watch" in await world.ask(ANN, None, **sent("other.csv"))

    channel = world.store.channel(ANN)
    assert channel is not None
    kept = {(one.watchlist, one.watch.name, one.terms.paused) for one in world.store.channel_watches(channel.id)}
    assert kept == {(None, "Palantir", False), ("Big", "Serco", False), ("Big", "Capita", False), (None, "Fujitsu", True)}
