"""What /evidence says."""

from __future__ import annotations

from bot.speech import counted, text

TITLE = text("<b>Evidence of alert {number}</b>")
RULE = text("Rule: {rule}")
READ = text("Read {moment} from {host}")
KEPT = counted(
    "{n} text is kept, and what is kept is what was read. The file has all of it, with times, addresses and digests.",
    "{n} texts are kept, and what is kept is what was read. The file has all of it, with times, addresses and digests.",
)
KEPT_WRONG = counted(
    "{n} text is kept, but it is NOT what was read: the file says where. The file has all of it, with times, addresses and digests.",
    "{n} texts are kept, but they are NOT what was read: the file says where. The file has all of it, with times, addresses and digests.",
)
OF_WHICH = text(
    "Evidence of which alert? Reply to the alert with <code>/evidence</code>, or write its number: <code>/evidence 17</code>. "
    "/latest shows the latest alerts."
)
NOT_HERE = text("No alert with that number was told here.")
NOT_ALERT = text("The message you replied to is no alert of mine.")
OF_MANY = text("That message tells several alerts. Which one?")
