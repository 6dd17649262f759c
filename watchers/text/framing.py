"""Verbs whose meaning hangs on a word further on: "takes cleaning back in-house", "gives caterer the boot", "declares tender void"."""

from __future__ import annotations

from itertools import pairwise

from watchers.text.phrases import HARD
from watchers.text.rules import Frame, Rules
from watchers.text.tokens import Token

_HANGING = frozenset({"takes", "handing", "declares", "cuts", "lets", "starts"})
_FAR = 12  # words between the verb and the word that decides


def framed(tokens: list[Token], index: int, frame: Frame, rules: Rules) -> Frame:
    """The frame of the verb at ``index``, by what follows it in its clause."""
    tags = tokens[index].tags
    if not tags & _HANGING:
        return frame
    ahead = _ahead(tokens, index)
    said = {tag for token in ahead for tag in token.tags}
    meant = (
        ("insource", "takes" in tags and "inhouse" in said),
        ("strip", "takes" in tags and _from_firm(ahead)),
        ("dismiss", "handing" in tags and "dismissal" in said),
        ("terminate", frame.name == "give" and "returned" in said),  # "hands contract back to council"
        ("terminate", "lets" in tags and "expires" in said),
        ("open", "starts" in tags and bool(said & {"tender", "process"})),
        ("change", "cuts" in tags and _by_some(ahead)),
        ("cancel", "declares" in tags and "void" in said),
    )
    return next((rules.frames[name] for name, told in meant if told), frame)


def _ahead(tokens: list[Token], index: int) -> list[Token]:
    """The words after the verb up to the end of its clause."""
    end = index + 1
    while end < len(tokens) and end - index <= _FAR and tokens[end].low not in HARD and not tokens[end].tags & {"sub", "rel", "but"}:
        end += 1
    return tokens[index + 1 : end]


def _by_some(ahead: list[Token]) -> bool:
    """Whether something is cut by a part of it ("cut by a third"): it goes on."""
    part = ({"num", "quantity", "det"} & other.tags or other.kind == "money" for token, other in pairwise(ahead) if "by" in token.tags)
    return any(part)


def _from_firm(ahead: list[Token]) -> bool:
    """Whether something is taken back or away from a firm."""
    for place, token in enumerate(ahead[:-1]):
        if "away" in token.tags and "from" in ahead[place + 1].tags:
            behind = ahead[place + 2 :]
            return any(other.kind == "supplier" or other.capital or "generic_supplier" in other.tags for other in behind[:3])
    return False
