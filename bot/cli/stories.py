"""``stories``: entries in, which of them tell one story out; JSON Lines both ways, one answer a line, in order."""

from __future__ import annotations

import json
import sys
from typing import IO, Any

import click

from bot.cli.common import DONE, FAILED
from bot.cli.lines import numbered, record_of
from watchers.exceptions import WatchError
from watchers.records import entry_of
from watchers.stories.grouping import group_entries
from watchers.types import Entry


@click.command()
@click.argument("file", type=click.File("rb"), default="-")
def stories(file: IO[bytes]) -> int:
    """Read entries as JSON Lines from FILE (or standard input) and write which of them tell one story.

    A line in: {"id", "title", "summary"?, "published"?, "outlet"?, "url"?}, in any order. A line out: {"id", "group"}; entries with equal
    groups tell one story. Neither database nor network is touched. A line that cannot be read is named on standard error and passed over;
    the exit code is then 1.
    """
    ids: list[Any] = []
    entries: list[Entry] = []
    code = DONE
    for number, line in numbered(file):
        try:
            record = record_of(line)
            entries.append(entry_of(record))
        except (ValueError, WatchError) as error:
            click.echo(f"Error: {file.name}: line {number}: {error}", err=True)
            code = FAILED
        else:
            ids.append(record.get("id"))
    for identifier, number in zip(ids, group_entries(entries), strict=True):
        sys.stdout.write(json.dumps({"id": identifier, "group": f"s{number}"}, ensure_ascii=False) + "\n")
    return code
