"""What is answered when something cannot be done, whatever was asked."""

from __future__ import annotations

from bot.speech import text

ADMINS_ONLY = text("Only admins of this chat can change what it follows.")
ADMINS_SEE = text("Only admins of this chat can see what it watches.")
ADMINS_ONLY_TOAST = text("Only admins can do this.")
LIMIT_REACHED = text("That is more than a chat may have, so nothing was changed. /unwatch makes room.")
TOO_MANY_CHATS = text("You have set up as many chats with me as one person may. /forget in one of them makes room.")
TOO_MANY_COMMANDS = text("That is a lot in one minute. Please try again in a minute.")
COULD_NOT_CHECK = text("Telegram did not tell me who may do this here. Please try again.")
SOMETHING_WRONG = text("Something went wrong on my side. Nothing was changed. Please try again.")
STALE_BUTTON = text("This button is too old. Please use the command again.")
NOT_AS_IT_IS = text("As things are now, that cannot be done. Nothing was changed.")
NOT_LISTED = text("This bot answers only those it was set up for. /privacy says what it keeps, /forget deletes it.")
NOT_UNDERSTOOD = text("I do not know this command. /help lists what I can do.")
CHAT_NOT_FOUND = text("I cannot see {chat}. Make me an admin of it that may post, then try again.")
CANNOT_TELL = text("I may not write in {chat}. Make me an admin of it that may post, then try again.")
NOT_ADMIN_THERE = text("Only admins of {chat} can do this.")
