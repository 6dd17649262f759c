"""/export as files: all that is kept about a chat as JSON, its watches as a table and as TOML. Read when they are sent, never stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.exchange import NAMELESS, write_csv, write_toml
from bot.markup import Piece
from bot.render import Message
from bot.speech import Speech
from bot.texts import exporting as texts
from storage.records import WatchRecord
from storage.watch_rows import terms_body, watch_body
from watchers.types import Terms, Watch

FORMAT = "contractwatch-export-1"


def as_json(kept: Mapping[str, Sequence[Mapping[str, Any]]], watches: Sequence[WatchRecord], speech: Speech) -> Message:
    """Every row that is kept, by table, and the watches in full with the list each stands on."""
    listed = [{"list": one.watchlist, "mine": one.mine, "watch": watch_body(one.watch), "terms": terms_body(one.terms)} for one in watches]
    body = json.dumps({"format": FORMAT, "watches": listed, "kept": kept}, ensure_ascii=False, indent=1)
    return _message("contractwatch-export.json", body.encode(), speech.say(texts.EVERYTHING), speech)


def as_csv(watches: Sequence[WatchRecord], speech: Speech) -> Message:
    """The watches as a table, with a heading; nothing in it is a formula."""
    return _message("contractwatch-watches.csv", write_csv(_by_list(watches)), speech.say(texts.WATCHES), speech)


def as_toml(watches: Sequence[WatchRecord], speech: Speech) -> Message:
    """The watches as tables of a configuration."""
    return _message("contractwatch-watches.toml", write_toml(_by_list(watches)).encode(), speech.say(texts.WATCHES_TOML), speech)


def _by_list(watches: Sequence[WatchRecord]) -> dict[str, list[tuple[Watch, Terms]]]:
    lists: dict[str, list[tuple[Watch, Terms]]] = {}
    for one in watches:
        lists.setdefault(one.watchlist or NAMELESS, []).append((one.watch, one.terms))
    return lists


def _message(name: str, body: bytes, said: Piece, speech: Speech) -> Message:
    caption = speech.directed(said)
    return Message(html=caption.html, plain=caption.plain, file=(name, body))
