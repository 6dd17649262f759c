"""What a watch would have brought, said before it is saved: judged by the rules that will decide what comes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from storing import a_finding, a_notice, an_entry, pounds, save, set_up, told

from bot import backtest
from bot.backtest import back_test
from bot.commands.wishes import Wish, read_wish
from watchers.types import EventKind, Party

DAY = timedelta(days=1)


async def call(method, /, *args, **kwargs):
    return method(*args, **kwargs)


async def looking_back(store, line, now):
    wish = read_wish(line)
    assert isinstance(wish, Wish)
    return await back_test(store, call, wish.watch, wish.terms, now)


@pytest.fixture
def past(store, now):
    """Ninety days: seven stories, of which one is too old."""
    set_up(store, now - 150 * DAY, watches=())

    def story(name, days, event, supplier, body, **more):
        finding = a_finding(event, supplier, watches=(), public_bodies=(Party(name=body),), **more)
        title = more.get("title", f"{name}: {supplier} and {body}")
        save(store, "bbc", told(an_entry(name, title, summary="The pitch stays." if name == "e" else ""), finding), now=now - days * DAY)

    direct = a_notice(number="000009-2026", ocid="ocds-9", direct_award=True)
    story("a", 140, EventKind.AWARDED, "Palantir", "NHS England")
    story("b", 80, EventKind.AWARDED, "Palantir", "Metropolitan Police", value=pounds("5000000"))
    story("c", 40, EventKind.CANCELLED, "Palantir UK", "Leeds City Council")
    story("d", 30, EventKind.EXTENDED, "Palantir", "Home Office")
    story("e", 20, EventKind.AWARDED, "Serco", "Hackney Council", value=pounds("900000"))
    story("f", 10, EventKind.AWARDED, "Palantir Technologies", "Hackney Council", notice=direct, value=pounds("2000000"))
    story("g", 5, EventKind.CANCELLED, "Capita", "Hackney Council")
    return store


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Palantir", "cb"),  # not "f": a notice names its parties in full; not "d": extensions are told on request
        ("Palantir Technologies", "f"),
        ("Palantir, only extensions", "d"),
        ("Palantir AND Metropolitan Police", "b"),
        ("Palantir as public body", ""),
        ("Palantir over £6m", "c"),
        ("direct awards over £1m", "f"),
        ("direct awards over £3m", ""),
        ("cancellations by London bodies", "g"),
        ("awards by bodies in Leeds", ""),
        ("everything without pitch", "gfcb"),
        ("all cancellations", "gc"),
    ],
)
async def test_it_is_what_the_watch_would_have_brought_the_newest_first(past, now, line, names):
    found = await looking_back(past, line, now)

    assert [one.title[0] for one in found.samples] == list(names[:3])
    assert (found.count, found.days) == (len(names), 90)


async def test_it_counts_by_kind_and_says_how_many_a_week(past, now):
    found = await looking_back(past, "everything", now)

    assert found.kinds == {EventKind.AWARDED: 3, EventKind.CANCELLED: 2}
    assert round(found.weekly, 2) == round(5 * 7 / 90, 2)
    assert not found.many


async def test_a_young_store_says_for_how_long_it_speaks(store, now):
    assert (await looking_back(store, "Palantir", now)).days == 0
    set_up(store, now - 2 * DAY, watches=())
    save(store, "bbc", told(an_entry("one"), a_finding(watches=())), now=now - 2 * DAY)
    assert (await looking_back(store, "Palantir", now - DAY)).days == 1
    assert (await looking_back(store, "Palantir", now)).weekly == 3.5


async def test_of_too_many_a_shorter_time_is_judged(past, now, monkeypatch):
    monkeypatch.setattr(backtest, "_MOST", 2)
    found = await looking_back(past, "everything without rain", now)

    assert (found.count, found.days) == (2, 10)
