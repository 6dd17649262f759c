"""Telegram updates boiled down to what somebody asks. Pure: everything a decider needs to know, and nothing else of what was written.

``read`` answers None for whatever is not for us: edited messages, talk in groups and what is forwarded there, commands for other bots,
updates of other kinds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from telegram import (
    CallbackQuery,
    Chat,
    ChatFullInfo,
    ChatMember,
    ChatMemberRestricted,
    ChatMemberUpdated,
    Message,
    MessageEntity,
    Update,
    User,
)

ANONYMOUS_ADMIN = 1087968824  # "GroupAnonymousBot": who writes for admins that hide; then sender_chat is the group itself
_COMMAND = re.compile(r"/(?P<name>[A-Za-z0-9_]{1,32})(?:@(?P<bot>\w{3,32}))?(?:\s+(?P<rest>.*))?\s*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A chat, or a topic of it. ``title`` is empty for private chats: nobody's name is kept."""

    chat_id: int
    thread_id: int | None
    type: str
    title: str

    @property
    def private(self) -> bool:
        return self.type == Chat.PRIVATE

    @property
    def code(self) -> str:
        """What it goes by in the data of buttons and behind commands: "-1001234", and a topic "-1001234_11"."""
        return str(self.chat_id) if self.thread_id is None else f"{self.chat_id}_{self.thread_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command, or in a private chat words without one (``command`` is empty).

    ``user_id`` is who asks, None when the chat itself speaks: a post in a channel, an anonymous admin of the group. ``stranger`` is
    somebody who writes in the name of another chat: nobody can tell whether they are an admin here.
    """

    update_id: int
    place: Place
    user_id: int | None
    stranger: bool
    language: str
    command: str
    argument: str
    date: datetime
    reply_to: int | None = None  # message_id of what it answers
    file: str | None = None  # file_id of a document, which is taken as one to import
    file_size: int = 0
    links: tuple[str, ...] = ()  # in words without a command: the addresses they name or lead to

    @property
    def itself(self) -> bool:
        """Whether the chat speaks, so that nobody can tell who of its admins it is."""
        return self.user_id is None and not self.stranger


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A button. ``date`` is when it is answered: Telegram does not say when it was pressed."""

    update_id: int
    query_id: str
    place: Place
    user_id: int
    language: str
    data: str
    message_id: int
    date: datetime | None = None

    def as_if_written(self, text: str, *, at: datetime) -> Asked:
        """Whoever pressed, as if they had written this."""
        return Asked(
            update_id=self.update_id,
            place=self.place,
            user_id=self.user_id,
            stranger=False,
            language=self.language,
            command="",
            argument=text,
            date=at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Our own standing in a chat changed. ``arrived``: we were not there before."""

    update_id: int
    place: Place
    user_id: int
    language: str
    welcome: bool
    arrived: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A group is a supergroup now."""

    update_id: int
    old: int
    new: int


Request = Asked | Pressed | Membership | Migration


def read(update: Update, *, username: str) -> Request | None:
    """What the update asks of us; ``username`` is the bot's own."""
    if update.callback_query is not None:
        return _pressed(update.update_id, update.callback_query)
    if update.my_chat_member is not None:
        return _membership(update.update_id, update.my_chat_member)
    message = update.message or update.channel_post
    if message is None:
        return None
    return _told_by_telegram(update.update_id, message) or _asked(update.update_id, message, username)


def _told_by_telegram(update_id: int, message: Message) -> Request | None:
    """A message that nobody wrote: the chat moved, or a topic was opened again."""
    if message.migrate_to_chat_id is not None:
        return Migration(update_id=update_id, old=message.chat.id, new=message.migrate_to_chat_id)
    if message.migrate_from_chat_id is not None:
        return Migration(update_id=update_id, old=message.migrate_from_chat_id, new=message.chat.id)
    opened = message.forum_topic_reopened or message.general_forum_topic_unhidden
    return _opened(update_id, message) if opened else None


def _asked(update_id: int, message: Message, username: str) -> Asked | None:
    private = message.chat.type == Chat.PRIVATE
    text = (message.text or (message.caption if private else None) or "").strip()
    command = _COMMAND.fullmatch(text)
    if command is not None and command["bot"] and command["bot"].lower() != username.lower():
        return None
    document = message.document if private else None
    if not (text or document) or (not private and (command is None or _of_somebody_else(message))):
        return None
    user, sender = message.from_user, message.sender_chat
    itself = sender is not None and sender.id == message.chat.id and (message.chat.type == Chat.CHANNEL or _anonymous(user))
    return Asked(
        update_id=update_id,
        place=place_of(message.chat, message.message_thread_id if message.is_topic_message else None),
        user_id=None if itself or user is None else user.id,
        stranger=not itself and (sender is not None or user is None or _anonymous(user)),
        language=(user.language_code if user else None) or "en",
        command=command["name"].lower() if command else "import" if document else "",
        file=document.file_id if document else None,
        file_size=(document.file_size or 0) if document else 0,
        argument=(command["rest"] or "").strip() if command else text,
        date=message.date,
        reply_to=_answered(message),
        links=_links(message) if text and not command else (),
    )


def _links(message: Message) -> tuple[str, ...]:
    """The addresses in a message, those behind words too, in the order they stand there."""
    kinds: list[str | None] = [MessageEntity.URL, MessageEntity.TEXT_LINK]
    found = message.parse_entities(kinds) if message.text else message.parse_caption_entities(kinds)
    written = (one.url or text for one, text in sorted(found.items(), key=lambda one: one[0].offset))
    return tuple(dict.fromkeys(address if "://" in address else f"https://{address}" for address in written))


def _of_somebody_else(message: Message) -> bool:
    """Whether these are not the words of who sent them: an admin who passes on what a stranger wrote has not asked for it."""
    return message.forward_origin is not None or message.via_bot is not None


def _answered(message: Message) -> int | None:
    """The message it replies to. Everything in a topic of a forum "replies" to the message that opened the topic, which means nothing."""
    one = message.reply_to_message
    return None if one is None or (message.is_topic_message and one.message_id == message.message_thread_id) else one.message_id


def _anonymous(user: User | None) -> bool:
    return user is not None and user.id == ANONYMOUS_ADMIN


def _pressed(update_id: int, query: CallbackQuery) -> Pressed | None:
    if query.message is None:  # a button under an inline message, which we never make
        return None
    message = query.message if isinstance(query.message, Message) else None
    thread = message.message_thread_id if message is not None and message.is_topic_message else None
    return Pressed(
        update_id=update_id,
        query_id=query.id,
        place=place_of(query.message.chat, thread),
        user_id=query.from_user.id,
        language=query.from_user.language_code or "en",
        data=query.data or "",
        message_id=query.message.message_id,
    )


def _membership(update_id: int, changed: ChatMemberUpdated) -> Membership:
    return Membership(
        update_id=update_id,
        place=place_of(changed.chat, None),
        user_id=changed.from_user.id,
        language=changed.from_user.language_code or "en",
        welcome=may_write(changed.new_chat_member, changed.chat.type),
        arrived=not _inside(changed.old_chat_member),
        reason="blocked" if changed.chat.type == Chat.PRIVATE else changed.new_chat_member.status,
    )


def _opened(update_id: int, message: Message) -> Membership:
    """A topic was opened again: what rested because it was closed goes on."""
    person = message.from_user
    return Membership(
        update_id=update_id,
        place=place_of(message.chat, None),
        user_id=0 if person is None else person.id,
        language=(person and person.language_code) or "en",
        welcome=True,
        arrived=False,
        reason="",
    )


def may_write(member: ChatMember, chat_type: str) -> bool:
    """Whether a member of this standing can write messages to the chat."""
    if not _inside(member):
        return False
    if chat_type == Chat.CHANNEL:
        return member.status == ChatMember.OWNER or bool(getattr(member, "can_post_messages", False))
    return bool(member.can_send_messages) if isinstance(member, ChatMemberRestricted) else True


def _inside(member: ChatMember) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return bool(member.is_member)
    return member.status not in (ChatMember.LEFT, ChatMember.BANNED)


def place_of(chat: Chat | ChatFullInfo, thread_id: int | None) -> Place:
    """The place; the General topic of a forum (1) cannot be addressed and is the chat itself."""
    return Place(
        chat_id=chat.id,
        thread_id=thread_id if thread_id and thread_id > 1 else None,
        type=chat.type,
        title="" if chat.type == Chat.PRIVATE else chat.title or "",
    )
