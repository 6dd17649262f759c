"""Every sentence the bot says, in one place and in English.

Values without markup are escaped where they are used; functions that return Telegram HTML say so and escape what they are given.
"""

from __future__ import annotations

from bot.markup import bold, clean, clip, foreign
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


# --- several alerts in one message (plain words) -------------------------------------------------------------------------------------

MANY_SIGN = "🗂"
OF_ONE_PROCESS = "Notices of one procedure, published together."
TOLD_AGAIN = "The database was restored from a backup: you may have had these before."
TOLD_LATE = "Told late and together: for a while I could not write here."
AT_ONCE = "So many came at once that they are told together."


def alerts(count: int) -> str:
    return f"{count} ALERTS"


def page_of(first: int, last: int, count: int) -> str:
    return f"{first} to {last} of {count}" if last > first else f"{first} of {count}"


# --- evidence (plain words) ---------------------------------------------------------------------------------------------------------

EVIDENCE = "Evidence of alert {number}"
EVIDENCE_FILE = "evidence-{number}.txt"
EVIDENCE_RULE = "Rule: "


def evidence_read(at: str, where: str) -> str:
    return f"Read {at} from {where}"


def evidence_kept(count: int, *, fits: bool) -> str:
    kept = "1 text is kept" if count == 1 else f"{count} texts are kept"
    judged = "and what is kept is what was read" if fits else "but it is NOT what was read: the file says where"
    return f"{kept}, {judged}. The file has all of it, with times, addresses and digests."


# --- reasons that are kept with a delivery -------------------------------------------------------------------------------------------

NOT_RENDERED = "could not be made into a message"
NOT_THERE_ANY_MORE = "what it was about is not there any more"


def expired(error: str) -> str:
    return f"could not be delivered for a week: {error}"


# --- commands: Telegram HTML from here on --------------------------------------------------------------------------------------------

