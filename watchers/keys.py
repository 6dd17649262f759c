"""What makes an entry the same entry when it is seen again.

Measured on 29 recorded feed histories (84,614 articles): an entry that is known by its normalised link *or* its normalised guid is told
once; any one of them alone, or titles, or dates, told hundreds to thousands of articles twice. Keys are never compared with anything but
keys, so they are digests: 16 bytes of BLAKE2b with a version in front, so that a later rule cannot meet an earlier one's key by chance.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b
from urllib.parse import urlsplit

_VERSION = b"1"
_SIZE = 16

# Parameters that say where a reader came from, as seen in real links. Case matters: "iid" is a tracker, ModernGov's "IId" is the number of
# the issue. Everything else is kept: WordPress ?p=, ModernGov ?CId=&MId=, Al Jazeera's ?t= are all there is to tell two articles apart.
_TRACKERS = frozenset({
    "ns_mchannel", "ns_campaign", "ns_source", "ito", "CMP", "cmp", "cmpid", "maca", "wt_mc", "xtor", "partner", "emc", "traffic_source",
    "oc", "src", "icid", "iid", "_r", "fbclid", "gclid", "mc_cid", "mc_eid",
})  # fmt: skip
_TRACKER_PREFIXES = ("utm_", "at_")
_NUMBER = re.compile(r"\d")

# A fragment that is a counter (the BBC's #0 … #8), a moment (GOV.UK's #2026-09-28T09:00:00Z) or a tracker says nothing about identity;
# any other does (TheyWorkForYou's #g27614.q0 and .r0 are the question and its answer).
_IDLE_FRAGMENT = re.compile(
    r"\d{1,3}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?|(?:ref|publisher=|tk\.|at_|utm_).*", re.IGNORECASE | re.DOTALL
)


def normal_link(url: str | None) -> str | None:
    """A link without what varies between two copies of it: scheme, "www.", trailing "/", tracking, idle fragment. None if not http(s)."""
    if not url:
        return None
    url = url.strip()
    if url[:4].lower() != "http":
        return None
    try:
        parts = urlsplit(url)
        host = parts.netloc.lower()
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    host = host.removeprefix("www.").removesuffix(":443" if parts.scheme == "https" else ":80")
    normal = host + parts.path.rstrip("/")
    if parts.query and (query := _essential(parts.query)):
        normal = f"{normal}?{query}"
    if parts.fragment and not _IDLE_FRAGMENT.fullmatch(parts.fragment):
        normal = f"{normal}#{parts.fragment}"
    return normal


def _essential(query: str) -> str:
    return "&".join(part for part in query.split("&") if part and not _tracks(part))


def _tracks(part: str) -> bool:
    name, _, value = part.partition("=")
    if name in _TRACKERS or name.startswith(_TRACKER_PREFIXES):
        return True
    if name == "ref":  # "ref=rss" is a tracker, "ref=24/00123" is a planning application
        return not _NUMBER.search(value)
    return (name == "rss" and value == "1") or (name == "source" and value.startswith("rss"))


def normal_guid(guid: str | None) -> str | None:
    """A guid without what varies: one that is a link is treated as a link, any other is kept letter for letter (composed, stripped)."""
    if not guid:
        return None
    guid = guid.strip()
    return normal_link(guid) or unicodedata.normalize("NFC", guid) or None


def link_key(url: str | None, *, prefix: str = "") -> bytes | None:
    """The digest of a normalised link, the same in every feed. ``prefix`` tells events apart that share one page (ModernGov)."""
    normal = normal_link(url)
    return key("id", normal, prefix) if normal else None


def entry_keys(*, link: str | None, guid: str | None, prefix: str = "", otherwise: Iterable[str] = ()) -> tuple[bytes, ...]:
    """All keys of one entry, of which any identifies it: by normal link, by normal guid, or, when it has neither, by its words.

    Args:
        link: normalised, and already dropped when it does not identify (shared by entries of different titles, the site's front page).
        guid: normalised, and dropped likewise.
        prefix: part of every key when one page stands for several events.
        otherwise: title, date and summary as published; used only when there is neither link nor guid.

    """
    found = dict.fromkeys(key("id", value, prefix) for value in (link, guid) if value)
    return tuple(found) or (key("words", *otherwise),)


def key(kind: str, *parts: str) -> bytes:
    """16 bytes that stand for ``parts``; ``kind`` keeps digests of different things apart."""
    return blake2b("\0".join((kind, *parts)).encode("utf-8", "surrogatepass"), digest_size=_SIZE, person=_VERSION).digest()


def fingerprint(title: str, summary: str) -> bytes:
    """The digest of the text that is understood: a known entry whose fingerprint differs was edited and is understood again."""
    return key("text", title, summary)
