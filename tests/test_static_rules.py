"""Rules of safety that can be read off the sources: what a reviewer would look for in every change, looked for in every line.

Each rule stands beside a line that it must find, so that none can go blind. The linter's own rules of safety are those of bandit, which
therefore is not asked as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from test_architecture import TREES

_TAG = re.compile(r"</?(?:b|i|u|s|a|code|pre|blockquote|tg-spoiler|span)(?:[\s>]|$)")
_TRANSACTION = re.compile(r"\s*(?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT)\b|(?i:\s*(?:begin|commit|rollback|savepoint)(?:\s+\w+)?\s*;?\s*$)")
_UNSAFE = {"shell": True, "verify": False, "verify_ssl": False, "ssl": False, "trust_env": True, "hide_parameters": False}
_SECRET = re.compile(r"(?i)(\w+\.)*\w*(secret|token|password)\w*(\.\w+\(\))*")
_COLUMN = re.compile(r"\w+\.c\.\w+")  # what an index finds is compared by the database
_OURS = re.compile(r"[\w.]*(table|column|name|pragma|seconds|_[A-Z]+)[\w.]*")  # of tables and columns

Finder = Callable[[ast.AST], Iterable[ast.AST]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What must not stand in the sources but in the modules that are allowed to, each for a reason that stands beside it there."""

    find: Finder
    seen: tuple[str, ...]
    allowed: frozenset[str] = frozenset()
    rooms: tuple[str, ...] = ("bot", "storage", "watchers")


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _called(pattern: str, tree: ast.AST) -> Iterator[ast.AST]:
    return (call for call in _calls(tree) if re.fullmatch(pattern, ast.unparse(call.func)))


def _unsafe_keywords(tree: ast.AST) -> Iterator[ast.AST]:
    for call in _calls(tree):
        for keyword in call.keywords:
            if keyword.arg in _UNSAFE and isinstance(keyword.value, ast.Constant) and keyword.value.value is _UNSAFE[keyword.arg]:
                yield call


def _markup(tree: ast.AST) -> Iterator[ast.AST]:
    """Tags in texts into which values are filled, which could get there without having been escaped."""
    return (node for node, text in _filled_in(tree) if _TAG.search(text))


