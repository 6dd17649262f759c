"""The rooms of the design hold: who may import whom, which library lives where, and what may be called only in one place.

The sources are parsed, not run, so a rule also holds for an import inside a function.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

ROOMS = ("bot", "storage", "watchers")

# Library → where it may be imported, as prefixes of module names.
HOMES = {
    "telegram": ("bot",),
    "apscheduler": ("bot",),
    "click": ("bot.cli",),
    "rich": ("bot.cli", "bot.console"),
    "pydantic": ("bot.config", "bot.importing", "bot.exchange"),
    "sqlalchemy": ("storage",),
    "alembic": ("storage",),
    "psycopg": ("storage",),
    "sqlite3": ("storage",),
    "feedparser": ("watchers",),
    "ahocorasick_rs": ("watchers",),
    "yarl": ("watchers",),
    "multidict": ("watchers",),
    "aiohttp": (
        "watchers",
        "bot.serving",
        "bot.health",
        "bot.webhook",
        "bot.demo",
    ),  # in bot only the server side; see the client's rule below
    "httpx": ("bot",),  # python-telegram-bot's own; its errors are looked at, nothing is fetched with it
    "requests": (),
    "urllib.request": (),
    "http.client": (),
}


def _package(room: str) -> Path:
    spec = importlib.util.find_spec(room)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _modules() -> dict[str, Path]:
    found = {}
    for room in ROOMS:
        folder = _package(room)
        for path in sorted(folder.rglob("*.py")):
            if "samples" in path.relative_to(folder).parts:
                continue
            parts = (room, *path.relative_to(folder).with_suffix("").parts)
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = _modules()
TREES = {name: ast.parse(path.read_text(encoding="utf-8"), filename=str(path)) for name, path in MODULES.items()}


def _imports(tree: ast.AST, *, at_run_time_only: bool = False) -> Iterator[str]:
    """Every dotted name a module imports; ``from a import b`` gives ``a`` and ``a.b``, one of which is a module."""
    for node in _walk(tree, skip_type_checking=at_run_time_only):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _walk(tree: ast.AST, *, skip_type_checking: bool) -> Iterator[ast.AST]:
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if skip_type_checking and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo.extend(node.orelse)
        else:
            todo.extend(ast.iter_child_nodes(node))


def _within(name: str, homes: tuple[str, ...]) -> bool:
    """``bot.config`` stands for itself, what is inside it, and its siblings that begin so (``bot.config_checks``)."""
    return any(name == home or name.startswith((f"{home}.", f"{home}_")) for home in homes)


def test_a_room_imports_only_what_the_design_lets_it() -> None:
    allowed = {
        "bot": ("storage", "watchers"),
        "storage": ("watchers.types", "watchers.exceptions"),
        "watchers": (),
    }

    wrong = {
        (module, name)
        for module, tree in TREES.items()
        for name in _imports(tree)
        if (room := module.partition(".")[0]) != name.partition(".")[0] in ROOMS
        and not name.startswith(allowed[room])
        and not (room == "storage" and name == "watchers")  # the package of the two modules it may import
    }

    assert wrong == set()


def test_a_library_is_imported_only_in_its_own_room() -> None:
    wrong = {
        (module, name)
        for module, tree in TREES.items()
        for name in _imports(tree)
        for library, homes in HOMES.items()
        if (name == library or name.startswith(f"{library}.")) and not _within(module, homes)
    }

    assert wrong == set()


def test_every_library_is_asked_for_and_every_one_asked_for_is_used() -> None:
    """A library that came along with another may leave with it; one that nobody imports only costs its installation."""
    distributions = packages_distributions()
    imported = {name.partition(".")[0] for tree in TREES.values() for name in _imports(tree, at_run_time_only=True)}
    used = {normal(owner) for name in imported - set(ROOMS) - sys.stdlib_module_names for owner in distributions[name]}
    requirements = [re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in requires("contractwatch") or () if "extra ==" not in line]

    assert used == {normal(name) for name in requirements} - {"tzdata"}  # tzdata is read by the standard library


def normal(name: str) -> str:
    return name.lower().replace("_", "-")


def test_nothing_but_the_fetcher_opens_an_http_client() -> None:
    """The gate against private networks, the size limit and the pacing stand in one place, so there must be no way around it."""
    clients = {"ClientSession", "TCPConnector", "ClientTimeout", "AsyncClient", "Client", "request", "urlopen"}
    opened = {
        (module, ast.unparse(node.func))
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"aiohttp", "httpx", "urllib"}
        and node.func.attr in clients
    }

    assert {module for module, _ in opened} == {"watchers.dial"}


def test_feedparser_is_given_bytes_and_never_an_address() -> None:
    """Given text, feedparser fetches what looks like an address and opens what looks like a path."""
    for node in (node for tree in TREES.values() for node in ast.walk(tree)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "feedparser.parse":
            first = node.args[0]

            assert isinstance(first, ast.Call)
            assert ast.unparse(first.func) in {"io.BytesIO", "BytesIO"}
        if isinstance(node, ast.ImportFrom) and node.module == "feedparser":
            assert "parse" not in {alias.name for alias in node.names}


def test_there_is_no_import_cycle() -> None:
    graph = {
        name: {
            target
            for imported in _imports(tree, at_run_time_only=True)
            for target in _targets(imported)
            if target != name and not name.startswith(f"{target}.")
        }
        for name, tree in TREES.items()
    }

    assert _cycle(graph) == []


def _targets(imported: str) -> set[str]:
    return {imported} if imported in MODULES else set()


def _cycle(graph: dict[str, set[str]]) -> list[str]:
    """One cycle of the graph as the path that closes it; empty when there is none."""
    done: set[str] = set()
    for start in graph:
        path: list[str] = []
        todo: list[tuple[str, bool]] = [(start, False)]
        while todo:
            name, leaving = todo.pop()
            if leaving:
                path.pop()
                done.add(name)
            elif name in path:
                return [*path[path.index(name) :], name]
            elif name not in done:
                path.append(name)
                todo.append((name, True))
                todo.extend((target, False) for target in sorted(graph[name]))
    return []


def test_a_cycle_would_be_found() -> None:
    assert _cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert _cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_time_is_an_argument_and_only_the_command_line_and_the_jobs_read_the_clock() -> None:
    readers = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "dt.datetime.now", "datetime.datetime.now"}

    read = {
        (module, called)
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and not module.startswith("bot.") and (called := ast.unparse(node.func)) in readers
    }

    assert read == set()


def test_functions_and_modules_stay_readable() -> None:
    """Function ≤ 50 lines, module ≤ 400 lines of code, without comments, docstrings and blank lines. A migration is a record, not a text."""
    long: dict[str, int] = {}
    for module, tree in TREES.items():
        if module.startswith("storage.migrations.versions."):
            continue
        source = MODULES[module].read_text(encoding="utf-8").splitlines()
        code = {n for n, line in enumerate(source, start=1) if line.strip() and not line.lstrip().startswith("#")} - _docstring_lines(tree)
        sizes = {
            f"{module}.{node.name}": len(code & set(range(node.lineno, (node.end_lineno or node.lineno) + 1)))
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        long |= {name: size for name, size in sizes.items() if size > 50}
        if len(code) > 400:
            long[module] = len(code)

    assert long == {}


def _docstring_lines(tree: ast.AST) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node):
            first = node.body[0]
            lines |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return lines
