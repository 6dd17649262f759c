"""What is opened, what is refused and in which words, one daemon at a time, backups, and errors of the disk."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from storing import LEASE, a_feed, a_finding, an_entry, claim, save, set_up, told

from storage.address import backups, file_system
from storage.exceptions import StoreDamaged, StoreError, StoreLocked, StoreUnavailable, StoreVersionError
from storage.store import check, open_store, upgrade

ROOT = Path(__file__).resolve().parents[1]


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def refusal(url: str, **how) -> StoreError:
    """Open what must be refused; the sentence must be one line and name the database."""
    with pytest.raises(StoreError) as caught:
        open_store(url, **how).close()
    assert "\n" not in str(caught.value)
    return caught.value


# a new database


def test_a_missing_file_becomes_a_database_that_is_whole(tmp_path):
    url = f"sqlite:///{tmp_path}/contractwatch.db"
    open_store(url).close()

    assert [one.name for one in tmp_path.iterdir()] == ["contractwatch.db"]
    assert check(url) == []


def test_a_relative_address_is_a_file_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///here.db").close()

    assert (tmp_path / "here.db").exists()


def test_the_promises_of_the_file_are_kept_by_its_settings(sqlite_url):
    with open_store(sqlite_url) as store, store._db._writer.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys", "trusted_schema")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 10000, "foreign_keys": 1, "trusted_schema": 0}


def test_readers_cannot_write(sqlite_url):
    with open_store(sqlite_url) as store, pytest.raises(StoreUnavailable, match="may not write it"):
        store._db.read(lambda connection: connection.exec_driver_sql("DELETE FROM meta"))


def test_a_missing_file_is_not_made_unless_asked_for(tmp_path):
    error = refusal(f"sqlite:///{tmp_path}/none.db", create=False)

    assert isinstance(error, StoreUnavailable)
    assert "none.db does not exist; start the daemon once" in str(error)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_postgresql_database_becomes_ours(postgresql):
    with postgresql.database() as url:
        assert "is empty" in str(refusal(url, create=False))
        open_store(url).close()
        open_store(url, create=False).close()
        assert check(url) == []


# what is refused


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("contractwatch.db", "cannot be read; write sqlite:///"),
        ("mysql://root:secret@host/db", "'mysql' are not supported; write sqlite:///"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("postgresql://ann:secret@127.0.0.1:1/db", "the server cannot be reached"),
        ("postgresql+psycopg://ann:secret@127.0.0.1:1/db", "the server cannot be reached"),
        ("postgresql+psycopg://ann:sec@secret@127.0.0.1:1/db", "the address of the database cannot be read"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_without_its_password(address, sentence):
    error = refusal(address)

    assert isinstance(error, StoreUnavailable)
    assert sentence in str(error)
    assert "secret" not in repr(error) + str(error) + repr(error.__cause__ and error.__cause__.args)


def test_a_wrong_password_name_or_database_says_which(postgresql):
    missing = postgresql.url("nowhere")
    assert "no such database; create it with createdb" in str(refusal(missing))
    stranger = missing.replace("contractwatch@", "stranger:secret@")
    assert "refuses the user or the password" in str(refusal(stranger))
    assert "secret" not in str(refusal(stranger))


def test_a_missing_folder_is_named(tmp_path):
    assert f"the folder {tmp_path}/missing does not exist; create it" in str(refusal(f"sqlite:///{tmp_path}/missing/a.db"))


def test_a_folder_is_not_a_database(tmp_path):
    assert f"{tmp_path} is not a file" in str(refusal(f"sqlite:///{tmp_path}"))


NOT_OURS = {
    "empty": (b"", "is empty; restore it"),
    "text": (b"key = value\n" * 50, "is not a SQLite database"),
    "html": (b"<html>" * 500, "is not a SQLite database"),
    "magic only": (b"SQLite format 3\0", "it is (not a SQLite database|damaged)"),
    "magic and noise": (b"SQLite format 3\0" + bytes(range(256)) * 40, "it is (not a SQLite database|damaged)"),
}


@pytest.mark.parametrize("kind", NOT_OURS)
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path, kind):
    content, sentence = NOT_OURS[kind]
    path = tmp_path / "contractwatch.db"
    path.write_bytes(content)
    error = refusal(f"sqlite:///{path}")

    assert isinstance(error, StoreDamaged)
    assert re.search(sentence, str(error))
    assert "move it away to begin anew" in str(error)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "tables",
    [
        "CREATE TABLE article (id INTEGER)",
        "CREATE TABLE meta (name TEXT)",
        "CREATE TABLE meta (key TEXT, value TEXT); INSERT INTO meta VALUES ('application', 'another')",
        "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('0001')",
        "CREATE TABLE alembic_version (other TEXT)",
        "CREATE TABLE one (id INTEGER); DROP TABLE one",
    ],
)
def test_the_database_of_another_program_is_refused_and_left_as_it_is(tmp_path, tables):
    path = tmp_path / "contractwatch.db"
    connection = sqlite3.connect(path)
    connection.executescript(tables)
    connection.close()
    content = path.read_bytes()
    error = refusal(f"sqlite:///{path}")

    assert isinstance(error, StoreDamaged)
    assert re.search("it is the database of another program|holds no tables", str(error))
    # Only the mode of the journal may have been noted in the header.
    assert len(path.read_bytes()) == len(content)


def test_a_foreign_postgresql_database_is_refused(postgresql):
    with postgresql.database() as url:
        postgresql.run("CREATE TABLE article (id int)", url.partition("@/")[2].partition("?")[0])

        assert "it is the database of another program" in str(refusal(url))


def set_revision(url, revision):
    with open_store(url) as store:
        store._db.write(lambda c: c.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'"))


def test_a_database_of_a_newer_version_is_refused(store_url):
    set_revision(store_url, "9999")
    try:
        error = refusal(store_url)

        assert isinstance(error, StoreVersionError)
        assert "schema 9999 is newer than this version's" in str(error)
        with pytest.raises(StoreVersionError, match="newer"):
            upgrade(store_url)
        assert check(store_url) == [str(error)]
    finally:
        from storage.tables import SCHEMA

        if store_url.startswith("postgresql"):
            import psycopg

            with psycopg.connect(store_url.replace("+psycopg", ""), autocommit=True) as connection:
                connection.execute(f"UPDATE alembic_version SET version_num = '{SCHEMA}'")


def test_a_file_that_vanished_is_not_replaced_by_an_empty_one(sqlite_url):
    path = path_of(sqlite_url)
    backup = path.with_name(f"{path.name}.bak-0001-0002")
    path.rename(backup)
    assert f"is missing but its backup {backup} is there" in str(refusal(sqlite_url))

    backup.rename(path.with_name("elsewhere"))
    log = path.with_name(f"{path.name}-wal")
    log.write_bytes(b"frames")
    assert "is missing but its write-ahead log" in str(refusal(sqlite_url))
    assert not path.exists()


def test_a_refusal_names_the_newest_backup(sqlite_url):
    path = path_of(sqlite_url)
    for age, name in ((2, "bak-0001-0002"), (1, "bak-0002-0003"), (0, "bak-0003-0004.part")):
        copy = path.with_name(f"{path.name}.{name}")
        copy.write_bytes(b"")
        os.utime(copy, (1_700_000_000 - age, 1_700_000_000 - age))
    path.write_bytes(b"not a database at all")

    assert [one.name for one in backups(path)] == ["contractwatch.db.bak-0002-0003", "contractwatch.db.bak-0001-0002"]
    assert f"the newest beside it is {path}.bak-0002-0003" in str(refusal(sqlite_url))


@pytest.fixture
def open_to_all():
    """A folder under one that everybody may pass. pytest's own are closed to others, and belong to all tests at once."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without rights")
