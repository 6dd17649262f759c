"""What happens to us in a chat: let in, shut out, moved. Settings are kept whatever happens; only /forget deletes."""

from __future__ import annotations

from bot.commands.asked import Membership, Migration
from bot.commands.desk import Decision, Desk
from bot.texts import talking as texts
from storage.records import ChannelState, MigrateChat, SetChannelState

_TALKING = ("group", "supergroup")


def membership(changed: Membership, desk: Desk) -> Decision:
    """Let in: alerts go on, and a group is told once, in one line, how to begin. Shut out: alerts rest."""
    chat = changed.place.chat_id
    if not changed.welcome:
        return Decision(changes=(SetChannelState(chat_id=chat, state=ChannelState.SUSPENDED, reason=changed.reason),))
    greeted = changed.arrived and changed.place.type in _TALKING
    hint = desk.reply(changed.place, texts.WELCOME_GROUP) if greeted else ()
    return Decision(changes=(SetChannelState(chat_id=chat, state=ChannelState.ACTIVE),), replies=hint)


def migration(moved: Migration) -> Decision:
    """Both chats say it, in either order, and a send may have found out before: doing it again changes nothing."""
    return Decision(changes=(MigrateChat(old_chat_id=moved.old, new_chat_id=moved.new),))
