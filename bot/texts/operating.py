"""What /admin says to whoever runs the bot."""

from __future__ import annotations

from bot.speech import counted, text

HEAD = text("<b>How the bot is doing</b>")
FEEDS_WELL = counted("{healthy} of {n} feed answers.", "{healthy} of {n} feeds answer.")
WAITING = counted("{n} message waits.", "{n} messages wait.")
DELIVERIES_REST = text("⏸ Alerts rest: nothing but answers goes out.")
POLLING_RESTS = text("⏸ Polling rests: nothing new is read.")
EVERYBODY = text("Everybody may use the bot.")
LISTED = counted("{n} person or chat may use the bot.", "{n} people and chats may use the bot.")
HOW = text(
    "<code>/admin announce TEXT</code> tells every chat, after you have seen it\n"
    "<code>/admin allow 123</code> lets only those in the list use the bot, and puts one there\n"
    "<code>/admin deny 123</code> takes one out\n"
    "<code>/admin everybody</code> ends the list"
)

# How much there may be: {requests} is how often one person is answered in a minute.
LIMITS = text("At most {watches} watches on a list, {lists} lists of a chat, {chats} chats of a person, {requests} requests a minute.")
HOW_LIMIT = text("<code>/admin limit watches 200</code> changes one of these: watches, lists, chats or requests")
WHICH_LIMIT = text(
    "Write watches, lists, chats or requests and a number from 1 to {most} behind it, for example <code>/admin limit watches 200</code>."
)

FEEDS = text("Feeds")
NOISY = text("Who is noisy")
PAUSE_DELIVERIES = text("⏸ Let alerts rest")
RESUME_DELIVERIES = text("▶️ Send alerts again")
PAUSE_POLLING = text("⏸ Let polling rest")
RESUME_POLLING = text("▶️ Poll again")
BACK = text("‹ Back")
PREVIOUS = text("‹ Previous")
NEXT = text("Next ›")

FEEDS_PAGE = text("<b>Feeds</b>, those with trouble first: page {page} of {pages}")
FEED_LINE = text("{sign} <b>{name}</b>: {health}")
NO_FEEDS = text("No feed is configured.")
NOISE = text("<b>This week</b>: numbers only")
CHAT_NOISE = counted("Chat {chat}: {n} message", "Chat {chat}: {n} messages")
FEED_NOISE = counted("{feed}: {n} alert", "{feed}: {n} alerts")
QUIET = text("Nothing was told this week.")

NEEDS_A_HAND = text("<b>Needs a hand</b>")
FAILING_LONG = text("🔴 <b>{name}</b>: {health}")
MOVED = text("↪️ <b>{name}</b> has moved for good: write its new address {address} into the configuration.")
WAITS_LONG = text("⏳ A message has been waiting since {moment}.")
REFUSED = counted(
    "❌ {n} message was refused by Telegram; the log says why.", "❌ {n} messages were refused by Telegram; the log says why."
)
UNHANDLED = counted("❌ {n} request could not be handled; the log says why.", "❌ {n} requests could not be handled; the log says why.")

SEND_TO = counted("Send to {n} chat", "Send to {n} chats")
CANCEL = text("Cancel")
ANNOUNCED = text("It is on its way.")
NOT_ANNOUNCED = text("Nothing was sent.")
ANNOUNCE_WHAT = text("Write it behind the command: <code>/admin announce TEXT</code>")
# /story. {undo} is the command that undoes it; entries and stories go by their numbers.
STORIES = text("<b>The stories told last</b>")
STORY_LINE = text("<b>{number}</b> {words}")
NO_STORY_YET = text("There is no story yet.")
STORY = counted("<b>Story {number}</b>: {n} entry", "<b>Story {number}</b>: {n} entries")
ENTRY_LINE = text("<b>{number}</b> {feed}: {title}")
HOW_STORY = text(
    "<code>/story 12</code> shows the entries of a story; so does /story as a reply to an alert\n"
    "<code>/story split 12 345 346</code> makes entries of it a story of their own\n"
    "<code>/story join 12 13</code> makes two stories one; <code>alert:17</code> is the story of alert 17"
)
PARTED = text("Done: that is a story of its own now. Messages that were sent follow within minutes. To undo it: <code>{undo}</code>")
JOINED = text("Done: they are one story now. Messages that were sent follow within minutes. To undo it: <code>{undo}</code>")
NO_SUCH_STORY = text("There is no story {which}. /story lists those told last.")
NOT_IN_STORY = text("Entry {entry} is not in story {story}. <code>/story {story}</code> shows what is.")
ALL_OF_STORY = text("These are all entries of story {story}. Leave it at least one.")
SAME_STORY = text("They are one story already.")
OTHER_KIND = text("One message cannot tell both: one is about {one}, the other about {other}.")
ANNOUNCEMENT = text("📣 <b>From those who run this bot</b>\n{text}")
WHO = text("Write a number behind it: that of a person or chat, as /admin shows them.")
