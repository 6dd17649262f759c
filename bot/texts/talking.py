"""What /start, /help, /latest, /status, /privacy and /forget say."""

from __future__ import annotations

from bot.speech import counted, text

WELCOME = text(
    "Hello! I tell you when a public contract is awarded or cancelled.\n\n"
    "Send me the name of a company or public body, for example <code>Palantir</code>, and I show what watching it would bring. "
    "/help shows the rest."
)
WELCOME_GROUP = text("Hello! An admin can tell me what to watch here, for example <code>/watch Palantir</code>.")
# The lines of /help and of /privacy are sentences of their own, so that a new one leaves the translations of the others alone.
HELP = (
    text(
        "I read newsrooms and the official registers of public contracts. When a contract with an organisation you watch is <b>awarded</b> "
        "or <b>cancelled</b>, I tell you once, with the evidence.\n"
    ),
    text("<b>Watching</b>"),
    text("/watch Palantir: watch a company or a public body"),
    text("/watch Palantir as supplier over £1m without football: only some of it"),
    text("/watch Palantir AND Metropolitan Police: both in one contract"),
    text("/watch cancellations by London bodies: whoever it is"),
    text("/unwatch Palantir: stop watching it"),
    text("/watches: what is watched here; press one to change, pause or remove it"),
    text("/without 3 football: exclude words from the third of them"),
    text("\n<b>Lists</b>"),
    text("/list Outsourcers, and below it one name a line: makes a watchlist of that name"),
    text("/lists: the watchlists here, to share by a link, copy or delete"),
    text("\n<b>Alerts</b>"),
    text("/latest: the latest alerts"),
    text("/evidence, as a reply to an alert: what it rests on, as a file"),
    text("/contract, as a reply to an alert: all that is known of its contract"),
    text("/mutes: what is muted here, and an end to it"),
    text("\n<b>Settings</b>"),
    text("/settings: sound, language and what else can be set here"),
    text("/language: the language I speak here"),
    text("/zone Berlin: the clock I go by here"),
    text("/status: whether everything works"),
    text("\n<b>Your data</b>"),
    text("/privacy: what I keep"),
    text("/export: all that I keep about this chat, as files"),
    text("/import: reads such a file back, or just send it"),
    text("/forget: delete everything about this chat\n"),
    text(
        "In groups only admins can change what is watched. A channel is set up from here: make me an admin of it that may post, then write "
        "<code>/watch @channel Palantir</code>."
    ),
)
PRIVACY = (
    text("<b>What I keep</b>"),
    text("• the number of this chat; of groups and channels also the title and who set them up"),
    text("• its language and what it watches"),
    text("• which alerts were sent here, so that none comes twice"),
    text("• what was muted here, until it ends or is undone"),
    text("• when you press Wrong: the alert and your reason, which those who run me see without knowing who it was"),
    text("I do not keep what people write: a message is deleted as soon as it is answered. I share nothing and show no adverts."),
    text("A link that you share with /watches shows what is watched to whoever opens it, and nothing about you."),
    text(
        "Whoever opens the link of a list that you share with /lists sees its name and what is on it, also what you add later, and nothing "
        "about you. You can end the link; those who follow the list by then go on following it."
    ),
    text("/export gives you all of it, as files."),
    text("/forget deletes everything about this chat at once; within half an hour nothing of it is left in the files of the database."),
    text("Backups that were made before are kept for 30 days at most."),
    text("Of a group or channel that shut me out, everything is deleted after 90 days."),
)
WHICH_LANGUAGE = text("Which language shall I speak here?")
LANGUAGE_SET = text("From now on I speak {language} here.")
NO_ALERTS = text("No alerts yet. As soon as a contract of somebody you watch is awarded or cancelled, it stands here.")
LATEST = text("The latest alerts, newest first:")

STATUS_STARTED = text("<b>I have just started</b> and not read anything yet.")
# {n} is how many feeds there are, {healthy} how many of them answer.
STATUS_FAILING = counted(
    "<b>I am at work, but not everything answers just now</b>: {healthy} of {n} feed answers. I keep trying.",
    "<b>I am at work, but not everything answers just now</b>: {healthy} of {n} feeds answer. I keep trying.",
)
STATUS_WELL = counted("<b>Everything works</b>: {healthy} of {n} feed answers.", "<b>Everything works</b>: {healthy} of {n} feeds answer.")
LAST_LOOK = text("Last look: {moment}.")
NOTHING_WAITS = text("No message is waiting to be sent.")
WAITING = counted("{n} message is waiting to be sent.", "{n} messages are waiting to be sent.")
WATCHED_HERE = text("Watched here: {count}.")

FORGET_QUESTION = text(
    "This deletes everything I keep about this chat: what it watches and its settings. Alerts end. It cannot be undone; "
    "/export gives you a copy first. Shall I delete it?"
)
FORGET_QUESTION_OTHER = text(
    "This deletes everything I keep about <b>{chat}</b>: what it watches and its settings. Alerts end. It cannot be undone; /export gives "
    "you a copy first. Shall I delete it?"
)
FORGET_YES = text("Yes, delete everything")
FORGET_NO = text("No, keep it")
FORGOTTEN = text("Done. Everything about this chat is deleted, and no more alerts will come. /start begins anew.")
FORGOTTEN_OTHER = text("Done. Everything about <b>{chat}</b> is deleted, and no more alerts will come. /start begins anew.")
FORGOTTEN_TOAST = text("Everything is deleted.")
KEPT_TOAST = text("Nothing was deleted.")
NOTHING_KEPT = text("Nothing is kept about this chat.")
NOTHING_KEPT_OTHER = text("Nothing is kept about <b>{chat}</b>.")