def _filled_in(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """The fixed parts of texts into which values are filled: f-strings, ``%``, ``+`` and ``.format``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and any(isinstance(part, ast.FormattedValue) for part in node.values):
            yield from ((node, str(part.value)) for part in node.values if isinstance(part, ast.Constant))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
            sides = (node.left, node.right)
            yield from ((node, side.value) for side in sides if isinstance(side, ast.Constant) and isinstance(side.value, str))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            yield from ((node, str(part.value)) for part in ast.walk(node.func.value) if isinstance(part, ast.Constant))


def _transactions(tree: ast.AST) -> Iterator[ast.AST]:
    """SQLite's own beginning takes no lock for writing: 678 of 800 units failed with it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _TRANSACTION.match(node.value):
            yield node
        if isinstance(node, ast.Call) and re.fullmatch(
            r"(.*\.)?_?(connection|session|database|db)\.(begin|begin_nested|commit|rollback)", ast.unparse(node.func)
        ):
            yield node


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Statements that are put together from values. Names of tables and columns are ours; whatever else is in one is bound to it."""
    for call in _calls(tree):
        if ast.unparse(call.func).rpartition(".")[2] not in {"text", "exec_driver_sql"} or not call.args:
            continue
        for part in ast.walk(call.args[0]):
            if isinstance(part, ast.FormattedValue) and not _OURS.fullmatch(ast.unparse(part.value)):
                yield call
            if isinstance(part, ast.BinOp | ast.Call):
                yield call


def _compared_secrets(tree: ast.AST) -> Iterator[ast.AST]:
    """Secrets compared with ``==``, whose time tells how much of a guess is right."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(one, ast.Eq | ast.NotEq) for one in node.ops):
            sides = [ast.unparse(side) for side in (node.left, *node.comparators) if not isinstance(side, ast.Constant)]
            if any(_SECRET.fullmatch(side) for side in sides) and not any(_COLUMN.fullmatch(side) for side in sides):
                yield node


def _only(pattern: str, *seen: str, allowed: Iterable[str] = ()) -> Rule:
    """A call that only some modules may make."""
    return Rule(find=partial(_called, pattern), seen=seen, allowed=frozenset(allowed))


RULES = {
    "code is not made at run time": _only(r"eval|exec|compile|__import__", "eval(text)", "exec(text)", "__import__(name)"),
    "no command is run by name": _only(r"os\.(system|popen|exec\w+|spawn\w+)", "os.system(line)", "os.execvp(name, words)"),
    "modules are imported by our names": _only(r"importlib\.import_module", "importlib.import_module(name)", allowed=["bot.cli"]),
    "only our own processes are unpickled": _only(
        r"pickle\.loads?|pickle\.Unpickler|marshal\.\w+|shelve\.\w+|yaml\.\w+",
        "pickle.loads(body)",
        "yaml.load(text)",
        allowed=["watchers.worker", "watchers.workers"],
    ),
    "programs are started in three places": _only(
        r"subprocess\.\w+", "subprocess.run(line)", allowed=["bot.rules_overlay", "storage.address", "watchers.workers"]
    ),
    "no weak digest, no guessable file": _only(r"tempfile\.mktemp|hashlib\.(md5|sha1)", "hashlib.md5(body)", "tempfile.mktemp()"),
    "certificates are checked": _only(r"ssl\.(_create_unverified_context|create_default_context)", "ssl._create_unverified_context()"),
    "what must not be guessed is no random number": _only(r"random\.\w+", "random.random()", allowed=["storage.engine"]),  # its pauses
    "no archive is opened, which names the files it becomes": _only(
        r"(zipfile|tarfile|shutil\.unpack_archive)[.\w]*", "zipfile.ZipFile(body)", "shutil.unpack_archive(name)"
    ),
    "XML is read by expat alone, which is told to refuse entities": _only(
        r"expat\.ParserCreate", "expat.ParserCreate()", allowed=["watchers.parsers.plainxml", "bot.opml"]
    ),
    "XML is read by no other": _only(
        r"(\w+\.)*(ElementTree|minidom|pulldom|etree|sax)\.(parse|fromstring|iterparse|XML|parseString)", "ElementTree.fromstring(body)"
    ),
    "no shell, no certificate unread, no proxy of the environment": Rule(
        find=_unsafe_keywords, seen=("run(line, shell=True)", "Session(trust_env=True)", "get(url, ssl=False)")
    ),
    "markup is put together in one module": Rule(
        find=_markup,
        seen=('f"<b>{title}</b>"', '"<b>" + title', '"<a href=%s>" % url', '"<i>{}</i>".format(title)'),
        allowed=frozenset({"bot.markup"}),
    ),
    "transactions begin and end in the engine": Rule(
        find=_transactions,
        seen=('run("BEGIN IMMEDIATE")', 'run("begin")', 'run("commit;")', 'run("SAVEPOINT a")', "connection.begin()", "self._db.commit()"),
        allowed=frozenset({"storage.engine"}),
    ),
    "a statement is not put together from values": Rule(
        find=_statements,
        seen=('text(f"SELECT {word}")', 'exec_driver_sql("SELECT " + word)', 'text("SELECT {}".format(word))'),
        rooms=("storage",),
    ),
    "secrets are compared in constant time": Rule(
        find=_compared_secrets, seen=("if shown != secret: pass", "token.reveal() == given", "given == self._webhook_secret.reveal()")
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_kept_everywhere_and_would_find_what_it_forbids(name: str, record_property: Callable[[str, object], None]) -> None:
    rule = RULES[name]
    trees = {module: tree for module, tree in TREES.items() if module.partition(".")[0] in rule.rooms and ".migrations." not in module}
    found = [(module, node.lineno) for module, tree in trees.items() if module not in rule.allowed for node in rule.find(tree)]  # type: ignore[attr-defined]

    assert found == []
    assert [line for line in rule.seen if not list(rule.find(ast.parse(line)))] == []
    assert [module for module in rule.allowed if not list(rule.find(TREES[module]))] == [], "allowed, and does not need it"
    record_property("rules", f"0 findings of {len(RULES)} rules in {len(TREES)} modules")


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
