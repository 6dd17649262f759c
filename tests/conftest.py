"""Fixtures for everybody: the shared measuring data, and the store on both databases.

``store_url`` and ``store`` run a test twice: on a SQLite file and on a database of a temporary PostgreSQL server, which is started once per
test process from the installed server binaries, as a user that is not root. Where there are none, that half is skipped and says so.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pwd
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import compiled
import connects
import pytest
from nursery import Nursery

from storage.store import Store, open_store
from storage.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHARED = Path(__file__).resolve().parents[2] / "shared"
_LONG = {"test_app", "test_demo", "test_permissions", "test_replays", "test_transcript", "test_workers"}


def pytest_configure(config: pytest.Config) -> None:
    """Watch the connections of every process of tests, all of which note them in one file."""
    if "CONNECTIONS" not in os.environ:
        handle, os.environ["CONNECTIONS"] = tempfile.mkstemp(prefix="cw-connections-")
        os.close(handle)
        config.add_cleanup(lambda: Path(os.environ.pop("CONNECTIONS")).unlink())
    connects.watch()
    compiled.share()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is imported and collected stays until the end: looking through it for garbage took a fifth of the tests' time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the whole run connected to, those included that programs under test made in processes of their own."""
    made, foreign = connects.read(Path(os.environ["CONNECTIONS"]))
    terminalreporter.section("connections")
    terminalreporter.write_line("\n".join([connects.figure(made), *foreign]))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A program that connected where it may not fails the run, also when its test took that for a server that is away."""
    made, _ = connects.read(Path(os.environ["CONNECTIONS"]))
    if made["foreign"]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long in one piece, so that at the end nobody waits for one process of tests."""
    items.sort(key=lambda item: item.path.stem not in _LONG)


@pytest.fixture(autouse=True)
def _no_connection_past_the_gate() -> Iterator[None]:
    """What connects where it may not fails its test, also where the error was taken for a server that is away."""
    yield
    made = connects.foreign[:]
    connects.foreign.clear()
    assert made == []


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout."""
    if not (_SHARED / "data").is_dir():
        pytest.skip("the data to measure on is not beside this checkout (../shared/data)")
    return _SHARED


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """What starts commands quickly, one for each process of tests."""
    with contextlib.closing(Nursery()) as made:
        yield made


@pytest.fixture
def now() -> datetime:
    """A moment that every test may call the present."""
    return datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class PostgreSQL:
    """A running server that anybody on this machine may use without a password, through a socket in its own folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://contractwatch@/{name}?host={self.folder}"

    def run(self, sql: str, name: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(host=str(self.folder), user="contractwatch", dbname=name, autocommit=True) as connection:
            connection.execute(sql)

    def empty(self, name: str) -> None:
        """Make a database as it was when it was new: much quicker than another one, or than TRUNCATE, which makes new files."""
        tables = [table for table in reversed(metadata.sorted_tables) if table.name != "meta"]
        clean = [f"DELETE FROM {table.name}" for table in tables]
        numbers = "pg_get_serial_sequence(table_name, column_name)"
        clean.append(
            f"SELECT setval({numbers}, 1, false) FROM information_schema.columns WHERE table_schema = 'public' AND {numbers} <> ''"
        )
        clean += ["DELETE FROM meta WHERE key NOT IN ('application', 'instance', 'watches_version')"]
        clean += ["UPDATE meta SET value = '1' WHERE key = 'watches_version'"]
        self.run("; ".join(clean), name)

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database without any tables, drop it afterwards, and lend its address."""
        self._count += 1
        name = f"test_{self._count}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A temporary PostgreSQL server with a migrated database ``migrated``, empty at the start of every test."""
    pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed (contractwatch[postgres])")
    installed = binaries()
    if installed is None:
        pytest.skip("no PostgreSQL server is installed (initdb is neither on the path nor under /usr/lib/postgresql)")
    with running_server(installed) as server:
        server.run("CREATE DATABASE migrated")
        open_store(server.url("migrated")).close()
        yield server


@contextlib.contextmanager
def running_server(installed: Path) -> Iterator[PostgreSQL]:
    """A PostgreSQL server of one's own, made by the programs in a folder."""
    folder = Path(tempfile.mkdtemp(prefix="cw-pg-"))
    user = _lesser_user(folder)
    data = folder / "data"
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off -c max_connections=60 -c shared_buffers=16MB"
    try:
        _run(user, installed / "initdb", "-D", data, "-U", "contractwatch", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
        _run(user, installed / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "-t", "60", "start")
        try:
            yield PostgreSQL(folder)
        finally:
            _run(user, installed / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite database to copy."""
    path = tmp_path_factory.mktemp("migrated") / "contractwatch.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database that belongs to the test."""
    if request.param == "sqlite":
        path = tmp_path / "contractwatch.db"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        yield f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgresql")
        yield server.url("migrated")
        server.empty("migrated")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open, empty store."""
    with open_store(store_url) as opened:
        yield opened


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_file: Path) -> str:
    """The address of an empty, migrated SQLite database, for what only SQLite has."""
    path = tmp_path / "contractwatch.db"
    shutil.copy(migrated_file, path)
    return f"sqlite:///{path}"


def binaries() -> Path | None:
    """Find the folder of the server's programs: the one on the path, else the newest that is installed."""
    places = [Path(found).resolve().parent for found in (shutil.which("initdb"),) if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


def _lesser_user(folder: Path) -> pwd.struct_passwd | None:
    """Choose whom the server runs as, since it refuses root, and give the folder to them."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o755)
    return user


def _run(user: pwd.struct_passwd | None, *command: object) -> None:
    """Run a program of the server's, as ``user`` where one is given. Its output is shown when it fails."""
    lesser = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    # Files, not pipes: the server keeps its standard output open for as long as it runs.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run([str(word) for word in command], stdout=output, stderr=output, cwd="/", check=False, **lesser)
        output.seek(0)
        assert done.returncode == 0, output.read().decode()
