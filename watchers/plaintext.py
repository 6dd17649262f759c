"""Markup to plain text, for everything that is matched, stored or shown.

A feed's title or summary reaches us as HTML, often escaped once too often. What leaves this module has no tags, no entities, no invisible
characters, NFKC letters and single spaces; whoever matches or renders it need not think of HTML again.

Every pattern here is linear in its input whatever the input is: feeds are written by strangers.
"""

from __future__ import annotations

import html
import re
import unicodedata

# A "<" starts a tag only before a letter, "/", "!" or "?": "contracts < £5m" stays text. A tag ends at the next "<" at the latest, so that
# a flood of "<" costs one pass, and at the end of the text when it was cut off inside a tag.
_TAG = re.compile(r"<(?:[A-Za-z/!?][^<>]*+)(?:>|$|(?=<))")
# Formatting inside a word: "<b>Pal</b>antir" is one word. Every other tag parts words.
_INLINE = re.compile(r"</?(?:a|abbr|b|big|em|font|i|mark|s|small|span|strong|sub|sup|tt|u|wbr)(?:\s[^<>]*+)?/?>", re.IGNORECASE)
_HIDING = re.compile(r"<(/?)(script|style)\b[^<>]*+>|<!--|-->", re.IGNORECASE)
_BACKGROUND = re.compile(r"<(?:script|style|!--)", re.IGNORECASE)

# html.unescape makes an int of a numeric reference, and an int of more than 4,300 digits is an error.
_ENDLESS_REFERENCE = re.compile(r"&#(?:[0-9]{10,}+|[xX][0-9A-Fa-f]{10,}+);?")

# What is seen by no reader and hides a name from matching or turns a line round: soft hyphens, zero-width characters, direction marks and
# overrides, tag characters, variation selectors, C0/C1 controls that are no white space, and half surrogate pairs, which no database takes.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def plain(markup: str) -> str:
    """The words of ``markup``: without tags and entities, NFKC, visible characters only, single spaces.

    Unescapes twice, because councils' feeds escape twice ("Chair&amp;#39;s" after XML is read), and strips tags after each step.
    """
    text = markup
    if "<" in text:
        text = strip_tags(text)
    for _ in range(2):
        if "&" not in text:
            break
        text = html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", text))
        if "<" in text:
            text = strip_tags(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    elif not text.isprintable():
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())


def strip_tags(text: str) -> str:
    """Remove tags, comments and the contents of scripts and styles; entities stay as they are."""
    if _BACKGROUND.search(text):
        text = _without_background(text)
    return _TAG.sub(" ", _INLINE.sub("", text))


def _without_background(text: str) -> str:
    """Drop comments, scripts and styles in one pass: a pattern with ``.*?`` would be quadratic in a flood of openings."""
    kept: list[str] = []
    start = 0
    closing: str | None = None  # what ends the hidden stretch we are in
    for found in _HIDING.finditer(text):
        mark = found[0].lower()
        if closing is None:
            if mark == "-->" or found[1]:  # an ending without a beginning
                continue
            kept.append(text[start : found.start()])
            closing = "-->" if mark == "<!--" else found[2].lower()
        elif mark == closing or (found[1] and found[2].lower() == closing):
            closing = None
            start = found.end()
    if closing is None:
        kept.append(text[start:])
    return " ".join(kept)


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters, cut between words."""
    if len(text) <= limit:
        return text
    head = text[: limit + 1]
    cut = head.rfind(" ")
    return head[:cut] if cut > 0 else text[:limit]