LINK = "https://t.me/{username}?start={payload}"
ADMINS_ONLY = "Only admins of this chat can change what it follows."
ADMINS_ONLY_TOAST = "Only admins can do this."
LIMIT_REACHED = "A chat can watch at most 50 organisations, so nothing was added. /unwatch makes room."
TOO_MANY_COMMANDS = "That is a lot in one minute. Please try again in a minute."
COULD_NOT_CHECK = "Telegram did not tell me who may do this here. Please try again."
SOMETHING_WRONG = "Something went wrong on my side. Nothing was changed. Please try again."
STALE_BUTTON = "This button is too old. Please use the command again."
NOT_UNDERSTOOD = "I do not know this command. /help lists what I can do."
NOT_A_NAME = (
    "Send me the name of a company or public body that I should watch, for example <code>Palantir</code>. /help lists what else I can do."
)
WHICH = (
    "Which organisation? Write its name behind the command, for example\n<code>/watch Palantir</code>\n"
    "<code>/watch Metropolitan Police as public body</code>\nSeveral at once: one a line."
)
WHICH_NOT = "Which one should I stop watching? Press it, or write <code>/unwatch</code> and its number."
WATCHING_NOTHING = "Nothing is watched here yet. Start with <code>/watch Palantir</code>."
_STOP_QUESTION = (
    "This deletes everything I keep about {chat}: what it watches and its settings. Alerts end. It cannot be undone. Shall I delete it?"
)
_THIS_CHAT = "this chat"
STOP_YES, STOP_NO = "Yes, delete everything", "No, keep it"
_STOPPED = "Done. Everything about {chat} is deleted, and no more alerts will come. /start begins anew."
STOPPED_TOAST = "Everything is deleted."
KEPT_TOAST = "Nothing was deleted."
_NOTHING_KEPT = "Nothing is kept about {chat}."
NO_ALERTS = "No alerts yet. As soon as a contract of somebody you watch is awarded or cancelled, it stands here."
LATEST = "The latest alerts, newest first:"
EVIDENCE_OF_WHICH = (
    "Evidence of which alert? Reply to the alert with <code>/evidence</code>, or write its number: <code>/evidence 17</code>. "
    "/latest shows the latest alerts."
)
EVIDENCE_NOT_HERE = "No alert with that number was told here."
EVIDENCE_NOT_ALERT = "The message you replied to is no alert of mine."
EVIDENCE_OF_MANY = "That message tells several alerts. Which one?"
SHARED_GONE = "What this link shared is not there any more. Watch by name instead: <code>/watch Palantir</code>"
UNUSABLE = {
    "long": "a name has at most 80 letters",
    "short": "a name has at least 3 letters, or 2 capitals",
    "letters": "a name has at least 2 letters",
    "command": "a name does not start with / or @",
}
PRIVACY = (
    "<b>What I keep</b>\n"
    "• the number of this chat; of groups and channels also the title and who set them up\n"
    "• its language and what it watches\n"
    "• which alerts were sent here, so that none comes twice\n"
    "I do not keep what people write: a message is deleted as soon as it is answered. I share nothing and show no adverts. "
    "A link that you share with /watches shows its name and role to whoever opens it, and nothing about you.\n"
    "/stop deletes everything about this chat at once."
)
HELP = (
    "I read newsrooms and the official registers of public contracts. When a contract with an organisation you watch is <b>awarded</b> or "
    "<b>cancelled</b>, I tell you once, with the evidence.\n\n"
    "/watch Palantir: watch a company or a public body\n"
    "/watch Palantir as supplier: only when it is the supplier (or <i>as public body</i>)\n"
    "/unwatch Palantir: stop watching it\n"
    "/watches: what is watched here, with links to share\n"
    "/latest: the latest alerts\n"
    "/evidence, as a reply to an alert: what it rests on, as a file\n"
    "/status: whether everything works\n"
    "/privacy: what I keep\n"
    "/stop: delete everything about this chat\n\n"
    "In groups only admins can change what is watched. A channel is set up from here: make me an admin of it that may post, then write "
    "<code>/watch @channel Palantir</code>."
)
WELCOME = (
    "Hello! I tell you when a public contract is awarded or cancelled.\n\n"
    "Send me the name of a company or public body, for example <code>Palantir</code>, and I start watching. /help shows the rest."
)
WELCOME_GROUP = "Hello! An admin can tell me what to watch here, for example <code>/watch Palantir</code>."

# Commands as Telegram's menu shows them.
MENU_READ = {
    "watches": "What is watched here",
    "latest": "The latest alerts",
    "evidence": "What an alert rests on (reply to it)",
    "status": "Whether everything works",
    "help": "What I can do",
    "privacy": "What I keep",
}
MENU_CHANGE = {"watch": "Watch a company or public body", "unwatch": "Stop watching", "stop": "Delete everything about this chat"}


def _name(text: str) -> str:
    """A name somebody typed or a feed printed, in bold type."""
    return bold(foreign(text, 90)).html


def watched(name: str, role: Role) -> str:
    return f"{_name(name)}{ROLES.get(role, '')}"


def numbered(number: int, name: str, role: Role, link: str) -> str:
    return f'{number}. {watched(name, role)} · <a href="{link}">share</a>'


def added(names: list[tuple[str, Role]], known: list[tuple[str, Role]], wrong: list[tuple[str, str]], chat: str | None) -> list[str]:
    """The answer to /watch, a line for each name."""
    where = f" in {foreign(chat, 90).html}" if chat else ""
    lines = [f"✅ Watching {watched(name, role)}{where}." for name, role in names]
    lines += [f"Already watching {watched(name, role)}{where}." for name, role in known]
    lines += [f"❌ {_name(line)}: {UNUSABLE[reason]}." for line, reason in wrong]
    if names:
        lines.append(
            "I will tell you when one of its contracts is awarded or cancelled."
            if len(names) == 1
            else "I will tell you of their contracts."
        )
    return lines


