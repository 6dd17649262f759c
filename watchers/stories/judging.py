"""Whether two entries tell one story: what is stated and differs parts them, what agrees is weighed.

``judge`` is the one decision: the daemon asks it of a new finding and each headline of a stored story, the command ``stories`` of any two
entries. It gives the odds (natural logarithm, above 0: one story) and the features that decided, or what parts the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from watchers.stories.lexicon import Frequencies, lexicon, stem
from watchers.stories.told import Told, same_party, words
from watchers.stories.words import Text, other_number
from watchers.types import AlertClass, Money

NEWS_WINDOW = timedelta(days=7)
NOTICE_WINDOW = timedelta(days=45)
_ECHO = timedelta(days=1)  # within this, later is as good as at once
_CLOSE = timedelta(days=3)  # newsrooms echo one event within three days
_SAME_SUM = Decimal("0.05")  # "£50m" and "£49.8m" are one sum in two newsrooms
_SAME_EXACT_SUM = Decimal("0.02")  # between sums of three figures and more nothing is rounded away
_EXACT = 3
_SAME_SUM_NOTICE = Decimal("0.25")  # newsrooms quote sums with VAT or with options that the notice leaves out
BOUND = 0.3  # odds from which two entries, or two groups, are one story; above 0, because a wrong join is worse than a missed one
_CERTAIN = 6.0  # odds where identity is stated rather than weighed
_RARE = 5.0  # weight from which a word is rare
_ACRONYM = 5.0  # weight of an acronym that stands for the other side's words

# What a feature is called in a reason; the others are not told.
_SAID = {
    "supplier_agrees": "supplier agrees",
    "body_agrees": "public body agrees",
    "sum_agrees": "value agrees",
    "figures_agree": "figures agree",
    "act_agrees": "what is done agrees",
}
_ALIKE, _MOST_ALIKE = 2, 4  # words by which headlines may differ that are alike but for what is done
_ALL_WORDS = 0.85  # share of the shorter headline's weight from which the other says all it says
_SAME_WORDS = 0.34  # share of a headline's weight from which a reason says that titles agree


@dataclass(frozen=True, slots=True)
class Verdict:
    """``odds`` is None where something stated parts the two, and ``reason`` says what; else what agreed."""

    odds: float | None
    reason: str


def judge(a: Told, b: Told, of: Frequencies) -> Verdict:
    """Weigh what two entries share."""
    if a.ocids and b.ocids:
        return _judge_notices(a, b)
    parted = _other_event(a, b)
    if parted is None and a.pages & b.pages and (a.kind or a.title.words & b.title.words):  # a page may be used anew for other news
        return Verdict(_CERTAIN, "the same page")
    parted = parted or _other_facts(a, b) or _other_step(a, b)
    if parted is not None:
        return Verdict(None, parted)
    weights = lexicon().weights
    found = features(a, b, of)
    odds = sum(weights[name] * value for name, value in found.items())
    said = [words for name, words in _SAID.items() if found.get(name)]
    if found["contained"] >= _SAME_WORDS or not said:
        said.append("titles agree")
    return Verdict(odds, ", ".join(said))


def parts(a: Told, b: Told) -> str | None:
    """What is stated by both and differs, so that no agreement counts; None where nothing is."""
    return _other_event(a, b) or _other_facts(a, b) or _other_step(a, b)


def _other_event(a: Told, b: Told) -> str | None:
    window = NOTICE_WINDOW if a.official or b.official else NEWS_WINDOW
    if a.at is not None and b.at is not None and abs(a.at - b.at) > window:
        return "too far apart in time"
    if a.kind and b.kind and a.kind != b.kind:
        return "another kind of event"
    return None


def _other_facts(a: Told, b: Told) -> str | None:
    if _other_party(a.suppliers, b.suppliers, a, b):
        return "another supplier"
    if same_sums(a, b) is False:
        return "another sum"
    if _other_party(a.bodies, b.bodies, a, b) and not _two_faces(a, b):
        return "another public body"
    if other_number(a.title, b.title):
        return "another one of its kind, by its number"
    return None


def _other_party(ours: frozenset[str], theirs: frozenset[str], a: Told, b: Told) -> bool:
    """Whether two sides name different organisations in one part.

    Where a headline has the other side's name after all, who plays which part was a matter of reading it, and the names do not part.
    """
    if same_party(ours, theirs) is not False:
        return False
    return a.official or b.official or not (_spoken_of(ours, b) or _spoken_of(theirs, a))


def _spoken_of(names: frozenset[str], one: Told) -> bool:
    return any(words(name) and words(name) <= one.title.words for name in names if name[0] != "#")


def _other_step(a: Told, b: Told) -> str | None:
    """Whether the headlines tell another step of one matter. Where the grammar tells what happened to both, the lexicon is not asked."""
    if a.happened and b.happened:
        return None
    if _reversed(a, b):
        return "one takes back what the other tells"
    if _other_mood(a, b):
        return "one tells what the other only considers"
    if _other_act(a, b):
        return "alike but for what is done"
    return None


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Whether two groups are one story, from the verdicts on all their pairs: nothing parts any, and the better half speaks for it.

    Not the mean of all: of twelve outlets some always find words of their own. Not the best pair: one such headline would join two stories.
    """
    for verdict in verdicts:
        if verdict.odds is None:
            return verdict
    ranked = sorted(verdicts, key=lambda verdict: -(verdict.odds or 0.0))
    half = ranked[: (len(ranked) + 1) // 2]
    return Verdict(math.fsum(verdict.odds or 0.0 for verdict in half) / len(half), half[0].reason)


def _judge_notices(a: Told, b: Told) -> Verdict:
    """Two notices are one story when they are about the same awards of the same process, in whichever register they stand."""
    if a.kind != b.kind:
        return Verdict(None, "another kind of event")
    if a.ocids & b.ocids:
        same = a.awards & b.awards or not a.awards or not b.awards
        return Verdict(_CERTAIN, "the same awards of the same process") if same else Verdict(None, "another award of the process")
    agreed = same_party(a.suppliers, b.suppliers) and same_party(a.bodies, b.bodies) and same_sums(a, b, Decimal(0)) is True
    if agreed and not _registers(a) & _registers(b):
        return Verdict(_CERTAIN, "the same award in another register: supplier, public body and value agree")
    return Verdict(None, "another process")


def _registers(one: Told) -> set[str]:
    """Processes of one register have ids of one prefix (``ocds-h6vhtk``); within a register, two processes are two contracts."""
    return {ocid.rsplit("-", 1)[0][:11] for ocid in one.ocids}


def _two_faces(a: Told, b: Told) -> bool:
    """One decision may have two public faces: "the mayor cancels", "the police lose". Supplier and sum together tell that it is one.

    The sum must be the very same then, and the two of different kinds: two councils may well sign with one supplier for one sum.
    """
    if any(_peers(ours, theirs) for ours in a.bodies for theirs in b.bodies):
        return False
    close = a.at is not None and b.at is not None and abs(a.at - b.at) <= _CLOSE and not a.official and not b.official
    return close and same_party(a.suppliers, b.suppliers) is True and same_sums(a, b, Decimal(0)) is True


def _peers(one: str, other: str) -> bool:
    """Whether two names are of bodies of one kind."""
    return bool(lexicon().peers & {stem(word) for word in one.split()} & {stem(word) for word in other.split()})


def same_sums(a: Told, b: Told, tolerance: Decimal | None = None) -> bool | None:
    """Whether a sum of one is a sum of the other; None where they cannot be compared."""
    if tolerance is None:
        tolerance = _SAME_SUM_NOTICE if a.official or b.official else _SAME_SUM
    found = [_same(x, y, tolerance) for x in a.sums for y in b.sums if _comparable(x, y)]
    return any(found) if found else None


def _comparable(x: Money, y: Money) -> bool:
    return x.currency == y.currency and not (x.basis and y.basis and x.basis != y.basis) and max(x.amount, y.amount) > 0


def _same(x: Money, y: Money, tolerance: Decimal) -> bool:
    if tolerance == _SAME_SUM and min(_digits(x), _digits(y)) >= _EXACT:
        tolerance = _SAME_EXACT_SUM
    return abs(x.amount - y.amount) <= max(x.amount, y.amount) * tolerance


def _digits(money: Money) -> int:
    return len(money.amount.normalize().as_tuple().digits)


def _reversed(a: Told, b: Told) -> bool:
    return ("reverse" in a.acts) != ("reverse" in b.acts) and bool(a.acts.keys() & b.acts.keys() - {"reverse"})


def _other_mood(a: Told, b: Told) -> bool:
    """Whether a same step has been taken for one side and is only considered by the other."""
    steps = lexicon().steps
    return any(not moods & b.acts[act] for act, moods in a.acts.items() if act in b.acts and act in steps)


def _other_act(a: Told, b: Told) -> bool:
    """Whether two headlines differ in little but the step they tell ("talks begin", "talks collapse"), or that only one has taken it."""
    rest = sum(word[0] != "!" for word in a.title.words ^ b.title.words)
    if rest > _MOST_ALIKE:
        return False
    if (a.happened and b.title.unreal and not b.happened) or (b.happened and a.title.unreal and not a.happened):
        return True
    steps = lexicon().steps
    one, other = a.acts.keys() & steps, b.acts.keys() & steps
    if not one or not other:
        return False
    return not one & other or (rest <= _ALIKE and bool((one ^ other) & lexicon().outcomes))


def features(a: Told, b: Told, of: Frequencies) -> dict[str, float]:
    """What the weights in ``rules/stories.toml`` are for; features that are 0 may be left out, ``contained`` never is."""
    found = _of_words(a, b, of) | _of_acts(a, b) | _of_parties(a, b)
    found["bias"] = 1.0
    if a.at is None or b.at is None:
        found["undated"] = 1.0
    elif not (a.official or b.official or ("supplier_agrees" in found and "body_agrees" in found)):
        found["later"] = max(timedelta(0), abs(a.at - b.at) - _ECHO) / (NEWS_WINDOW - _ECHO)
    return found


def _of_words(a: Told, b: Told, of: Frequencies) -> dict[str, float]:
    found = max((_overlap(x, y, of) for x in a.heads for y in b.heads), key=lambda overlap: overlap["cosine"])
    one, other = a.title, b.title
    if one.figures & other.figures:
        found["figures_agree"] = 1.0
    elif one.figures and other.figures and not same_sums(a, b):
        found["figures_differ"] = 1.0
    if found["contained"] >= _ALL_WORDS:
        found["all_words"] = 1.0
    if not _leads(one, other) and not _leads(other, one):
        found["lead_differs"] = 1.0
    if one.names and other.names:
        found["names_missing"] = len(one.names - other.words) * len(other.names - one.words) / (len(one.names) * len(other.names))
    return found


def _overlap(one: Text, other: Text, of: Frequencies) -> dict[str, float]:
    """How much of two headlines is the same; rare words count for more."""
    shared = one.words & other.words
    acronyms = (one.acronyms & other.initials | other.acronyms & one.initials) - shared
    weight = of.sum(shared) + _ACRONYM * len(acronyms)
    low, high = sorted((of.whole(one.words), of.whole(other.words)))
    return {
        "cosine": min(1.0, weight / (low * high) ** 0.5) if low else 0.0,
        "contained": min(1.0, weight / low) if low else 0.0,
        "rare": min(3, sum(of.weight(word) > _RARE for word in shared)) / 3,
        "pairs": len(one.pairs & other.pairs) / max(1, min(len(one.pairs), len(other.pairs))),
    }


def _leads(one: Text, other: Text) -> bool:
    """Whether what the one begins with, most often who acts, stands in the other at all."""
    return not one.lead or bool(one.lead & other.words)


def _of_acts(a: Told, b: Told) -> dict[str, float]:
    if a.happened and b.happened:
        return {}
    steps = lexicon().steps
    one, other = a.acts.keys(), b.acts.keys()
    if shared := one & other:
        return {"act_agrees": 1.0, "step_agrees": float(bool(shared & steps))}
    if not one or not other:
        return {}
    return {"act_differs": 1.0, "step_differs": float(bool(one & steps and other & steps))}


def _of_parties(a: Told, b: Told) -> dict[str, float]:
    found: dict[str, float] = {}
    if same_party(a.suppliers, b.suppliers):
        found["supplier_agrees"] = 1.0
    if same_party(a.bodies, b.bodies):
        found["body_agrees"] = 1.0
    if same_sums(a, b):
        found["sum_agrees"] = 1.0
    elif bool(a.sums) != bool(b.sums) and not (_of_contract(a) and _of_contract(b)):
        found["sum_one_sided"] = 1.0
    if a.kind and a.kind == b.kind == AlertClass.CANCELLED:
        found["cancelled"] = 1.0
    return found


def _of_contract(one: Told) -> bool:
    """Whether it is about a contract. Outlets often leave out what one is worth; a sum that is the news itself they do not."""
    return bool(one.kind) or "=contract" in one.title.words
