"""How a watch is said in full, and what is asked and shown before one is saved."""

from __future__ import annotations

from bot.speech import counted, text
from watchers.types import EventKind

# What a watch asks for, one after the other: "Palantir (supplier) · only: cancellations · without: football".
PAIR = text("{first} together with {second}")
ANY_CONTRACT = text("Every contract")
ONLY_KINDS = text("only: {kinds}")
FROM_SUM = text("from {sum}, also when no sum is stated")
FROM_SUM_STATED = text("from {sum}, only where a sum is stated")
AREA = text("public bodies of {area}")
DIRECT = text("only awards without competition")
WITHOUT = text("without: {words}")
PAUSED = text("paused")
# Kinds of events, in a list.
KINDS = {
    EventKind.AWARDED: text("awards"),
    EventKind.CANCELLED: text("cancellations"),
    EventKind.TERMINATED: text("early ends"),
    EventKind.AWARD_INTENDED: text("direct awards to come"),
    EventKind.SUSPENDED: text("suspensions"),
    EventKind.EXTENDED: text("extensions"),
    EventKind.CHANGED: text("changes"),
    EventKind.CHALLENGED: text("challenges in court"),
    EventKind.COMPLETED: text("completions"),
    EventKind.TENDER_OPENED: text("new tenders"),
    EventKind.SIGNED: text("signatures"),
    EventKind.REINSTATED: text("contracts that go on after all"),
}

# Before it is saved. {watch} is a watch said in full.
SHALL_I = text("Shall I watch this?")
SHALL_I_THERE = text("Shall I watch this in {chat}?")
ONE_LINE = text("• {watch}")
MORE_WATCHES = counted("… and {n} more", "… and {n} more")
LINE_WRONG = text("Line {number}: {problem}")
# {days} says over how many days I look back ("In the last 90 days").
IN_DAYS = counted("In the last {n} day", "In the last {n} days")
PAST_NONE = text("{days} nothing of this was published. I will tell you of the first.")
PAST = text("{days} this would have brought {alerts}: about {weekly} a week.")
PAST_FEW = text("{days} this would have brought {alerts}: less than one a week.")
ALERTS = counted("{n} alert", "{n} alerts")
COUNTS = {
    EventKind.AWARDED: counted("{n} award", "{n} awards"),
    EventKind.CANCELLED: counted("{n} cancellation", "{n} cancellations"),
    EventKind.TERMINATED: counted("{n} early end", "{n} early ends"),
    EventKind.AWARD_INTENDED: counted("{n} direct award to come", "{n} direct awards to come"),
    EventKind.SUSPENDED: counted("{n} suspension", "{n} suspensions"),
    EventKind.EXTENDED: counted("{n} extension", "{n} extensions"),
    EventKind.CHANGED: counted("{n} change", "{n} changes"),
    EventKind.CHALLENGED: counted("{n} challenge in court", "{n} challenges in court"),
    EventKind.COMPLETED: counted("{n} completion", "{n} completions"),
    EventKind.TENDER_OPENED: counted("{n} new tender", "{n} new tenders"),
    EventKind.SIGNED: counted("{n} signature", "{n} signatures"),
    EventKind.REINSTATED: counted("{n} contract that goes on after all", "{n} contracts that go on after all"),
}
BY_KIND = text("By kind: {kinds}.")
SAMPLES = text("For example:")
SAMPLE = text("• {date}: {title}")
TOO_MUCH = text("⚠️ That is a lot. Change makes it fewer: other kinds, or a least sum. Or be told once a day.")
NO_PAST = text("I have not read long enough yet to say what it would have brought.")
SAVE = text("✅ Save")
SAVE_DIGEST = text("🗞 Save, and tell this chat once a day")
DAILY_NOW = text("From now on all that is watched here is told in one message a day. /settings changes that.")
CHANGE = text("Change")
CANCEL = text("Cancel")
BACK = text("« Back")
SAVED = text("✅ Watching {watch}.")
SAVED_THERE = text("✅ Watching {watch} in {chat}.")
SAVED_MANY = counted("✅ {n} watch saved. /watches shows it.", "✅ {n} watches saved. /watches shows them.")
CANCELLED = text("Nothing was saved.")
DRAFT_GONE = text("This was answered before, or is too long ago. Please ask again.")
ALREADY = text("Already watching {watch}.")

# The choices under Change; the one that holds has a mark before it.
CHOSEN = text("● {choice}")
ANY_PART = text("Any part")
AS_SUPPLIER = text("Supplier")
AS_BODY = text("Public body")
USUAL_KINDS = text("Awards and cancellations")
ONLY_AWARDS = text("Awards")
ONLY_CANCELLATIONS = text("Cancellations")
ALL_KINDS = text("Everything")
ANY_SUM = text("Any sum")
WITHOUT_SUM = text("Also when no sum is stated")
