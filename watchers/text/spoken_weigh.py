"""The second stage of the clause reader: trained weights judge what it says, and tell what it overlooks.

The clause reader knows the verbs that its folder lists, and is precise about them; of the awards of a writer it had never seen it found a
third. The weights, fitted on sentences of all its languages together (``benchmarks/fit.py --language spoken``), find half as many again at
the same precision. They need more where less is named, and more for an ending, for many things end that are no contract.
"""

from __future__ import annotations

from watchers.text import spoken
from watchers.text.folder import Folder
from watchers.text.spoken_features import READ, of_entry
from watchers.text.tokens import Sentence
from watchers.text.told import Told
from watchers.text.weigh import Bar, Judgement, event
from watchers.text.weights import network
from watchers.types import AlertClass

SHARED = "spoken"  # the folder of the weights that all these languages have together

# How sure the weights must be. Chosen on written sentences, each judged by weights that had not seen it, and on the visible headlines.
_TOLD = 0.40  # the clause reader tells it
_IMPLIED = 0.45  # it tells it without a contract noun
_ENDING = 0.50  # times that for an ending, about which the clause reader is right more often
_PAPER = 0.70  # only the weights see it, and a contract or a tender is named
_NAMED = 0.80  # the same where a public body or a firm is
_BARE = 0.90  # the same where nothing is


def read(title: list[Sentence], summary: list[Sentence], rules: Folder) -> Told | None:
    """What an entry tells, with its parts; None when it tells nothing of a contract."""
    told = spoken.tell(title, summary, rules)
    judged = judge(title, summary, told, rules)
    if judged.event is None:
        return told if told is not None and told.event.alert is None else None
    if told is not None and told.event.alert is judged.event.alert:
        return told
    return spoken.tell_as(judged.event, f"weights: {judged.event} ({judged.bar.has:.2f})", title, summary, rules)


def judge(title: list[Sentence], summary: list[Sentence], told: Told | None, rules: Folder) -> Judgement:
    """Weigh an entry. ``event`` is set when an alert is due."""
    features = frozenset(of_entry(title, summary, told, rules))
    chances = network(SHARED).chances(features)
    bar = asked(told, chances, named(title, summary))
    return Judgement(chances, features, bar, event(bar, told, chances))


def named(title: list[Sentence], summary: list[Sentence]) -> tuple[float, str]:
    """What is asked where only the weights see an event, by what the entry names, and why."""
    tokens = [token for sentence in (*title, *summary[:READ]) for token in sentence.tokens]
    if any(token.tags & {"strong", "tender"} for token in tokens):
        return _PAPER, "the weights see it alone, and a contract is named"
    if any(token.kind in ("body", "supplier") for token in tokens):
        return _NAMED, "the weights see it alone, with a public body or a firm"
    return _BARE, "the weights see it alone, and neither contract nor body nor firm is known"


def asked(told: Told | None, chances: dict[str, float], alone: tuple[float, str]) -> Bar:
    """The class the weights are asked for, and how sure they must be of it; ``alone`` as ``named`` says."""
    by_class = {AlertClass.AWARDED: chances["awarded"], AlertClass.CANCELLED: chances["cancelled"] + chances["terminated"]}
    leads = max(by_class, key=by_class.__getitem__)
    said = told.event.alert if told else None
    if told is not None and said is not None:
        needs = (_IMPLIED if told.clause.implied else _TOLD) * (_ENDING if said is AlertClass.CANCELLED else 1.0)
        if by_class[said] >= needs or said is leads:
            return Bar(said, by_class[said], needs, "the clause reader tells it")
    needs, why = alone
    return Bar(leads, by_class[leads], needs, why)
