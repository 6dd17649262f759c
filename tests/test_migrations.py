"""The schema that migrations make is the schema that the code means; an upgrade happens whole or not at all, after a copy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from storing import a_finding, an_entry, save, set_up, told

from storage import opening, schema
from storage.exceptions import StoreVersionError
from storage.store import check, open_store, upgrade
from storage.tables import SCHEMA, metadata

INSTALLED = Path(opening.__file__).resolve().parents[1]  # the checkout, or where the wheel was installed

OLD, NEW = SCHEMA, f"{int(SCHEMA) + 1:04}"  # this version's schema, and that of the next
NEXT = f'''
"""A migration of the future."""
import os
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "{NEW}", "{OLD}", None, None
def upgrade():
    op.create_table("future", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("feed", sa.Column("colour", sa.Text))
    if os.environ.get("STOP_HALF_WAY") == "kill":
        os.kill(os.getpid(), 9)
    if os.environ.get("STOP_HALF_WAY"):
        raise RuntimeError("the power went")
    op.execute("UPDATE feed SET colour = 'blue'")
'''


@pytest.fixture
def next_version(tmp_path, monkeypatch):
    """This program as of its next version: one migration more."""
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "m_future.py").write_text(NEXT)
    original = schema.config

    def config():
        made = original()
        made.set_main_option("version_locations", os.pathsep.join((str(INSTALLED / "storage/migrations/versions"), str(folder))))
        return made

    monkeypatch.setattr(schema, "config", config)
    monkeypatch.setattr(opening, "SCHEMA", NEW)


def filled(url, now):
    with open_store(url) as store:
        set_up(store, now)
        save(store, "bbc", told(an_entry("one"), a_finding()), now=now)


def tables(store):
    return set(store._db.read(lambda connection: inspect(connection).get_table_names()))


def path_of(url):
    return Path(url.removeprefix("sqlite:///"))


def test_the_migrated_schema_is_the_one_the_code_means(store):
    differences = store._db.read(
        lambda connection: compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True}), metadata
        )
    )

    assert differences == []


def test_constraints_and_partial_indexes_are_those_the_code_means(store_url, postgresql, tmp_path):
    """What Alembic's comparison does not look at: checks, conditions of indexes, tables without row numbers."""
    with open_store(store_url) as store:
        if store._db.is_sqlite:
            from sqlalchemy import create_engine

            def made(connection):
                rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'")
                return {name: "".join(sql.lower().split()) for name, sql in rows}

            meant = create_engine("sqlite://")
            with meant.begin() as connection:
                metadata.create_all(connection)
                expected = made(connection)
            meant.dispose()
            found = store._db.read(made)
            assert {name: sorted(sql) for name, sql in found.items()} == {name: sorted(sql) for name, sql in expected.items()}
        else:

            def made(connection):
                indexes = connection.exec_driver_sql("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
                checks = connection.exec_driver_sql(
                    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('c', 'f')"
                )
                return {row[0]: row[1] for row in (*indexes, *checks) if "alembic" not in row[0]}

            found = store._db.read(made)
            with postgresql.database() as other:
                from sqlalchemy import create_engine

                meant = create_engine(other)
                with meant.begin() as connection:
                    metadata.create_all(connection)
                    expected = made(connection)
                meant.dispose()
            assert found == expected


def test_the_newest_migration_is_the_one_the_code_needs():
    assert ScriptDirectory.from_config(schema.config()).get_heads() == [SCHEMA]


def test_a_database_that_is_up_to_date_is_left_alone(store_url):
    assert upgrade(store_url) == (SCHEMA, SCHEMA)
    if store_url.startswith("sqlite"):
        assert not list(path_of(store_url).parent.glob("*.bak*"))


def test_an_old_database_is_refused_until_it_is_upgraded_and_keeps_what_is_in_it(sqlite_url, now, next_version):
    with pytest.raises(StoreVersionError, match=f"its schema is {OLD} and this version needs {NEW}; run contractwatch db upgrade"):
        open_store(sqlite_url)
    assert upgrade(sqlite_url) == (OLD, NEW)

    filled(sqlite_url, now)
    with open_store(sqlite_url) as store:
        assert "future" in tables(store)
        assert store.counts(now).entries == 1


def test_an_upgrade_copies_the_file_first(sqlite_url, now, next_version, monkeypatch):
    monkeypatch.setattr(opening, "SCHEMA", OLD)
    filled(sqlite_url, now)
    monkeypatch.setattr(opening, "SCHEMA", NEW)
    upgrade(sqlite_url)
    backup = path_of(sqlite_url).with_name(f"contractwatch.db.bak-{OLD}-{NEW}")
    monkeypatch.setattr(opening, "SCHEMA", OLD)

    assert check(f"sqlite:///{backup}") == []
    with open_store(f"sqlite:///{backup}") as store:
        assert store.counts(now).entries == 1
        assert "future" not in tables(store)


@pytest.mark.usefixtures("next_version")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_upgrade_that_fails_half_way_leaves_the_old_schema_and_can_be_done_again(postgresql, sqlite_url, now, monkeypatch, database):
    # Both are asked for by name: made while the next version is in force, the databases that all other tests copy would be of it.
    with postgresql.database() as postgresql_url:
        url = sqlite_url if database == "sqlite" else postgresql_url
        monkeypatch.setattr(opening, "SCHEMA", OLD)
        with monkeypatch.context() as old:
            old.setattr(opening, "_migrate_empty", _to_first)
            filled(url, now)
        monkeypatch.setattr(opening, "SCHEMA", NEW)
        monkeypatch.setenv("STOP_HALF_WAY", "raise")
        with pytest.raises(RuntimeError, match="the power went"):
            upgrade(url)
        monkeypatch.delenv("STOP_HALF_WAY")

        monkeypatch.setattr(opening, "SCHEMA", OLD)
        with open_store(url) as store:
            assert "future" not in tables(store)
            assert store.counts(now).entries == 1
        monkeypatch.setattr(opening, "SCHEMA", NEW)
        assert upgrade(url) == (OLD, NEW)


def _to_first(connection):
    from alembic import command

    made = schema.config()
    made.attributes["connection"] = connection
    command.upgrade(made, OLD)


def test_an_upgrade_that_is_killed_half_way_leaves_the_old_schema(sqlite_url, now, tmp_path):
    filled(sqlite_url, now)
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "m_future.py").write_text(NEXT)
    code = f"""
import os, sys
from storage import opening, schema
original = schema.config
def config():
    made = original()
    made.set_main_option("version_locations", os.pathsep.join(({str(INSTALLED / "storage/migrations/versions")!r}, {str(folder)!r})))
    return made
schema.config = config
opening.SCHEMA = {NEW!r}
print(opening.upgrade(sys.argv[1]))
"""
    command = [sys.executable, "-c", code, sqlite_url]
    environment = os.environ | {"PYTHONPATH": str(INSTALLED)}
    killed = subprocess.run(command, check=False, capture_output=True, env=environment | {"STOP_HALF_WAY": "kill"})
    assert killed.returncode == -9

    with open_store(sqlite_url) as store:
        assert "future" not in tables(store)
        assert store.counts(now).entries == 1
    again = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert again.stdout == f"{(OLD, NEW)}\n"


