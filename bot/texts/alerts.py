"""What an alert says, and several alerts in one message."""

from __future__ import annotations

from bot.speech import counted, text
from watchers.types import AlertClass, EventKind, Role

SIGNS = {AlertClass.AWARDED: "🟢", AlertClass.CANCELLED: "🔴"}
LABELS = {AlertClass.AWARDED: text("AWARDED"), AlertClass.CANCELLED: text("CANCELLED")}
ENDED_EARLY = text("CANCELLED (ended early)")
OTHER_SIGN = "🔵"
OTHER_SIGNS = {
    EventKind.EXTENDED: "🟡",
    EventKind.CHANGED: "🟡",
    EventKind.SUSPENDED: "🟠",
    EventKind.CHALLENGED: "🟠",
    EventKind.REINSTATED: "🟢",
}
OTHER_LABELS = {
    EventKind.TENDER_OPENED: text("TENDER OPENED"),
    EventKind.AWARD_INTENDED: text("AWARD PLANNED"),
    EventKind.SIGNED: text("SIGNED"),
    EventKind.EXTENDED: text("EXTENDED"),
    EventKind.CHANGED: text("CHANGED"),
    EventKind.CHALLENGED: text("CHALLENGED"),
    EventKind.SUSPENDED: text("SUSPENDED"),
    EventKind.REINSTATED: text("GOES ON AFTER ALL"),
    EventKind.COMPLETED: text("COMPLETED"),
}

# What happened to a contract, in one line: "This contract: awarded 3 Mar 2025 · changed 1 Jun".
HISTORY = text("This contract: {events}")
HISTORY_LEFT_OUT = "…"
IN_HISTORY = {
    EventKind.TENDER_OPENED: text("tender opened {date}"),
    EventKind.AWARD_INTENDED: text("award planned {date}"),
    EventKind.AWARDED: text("awarded {date}"),
    EventKind.SIGNED: text("signed {date}"),
    EventKind.EXTENDED: text("extended {date}"),
    EventKind.CHANGED: text("changed {date}"),
    EventKind.CHALLENGED: text("challenged {date}"),
    EventKind.SUSPENDED: text("suspended {date}"),
    EventKind.CANCELLED: text("cancelled {date}"),
    EventKind.TERMINATED: text("ended early {date}"),
    EventKind.REINSTATED: text("taken up again {date}"),
    EventKind.COMPLETED: text("completed {date}"),
}
# The whole contract, as /contract shows it.
THE_CONTRACT = text("The contract so far")
EVENT_TAKEN_BACK = text("{event} (taken back)")
CONTRACT_OF_WHICH = text(
    "Which contract? Reply to one of its alerts with <code>/contract</code>, or write the number of an alert: <code>/contract 17</code>. "
    "/latest shows the latest alerts."
)
UNCONFIRMED = text("No official notice has confirmed this in 30 days.")

# A source changed what was told: the label of an answer to the alert, and of an alert that nobody tells any more.
CORRECTED = text("CORRECTED")
CORRECTED_SIGN = "✏️"
TAKEN_BACK = text("TAKEN BACK")
TAKEN_BACK_SIGN = "⚪"
# What was told and what is said now, by the fact. {before} and {after} are labels as CANCELLED, names, or sums.
CHANGED = {
    "event": text("Told as {before}, now {after}."),
    "suppliers": text("Supplier: told as {before}, now {after}."),
    "public_bodies": text("Public body: told as {before}, now {after}."),
    "value": text("Sum: told as {before}, now {after}."),
}
# {told} is a label as CANCELLED.
NOT_SAID_ANY_MORE = text("Told as {told}. Its source has taken that back.")
SAYS_NOW = text("{who} says now:")
# In the alert itself, when it shows what is said now.
TOLD_BEFORE = {
    "event": text("Corrected: told as {before} before."),
    "suppliers": text("Corrected: the supplier was told as {before} before."),
    "public_bodies": text("Corrected: the public body was told as {before} before."),
    "value": text("Corrected: the sum was told as {before} before."),
}
TOLD_ABOVE = text("This is the same story as in a message further up. What becomes known is shown there.")
# Behind the names of an alert that has more of them: "Serco, Capita +2 more".
AND_MORE = counted("{names} +{n} more", "{names} +{n} more")
WITH_VAT = text("{sum} inc VAT")
WITHOUT_VAT = text("{sum} ex VAT")

# Who says so. {who} is an outlet, or how many there are; {notice} is the number of a notice and its register.
REPORTED = text("Reported")
REPORTED_BY = text("Reported by {who}")
CONFIRMED = text("Reported by {who}, confirmed by official notice {notice}")
OFFICIAL = text("Official notice {notice}")
OFFICIAL_REPORTED = text("Official notice {notice}; also reported by {who}")
# Who reports: "Reported by 3 outlets".
OUTLETS = counted("{n} outlet", "{n} outlets")
# An outlet whose report came with another feed: "The Guardian via Google News".
VIA = text("{outlet} via {feed}")
LOOK_ALIKE = text("⚠️ The name is written with look-alike letters: {names}. Check the report before you rely on it.")
CONTRACT = text("Contract: {title}")
HEADLINE = text("Headline: {title}")
REASON_GIVEN = text("Reason given: {reason}")
DIRECT_AWARD = text("Direct award: without competition")
SUPPLIER_FROM = text("Supplier known from notice {notice}")
SUPPLIER_UNKNOWN = text("Supplier not named in the notice")
DATE = text("Date: {date}")
HAPPENED = {
    EventKind.AWARDED: text("Date of the award: {date}"),
    EventKind.CANCELLED: text("Date of the cancellation: {date}"),
    EventKind.TERMINATED: text("Ended on: {date}"),
}
FIRST_REPORTED = text("First reported: {moment}")
PUBLISHED = text("Published: {moment}")
FIRST_SEEN = text("First seen: {moment}")
WATCHED = text("Watched: {names}")
IN_THE_PART = {Role.SUPPLIER: text("{name} (supplier)"), Role.PUBLIC_BODY: text("{name} (public body)")}
MAYBE_SECOND = text("↻ This may be a second copy: it is not known whether the first one arrived.")

MANY_SIGN = "🗂"
# The first line of a message that tells several alerts.
ALERTS = counted("{n} ALERT", "{n} ALERTS")
ALERTS_OF_A_KIND = {
    AlertClass.AWARDED: counted("{n} AWARDED", "{n} AWARDED"),
    AlertClass.CANCELLED: counted("{n} CANCELLED", "{n} CANCELLED"),
}
OF_ONE_PROCESS = text("Notices of one procedure, published together.")
TOLD_AGAIN = text("The database was restored from a backup: you may have had these before.")
TOLD_LATE = text("Told late and together: for a while I could not write here.")
# The first line of a digest.
DIGEST = counted("DIGEST: {n} ALERT", "DIGEST: {n} ALERTS")
IN_QUIET_HOURS = text("They came in your quiet hours.")
# In a digest, above the alerts of one kind: "CANCELLED: 2".
OF_A_KIND = text("{kind}: {count}")
# A line of a digest, with the number of the button that opens it.
NUMBERED = text("{number}. {line}")
OPEN_ONE = text("A number opens its alert.")
AT_ONCE = text("So many came at once that they are told together.")
# A button that shows the alerts that did not fit.
MORE = counted("+{n} more", "+{n} more")
ONE_OF = text("{number} of {count}")
SOME_OF = text("{first} to {last} of {count}")
