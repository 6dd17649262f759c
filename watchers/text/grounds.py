"""Whether what a clause tells is a public contract: by its own words, and by what the rest of the entry says of contract and buyer.

A headline often leaves the contract out ("Elior runs the canteens") and the summary has it; a verb that buys, hires or throws out says
by itself that there is one. A frame's ``needs`` tells which: ``alone`` (a buyer and a firm are enough), ``firm`` (the firm is the
object), ``choice`` (a buyer chooses a firm that is known, or for works), ``support`` (a contract noun elsewhere in the entry),
``noun`` (a contract noun in the clause and nothing else to be done).
"""

from __future__ import annotations

from dataclasses import dataclass

from watchers.text.parties import Parties, Said
from watchers.text.tokens import Sentence, Token
from watchers.types import EventKind

_CONTRACT = frozenset({"strong", "tender"})
_PAPER = _CONTRACT | {"weak", "order"}
_PUBLIC = frozenset({"office", "works"})
_WORKS = frozenset({"works", "arms"})
_TREATY = frozenset({"sign"})  # verbs for what states do with treaties too
_FIRMS = frozenset({"win", "lose"})  # what only a firm does
_WEAK = frozenset({"build", "approve"})  # what is only planned with these verbs is no news of a contract
_FIRM = frozenset({"firm"})
_OFFICE = frozenset({"office"})
_PLAIN = frozenset({"n", "det", "adj"})
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
    def supplier(self) -> bool:
        return any(token.kind == "supplier" for one in self.sentences for token in one.tokens)

    @property
    def parties(self) -> bool:
        return self.body and self.supplier

    @property
    def public(self) -> bool:
        return self.body or self.has(_PUBLIC)

    def supports(self, said: Said, tags: frozenset[str] = _CONTRACT) -> bool:
        """Whether a contract is named in the entry, outside the clause as well as in it."""
        trigger = said.sentence.tokens[said.trigger]
        return any(token.tags & tags and token.kind == "word" and token is not trigger for one in self.sentences for token in one.tokens)


def enough(event: EventKind, said: Said, found: Parties, whole: Whole) -> bool:
    """Whether the contract is a public one: a body in the clause, or a public buyer that is plain and a contract that is no mere deal."""
    name, bodies = said.verb.frame.name, bool(found.bodies)
    if said.contract < 0:
        told = event.alert is not None or (name not in _WEAK and said.verb.frame.event.alert is not None)
        return told and _implied(said, found, whole)
    if event.alert is None:
        return bool(bodies or found.plain or whole.body or found.suppliers)
    tags = said.sentence.tokens[said.contract].tags
    named = bool(found.suppliers) or whole.supplier
    opens = name == "approve" and "strong" not in tags and not found.suppliers  # "approves the call for tenders"
    if "always_public" in tags and not opens and (said.verb.frame.event in _CANCELS or (named and (name not in _FIRMS or found.known))):
        return True
    treaty = name in _TREATY and not found.suppliers and not _one_body(said, found, whole) and not (said.passive and whole.parties)
    unnamed = not found.suppliers and not _firm(said.tokens)
    nobody = name in _FIRMS and unnamed and (not bodies or (said.form == "f" and said.contract < said.trigger))  # "orders secure jobs"
    if treaty or nobody or opens or (found.private and not bodies) or _between_firms(said, found, whole):
        return False
    placed = any(token.kind == "place" for token in said.tokens)
    given = "public_given" in tags and ((name == "give" and named) or (name == "win" and placed and bool(found.suppliers)))
    if not given and not tags & _CONTRACT:
        return _deal(said, found, whole, tags) or ("job" in tags and _implied(said, found, whole))
    return given or bodies or found.plain or (whole.public and (said.sentence.field == "title" or named or _firm(said.tokens)))


