"""When a chat is told: what /settings and /zone say about it."""

from __future__ import annotations

from bot.speech import counted, text
from storage.times import Heartbeat, Rhythm

RHYTHM = text("⏱ Alerts: {rhythm}")
RHYTHMS = {
    Rhythm.AT_ONCE: text("at once"),
    Rhythm.HOURLY: text("every hour, together"),
    Rhythm.DAILY: text("once a day, together"),
    Rhythm.WEEKLY: text("once a week, together"),
}
WHICH_RHYTHM = text(
    "<b>How soon</b>\nShall I tell each alert as it comes, or several together in a digest? A digest without alerts is not sent."
)
HOUR = text("🕘 Digest at {time}")
WHICH_HOUR = text("<b>Time of the digest</b>\nBy the clock of this chat, see “Clock”.")
WEEKDAY = text("📅 Digest on {day}")
WHICH_WEEKDAY = text("<b>Day of the digest</b>")
QUIET = text("🌙 Quiet hours: {hours}")
NO_QUIET = text("none")
# Quiet hours: "22:00 – 07:00".
FROM_UNTIL = text("{start} – {end}")
WHICH_QUIET = text(
    "<b>Quiet hours</b>\nWhat comes then is told at their end; whether cancellations are told at once all the same is a setting of its "
    "own. They go by the clock of this chat, see “Clock”."
)
URGENT = text("🌙 Cancellations in quiet hours: yes")
NOT_URGENT = text("🌙 Cancellations in quiet hours: no")
WHETHER_URGENT = text("<b>Quiet hours</b>\nShall cancellations be told in them too?")
YES = text("Yes")
NO = text("No")
ZONE = text("🌍 Clock: {zone}")
WHICH_ZONE = text("<b>Clock</b>\nBy which city’s clock does this chat live? For others write for example <code>/zone Nairobi</code>.")
HOW_ZONE = text("Write the name of a large city in your time zone, for example <code>/zone Nairobi</code>.")
NO_SUCH_ZONE = text("I do not know a clock of that name. Try the largest city in your time zone, for example <code>/zone Nairobi</code>.")
ZONE_SET = text("This chat now lives by the clock of {zone}, where it is {time}.")

# The weekly report: "No matches this week. I looked 1,344 times; 14 of 15 feeds answer." {n} is how many feeds there are.
WEEK = counted(
    "<b>This week</b>: {alerts}. {checks}; {healthy} of {n} feed answers.",
    "<b>This week</b>: {alerts}. {checks}; {healthy} of {n} feeds answer.",
)
WEEK_HOW = text("/settings switches this message off.")
NO_MATCHES = text("no matches")
WEEK_ALERTS = counted("{n} alert", "{n} alerts")
CHECKS = counted("I looked {n} time", "I looked {n} times")
SILENT_NOW = text("Silent just now: {names}.")
HEARTBEAT = text("💓 Weekly report: {when}")
HEARTBEATS = {
    Heartbeat.QUIET_WEEKS: text("after weeks without alerts"),
    Heartbeat.ALWAYS: text("every week"),
    Heartbeat.NEVER: text("never"),
}
WHICH_HEARTBEAT = text("<b>Weekly report</b>\nA few words once a week, so that you know that I am at work when nothing happens.")
REPORT_DAY = text("💓 Report on {day}")
WHICH_REPORT_DAY = text("<b>Day of the weekly report</b>")
REPORT_HOUR = text("💓 Report at {time}")
WHICH_REPORT_HOUR = text("<b>Time of the weekly report</b>\nBy the clock of this chat, see “Clock”.")

# Feeds that have nothing new for longer than they ever do, or cannot be read.
SILENCES = text("🔇 Silent feeds: I say so")
NO_SILENCES = text("🔇 Silent feeds: I say nothing")
WHETHER_SILENCES = text(
    "<b>Silent feeds</b>\nShall I say so, once, when a feed cannot be read for a day or has nothing new for much longer than it ever does, "
    "and once when it is back?"
)
SILENT = counted("🔇 <b>A feed has fallen silent</b>", "🔇 <b>{n} feeds have fallen silent</b>")
# {name} is a feed.
SILENT_QUIET = text("• {name}: nothing new since {date}, which is unusual for it")
SILENT_FAILING = text("• {name}: cannot be read since {date}")
SILENT_MORE = counted("… and {n} more", "… and {n} more")
SILENT_MANY = text("So many at once: perhaps a holiday, or a fault on my side.")
SILENT_HOW = text("Alerts may be missing meanwhile. I keep looking and tell you when it is over. /settings switches these messages off.")
BACK_AGAIN = text("✅ Back again: {names}")
