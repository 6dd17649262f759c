"""/export as files: everything that is kept about a chat as JSON, and what it watches as a table. Read when they are sent, never stored."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.markup import Piece
from bot.render import Message
from bot.speech import Speech
from bot.texts import exporting as texts
from storage.records import WatchRecord
from storage.watch_rows import terms_body, watch_body

FORMAT = "contractwatch-export-1"
_COLUMNS = ("list", "name", "role", "partner", "partner_role", "area", "direct", "without", "kinds", "minimum", "currency", "paused")
_FORMULA = ("=", "+", "-", "@", "\t")  # begins what a spreadsheet takes for a formula


def as_json(kept: Mapping[str, Sequence[Mapping[str, Any]]], watches: Sequence[WatchRecord], speech: Speech) -> Message:
    """Every row that is kept, by table, and the watches in full with the list each stands on."""
    listed = [{"list": one.watchlist, "mine": one.mine, "watch": watch_body(one.watch), "terms": terms_body(one.terms)} for one in watches]
    body = json.dumps({"format": FORMAT, "watches": listed, "kept": kept}, ensure_ascii=False, indent=1)
    return _message("contractwatch-export.json", body, speech.say(texts.EVERYTHING), speech)


def as_csv(watches: Sequence[WatchRecord], speech: Speech) -> Message:
    """The watches as a table, with a heading; nothing in it is a formula."""
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(_COLUMNS)
    table.writerows([_cell(value) for value in _row(one)] for one in watches)
    return _message("contractwatch-watches.csv", file.getvalue(), speech.say(texts.WATCHES), speech)


def _row(one: WatchRecord) -> tuple[Any, ...]:
    watch, terms = one.watch, one.terms
    partner = watch.partner.name if watch.partner is not None else ""
    kinds = "" if terms.kinds is None else " ".join(sorted(terms.kinds))
    asked = (watch.name, watch.role, partner, watch.partner_role if partner else "", watch.area, watch.direct, ", ".join(watch.without))
    return (one.watchlist or "", *asked, kinds, terms.minimum or "", terms.currency if terms.minimum else "", terms.paused)


def _cell(value: object) -> str:
    """A value as text; a name that begins like a formula gets the quote that makes spreadsheets take it for text."""
    text = {True: "yes", False: ""}[value] if isinstance(value, bool) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _message(name: str, body: str, said: Piece, speech: Speech) -> Message:
    caption = speech.directed(said)
    return Message(html=caption.html, plain=caption.plain, file=(name, body.encode()))