def _between_firms(said: Said, found: Parties, whole: Whole) -> bool:
    """Whether a firm signs or ends a contract and nobody public is named or meant: works alone make no buyer public."""
    subject = any(one.known and one.end <= said.trigger for one in found.suppliers)
    either = said.verb.frame.subject != "supplier" and not said.passive
    return subject and either and not found.bodies and not whole.body and not whole.has(_OFFICE)


def _deal(said: Said, found: Parties, whole: Whole, tags: frozenset[str]) -> bool:
    """Whether a deal, an agreement or an order is a contract: one with a firm, or for goods and works that only the public buys."""
    name, cancels, tokens = said.verb.frame.name, said.verb.frame.event in _CANCELS, said.tokens
    known = found.known
    if "job" in tags and cancels:  # work that stops is no contract that ends, unless it is taken from a firm
        return (bool(found.led) and bool(found.bodies)) or (known and whole.supports(said))
    if found.bodies:
        firm = bool(found.suppliers) or _firm(tokens) or (name == "give" and whole.has(_FIRM))
        if name == "sign" and "order" not in tags and not _about_goods(said) and not whole.supports(said):
            return False  # "signs an agreement with": bodies and firms agree on many things
        return firm or _arms(said) or "order" in tags or whole.supports(said)
    won = name == "win" and _firm(tokens) and _tagged(tokens, "works")
    plain = found.plain and (won or ("order" in tags and _arms(said)) or (cancels and whole.supplier))
    return plain or ((found.plain or whole.body) and (known or (_firm(tokens) and whole.body)))


def _implied(said: Said, found: Parties, whole: Whole) -> bool:
    """Whether a verb without a contract noun beside it tells one."""
    needs, bodies = said.verb.frame.needs, bool(found.bodies)
    known = found.known
    recalled = said.sentence.field != "title" and said.verb.frame.event is EventKind.AWARDED and not whole.supports(said, _PAPER)
    if needs == "noun" or recalled or (found.private and not bodies) or (_light(said) and not _about_work(said, whole)):
        return False  # a summary also recalls and explains
    if needs == "firm":
        return _thrown_out(said, found, whole)
    if _works_given(said, found, known=known):
        return True
    if needs in ("alone", "choice"):
        return _bought(said, found, whole, known=known)
    if said.verb.frame.name == "sign":
        sealed = any(token.tags & _WORKS or token.money is not None for token in said.tokens) or whole.supports(said, _PAPER)
        return bodies and sealed and (known or bool(found.led) or whole.supplier)
    return _ended(said, found, whole) or _done_by_a_firm(said, found, whole, known=known)


def _about_goods(said: Said) -> bool:
    """Whether works, goods or a sum stand in the sentence."""
    return any(token.tags & _WORKS or token.money is not None for token in said.sentence.tokens)


def _light(said: Said) -> bool:
    """Whether the verb is said of aid, permits and markets as well: "gibt", "accorde", "exclut"."""
    return "light" in said.sentence.tokens[said.trigger].tags


def _about_work(said: Said, whole: Whole) -> bool:
    """Whether there is work or a contract that a light verb may be about."""
    return any(token.tags & _WORKS for token in said.sentence.tokens) or whole.supports(said, _PAPER | {"job"})


def _works_given(said: Said, found: Parties, *, known: bool) -> bool:
    """Whether works are given to a firm or won by one: "the cleaning of the underground given to ..."."""
    name = said.verb.frame.name
    if not _tagged(said.tokens, "works"):
        return False
    publicly = bool(found.bodies) or "public_verb" in said.sentence.tokens[said.trigger].tags
    if known and (name == "give" or (name == "win" and publicly)):
        return True
    return said.passive and ((name == "give" and bool(found.led)) or (said.verb.frame.needs == "support" and known))


def _ended(said: Said, found: Parties, whole: Whole) -> bool:
    """Whether a noun that is said of contracts only tells the end, or a firm is given notice."""
    if "ends_contract" in said.sentence.tokens[said.trigger].tags and said.form == "n":
        return whole.public and whole.supplier
    return said.verb.frame.event is EventKind.TERMINATED and (bool(found.bodies) or found.plain) and _object_is_firm(said)


