"""Whether what a clause tells is a public contract: by its own words, and by what the rest of the entry says of contract and buyer.

A headline often leaves the contract out ("Elior runs the canteens") and the summary has it; a verb that buys, hires or throws out says
by itself that there is one. A frame's ``needs`` tells which: ``alone`` (a buyer and a firm are enough), ``firm`` (the firm is the
object), ``choice`` (a buyer chooses a firm that is known, or for works), ``support`` (a contract noun elsewhere in the entry), ``noun`` (a contract noun in the clause and nothing else to be done).
"""

from __future__ import annotations

from dataclasses import dataclass

from watchers.text.parties import Parties, Said
from watchers.text.tokens import Sentence, Token
from watchers.types import AlertClass, EventKind

_CONTRACT = frozenset({"strong", "tender"})
_PAPER = _CONTRACT | {"weak"}
_PUBLIC = frozenset({"office", "works"})
_WORKS = frozenset({"works", "arms"})
_TREATY = frozenset({"sign"})  # verbs for what states do with treaties too
_WEAK = frozenset({"build", "approve"})  # what is only planned with these verbs is no news of a contract
_CANCELS = (EventKind.CANCELLED, EventKind.TERMINATED)


@dataclass(frozen=True, slots=True)
class Whole:
    """An entry: its title and the summary's first sentences."""

    title: list[Sentence]
    summary: list[Sentence]

    @property
    def sentences(self) -> list[Sentence]:
        return [*self.title, *self.summary]

    def has(self, tags: frozenset[str]) -> bool:
        return any(token.tags & tags and token.kind == "word" for one in self.sentences for token in one.tokens)

    @property
    def body(self) -> bool:
        return any(token.kind == "body" for one in self.sentences for token in one.tokens)

    @property
    def public(self) -> bool:
        return self.body or self.has(_PUBLIC)

    def supports(self, said: Said) -> bool:
        """Whether a contract is named in the entry, outside the clause as well as in it."""
        return any(
            token.tags & _CONTRACT and token.kind == "word" and token is not said.sentence.tokens[said.trigger]
            for one in self.sentences
            for token in one.tokens
        )


def enough(event: EventKind, said: Said, found: Parties, whole: Whole) -> bool:
    """Whether the contract is a public one: a body in the clause, or a public buyer that is plain and a contract that is no mere deal."""
    if said.contract < 0:
        return (event.alert is not None or said.verb.frame.name not in _WEAK) and _implied(said, found, whole)
    if event.alert is None:
        return bool(found.bodies or found.plain or whole.body or found.suppliers)
    if (said.verb.frame.name in _TREATY and not found.suppliers and not _one_body(said, found)) or (found.private and not found.bodies):
        return False
    tags = said.sentence.tokens[said.contract].tags
    if "always_public" in tags and (said.verb.frame.event in _CANCELS or found.suppliers):
        return True
    if not tags & _CONTRACT:
        return bool(found.bodies) and (bool(found.suppliers) or _arms(said))
    if found.bodies or found.plain:
        return True
    return whole.public and (said.sentence.field == "title" or bool(found.suppliers) or _firm(said.tokens))


def _implied(said: Said, found: Parties, whole: Whole) -> bool:
    """Whether a verb without a contract noun beside it tells one."""
    if found.private and not found.bodies:
        return False
    needs, firm = said.verb.frame.needs, bool(found.suppliers) or _firm(said.tokens)
    if needs == "alone":
        led = any(name.known for name in found.suppliers) or bool(found.led)
        return bool(found.bodies) and (led or (_arms(said) and said.verb.frame.object == "goods"))
    if needs == "choice":
        sure = any(name.known for name in found.suppliers) or whole.supports(said) or whole.has(_WORKS)
        return firm and bool(found.bodies) and sure
    if needs == "firm":
        return firm and (bool(found.bodies) or (whole.public and whole.supports(said)))
    if needs in ("contract", "support"):
        return firm and whole.public and whole.supports(said)
    return False


def _arms(said: Said) -> bool:
    return any("arms" in token.tags for token in said.tokens)


def _firm(tokens: list[Token]) -> bool:
    return any("firm" in token.tags for token in tokens)


def _one_body(said: Said, found: Parties) -> bool:
    """Whether one body signs, and with a firm or with nobody named: what two bodies sign is no purchase."""
    others = sum("office" in token.tags and token.kind == "word" for token in said.tokens)
    return (len(found.bodies) + others == 1 and bool(found.bodies)) or any("firm" in token.tags for token in said.tokens)