def removed(names: list[tuple[str, Role]], unknown: list[str], chat: str | None) -> list[str]:
    where = f" in {foreign(chat, 90).html}" if chat else ""
    lines = [f"Stopped watching {watched(name, role)}{where}." for name, role in names]
    lines += [f"❌ {_name(text)} is not watched{where or ' here'}. /watches lists what is." for text in unknown]
    return lines


def offer(name: str) -> str:
    return f"Shall I watch {_name(name)}?"


def offer_button(name: str) -> str:
    return f"Watch {clip(clean(name), 40)}"


def unwatch_button(number: int, name: str) -> str:
    return f"{number}. {clip(clean(name), 50)}"


def evidence_button(number: int, title: str) -> str:
    return f"{number}. {clip(clean(title), 50)}"


OFFER_SUPPLIER, OFFER_BODY = "Only as supplier", "Only as public body"


SUGGESTED = "Official notices name it more exactly. Press what you mean, and I look for that as well:"


def suggestion(number: int, names: tuple[str, ...], identifiers: tuple[str, ...], notices: int, why: str) -> str:
    """A line of what notices know: the name, its numbers, in how many notices it stands, and why it is offered."""
    known = [foreign(names[0], 90).html, *(foreign(one, 40).html for one in identifiers[:2])]
    known += [f"{len(names) - 1} more names"] if len(names) > 1 else []
    return f"{number}. {' · '.join(known)} ({_notices(notices)}; {foreign(why, 120).html})"


def _notices(number: int) -> str:
    return "1 notice" if number == 1 else f"{number:,} notices"


def suggestion_button(number: int, name: str) -> str:
    return f"{number}. {clip(clean(name), 50)}"


def suggested_toast(names: tuple[str, ...], identifiers: tuple[str, ...]) -> str:
    numbers = f" and {len(identifiers)} registered number{'s' if len(identifiers) > 1 else ''}" if identifiers else ""
    return f"I look for {clip(clean(names[0]), 80)}{' and its other names' if len(names) > 1 else ''}{numbers} as well."


def watch_list(chat: str | None) -> str:
    return f"<b>Watched in {foreign(chat, 90).html}</b>" if chat else "<b>Watched here</b>"


def removed_toast(name: str) -> str:
    return f"Stopped watching {clip(clean(name), 100)}."


def chat_not_found(chat: str) -> str:
    return f"I cannot see {foreign(chat, 90).html}. Make me an admin of it that may post, then try again."


def cannot_tell(chat: str) -> str:
    return f"I may not write in {foreign(chat, 90).html}. Make me an admin of it that may post, then try again."


def not_admin_there(chat: str) -> str:
    return f"Only admins of {foreign(chat, 90).html} can do this."


def stop_question(chat: str | None) -> str:
    return _STOP_QUESTION.format(chat=_chat(chat))


def stopped(chat: str | None) -> str:
    return _STOPPED.format(chat=_chat(chat))


def nothing_kept(chat: str | None) -> str:
    return _NOTHING_KEPT.format(chat=_chat(chat))


def _chat(title: str | None) -> str:
    return _name(title) if title else _THIS_CHAT


def status(*, feeds: int, failing: int, checked: str | None, waiting: int, watches: int) -> str:
    """Whether everything works, for somebody who only wants to know that."""
    healthy = f"{feeds - failing} of {feeds} feeds answer"
    if checked is None:
        head = "<b>I have just started</b> and not read anything yet."
    elif failing:
        head = f"<b>I am at work, but not everything answers just now</b>: {healthy}. I keep trying."
    else:
        head = f"<b>Everything works</b>: {healthy}."
    lines = [
        head,
        *([f"Last look: {checked}."] if checked else []),
        f"Messages waiting to be sent: {waiting}." if waiting else "No message is waiting to be sent.",
        f"Watched here: {watches}." if watches else WATCHING_NOTHING,
    ]
    return "\n".join(lines)
