"""The first screen and its buttons; links to pages, to notices and to the bot itself, typed or forwarded in a private chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from storing import a_finding, a_notice, an_entry, save, set_up, told
from telegramworld import World, a_world

from bot.texts import answers
from bot.texts import starting as texts
from storage.store import Store
from watchers.keys import link_key
from watchers.types import Entry, Party

ANN, GROUP = 7, -1001001
ARTICLE, NOTICE = "https://news.example/orrinmere-axed", "https://notices.example/000111-2026"


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made, made.running():
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ANN: "administrator"})
        yield made


def read(store: Store, world: World) -> None:
    """An article and a notice are stored, and a page that says nothing of a contract."""
    bodies = (Party(name="Fenham Council"),)
    article = told(page(ARTICLE), a_finding(supplier="Orrinmere Ltd", watches=(), public_bodies=bodies))
    set_up(store, world.now(), watches=())
    save(store, "bbc", article, told(page("https://news.example/rain")), now=world.now())
    noticed = a_finding(supplier="Palewick plc", watches=(), public_bodies=bodies, notice=a_notice())
    save(store, "itv", told(an_entry("notice"), noticed), now=world.now())


def page(url: str) -> Entry:
    key = link_key(url)
    assert key is not None
    return replace(an_entry(url), keys=(key,), link_key=key, url=url)


def buttons(world: World) -> list[dict[str, str]]:
    rows = world.api.last(ANN)["reply_markup"]["inline_keyboard"]
    return [button for row in rows for button in row]


async def test_the_first_screen_offers_to_watch_an_example_a_group_a_channel_and_the_language(world: World) -> None:
    await world.ask(ANN, "/start", language="de-AT")

    assert [button["text"] for button in buttons(world)][-1] == "🌐 Deutsch"
    assert [button["url"] for button in buttons(world) if "url" in button] == [
        "https://t.me/watch_bot?startgroup",
        "https://t.me/watch_bot?startchannel&admin=post_messages",
    ]
    await world.press(ANN, ANN, label="🌐 Deutsch")
    await world.api.until(lambda: "العربية" in str(world.api.last(ANN)))


async def test_its_buttons_go_on_without_a_command(world: World) -> None:
    await world.ask(ANN, "/start")
    screen = dict(world.api.last(ANN))
    world.api.press(ANN, screen, label=texts.WATCH)
    await world.api.until(lambda: world.api.shown(ANN)[-1] == texts.SEND_NAME)
    world.api.press(ANN, screen, label=texts.EXAMPLE)
    await world.api.until(lambda: "Palantir" in world.api.shown(ANN)[-1])

    assert world.names(ANN) == []
    assert await world.press(ANN, ANN, data="s:x") == answers.STALE_BUTTON


@pytest.mark.parametrize("link", [f"{ARTICLE}/?utm_source=chat#0", NOTICE])
async def test_a_link_offers_whom_the_page_is_about(world: World, link: str) -> None:
    read(world.store, world)
    entities = [{"type": "url", "offset": 5, "length": len(link)}]

    assert await world.ask(ANN, f"Look {link}", entities=entities) == texts.WHICH_OF_PAGE
    supplier = "Palewick plc" if link == NOTICE else "Orrinmere Ltd"
    assert [button["text"] for button in buttons(world)] == [f"{supplier} (supplier)", "Fenham Council (public body)"]
    await world.press(ANN, ANN, label=f"{supplier} (supplier)")
    await world.api.until(lambda: supplier in world.api.shown(ANN)[-1])

    await world.ask(ANN, f"Look {link}", entities=entities)
    forged = buttons(world)[0]["callback_data"][:-1] + "x"
    assert await world.press(ANN, ANN, data=forged) == answers.STALE_BUTTON


async def test_a_forwarded_picture_with_a_linked_word_is_read_like_a_link(world: World) -> None:
    read(world.store, world)
    origin = {"type": "hidden_user", "sender_user_name": "Bob", "date": 1}
    words = [{"type": "text_link", "offset": 0, "length": 4, "url": ARTICLE}]

    assert await world.ask(ANN, None, caption="Read this", caption_entities=words, forward_origin=origin) == texts.WHICH_OF_PAGE


@pytest.mark.parametrize(("link", "answer"), [("news.example/rain", texts.PAGE_NAMES_NOBODY), ("other.example", texts.PAGE_UNKNOWN)])
async def test_a_page_that_is_unknown_or_names_nobody_gets_an_answer_that_says_what_to_do(world: World, link: str, answer: str) -> None:
    read(world.store, world)

    assert await world.ask(ANN, link, entities=[{"type": "url", "offset": 0, "length": len(link)}]) == answer


async def test_a_link_to_the_bot_does_what_pressing_it_does(world: World) -> None:
    world.follow(GROUP, kind="supergroup")
    (watch,) = world.store.channel_watches(world.store.channel(GROUP).id)  # type: ignore[union-attr]
    link = f"https://t.me/Watch_Bot?start=w_{watch.id}"

    await world.ask(ANN, link, entities=[{"type": "url", "offset": 0, "length": len(link)}])

    assert world.names(ANN) == ["Palantir"]


async def test_links_in_groups_are_none_of_our_business(world: World) -> None:
    entities = [{"type": "url", "offset": 0, "length": len(ARTICLE)}]
    await world.quiet(world.api.write(ANN, ARTICLE, chat_id=GROUP, entities=entities))

    assert world.api.shown(GROUP) == []
