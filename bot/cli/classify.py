"""``classify``: entries in, what they say out; JSON Lines both ways, one answer a line, in order."""

from __future__ import annotations

import codecs
import json
import math
import sys
from pathlib import Path
from typing import IO, Any

import click

from bot.cli.common import DONE, FAILED, plain
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
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            answer = classify_record(_record(line.removeprefix(codecs.BOM_UTF8)), matcher)
        except (ValueError, WatchError) as error:
            click.echo(f"Error: {file.name}: line {number}: {error}", err=True)
            code = FAILED
            continue
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, default=plain) + "\n")
        sys.stdout.flush()  # whoever feeds us line by line gets each answer at once
    return code


def _finite(written: str) -> float | None:
    """A figure; registers publish sums such as 1e9999, and other programs pass them on as Infinity: such a figure is missing."""
    figure = float(written)
    return figure if math.isfinite(figure) else None


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8"), parse_constant=_finite, parse_float=_finite)
        if b"\\u" in line:
            json.dumps(record, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except UnicodeEncodeError:
        raise ValueError("holds half of a character, which no text may") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 -- as for the other lines that cannot be read
    return record
