"""The second stage of the languages that the clause reader reads: told although no rule has the words, vetoed although one has."""

from __future__ import annotations

import pytest

from watchers.match import Matcher
from watchers.records import entry_of
from watchers.text import spoken, spoken_weigh, words
from watchers.text.folder import folder
from watchers.text.tokens import Sentence
from watchers.types import AlertClass, EventKind, Organisation, Watch
from watchers.understand import understand


def read(language: str, title: str) -> list[Sentence]:
    return words.read("title", title, folder(language))


@pytest.mark.parametrize(
    ("language", "title", "alert", "supplier", "body"),
    [
        ("fr", "L'armée camerounaise s'équipe chez Doosan", "awarded", "Doosan", None),
        ("es", "El Ayuntamiento de Motril ya tiene empresa para la basura: FCC", "awarded", "FCC", "Ayuntamiento de Motril"),
        ("ar", "حُسمت: مجموعة الشايع تدير مطاعم جامعة الكويت", "awarded", "الشايع", "جامعة الكويت"),
    ],
)
def test_what_the_clause_reader_overlooks_is_told_with_what_it_names(
    language: str, title: str, alert: str, supplier: str | None, body: str | None
) -> None:
    rules, sentences = folder(language), read(language, title)
    assert spoken.tell(sentences, [], rules) is None
    told = spoken_weigh.read(sentences, [], rules)

    assert told is not None
    assert told.event.alert is AlertClass(alert)
    assert told.rule.startswith("weights: ")
    named = [
        [sentence.text[sentence.tokens[name.start].start : sentence.tokens[name.end - 1].end] for sentence, name in found]
        for found in (told.suppliers, told.bodies)
    ]
    assert [one[:1] for one in named] == [[supplier] if supplier else [], [body] if body else []]


def test_a_watched_name_is_found_in_it() -> None:
    matcher = Matcher([Watch(organisation=Organisation(name="Doosan"))])
    entry = entry_of({"id": 1, "title": "L'armée camerounaise s'équipe chez Doosan", "language": "fr"})
    (finding,) = understand(entry, matcher)
    assert (finding.event, [match.proof for match in finding.matches]) == (EventKind.AWARDED, ["Doosan"])


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("de", "Bayern gewinnt das Spitzenspiel gegen Dortmund"),
        ("fr", "L'armée française s'entraîne chez son voisin allemand"),
        ("es", "El Ayuntamiento de Motril celebra los 25 años de su biblioteca"),
        ("ar", "افتتاح محطة قطارات جديدة في القاهرة"),
    ],
)
def test_other_news_tells_nothing(language: str, title: str) -> None:
    assert spoken_weigh.read(read(language, title), [], folder(language)) is None
