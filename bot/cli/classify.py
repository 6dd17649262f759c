"""``classify``: entries in, what they say out; JSON Lines both ways, one answer a line, in order."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO

import click

from bot.cli.common import DONE, FAILED, plain
from bot.cli.lines import numbered, record_of
from bot.config import load_config
from bot.config_rows import config_watches
from bot.explained import explained
from watchers.classify import classify_record
from watchers.exceptions import WatchError
from watchers.explain import explain
from watchers.match import Matcher
from watchers.records import entry_of


@click.command()
@click.option(
    "--config", "config_path", type=click.Path(path_type=Path), help="A configuration, for its watches; none is read without this."
)
@click.option("--explain", "wants_path", is_flag=True, help="Print for each record how it was decided, for a person to read.")
@click.option("--json", "as_json", is_flag=True, help='JSON Lines, as always; with --explain the path is the key "explain".')
@click.argument("file", type=click.File("rb"), default="-")
def classify(config_path: Path | None, file: IO[bytes], *, wants_path: bool, as_json: bool) -> int:
    """Read entries as JSON Lines from FILE (or standard input) and write what each says happened to a contract.

    A line in: {"id", "title", "summary"?, "url"?, "published"?, "language"?, "release"?}. A line out: {"id", "alert", "event", "supplier",
    "public_body", "value", "evidence", "watches"}. Neither database nor network is touched. A line that cannot be read is named on standard
    error and passed over; the exit code is then 1. --explain prints instead how each was decided; with --json that is one more key.
    """
    matcher = Matcher(config_watches(load_config(config_path)) if config_path else ())
    code = DONE
    for number, line in numbered(file):
        try:
            record = record_of(line)
            answer = classify_record(record, matcher)
            path = explain(entry_of(record), matcher) if wants_path else None
        except (ValueError, WatchError) as error:
            click.echo(f"Error: {file.name}: line {number}: {error}", err=True)
            code = FAILED
            continue
        if path is not None and not as_json:
            sys.stdout.write("\n".join(explained(answer, path)) + "\n")
        else:
            shown = answer if path is None else answer | {"explain": path}
            sys.stdout.write(json.dumps(shown, ensure_ascii=False, default=plain) + "\n")
        sys.stdout.flush()  # whoever feeds us line by line gets each answer at once
    return code
