"""What the documents say is there, and what is there is in the documents: commands, options, keys, metrics, links, make targets."""

from __future__ import annotations

import re
import shlex
import types
import typing
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import BaseModel

import bot
from bot.cli import cli
from bot.config import load_config
from bot.config_sections import ChannelSection, ConfigFile, FeedSection, WatchlistSection, WatchSection, WebhookSection
from bot.health import Metrics, Vitals, metrics_text
from bot.resources import example_config
from bot.texts import alerts, menu
from storage.records import Counts
from watchers.types import EventKind, FeedKind

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _commands(group: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(group, click.Group):
        yield path, group
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from _commands(command, (*path, name))


COMMANDS = dict(_commands())


def _section(text: str, heading: str) -> str:
    """The part of a document below a heading, up to the next one."""
    _, found, rest = text.partition(f" {heading}\n")
    assert found, f"there is no heading “{heading}”"
    return re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]


def _options(command: click.Command) -> set[str]:
    return {name for parameter in command.params if isinstance(parameter, click.Option) for name in parameter.opts if name.startswith("--")}


def _lines_to_type(text: str) -> Iterator[str]:
    """The lines of the blocks that are for a shell; continued lines are one."""
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip():
                yield line.strip()


def test_the_readme_can_be_read_in_a_few_minutes() -> None:
    assert len(_text("README.md").splitlines()) <= 150


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_and_its_options_are_documented(path: tuple[str, ...]) -> None:
    section = _section(_text("docs/commands.md"), f"`contractwatch {' '.join(path)}`")
    documented = set(re.findall(r"^\* `(--[a-z-]+)", section, re.MULTILINE))

    assert documented == _options(COMMANDS[path])


def test_every_documented_command_is_there() -> None:
    documented = set(re.findall(r"^### `contractwatch ([a-z ]+)`$", _text("docs/commands.md"), re.MULTILINE))

    assert documented == {" ".join(path) for path in COMMANDS}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_and_option_says_what_it_is_for(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]

    assert command.help
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option))


def test_every_exit_code_of_the_program_is_documented() -> None:
    from bot.cli import common

    codes = {
        common.DONE,
        common.FAILED,
        common.WRONG_USE,
        common.SOME_FEEDS_FAILED,
        common.EX_DATAERR,
        common.EX_TEMPFAIL,
        common.EX_CONFIG,
    }
    commands = set(map(int, re.findall(r"^\| (\d+) \|", _text("docs/commands.md"), re.MULTILINE)))
    daemon = set(map(int, re.findall(r"^\| (\d+) \|", _text("docs/operations.md"), re.MULTILINE)))

    assert commands == codes
    assert daemon == codes - {common.SOME_FEEDS_FAILED}


def test_the_service_is_not_restarted_after_what_a_restart_does_not_mend() -> None:
    unit = _text("deploy/contractwatch.service")
    left = set(re.findall(r"^\| (\d+) \|.*\| leaves it \|$", _text("docs/operations.md"), re.MULTILINE))

    assert set(re.findall(r"\d+", re.findall(r"RestartPreventExitStatus=(.*)", unit)[0])) == left | {"127"}


def test_every_command_of_the_bot_is_documented() -> None:
    offered = {f"/{name}" for name in (*menu.READ, *menu.CHANGE, *menu.OPERATE)} | {"/start"}
    table = _section(_text("docs/commands.md"), "The bot")
    documented = set(re.findall(r"^\| `(/[a-z]+)", table, re.MULTILINE))

    assert documented == offered


def _tables_of_keys() -> dict[str, dict[str, str]]:
    """Key → default, for every table of docs/configuration.md, by its heading; the keys of a watch stand under “watch”."""
    found: dict[str, dict[str, str]] = {}
    text = _text("docs/configuration.md")
    for heading in re.findall(r"^## `(.*)`$", text, re.MULTILINE):
        section = _section(text, f"`{heading}`")
        before, _, watch = section.partition("| key of a watch |")
        for name, part in ((heading.strip("[]"), before), ("watch", watch)):
            rows = re.findall(r"^\| `([a-z_]+)` \| (.*?) \|", part, re.MULTILINE)
            if rows:
                found[name] = dict(rows)
    return found


def _sections() -> dict[str, type[BaseModel]]:
    lists: dict[str, type[BaseModel]] = {"feeds": FeedSection, "watchlists": WatchlistSection, "channels": ChannelSection}
    models: dict[str, type[BaseModel]] = {}
    for name, field in ConfigFile.model_fields.items():
        models[name] = lists.get(name) or typing.cast("type[BaseModel]", field.annotation)
    return {**models, "telegram.webhook": WebhookSection, "watch": WatchSection}


def test_every_key_of_the_configuration_is_documented_with_its_default() -> None:
    documented = _tables_of_keys()

    assert {name: set(keys) for name, keys in documented.items()} == {name: set(model.model_fields) for name, model in _sections().items()}
    for name, model in _sections().items():
        for key, field in model.model_fields.items():
            said = documented[name][key]
            if field.is_required():
                assert said == "required"
            elif isinstance(field.default, str | bool | list) and said != "the project's page":
                assert said.strip("`").strip('"') == _written(field.default), f"{name}.{key}"


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool | list) else str(value)


def test_every_value_that_a_key_may_hold_is_documented() -> None:
    text = _text("docs/configuration.md")
    choices = {
        str(value) for model in _sections().values() for field in model.model_fields.values() for value in _choices(field.annotation)
    }

    assert choices
    assert {value for value in choices if f'"{value}"' not in text} == set()


