"""What happens to us in a chat: let in, shut out, moved. Settings are kept for 90 days."""

from __future__ import annotations

from bot.commands.asked import Membership, Migration
from bot.commands.desk import Decision, Desk
from bot.commands.managing import let_in
from bot.notes import to_keeper
from bot.texts import places as texts_of_places
from bot.texts import talking as texts
from storage.records import ChannelState, MigrateChat, Reply, SetChannelState

_TALKING = ("group", "supergroup")


async def membership(changed: Membership, desk: Desk) -> Decision:
    """Let in: alerts go on, and a group, or whoever let us into a channel, is told once how to begin.

    Shut out: alerts rest, and who set it up is told.
    """
    chat = changed.place.chat_id
    if not changed.welcome:
        suspended = SetChannelState(chat_id=chat, state=ChannelState.SUSPENDED, reason=changed.reason)
        return Decision(changes=(suspended,), replies=await _to_keeper(changed, desk))
    greeted = changed.arrived and changed.place.type in _TALKING
    hint = desk.reply(changed.place, texts.WELCOME_GROUP) if greeted else await let_in(changed, desk) if changed.arrived else ()
    return Decision(changes=(SetChannelState(chat_id=chat, state=ChannelState.ACTIVE),), replies=hint)


async def _to_keeper(changed: Membership, desk: Desk) -> tuple[Reply, ...]:
    """Somebody else than whoever set the chat up shut us out."""
    here = [
        one for one in await desk.call(desk.store.channels) if one.chat_id == changed.place.chat_id and one.state is ChannelState.ACTIVE
    ]
    if not here or here[0].added_by == changed.user_id:
        return ()
    return await to_keeper(here[0], texts_of_places.SHUT_OUT, desk.store, desk.call)


def migration(moved: Migration) -> Decision:
    """Both chats say it, in either order, and a send may have found out before: doing it again changes nothing."""
    return Decision(changes=(MigrateChat(old_chat_id=moved.old, new_chat_id=moved.new),))
