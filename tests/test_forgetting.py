"""Who asks to be forgotten is found nowhere in the files afterwards: not in the database, its log, its free pages or a later backup."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from storing import a_finding, an_entry, chat, chat_watch, claim, must_claim, save, send, set_up, told

from storage.records import DeliveryState, ForgetChat, InboxUpdate, Reply
from storage.store import Store, open_store

GONE = {7_123_456_789: "private", -1_007_123_456_788: "group", -1_007_123_456_787: "channel"}
STAYS = 6_123_456_780


def places(folder: Path, needles: dict[str, bytes]) -> set[tuple[str, str]]:
    """Where in the files of a folder something stands."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    return {(name, what) for name, content in files.items() for what, needle in needles.items() if needle in content}


def needles(chats: dict[int, str], terms: Sequence[str]) -> dict[str, bytes]:
    """What must not be found: numbers as SQLite packs them and as text, names of chats, watched names."""
    packed = {f"{chat_id} packed": chat_id.to_bytes(6 if abs(chat_id) < 2**47 else 8, "big", signed=True) for chat_id in chats}
    written = {f"{chat_id} written": str(chat_id).encode() for chat_id in chats}
    return packed | written | {term: term.encode() for term in terms} | {"a title": b"Ann"}


def test_nothing_of_a_chat_is_left_in_the_files(sqlite_url: str, tmp_path: Path, now: datetime) -> None:
    found, sent = left_of_who_is_forgotten(sqlite_url, tmp_path, now, terms=17, alerts=40)

    assert found == set()
    assert sent == 120


def left_of_who_is_forgotten(url: str, folder: Path, now: datetime, *, terms: int, alerts: int) -> tuple[set[tuple[str, str]], int]:
    """Three chats watch so many names and are told so many alerts each, then are forgotten: where in the files of the folder any of it stands.

    Also how many alerts were told. The folder holds the database and what the program logged.
    """
    names = [f"Zyxw{number:02} Holdings" for number in range(terms)]
    wanted = needles(GONE, names)
    with open_store(url) as store:
        set_up(store, now, watches=())
        for chat_id in GONE:
            chat(store, chat_id, now, *names)
        sent = told_of_everything(store, now, names, alerts)
        assert {what for _, what in places(folder, wanted)} == set(wanted)  # the search finds what is there

        for number, chat_id in enumerate(GONE):
            store.save_updates([InboxUpdate(update_id=number, raw={"chat": chat_id, "text": names[0]})], now)
            store.apply(
                [ForgetChat(chat_id=chat_id)], update_id=number, replies=[Reply(chat_id=chat_id, thread_id=None, text="Done.")], now=now
            )
            send(store, must_claim(store, now), now)
        assert store.scrub()
        store.backup(folder / "backup.db")

        assert store.counts(now).deliveries == {}
        return places(folder, wanted), sent


def told_of_everything(store: Store, now: datetime, names: Sequence[str], alerts: int) -> int:
    entries = [
        told(an_entry(f"entry {n}"), a_finding(supplier=f"Supplier {n}", watches=(chat_watch(store, names[n % len(names)]),)))
        for n in range(alerts)
    ]
    save(store, "bbc", *entries, now=now)
    while store.fan_out(now):
        pass
    while (claimed := claim(store, now)) is not None:
        send(store, claimed, now)
    return store.counts(now).deliveries[DeliveryState.SENT]


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