def _choices(annotation: Any) -> Iterator[Any]:
    if typing.get_origin(annotation) is typing.Literal:
        yield from typing.get_args(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, EventKind | FeedKind):
        yield from annotation
    elif isinstance(annotation, types.UnionType) or typing.get_origin(annotation) in (typing.Annotated, typing.Union):
        for argument in typing.get_args(annotation):
            yield from _choices(argument)


def test_the_example_configuration_is_valid_and_says_every_table() -> None:
    config = load_config(example_config())
    text = example_config().read_text(encoding="utf-8")

    assert config.feeds
    for name in ConfigFile.model_fields:
        assert re.search(rf"^(# )?\[{{1,2}}{name}\]", text, re.MULTILINE), name


def test_every_kind_of_feed_and_event_is_documented() -> None:
    assert {kind for kind in FeedKind if f"`{kind}`" not in _text("docs/feeds.md")} == set()
    assert {kind for kind in EventKind if f"`{kind}`" not in _text("docs/alerts.md")} == set()


def test_every_metric_is_documented() -> None:
    now = datetime(2026, 5, 20, tzinfo=UTC)
    counts = Counts(
        entries=1,
        stories=1,
        alerts=1,
        watches=1,
        channels=1,
        deliveries=Counter(sent=1),
        oldest_pending_at=now,
        feeds=1,
        feeds_failing=0,
        last_poll_ok_at=now,
    )
    vitals = Vitals(now=now, started_at=now, ill=(), polling=0, counts=counts, next_due_at=now, job_failures={"poll": 1})
    served = set(re.findall(r"^# TYPE (\S+)", metrics_text(Metrics(), vitals), re.MULTILINE))

    assert served == set(re.findall(r"`(contractwatch_[a-z_]+)`", _section(_text("docs/operations.md"), "Metrics")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = document.parent / name if name else document
        if path.parts[-2:] == ("samples", "README.md") and not path.exists():
            continue  # away from the checkout the samples lie inside the package

        assert path.exists(), target
        if anchor:
            assert anchor in {heading.lower().replace(" ", "-") for heading in HEADING.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_to_type_can_be_typed(document: Path) -> None:
    """Make targets are in the Makefile, commands and options in the program, files to copy in the repository."""
    for line in _lines_to_type(document.read_text(encoding="utf-8")):
        for part in re.split(r" \| | && ", line):
            words = shlex.split(part, comments=True)
            if not words:
                continue
            if words[:2] == ["sudo", "-u"]:
                words = words[3:]
            if words[0] == "make":
                assert set(words[1:]) <= TARGETS, line
            if Path(words[0]).name == "contractwatch" or words[-2:] == ["contractwatch", "demo"]:
                _parse(words[1:] if Path(words[0]).name == "contractwatch" else ["demo"], line)


def _parse(words: list[str], line: str) -> None:
    words = [word for word in words if word != "--debug"]
    path: tuple[str, ...] = ()
    while words and (*path, words[0]) in {name[: len(path) + 1] for name in COMMANDS}:
        path = (*path, words.pop(0))

    assert path in COMMANDS, line
    COMMANDS[path].make_context("contractwatch", words)  # click raises UsageError for what it does not know


def test_every_make_target_of_the_readme_is_one_of_the_help() -> None:
    assert {"demo", "test", "run", "lint", "types", "lock", "wheel-test", "clean"} <= TARGETS


def test_the_alert_in_the_readme_is_of_the_shape_that_is_told() -> None:
    block = re.findall(r"```text\n(.*?)```", _text("README.md"), re.DOTALL)[0]
    signs = {f"{alerts.SIGNS[alert]} {label}" for alert, label in alerts.LABELS.items()}

    assert any(block.startswith(sign) for sign in signs)
    assert alerts.WATCHED.format(names="") in block
    assert "“" in block


def test_the_locked_packages_are_those_that_the_project_asks_for() -> None:
    """Every pin has hashes, no file says where packages are to be had, and the two files agree."""
    locks = {name: _text(name) for name in ("requirements.lock", "requirements-dev.lock")}
    pins = {name: dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE)) for name, text in locks.items()}

    assert pins["requirements.lock"].items() <= pins["requirements-dev.lock"].items()
    for name, text in locks.items():
        assert not re.search(r"^\s*--(?!hash)|://", text, re.MULTILINE)
        assert text.count("==") == len(pins[name])
        assert all("--hash=sha256:" in block for block in re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:])


def test_whatever_the_page_on_security_says_is_tried_out_is() -> None:
    page = _text("docs/security.md")
    modules = {path.stem for path in (ROOT / "tests").glob("test_*.py")}
    checks = {
        name
        for path in (ROOT / "benchmarks/trust").glob("*.py")
        for name in re.findall(r'^@check\(\s*"(\w+)"', path.read_text("utf-8"), re.MULTILINE)
    }
    named = {name for row in re.findall(r"\|([^|]*)\|$", page, re.MULTILINE) for name in re.findall(r"\b[DOST]\d+\b", row)}

    assert set(re.findall(r"`(test_\w+)`", page)) - modules == set()
    assert named - checks == set()
    code = Path(bot.__file__ or "").parent.parent  # beside this folder, or where the wheel was installed
    assert {path for path in re.findall(r"`((?:bot|storage|watchers)/[\w/]+\.py)`", page) if not (code / path).exists()} == set()