def test_a_start_that_is_killed_while_it_makes_the_database_leaves_none(tmp_path, now):
    code = """
import os, sys
from storage import opening
def stop(connection):
    original(connection)
    os.kill(os.getpid(), 9)
original, opening._migrate_empty = opening._migrate_empty, stop
opening.open_database(sys.argv[1], create=True)
"""
    url = f"sqlite:///{tmp_path}/contractwatch.db"
    killed = subprocess.run(
        [sys.executable, "-c", code, url], check=False, capture_output=True, env=os.environ | {"PYTHONPATH": str(INSTALLED)}
    )
    assert killed.returncode == -9
    assert not (tmp_path / "contractwatch.db").exists()

    open_store(url).close()
    assert check(url) == []


def test_two_starts_at_once_make_one_database(tmp_path, now):
    from concurrent.futures import ThreadPoolExecutor

    url = f"sqlite:///{tmp_path}/contractwatch.db"
    code = "import sys; from storage.store import open_store; store = open_store(sys.argv[1]); print(store.meta('instance')); store.close()"
    with ThreadPoolExecutor(3) as pool:
        runs = [
            pool.submit(
                subprocess.run,
                [sys.executable, "-c", code, url],
                check=True,
                capture_output=True,
                env=os.environ | {"PYTHONPATH": str(INSTALLED)},
            )
            for _ in range(3)
        ]
        instances = {run.result().stdout for run in runs}

    assert len(instances) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["contractwatch.db"]
