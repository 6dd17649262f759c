"""Rules of safety that can be read off the sources: what a reviewer would look for in every change, looked for in every line."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_architecture import TREES

# A call → the modules that may make it, each for a reason that stands beside it there.
CALLS: dict[str, frozenset[str]] = {
    r"eval|exec|compile|__import__|os\.system|os\.popen|os\.exec\w+|os\.spawn\w+": frozenset(),
    r"importlib\.import_module": frozenset({"bot.cli"}),  # of our own commands, by a name that stands there
    r"pickle\.loads?|pickle\.Unpickler|marshal\.\w+|shelve\.\w+|yaml\.\w+": frozenset({"watchers.worker", "watchers.workers"}),
    r"subprocess\.\w+": frozenset({"bot.rules_overlay", "storage.address", "watchers.workers"}),
    r"tempfile\.mktemp|hashlib\.(md5|sha1)": frozenset(),
    r"ssl\._create_unverified_context|ssl\.create_default_context": frozenset(),
    r"random\.\w+": frozenset({"storage.engine"}),  # a pause between two tries; what must not be guessed comes from ``secrets``
    r"(zipfile|tarfile|shutil\.unpack_archive)[.\w]*": frozenset(),  # an archive names the files it becomes
    r"expat\.ParserCreate": frozenset({"watchers.parsers.plainxml"}),
    r"(\w+\.)*(ElementTree|minidom|pulldom|etree|sax)\.(parse|fromstring|iterparse|XML|parseString)": frozenset(),
}
_TAG = re.compile(r"</?(?:b|i|u|s|a|code|pre|blockquote|tg-spoiler|span)(?:[\s>]|$)")
_TRANSACTION = re.compile(r"\s*(?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT)\b")


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


@pytest.mark.parametrize("pattern", CALLS, ids=lambda pattern: pattern.split("|")[0])
def test_what_runs_code_or_commands_is_called_nowhere_else(pattern: str) -> None:
    name = re.compile(pattern)
    made = {module for module, tree in TREES.items() for call in _calls(tree) if name.fullmatch(ast.unparse(call.func))}

    assert made <= CALLS[pattern]


def test_no_command_goes_through_a_shell_and_no_certificate_is_taken_unread() -> None:
    forbidden = {"shell": True, "verify": False, "verify_ssl": False, "ssl": False, "trust_env": True}
    found = [
        (module, call.lineno, keyword.arg)
        for module, tree in TREES.items()
        for call in _calls(tree)
        for keyword in call.keywords
        if keyword.arg in forbidden and isinstance(keyword.value, ast.Constant) and keyword.value.value is forbidden[keyword.arg]
    ]

    assert found == []


def test_markup_is_put_together_in_one_module_only() -> None:
    """Elsewhere a value could get between two tags without having been escaped."""
    found = {module for module, tree in TREES.items() for text in _filled_in(tree) if _TAG.search(text)}

    assert found == {"bot.markup"}


def _filled_in(tree: ast.AST) -> Iterator[str]:
    """The fixed parts of texts into which values are filled: f-strings, ``%``, ``+`` and ``.format``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and any(isinstance(part, ast.FormattedValue) for part in node.values):
            yield from (str(part.value) for part in node.values if isinstance(part, ast.Constant))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
            yield from (
                str(side.value) for side in (node.left, node.right) if isinstance(side, ast.Constant) and isinstance(side.value, str)
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            yield from (str(part.value) for part in ast.walk(node.func.value) if isinstance(part, ast.Constant))


def test_transactions_begin_and_end_in_the_engine_only() -> None:
    """SQLite's own beginning takes no lock for writing: 678 of 800 units failed with it."""
    found = {
        module
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _TRANSACTION.match(node.value)
    }

    assert found <= {"storage.engine"}


def test_a_statement_is_never_put_together_from_values() -> None:
    """Names of tables and columns are ours; whatever else is in a statement is bound to it."""
    runs = {"text", "exec_driver_sql"}
    found = [
        (module, call.lineno)
        for module, tree in TREES.items()
        if module.startswith("storage") and ".migrations." not in module
        for call in _calls(tree)
        if ast.unparse(call.func).rpartition(".")[2] in runs and call.args and isinstance(call.args[0], ast.JoinedStr)
        for part in call.args[0].values
        if isinstance(part, ast.FormattedValue)
        and not re.fullmatch(r"[\w.]*(table|column|name|pragma|seconds|_[A-Z]+)[\w.]*", ast.unparse(part.value))
    ]

    assert found == []


def test_every_action_of_the_workflows_is_pinned_and_every_locked_file_has_its_hash() -> None:
    root = Path(__file__).resolve().parents[1]
    for workflow in (root / ".github").rglob("*.yml"):
        for action in re.findall(r"uses:\s*(\S+)", workflow.read_text("utf-8")):
            assert re.search(r"@[0-9a-f]{40}$", action), action
    for lock in root.glob("*.lock"):
        wanted = [
            line for line in re.sub(r"\\\n\s*", " ", lock.read_text("utf-8")).splitlines() if line and not line.startswith(("#", " "))
        ]
        assert wanted
        assert [line for line in wanted if "--hash=sha256:" not in line] == []


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (lambda tree: [text for text in _filled_in(tree) if _TAG.search(text)], 'f"<b>{title}</b>"'),
        (lambda tree: [text for text in _filled_in(tree) if _TAG.search(text)], '"<b>" + title'),
        (lambda tree: [text for text in _filled_in(tree) if _TAG.search(text)], '"<a href=%s>" % url'),
        (lambda tree: [text for text in _filled_in(tree) if _TAG.search(text)], '"<i>{}</i>".format(title)'),
    ],
)
def test_markup_around_a_value_would_be_seen(rule: Callable[[ast.AST], list[str]], code: str) -> None:
    assert rule(ast.parse(code))
