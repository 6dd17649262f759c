"""Foreign text made safe for a Telegram message: cleaned, cut, made inert and escaped, once, in that order.

Invariants: what ``shown`` returns can neither open nor close a tag once escaped, nor start a command, a mention, a hashtag or a link of its
own, nor turn the direction of the text around it; it is cut, in UTF-16 units, before anything is escaped, so a cut never falls into a tag.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

WORD_JOINER = "\u2060"
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_MAX_URL = 1500  # bytes, escaped: seven links and 4,096 units of text stay below the 32,768 bytes that the server reads

# Letters nobody sees. Directional embeddings and isolates could turn a whole message around (Telegram removes the embeddings only); the
# rest hides text. The joiners U+200C and U+200D stay: Persian and emoji are spelt with them.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_BLANK = re.compile(r"\s+")

# What Telegram's server makes clickable by itself; a word joiner after the first letter of the pattern stops it (judged with TDLib).
_ACTIVE = re.compile(
    r"(?P<command>/(?=[A-Za-z0-9_]))"
    r"|(?P<sign>[@#＃](?=\w)|\$(?=[A-Za-z]))"
    r"|(?P<scheme>:(?=//))"
)
_INNER_DOT = re.compile(r"(?<=[^\s.])\.(?=[^\s.])")
_RUN_BEFORE, _RUN_AFTER = re.compile(r"[\w.\-]*\Z"), re.compile(r"[\w.\-]*")
_SUM = re.compile(r"\d+\.\d+[^\W\d_]{0,3}\.?")


def clean(text: str) -> str:
    """The text on one line without control, hidden and direction letters; what cannot be encoded becomes U+FFFD."""
    text = _HIDDEN.sub("", text)
    letters = (_printable(letter) for letter in text)
    return _BLANK.sub(" ", "".join(letters)).strip()


def _printable(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "\ufffd" if category == "Cs" else letter


def inert(text: str) -> str:
    """The same letters, but nothing in them that a client would make clickable: commands, mentions, tags, bare domains, ``tg://``."""
    text = _ACTIVE.sub(lambda found: found[0] + WORD_JOINER, text)
    return _INNER_DOT.sub(lambda dot: dot[0] if _in_sum(text, dot.start()) else WORD_JOINER + dot[0], text)


def _in_sum(text: str, dot: int) -> bool:
    """Whether the dot at this offset is a decimal point ("2.4bn"): those stay as they are, so that sums can be searched and copied."""
    before = _RUN_BEFORE.search(text, max(0, dot - 20), dot)
    after = _RUN_AFTER.match(text, dot)
    assert before is not None
    assert after is not None
    return _SUM.fullmatch(before[0] + after[0]) is not None


def units(text: str) -> int:
    """Length as Telegram counts entity offsets: UTF-16 code units."""
    return len(text) + sum(1 for letter in text if ord(letter) > 0xFFFF)  # noqa: PLR2004


def clip(text: str, limit: int) -> str:
    """The text, or its beginning with an ellipsis, in at most ``limit`` UTF-16 units; cut between words where one is near."""
    if units(text) <= limit:
        return text
    kept, used = 0, 1  # 1 for the ellipsis
    for letter in text:
        used += 2 if ord(letter) > 0xFFFF else 1  # noqa: PLR2004
        if used > limit:
            break
        kept += 1
    while kept and _joins(text, kept):
        kept -= 1
    space = text.rfind(" ", 0, kept + 1)
    if space > kept * 3 // 4:
        kept = space
    return text[:kept].rstrip(" " + WORD_JOINER) + "…"


def _joins(text: str, at: int) -> bool:
    """Whether a cut before this offset would part a letter from its accent or an emoji from its parts."""
    return unicodedata.combining(text[at]) > 0 or text[at] in "\u200c\u200d\ufe0e\ufe0f" or text[at - 1] == "\u200d"


def isolate(text: str, *, always: bool = False) -> str:
    """The text with its direction kept to itself, when it holds letters that run from right to left, or ``always``."""
    if (always and text) or any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text):
        return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"
    return text


def paragraph(text: str, limit: int) -> str:
    """Foreign text as it may stand in a line of its own, not yet escaped; ``limit`` in UTF-16 units."""
    return clip(inert(clean(text[: limit * 8])), limit)  # what is far behind the cut need not be looked at


def shown(text: str, limit: int, *, always: bool = False) -> str:
    """Foreign text as it may stand among other words, not yet escaped; ``limit`` in UTF-16 units, isolates not counted."""
    return isolate(paragraph(text, limit), always=always)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a message in its two forms. Only this module and texts of our own make ``html``: everything in it is already escaped."""

    html: str
    plain: str

    def __add__(self, other: Piece) -> Piece:
        return Piece(self.html + other.html, self.plain + other.plain)


def words(text: str) -> Piece:
    """Our own words, as they stand."""
    return Piece(html.escape(text, quote=False), text)


def foreign(text: str, limit: int, *, always: bool = False) -> Piece:
    """Words from a feed, a notice or a person; ``always``: among words that run from right to left."""
    return words(shown(text, limit, always=always))


def bold(piece: Piece) -> Piece:
    return Piece(f"<b>{piece.html}</b>", piece.plain)


def quote(piece: Piece) -> Piece:
    return Piece(f"<blockquote>{piece.html}</blockquote>", f"“{piece.plain}”")


def link(label: Piece, url: str | None, *, always: bool = False) -> Piece:
    """A label with the host it leads to, as a link; only the label when the address is not one that may be clicked.

    ``always``: among words that run from right to left.
    """
    target = host_of(url)
    if url is None or target is None:
        return label
    text = label + words(" (") + words(isolate(target, always=always)) + words(")")
    return Piece(f'<a href="{html.escape(url)}">{text.html}</a>', f"{text.plain}: {url}")


def host_of(url: str | None) -> str | None:
    """The host of an ``http`` or ``https`` address that people may be sent to, in ASCII; None for everything else.

    Telegram drops a link to a host without a dot, silently. A user name before the host is how an address pretends to be another one.
    """
    if url is None or not url.isprintable() or any(letter.isspace() for letter in url) or len(html.escape(url).encode()) > _MAX_URL:
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        _ = parts.port
    except (UnicodeError, ValueError):
        return None
    if (
        parts.scheme not in ("http", "https")
        or "@" in parts.netloc
        or not re.fullmatch(r"[a-z0-9\-]+(\.[a-z0-9\-]+)*\.[a-z][a-z0-9\-]+", host)
    ):
        return None
    return host.removeprefix("www.")


def join(separator: str, pieces: list[Piece]) -> Piece:
    return Piece(separator.join(piece.html for piece in pieces), separator.join(piece.plain for piece in pieces))


def tagless(markup: str) -> str:
    """The text of our own markup, for when Telegram could not read it."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))
