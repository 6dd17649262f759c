"""The ledger: every alert × channel has one state, and what has none, several or no end is named."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nursery import Child, Nursery
from sqlalchemy import delete, update
from storing import a_finding, an_entry, chat, chat_watch, must_claim, save, send, set_up, told

from storage.records import ChannelState, SetChannelState
from storage.store import Store, open_store
from storage.tables import delivery

LATER = timedelta(seconds=1)


@pytest.fixture
def busy(store: Store, now: datetime) -> Store:
    """A console and two chats that watch Palantir, and two stories; the first message was sent."""
    set_up(store, now)
    for number in (1, 2):
        chat(store, number, now, "Palantir")
    for name in ("one", "two"):
        watched = (*store.watches()[1],)
        save(store, "bbc", told(an_entry(name), a_finding(supplier=name, watches=watched)), now=now + LATER)
    store.fan_out(now + LATER)
    send(store, must_claim(store, now + LATER), now + LATER)
    return store


def test_a_ledger_that_is_sound_counts_every_alert_for_every_channel(busy: Store, now: datetime) -> None:
    found = busy.ledger(now + LATER)

    assert (found.alerts, found.not_handed_out, found.pairs, found.problems) == (2, 0, 6, ())
    assert {state: count for state, count in found.states.items() if count} == {"pending": 5, "sent": 1}


def test_what_is_missing_is_named_and_who_subscribed_later_misses_nothing(busy: Store, now: datetime) -> None:
    chat(busy, 3, now + LATER * 2, "Palantir")
    busy._db.write(lambda connection: connection.execute(delete(delivery).where(delivery.c.id == 4)))
    (problem,) = busy.ledger(now + LATER * 2).problems

    assert problem.kind == "missing"
    assert problem.channel_id in {one.id for one in busy.channels()}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"state": "failed", "done_at": "now"}, "unexplained"),
        ({"state": "withheld", "reason": "no", "done_at": None}, "unfinished"),
        ({"created_at": "then"}, "unfinished"),
    ],
)
def test_what_did_not_come_to_an_end_with_a_reason_is_named(busy: Store, now: datetime, values: dict[str, object], kind: str) -> None:
    times = {"now": now, "then": now - timedelta(days=8)}
    values = {name: times.get(value, value) if isinstance(value, str) else value for name, value in values.items()}
    busy._db.write(lambda connection: connection.execute(update(delivery).where(delivery.c.id == 4).values(**values)))

    assert [one.kind for one in busy.ledger(now + LATER).problems] == [kind]


def test_a_channel_that_comes_back_is_owed_what_a_later_report_of_an_old_story_told_it(store: Store, now: datetime) -> None:
    """It subscribed after the first report; the second, which it had subscribed before, came while it was away."""
    set_up(store, now)
    chat(store, 1, now, "Palantir")
    first = (chat_watch(store, "Palantir"),)
    save(store, "bbc", told(an_entry("one"), a_finding(watches=first)), now=now)
    store.fan_out(now)
    chat(store, 2, now + LATER, "Palantir")
    store.apply([SetChannelState(chat_id=2, state=ChannelState.SUSPENDED, reason="kicked")], now=now + LATER * 2)
    save(store, "itv", told(an_entry("again"), a_finding(watches=first)), now=now + LATER * 3)
    store.fan_out(now + LATER * 3)
    store.apply([SetChannelState(chat_id=2, state=ChannelState.ACTIVE)], now=now + LATER * 4)

    found = store.ledger(now + LATER * 4)
    assert (found.pairs, found.problems) == (2, ())


def test_the_command_counts_names_and_fails_when_something_is_wrong(
    sqlite_url: str, tmp_path: Path, now: datetime, nursery: Nursery
) -> None:
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "{sqlite_url}"\n[fetch]\ncontact = "me@example.org"\n')

    def verify(*options: str) -> Child:
        child = Child(nursery, tmp_path, ["ledger", "verify", *options], environment=dict(os.environ))
        child.wait(60)
        return child

    with open_store(sqlite_url) as store:
        present = datetime.now(now.tzinfo)
        set_up(store, present)
        save(store, "bbc", told(an_entry("one"), a_finding()), now=present)
        store.fan_out(present)
        sound = verify()
        store._db.write(lambda connection: connection.execute(delete(delivery)))
        broken = verify("--json")

    assert sound.code == 0
    assert "Every alert has exactly one state for every channel it is for." in "\n".join(sound.out)
    assert broken.code == 1
    summary, problem = map(json.loads, broken.out)
    assert (summary["problems"], problem["kind"], problem["alert_id"]) == (1, "missing", 1)
