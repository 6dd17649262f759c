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
from watchers.classify import classify_record
from watchers.exceptions import WatchError
from watchers.match import Matcher


@click.command()
@click.option(
    "--config", "config_path", type=click.Path(path_type=Path), help="A configuration, for its watches; none is read without this."
)
@click.argument("file", type=click.File("rb"), default="-")
def classify(config_path: Path | None, file: IO[bytes]) -> int:
    """Read entries as JSON Lines from FILE (or standard input) and write what each says happened to a contract.

    A line in: {"id", "title", "summary"?, "url"?, "published"?, "language"?, "release"?}. A line out: {"id", "alert", "event", "supplier",
    "public_body", "value", "evidence", "watches"}. Neither database nor network is touched. A line that cannot be read is named on standard
    error and passed over; the exit code is then 1.
    """
    matcher = Matcher(config_watches(load_config(config_path)) if config_path else ())
    code = DONE
    for number, line in numbered(file):
        try:
            answer = classify_record(record_of(line), matcher)
        except (ValueError, WatchError) as error:
            click.echo(f"Error: {file.name}: line {number}: {error}", err=True)
            code = FAILED
            continue
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, default=plain) + "\n")
        sys.stdout.flush()  # whoever feeds us line by line gets each answer at once
    return code
