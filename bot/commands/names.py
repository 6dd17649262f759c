"""What people write after a command, read as names of organisations with the part they must play. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bot.markup import clean
from watchers.types import Role

MAX_NAME = 80
MIN_NAME = 3  # two letters are enough when they are capitals (BT, EY): those are matched with their case
_MIN_LETTERS = 2
_QUOTES = "\"'“”„‟‘’‚«»‹›`"
# Behind a name: the part it must play, in the words of every language the bot speaks.
_AS = r"(?:(?:only\s+)?as(?:\s+(?:an?|the))?|(?:nur\s+)?als|comme|como)\s+"
_SUPPLIER = rf"{_AS}(?:supplier|contractor|vendor|auftragnehmer|lieferant|fournisseur|titulaire|proveedor|adjudicatario)|كمور\u0651?د"
_BODY = (
    rf"{_AS}(?:public[ _]body|body|buyer|authority|öffentliche stelle|auftraggeber"
    r"|organisme public|acheteur|organismo p[uú]blico|comprador)"
    r"|كجهة عامة"
)
_ROLE = re.compile(rf"[\s,]+(?:(?P<supplier>{_SUPPLIER})|(?P<body>{_BODY}))\s*\.?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line that names an organisation."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Unusable:
    """A line that cannot be a name, with the reason as one of the keys of ``texts.UNUSABLE``."""

    line: str
    reason: str


def read_name(line: str) -> Wanted | Unusable:
    """One line; letters are composed (NFC), hidden ones and surrounding quotes are taken off."""
    text = clean(unicodedata.normalize("NFC", line)).strip(_QUOTES + " ")
    found = _ROLE.search(text)
    role = Role.EITHER
    if found is not None:
        role = Role.SUPPLIER if found["supplier"] else Role.PUBLIC_BODY
        text = text[: found.start()].strip(_QUOTES + " ,")
    reason = _unusable(text)
    return Unusable(text[:MAX_NAME], reason) if reason else Wanted(text, role)


def _unusable(name: str) -> str | None:
    if len(name) > MAX_NAME:
        return "long"
    if sum(letter.isalpha() for letter in name) < _MIN_LETTERS:
        return "letters"
    if len(name) < MIN_NAME and not name.isupper():
        return "short"
    return "command" if name.startswith(("/", "@")) else None


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same to a person who types one of them."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
