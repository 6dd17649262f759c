"""The buttons under an alert and what they answer: Why, Mute, Wrong, More; and /mutes."""

from __future__ import annotations

from bot.speech import counted, text
from storage.alert_changes import MuteKind, Wrong

WHY_BUTTON = text("Why")
MUTE_BUTTON = text("Mute")
WRONG_BUTTON = text("Wrong")
MORE_BUTTON = text("More")
EVIDENCE_BUTTON = text("Evidence as a file")
CONTRACT_BUTTON = text("The contract so far")
BACK = text("‹ Back")

WHY = text("<b>Why you were told</b>")
# {watch} is what the chat watches, {proof} the words of the report or notice in which it was found.
FOUND = text("{watch} is watched here, and “{proof}” stands in the report.")
FOUND_IN_NOTICE = text("{watch} is watched here, and “{proof}” stands in the notice.")
READ_IN_WORDS = text("What happened was read in these words:")
# {type} is the code of the kind of notice, as UK6; {rule} names the rule.
BY_NOTICE = text("An official notice of the type {type} says so. Rule: {rule}")
BY_WORDS = text("Read by the rule: {rule}")
READ_BY = counted("It came from this feed: {feeds}.", "It came from these feeds: {feeds}.")
WHY_MORE = text("/evidence has every text as it was read, /watches what is watched here.")

MORE = text("<b>All reports of it</b>")
REPORT = text("• {outlet}, {moment}")
NOTICE = text("Official notice: {notice}")
NOTHING_MORE = text("Nothing more is known of it yet.")

# Buttons of Mute; {name} is a feed or a watch.
MUTE = {
    MuteKind.STORY: text("This story"),
    MuteKind.CONTRACT: text("This contract"),
    MuteKind.FEED: text("Feed: {name}"),
    MuteKind.WATCH: text("Watch: {name}"),
}
FOR_A_DAY = text("For 24 hours")
FOR_GOOD = text("For good")
MUTED_TOAST = text("Muted. /mutes lists what is muted and undoes it.")
MUTED_A_DAY_TOAST = text("Muted for 24 hours. /mutes lists what is muted and undoes it.")

MUTES_BUTTON = text("🔇 Muted")
NOTHING_MUTED = text("Nothing is muted here. Under each alert is a button that mutes its story, contract, feed or watch.")
MUTES = text("<b>Muted here</b>\nPress what I should tell you of again.")
MUTES_MORE = counted("and {n} more", "and {n} more")
# A line of the list; {what} is the story, contract, feed or watch, as it is called.
MUTED = {
    MuteKind.STORY: text("{number}. Story: {what}"),
    MuteKind.CONTRACT: text("{number}. Contract: {what}"),
    MuteKind.FEED: text("{number}. Feed: {what}"),
    MuteKind.WATCH: text("{number}. Watch: {what}"),
}
MUTED_UNTIL = {
    MuteKind.STORY: text("{number}. Story, until {moment}: {what}"),
    MuteKind.CONTRACT: text("{number}. Contract, until {moment}: {what}"),
    MuteKind.FEED: text("{number}. Feed, until {moment}: {what}"),
    MuteKind.WATCH: text("{number}. Watch, until {moment}: {what}"),
}
UNMUTED_TOAST = text("I tell you of it again.")
NO_NAME = text("without a name")

WRONG = {
    Wrong.NOT_A_CONTRACT: text("Not about a contract"),
    Wrong.OTHER_ORGANISATION: text("Not this organisation"),
    Wrong.NOT_DECIDED: text("Not decided yet"),
    Wrong.SUM: text("The sum is wrong"),
    Wrong.SEEN_BEFORE: text("I had this before"),
}
WRONG_TOAST = text("Thank you. Whoever runs me sees the alert and your reason, not who you are.")
# To the admins. {reason} is one of the above, {number} is the alert's.
COMPLAINT = text("<b>Somebody says an alert is wrong: {reason}</b>")
COMPLAINT_OF = text("Alert {number}, read by the rule {rule}. It is kept as a test case: <code>contractwatch complaints</code>")
