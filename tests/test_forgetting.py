"""Who asks to be forgotten is found nowhere in the files afterwards: not in the database, its log, its free pages or a later backup."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from storing import a_finding, an_entry, chat, chat_watch, must_claim, save, send, set_up, told

from storage.records import ForgetChat, InboxUpdate, Reply
from storage.store import Store, open_store

GONE = {7_123_456_789: "private", -1_007_123_456_788: "group", -1_007_123_456_787: "channel"}
STAYS = 6_123_456_780
TERMS = [f"Zyxw{number:02} Holdings" for number in range(17)]


def places(folder: Path, needles: dict[str, bytes]) -> set[tuple[str, str]]:
    """Where in the files of a folder something stands."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    return {(name, what) for name, content in files.items() for what, needle in needles.items() if needle in content}


def needles(chats: dict[int, str]) -> dict[str, bytes]:
    """What must not be found: numbers as SQLite packs them and as text, names of chats, watched names."""
    packed = {f"{chat_id} packed": chat_id.to_bytes(6 if abs(chat_id) < 2**47 else 8, "big", signed=True) for chat_id in chats}
    written = {f"{chat_id} written": str(chat_id).encode() for chat_id in chats}
    return packed | written | {term: term.encode() for term in TERMS} | {"a title": b"Ann"}


def test_nothing_of_a_chat_is_left_in_the_files(
    sqlite_url: str, tmp_path: Path, now: datetime, record_property: Callable[[str, object], None]
) -> None:
    with open_store(sqlite_url) as store:
        set_up(store, now, watches=())
        for chat_id in GONE:
            chat(store, chat_id, now, *TERMS)
        told_of_everything(store, now)
        assert {what for _, what in places(tmp_path, needles(GONE))} == set(needles(GONE))  # the search finds what is there

        for number, chat_id in enumerate(GONE):
            store.save_updates([InboxUpdate(update_id=number, raw={"chat": chat_id, "text": TERMS[0]})], now)
            store.apply(
                [ForgetChat(chat_id=chat_id)], update_id=number, replies=[Reply(chat_id=chat_id, thread_id=None, text="Done.")], now=now
            )
            send(store, must_claim(store, now), now)
        assert store.scrub()
        store.backup(tmp_path / "backup.db")

        found = places(tmp_path, needles(GONE))
        record_property("left", f"{len(found)} places hold one of {len(needles(GONE))} numbers and names of {len(GONE)} chats")
        assert found == set()
        assert store.counts(now).deliveries == {}


def told_of_everything(store: Store, now: datetime) -> None:
    entries = [
        told(an_entry(f"entry {n}"), a_finding(supplier=f"Supplier {n}", watches=(chat_watch(store, TERMS[n % 17]),))) for n in range(40)
    ]
    save(store, "bbc", *entries, now=now)
    while store.fan_out(now):
        pass
    for second in range(12):
        send(store, must_claim(store, now + timedelta(seconds=second)), now + timedelta(seconds=second))


def test_the_log_is_emptied_later_when_somebody_is_reading(sqlite_url: str, tmp_path: Path, now: datetime) -> None:
    with open_store(sqlite_url) as store:
        chat(store, STAYS, now, "Palantir")
        with store._db._reader.begin() as reading:
            reading.exec_driver_sql("SELECT count(*) FROM channel").scalar()
            chat(store, STAYS, now, "Serco")
            assert not store.scrub()
        assert store.scrub()
        assert (tmp_path / "contractwatch.db-wal").stat().st_size == 0
        assert {watch.organisation.name for watch in store.watches()[1]} == {"Palantir", "Serco"}