def _done_by_a_firm(said: Said, found: Parties, whole: Whole, *, known: bool) -> bool:
    """Whether a firm is to do work for the public, or the entry names the contract in another place."""
    firm = _firm(said.tokens)
    if not (firm or found.suppliers):
        return False
    if said.verb.frame.needs == "support" and _to_be_built(said) and _built_for(said, found, whole, known=known):
        return True
    return whole.public and whole.supports(said, _PAPER | {"job"} if found.bodies and (known or firm) else _CONTRACT)


def _thrown_out(said: Said, found: Parties, whole: Whole) -> bool:
    """Whether who is let go is a firm, and one that works for the public; an unknown name may be an official."""
    firm, supported = _firm(said.tokens) or found.known, whole.supports(said, _PAPER)
    return (bool(found.bodies) and (firm or (supported and bool(found.suppliers)))) or (
        firm and (found.plain or (whole.public and supported))
    )


def _bought(said: Said, found: Parties, whole: Whole, *, known: bool) -> bool:
    """Whether somebody public buys, hires or gives: from a firm in the clause, or from one the rest of the entry names."""
    tokens, bodies = said.tokens, bool(found.bodies)
    firm = bool(found.suppliers) or _firm(tokens)
    if _tagged(tokens, "public_verb") and firm:
        return True
    if said.verb.frame.needs == "choice":
        sure = _tagged(tokens, "does") or whole.supports(said) or whole.has(_WORKS)  # "hires Satec to modernise"
        return firm and ((bodies and (known or sure)) or (sure and _tagged(tokens, "office")))
    goods = _arms(said) and said.verb.frame.object == "goods"
    if bodies and (known or bool(found.led) or goods or whole.supplier):
        return True
    return (goods and whole.body and whole.supplier) or (found.plain and known and whole.supports(said, _PAPER))


def _built_for(said: Said, found: Parties, whole: Whole, *, known: bool) -> bool:
    """Whether the work is for the public: a body, a place with works of its own, or works of an office."""
    if any(one.kind == "body" for one in found.bodies) or (found.plain and whole.body):
        return True
    return _tagged(said.tokens, "works") and known and (bool(found.bodies) or _tagged(said.tokens, "office"))


def _to_be_built(said: Said) -> bool:
    """Whether work is to be done: a future, which tells of a decision; the present may tell of an old contract."""
    if said.form == "p":
        return _tagged(said.tokens, "will_be")
    return said.form in ("u", "i") or "to_be" in said.sentence.tokens[said.trigger].tags


def _object_is_firm(said: Said) -> bool:
    """Whether the firm follows the verb ("kündigt Generalplaner")."""
    if said.form == "p" and _firm(said.sentence.tokens[said.left + 1 : said.trigger]):
        return True  # "die Stadt hatte dem Architekturbüro gekündigt"
    for token in said.sentence.tokens[said.trigger + 1 : said.right]:
        if token.kind == "supplier" or "firm" in token.tags:
            return True
        if token.tags - _PLAIN - {"rel", "of", "to"}:
            return False
    return False


def _tagged(tokens: list[Token], tag: str) -> bool:
    return any(tag in token.tags for token in tokens)


def _arms(said: Said) -> bool:
    return _tagged(said.tokens, "arms")


def _firm(tokens: list[Token]) -> bool:
    return any("firm" in token.tags and "ev" not in token.tags for token in tokens)


def _one_body(said: Said, found: Parties, whole: Whole) -> bool:
    """Whether one body signs, and with a firm or with nobody named: what two bodies sign is no purchase."""
    others = sum("office" in token.tags and token.kind == "word" for token in said.tokens)
    named = bool(found.bodies) or whole.supplier or whole.has(_FIRM)
    return (len(found.bodies) + others == 1 and named) or any("firm" in token.tags for token in said.tokens)