def test_a_user_without_rights_is_told_which_rights(open_to_all):
    folder = open_to_all / "kept" / "data"
    folder.mkdir(parents=True)
    path = folder / "contractwatch.db"
    open_store(f"sqlite:///{path}").close()
    before = "import os, sys; sys.path.insert(0, sys.argv[2]); from storage.store import open_store; os.setuid(65534)\n"

    def attempt() -> str:
        code = f"{before}\ntry:\n    open_store(sys.argv[1])\nexcept Exception as error:\n    print(type(error).__name__, error)"
        command = [sys.executable, "-c", code, f"sqlite:///{path}", str(ROOT)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    folder.parent.chmod(0o700)
    assert re.search(rf"StoreUnavailable .*this user may not look into {folder.parent};", attempt())
    folder.parent.chmod(0o755)
    folder.chmod(0o700)
    assert re.search(rf"StoreUnavailable .*this user may not write into the folder {folder};", attempt())
    folder.chmod(0o777)
    path.chmod(0o600)
    assert re.search(rf"StoreUnavailable .*this user may not read and write {path};", attempt())


def test_network_file_systems_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("storage.address._NETWORK_FILE_SYSTEMS", frozenset({file_system(tmp_path)}))

    assert "lies on a network file system" in str(refusal(f"sqlite:///{tmp_path}/a.db"))


def test_the_file_system_of_a_folder_is_known():
    assert file_system(Path("/proc")) == "proc"


# damage


def damage(path: Path, number: int) -> str:
    """Break a database file in one of several ways that happen."""
    dice = random.Random(number)
    content = bytearray(path.read_bytes())
    how = ("truncated", "zero page", "noise", "header", "cut to nothing", "other magic")[number % 6]
    if how == "truncated":
        content = content[: dice.randrange(100, len(content) - 4096)]
    elif how == "zero page":
        page = dice.randrange(len(content) // 4096)
        content[page * 4096 : (page + 1) * 4096] = bytes(4096)
    elif how == "noise":
        at = dice.randrange(100, len(content) - 512)
        content[at : at + 512] = dice.randbytes(512)
    elif how == "header":
        content[dice.randrange(16, 24)] ^= 0xFF
    elif how == "cut to nothing":
        content = bytearray()
    else:
        content[:16] = dice.randbytes(16)
    path.write_bytes(content)
    return how


def test_damaged_files_are_refused_or_sound_and_never_replaced(tmp_path, now, record_property):
    """Two hundred broken files. Noise inside free space or inside a text is no damage that SQLite can see; opening must then simply work."""
    whole = tmp_path / "whole.db"
    with open_store(f"sqlite:///{whole}") as store:
        set_up(store, now)
        save(store, "bbc", *(told(an_entry(f"entry {number}", f"Title {number} " * 9), a_finding()) for number in range(150)), now=now)
    refused: dict[str, int] = {}
    for number in range(200):
        path = tmp_path / "broken.db"
        shutil.copy(whole, path)
        how = damage(path, number)
        broken = path.read_bytes()
        try:
            with open_store(f"sqlite:///{path}") as store:
                store.counts(now)
        except StoreError as error:
            assert isinstance(error, StoreDamaged | StoreUnavailable), (how, number)
            assert "restore it" in str(error) or "move it away" in str(error), (how, error)
            refused[how] = refused.get(how, 0) + 1
            assert len(path.read_bytes()) == len(broken), (how, number)
        for rest in tmp_path.glob("broken.db*"):
            rest.unlink()

    record_property("damaged", f"{sum(refused.values())} of 200 damaged files refused, none replaced; in the others SQLite reads all of it")
    assert refused["cut to nothing"] == refused["other magic"] == 33
    assert refused["truncated"] >= 30
    assert refused["zero page"] >= 25


def test_damage_that_shows_later_is_said_then(sqlite_url, now):
    with open_store(sqlite_url) as store:
        set_up(store, now)
        with store._db._writer.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = path_of(sqlite_url).stat().st_size
        with path_of(sqlite_url).open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(size - 4096))

        with pytest.raises(StoreDamaged, match="it is damaged; restore it"):
            for number in range(50):
                save(store, "bbc", told(an_entry(f"{number}")), now=now, watches_version=2)


def test_check_reads_all_of_it(sqlite_url, now):
    with open_store(sqlite_url) as store:
        set_up(store, now)
    connection = sqlite3.connect(path_of(sqlite_url))
    connection.executescript("PRAGMA foreign_keys = OFF; DELETE FROM watchlist; DROP TABLE tombstone")
    connection.commit()
    connection.close()

    assert check(sqlite_url) == [
        "the table tombstone is missing",
        "the table subscription has rows that point to nothing",
        "the table watchlist_watch has rows that point to nothing",
    ]


def test_check_says_what_opening_would_say(tmp_path):
    assert check(f"sqlite:///{tmp_path}/none.db") == [str(refusal(f"sqlite:///{tmp_path}/none.db", create=False))]


# a full disk


def test_a_full_disk_loses_nothing_sends_nothing_unclaimed_and_ends_by_itself(sqlite_url, now):
    """SQLite's own limit of pages stands for the disk: it gives the same error."""
    with open_store(sqlite_url) as store:
        set_up(store, now)
        save(store, "bbc", told(an_entry("first"), a_finding()), now=now)
        store.fan_out(now)

        def limit(pages: int) -> None:
            with store._db._writer.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        limit(1)
        before = store.counts(now)
        long = [told(an_entry(f"{number}", "long " * 500)) for number in range(100)]
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="no space left on the disk; free some, and it goes on by itself"):
                save(store, "bbc", *long, now=now)
        assert store.counts(now) == before
        assert store.latest(1, 5)

        limit(1_000_000)
        assert save(store, "bbc", *long, now=now).new == 100
        assert claim(store, now) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits")
