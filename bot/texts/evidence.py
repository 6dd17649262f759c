"""What /evidence says."""

from __future__ import annotations

from bot.speech import counted, text
from watchers.types import EventKind

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

# The file: plain words, the same as the command line shows in English. {words}, {rule} and {feed} stand as they were read.
DECIDED = text("Evidence of alert {number}: {kind}, decided {moment}")
RESTS_ON = text("It rests on these words:")
BY_RULE = text("read by the rule {rule}")
TEXT_OF = text("Text {number} of {count}, from {feed}")
TEXT_OF_THESE = text("Text {number} of {count}, from {feed} (the one with these words)")
INTACT = text("Every text is, to the letter, what its SHA-256 was made of.")
WRONG = text("WRONG: {problem}.")
NOT_INTACT = text("the text of feed {feed} that was kept on {moment} is not the one its SHA-256 was made of")
NO_TEXT = text("no text is kept of the entry whose words the alert quotes")
NOT_IN_TEXT = text("the words that the alert quotes do not stand in any text that is kept of their entry")
# Labels before what was read, each on a line of its own.
LABEL_TITLE = text("Title")
LABEL_SUMMARY = text("Summary")
LABEL_ADDRESS = text("Address")
LABEL_PUBLISHED = text("Published")
LABEL_KEPT = text("Kept")
LABEL_FETCHED = text("Fetched")
LABEL_SAYS = text("Says")
LABEL_NOTICE = text("Notice")
# Of a document that came from one address; or where it was asked for, where that sent on to, and which address answered.
LABEL_FROM = text("From")
LABEL_ASKED = text("Asked")
LABEL_SENT_ON = text("Sent on to")
LABEL_ANSWERED = text("Answered")
DIGEST_OF_TEXT = text("{digest} of this text")
DIGEST_WRONG = text("{digest} of this text: DOES NOT FIT")
DIGEST_OF_DOCUMENT = text("{digest} of the document that was fetched")
FETCHED = counted("{moment}, {n} byte", "{moment}, {n} bytes")
NOT_REMEMBERED = text("not remembered: it was stored by a version before evidence was kept")
SAYS = text("{kind}, by the rule {rule}")
SAYS_OF = text("{kind}, by the rule {rule} of the rules {version}")
SAYS_NOTHING = text("nothing about a contract any more")
# What a text says happened to a contract.
KINDS = {
    EventKind.AWARDED: text("awarded"),
    EventKind.CANCELLED: text("cancelled"),
    EventKind.TERMINATED: text("terminated"),
    EventKind.AWARD_INTENDED: text("award intended"),
    EventKind.SUSPENDED: text("suspended"),
    EventKind.EXTENDED: text("extended"),
    EventKind.CHANGED: text("changed"),
    EventKind.CHALLENGED: text("challenged"),
    EventKind.COMPLETED: text("completed"),
    EventKind.TENDER_OPENED: text("tender opened"),
    EventKind.PROPOSED_AWARD: text("proposed award"),
    EventKind.PROPOSED_CANCEL: text("proposed cancel"),
    EventKind.NOT_CANCELLED: text("not cancelled"),
    EventKind.NONE: text("none"),
}
