"""Every sentence the bot says, in one place and in English.

Values without markup are escaped where they are used; functions that return Telegram HTML say so and escape what they are given.
"""

from __future__ import annotations

from watchers.types import AlertClass, EventKind, Role

# --- alerts (plain words: render.py escapes them) -----------------------------------------------------------------------------------

LABELS = {AlertClass.AWARDED: "AWARDED", AlertClass.CANCELLED: "CANCELLED"}
SIGNS = {AlertClass.AWARDED: "🟢", AlertClass.CANCELLED: "🔴"}
ENDED_EARLY = " (ended early)"
VAT = {"gross": " inc VAT", "net": " ex VAT"}
CORRECTED = "Corrected. "
REPORTED = "Reported"
REPORTED_BY = "Reported by "
ALSO_REPORTED_BY = "; also reported by "
CONFIRMED_BY = ", confirmed by official notice "
OFFICIAL = "Official notice "
LOOK_ALIKE = "⚠️ The name is written with look-alike letters: "
LOOK_ALIKE_ADVICE = ". Check the report before you rely on it."
CONTRACT = "Contract"
HEADLINE = "Headline"
REASON_GIVEN = "Reason given"
DIRECT_AWARD = "Direct award: without competition"
SUPPLIER_FROM = "Supplier known from notice "
SUPPLIER_UNKNOWN = "Supplier not named in the notice"
DATE = "Date"
HAPPENED = {EventKind.AWARDED: "Date of the award", EventKind.CANCELLED: "Date of the cancellation", EventKind.TERMINATED: "Ended on"}
FIRST_REPORTED = "First reported"
PUBLISHED = "Published"
FIRST_SEEN = "First seen"
YOUR_WATCH = "Your watch: "
ROLES = {Role.SUPPLIER: " (supplier)", Role.PUBLIC_BODY: " (public body)"}
MAYBE_SECOND = "↻ This may be a second copy: it is not known whether the first one arrived."


def outlets(count: int) -> str:
    return f"{count} outlets"


def notice(number: str, publisher: str) -> str:
    return f"{number} · {publisher}"


def more(count: int) -> str:
    return f" +{count} more"


def via(feed_name: str) -> str:
    return f" via {feed_name}"


# --- reasons that are kept with a delivery -------------------------------------------------------------------------------------------

NOT_THERE_ANY_MORE = "what it was about is not there any more"


def expired(error: str) -> str:
    return f"could not be delivered for a week: {error}"