def test_a_file_that_may_not_grow_is_said_in_a_sentence_and_is_whole_afterwards(sqlite_url, now):
    code = """
import resource, signal, sys
from datetime import datetime, UTC
from storing import an_entry, save, set_up, told
from storage.exceptions import StoreUnavailable
from storage.store import open_store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
now = datetime(2026, 3, 2, tzinfo=UTC)
store = open_store(sys.argv[1])
set_up(store, now)
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
kept = 0
try:
    for number in range(1000):
        kept += save(store, "bbc", told(an_entry(str(number), "long " * 2000)), now=now).new
except StoreUnavailable as error:
    print(kept, error)
"""
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    command = [sys.executable, "-c", code, sqlite_url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": paths})
    kept, _, sentence = done.stdout.partition(" ")

    assert re.search("no space left|the disk reports an error", sentence)
    with open_store(sqlite_url) as store:
        assert store.counts(now).entries == int(kept) > 0
    assert check(sqlite_url) == []


# one daemon


HOLD = (
    "import sys, time; from storage.store import open_store\nwith open_store(sys.argv[1]).lock(): print('held', flush=True); time.sleep(60)"
)


def test_a_second_daemon_is_refused_with_the_process_of_the_first_until_that_is_killed(sqlite_url):
    first = subprocess.Popen([sys.executable, "-c", HOLD, sqlite_url], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with open_store(sqlite_url) as store:
            for _ in range(5):
                with pytest.raises(StoreLocked, match=rf"process {first.pid}\)"), store.lock():
                    raise AssertionError
            with pytest.raises(StoreLocked):
                upgrade(sqlite_url)
            first.kill()
            first.wait()
            with store.lock():
                assert path_of(sqlite_url).with_name("contractwatch.db.lock").read_text() == f"{os.getpid()}\n"
            with store.lock():
                pass
    finally:
        first.kill()
        first.wait()
        first.stdout.close()


def test_several_daemons_may_share_a_postgresql_database(postgresql):
    url = postgresql.url("migrated")
    with open_store(url) as one, open_store(url) as other, one.lock(), other.lock():
        assert one.engine.startswith("PostgreSQL ")


def test_a_lock_file_that_cannot_be_written_is_named(sqlite_url):
    path_of(sqlite_url).with_name("contractwatch.db.lock").mkdir()
    with open_store(sqlite_url) as store, pytest.raises(StoreUnavailable, match=r"contractwatch\.db\.lock cannot be written"), store.lock():
        raise AssertionError


# backups


def test_a_backup_is_a_whole_database_made_while_others_write(sqlite_url, tmp_path, now):
    target = tmp_path / "copy.db"
    with open_store(sqlite_url) as store:
        set_up(store, now)
        save(store, "bbc", told(an_entry("one"), a_finding()), now=now)
        store.backup(target)
        save(store, "bbc", told(an_entry("two"), a_finding()), now=now)

    assert check(f"sqlite:///{target}") == []
    with open_store(f"sqlite:///{target}") as copy:
        assert copy.counts(now).entries == 1
        assert copy.watches()[1]
    assert sorted(one.name for one in tmp_path.iterdir() if "copy" in one.name) == ["copy.db"]


def test_a_backup_never_overwrites_and_names_what_is_wrong(sqlite_url, tmp_path):
    there = tmp_path / "there.db"
    there.write_text("precious")
    with open_store(sqlite_url) as store:
        with pytest.raises(StoreUnavailable, match=f"{there} exists already; name a file that does not"):
            store.backup(there)
        with pytest.raises(StoreUnavailable, match="missing does not exist; create it first"):
            store.backup(tmp_path / "missing" / "copy.db")

    assert there.read_text() == "precious"


def test_a_postgresql_database_is_backed_up_with_its_own_program(postgresql, tmp_path):
    with open_store(postgresql.url("migrated")) as store, pytest.raises(StoreUnavailable, match="use pg_dump"):
        store.backup(tmp_path / "copy.db")


# the rest


def test_a_store_shows_its_address_without_the_password(postgresql, sqlite_url):
    with open_store(postgresql.url("migrated").replace("contractwatch@", "contractwatch:secret@")) as store:
        assert "secret" not in repr(store) + store.address
    with open_store(sqlite_url) as store:
        assert (repr(store), store.engine) == (f"<Store {sqlite_url}>", f"SQLite {sqlite3.sqlite_version}")


def test_values_are_kept_by_name(store):
    assert store.meta("offset") is None
    for value in ("1", "2"):
        store.set_meta("offset", value)

    assert store.meta("offset") == "2"


def test_a_server_that_goes_away_is_said_so_and_the_store_goes_on_when_it_is_back(postgresql, now):
    with open_store(postgresql.url("migrated")) as store:
        store.feeds()
        ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'contractwatch'"

        def cut_off(connection):
            postgresql.run(ours)
            connection.exec_driver_sql("SELECT 1")

        with pytest.raises(StoreUnavailable, match="goes on by itself once the server is there"):
            store._db.read(cut_off)
        assert store.claim_due_feeds(now, limit=1, owner="o", lease=LEASE) == []


def test_units_that_lost_against_another_are_run_again(postgresql, now):
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    from sqlalchemy import update

    from storage.tables import feed

    with open_store(postgresql.url("migrated")) as store:
        store.sync_feeds([a_feed("one"), a_feed("two")], now)
        both_hold_one = Barrier(2, timeout=60)
        runs = []

        def cross(first, second):
            def unit(connection):
                runs.append(first)
                connection.execute(update(feed).where(feed.c.key == first).values(entries=feed.c.entries + 1))
                if len(runs) <= 2:
                    both_hold_one.wait()
                connection.execute(update(feed).where(feed.c.key == second).values(entries=feed.c.entries + 1))

            store._db.write(unit)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(cross, ("one", "two"), ("two", "one")))

        assert len(runs) == 3
        assert [one.entries for one in store.feeds()] == [2, 2]
        store.sync_feeds([], now + timedelta(days=1))
