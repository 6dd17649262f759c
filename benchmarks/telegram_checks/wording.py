"""Texts that want to be more than text, through real feeds, daemons and the parser of Telegram's server (TG5)."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from benchmarks.telegram_checks.scene import Scene, stopped
from benchmarks.trust import ROOT
from benchmarks.trust.base import Result, Run, check, wait_for
from benchmarks.trust.stage import Press
from watchers.text.language import languages

_LISTED = ROOT.parent / "shared/data/hostile/telegram_html_injections.txt"
_OWN = (
    "</b><b>",
    "<script>alert(1)</script>",
    '<a href="https://evil.example">here</a>',
    "5 < 6 & 7 > 2 &amp; &lt;i&gt; &nbsp; &#0;",
    "“quotes” \"and\" 'those'",
    "/stop@watch_bot @admin #tag evil.example tg://resolve?domain=x",
    "😀" * 300,
    "שלום מסמך مرحبا بالعالم",
    "\u202egnitsrever\u202c \u2067and\u2069",
    "e\u0301" * 200,
    "word " * 2000,
    "<" * 5000,
    "x" * 10_000,
    "&amp;" * 4000,
)
_REPORT = "{place} Council cancels £{value}m contract with Palantir:"
_SUMMARY = '<p>Long <b>story</b>,<br/>told in <a href="javascript:alert(1)">many</a> words.</p>'
_AT_ONCE = 15  # fewer than are told together
_QUICK = (
    "import bot.parts, bot.verdicts, bot.pacing, datetime, functools\n"
    "_soon = datetime.timedelta(milliseconds=50)\n"
    "bot.parts.Policy = functools.partial(bot.verdicts.Policy, paces=bot.pacing.Paces(private=_soon, group=_soon))\n"
    "bot.parts.Settings = functools.partial(bot.deliver.Settings, per_second=500)\n"
)


def payloads() -> list[str]:
    """Our own, and the list that may be beside this checkout."""
    if not _LISTED.exists():
        return list(_OWN)
    lines = [line.split("\t") for line in _LISTED.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [*_OWN, *(json.loads(line[2]) for line in lines)]


def _that_tell(texts: list[str]) -> list[str]:
    """Those beside which the report is still read as English: behind a hundred Arabic words it is no alert, and rightly so."""
    report = _REPORT.format(place="Leeds", value=2)
    return [text for text in texts if languages().of(f"{report} {_letters(text)}") == "en"]


def in_xml(text: str) -> str:
    """The text as it can stand in a feed: letters that XML has not are left out."""
    return escape(_letters(text))


def _letters(text: str) -> str:
    return "".join(
        letter
        for letter in text
        if letter in "\t\n\r" or 0x20 <= ord(letter) < 0xD800 or 0xE000 <= ord(letter) < 0xFFFE or ord(letter) > 0xFFFF
    )


class _HostilePress(Press):
    """Titles that carry a payload, summaries in HTML, and every few an address that leads nowhere one may be sent."""

    texts: list[str]

    def item(self, number: int, place: str) -> str:
        text = in_xml(self.texts[number % len(self.texts)])
        link = ("javascript:alert(1)", "http://localhost/x", f"https://press.example.org/{number}?a=1&amp;b=&quot;&lt;")[min(number % 7, 2)]
        return (
            f"<item><title>{_REPORT.format(place=place, value=number + 2)} {text}</title><link>{link}</link>"
            f"<guid isPermaLink='false'>{number}</guid><description>{escape(_SUMMARY)} {text}</description></item>"
        )


@check("TG5", "titles with markup, entities, emoji, right-to-left and 10,000 characters, HTML from feeds: refused, dropped, lost")
def wording(run: Run) -> Result:
    texts = _that_tell(payloads() if run.long else payloads()[: len(_OWN)] + payloads()[len(_OWN) :: 4])

    def press(places: list[str], feeds: int) -> Press:
        made = _HostilePress(places, feeds)
        made.texts = texts
        return made

    scene = Scene(run, events=len(texts) + 30, press=press, prelude=_QUICK)
    daemon = scene.begin()
    (person,) = scene.private
    while scene.press.published < len(texts):
        scene.arrived(scene.publish(min(_AT_ONCE, len(texts) - scene.press.published)))
    single = len(scene.telegram.messages(person))
    scene.publish(30)  # told together, in a message that opens to all of them
    whole = scene.settled(scene.store)
    asked = _ask(scene, person, run.pick(4, 8))
    refused = scene.calls("*", status=400)
    longest = max(map(len, scene.telegram.messages(person)))
    together = len(scene.telegram.messages(person)) - single - asked
    code = stopped(scene, daemon)[1]
    figure = (
        f"{len(texts)} hostile titles in {single} messages, {asked} answers about them and {together} that tell several: refused {len(refused)}, "
        f"the longest has {longest} characters, lost {scene.copies()[0]}"
    )
    return scene.judged(figure, passed=whole and not refused and longest <= 4096 and not scene.copies()[0] and not code)


def _ask(scene: Scene, person: int, count: int) -> int:
    """Press Why and More under some alerts; how many answers came."""
    before = len(scene.telegram.messages(person))
    alerts: list[dict[str, Any]] = [row for row in scene.telegram.rows(person) if "Council" in row["text"] and "reply_markup" in row]
    for row in alerts[1 : 1 + count]:
        for button in ("Why", "More"):
            scene.telegram.press(person, person, row["message_id"], button=button)
    wait_for("the answers", lambda: len(scene.telegram.messages(person)) >= before + 2 * count)
    return len(scene.telegram.messages(person)) - before
