"""Answers and notes: queued, in the transaction of what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from storage.records import ChannelKind, ChannelState, DeliveryKind, DeliveryState, channel_key
from storage.sql import insert_new
from storage.tables import channel, delivery
from storage.timetables import ALERT_RANK, ANSWER_RANK
from storage.watchlists import chat_type

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.records import Reply


def queue_reply(connection: Connection, reply: Reply, kind: DeliveryKind, key: str | None, now: datetime) -> bool:
    """Queue an answer, which goes before all else, or a note, which waits its turn; False if one of this key was queued before."""
    row = {
        "channel_id": _place(connection, reply, now),
        "kind": kind.value,
        "rank": ANSWER_RANK if kind is DeliveryKind.REPLY else ALERT_RANK,
        "dedup_key": key,
        "payload": {"text": reply.text, "buttons": [[list(button) for button in line] for line in reply.buttons]}
        | ({"evidence": reply.evidence} if reply.evidence is not None else {})
        | ({"export": list(reply.export)} if reply.export is not None else {}),
        "state": DeliveryState.PENDING.value,
        "not_before": now,
        "created_at": now,
        "touched_at": now,
    }
    return insert_new(connection, delivery, row)


def _place(connection: Connection, reply: Reply, now: datetime) -> int:
    """Find the channel to answer in. One that is not set up, or was just forgotten, is there only until it was answered."""
    key = channel_key(reply.chat_id, reply.thread_id)
    number = connection.execute(select(channel.c.id).where(channel.c.key == key)).scalar()
    if number is not None:
        return int(number)
    row = {
        "key": key,
        "kind": ChannelKind.TELEGRAM.value,
        "chat_id": reply.chat_id,
        "thread_id": reply.thread_id,
        "title": "",
        "type": chat_type(reply.chat_id),
        "state": ChannelState.ACTIVE.value,
        "language": "en",
        "transient": True,
        "created_at": now,
    }
    return int(connection.execute(channel.insert().values(**row).returning(channel.c.id)).scalar_one())
