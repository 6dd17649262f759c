"""What /lists and /list say, and what stands under a link that shares a watchlist."""

from __future__ import annotations

from bot.speech import counted, text

SHARE_LINK = "https://t.me/{username}?start=l_{token}"
HERE = text("<b>Watchlists here</b>")
THERE = text("<b>Watchlists in {chat}</b>")
NONE = text(
    "No watchlists here yet. Make one: write <code>/list Outsourcers</code>, and below it what goes on it, one a line. It can be shared by "
    "a link, and who follows it gets your changes."
)
HOW = text(
    "Which list? Write its name behind the command and below it what goes on it, one a line:\n"
    "<code>/list Outsourcers\nSerco\nCapita as supplier</code>\n"
    "Another name: <code>/list Outsourcers -&gt; Big outsourcers</code>. /lists shows them all."
)
# A line of /lists: {name} is the list, {watches} how many watches it has.
MINE = text("{number}. <b>{name}</b>: {watches}")
MINE_SHARED = text("{number}. <b>{name}</b>: {watches}; {followers}")
FOLLOWED = text("{number}. <b>{name}</b>: {watches}; followed")
WATCHES = counted("{n} watch", "{n} watches")
FOLLOWERS = counted("{n} other follows it", "{n} others follow it")

NAME_WRONG = text("A list's name has 2 to 60 letters, on one line.")
NO_SUCH = text("There is no list of your own called <b>{name}</b>. /lists shows them all.")
TAKEN = text("There is a list called <b>{name}</b> already.")
NOT_YOURS = text("<b>{name}</b> is somebody else's list, which you follow: only they can change it. /lists lets you copy it.")
MADE = text("✅ Made the list <b>{name}</b>: {watches}. /lists shows it and shares it.")
ADDED = text("✅ Added to <b>{name}</b>: {watches}.")
RENAMED = text("✅ <b>{name}</b> is called <b>{new}</b> now.")
LINE_WRONG = text("Line {number}: {problem}")

# One list, opened.
OPENED = text("<b>{name}</b>: {watches}")
ONE = text("• {watch}")
MORE = counted("… and {n} more", "… and {n} more")
LINK = text("Whoever opens this link follows the list:\n{link}")
FOLLOWED_ONE = text("Somebody else keeps this list; you get their changes.")
WHERE_BUTTON = text("📍 Where its alerts go")
WHERE = text(
    "<b>Where the alerts of {name} go</b>\nPress a place to begin or end it there. For another chat or topic, copy a link to any of its "
    "messages and write\n<code>/list {name} -&gt; https://t.me/c/1234567890/11</code>"
)
TOPIC = text("{chat}, topic {number}")
THIS_CHAT = text("Our private chat")
SOON_BUTTON = text("⏱ Its alerts come: {rhythm}")
SOON = text("<b>How soon the alerts of {name} come</b>")
AS_THE_REST = text("as all others here")
ROUTED = text("✅ The alerts of <b>{name}</b> go to {place} from now on. /lists shows where else.")
HOW_TO_FILL = text("To add to it: <code>/list {name}</code>, and below it one a line. /unwatch takes away.")
SHARE = text("🔗 Share by a link")
SEND_LINK = text("Send the link to somebody")
UNSHARE = text("End the link")
DELETE = text("Delete the list")
REALLY = text("Delete <b>{name}</b>? Who follows it loses it too.")
YES = text("Yes, delete it")
NO = text("No, keep it")
UNFOLLOW = text("Stop following")
COPY = text("Make a copy of my own")
BACK = text("« All lists")
GONE = text("Deleted the list {name}.")
UNFOLLOWED = text("You no longer follow {name}.")
COPIED = text("Copied. Its owner's changes no longer reach your copy.")

# A link that was opened.
LINK_GONE = text("This link is not valid any more. Ask whoever sent it for a new one.")
NOW_FOLLOWED = text("✅ You follow the list <b>{name}</b>: {watches}. Its owner's changes reach you; /lists ends it or makes a copy.")
FOLLOWED_BEFORE = text("You follow <b>{name}</b> already. /lists shows it.")
YOUR_OWN = text("<b>{name}</b> is your own list. /lists shows it.")

# What followers are told. {watches} are watches said in full.
OWNER_ADDED = text("The list <b>{name}</b>, which you follow, has more now: {watches}.")
OWNER_REMOVED = text("The list <b>{name}</b>, which you follow, has less now: without {watches}.")
OWNER_CHANGED = text("Changed on the list <b>{name}</b>, which you follow: {watches}.")
OWNER_DELETED = text("The list <b>{name}</b>, which you followed, was deleted by whoever kept it.")
