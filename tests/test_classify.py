"""JSON in, JSON out, with exactly the fields the command line promises."""

from __future__ import annotations

import json

import pytest

from watchers.classify import classify_record
from watchers.exceptions import ParseError
from watchers.match import Matcher
from watchers.types import Organisation, Watch

MATCHER = Matcher([Watch(id="surveillance/palantir", organisation=Organisation(name="Palantir"))])
FIELDS = ["id", "alert", "event", "supplier", "public_body", "value", "evidence", "watches"]


def test_an_alert_is_told_with_every_field() -> None:
    title = "Met hands Palantir £500k contract"
    answer = classify_record({"id": 7, "title": title, "summary": None, "published": "2026-02-11T09:00:00Z"}, MATCHER)
    assert list(answer) == FIELDS
    assert answer["id"] == 7
    assert (answer["alert"], answer["event"], answer["supplier"], answer["public_body"]) == ("awarded", "awarded", "Palantir", "Met")
    assert answer["value"] == {"amount": 500000, "currency": "GBP"}
    assert answer["evidence"][0] == title
    assert answer["watches"] == ["surveillance/palantir"]
    json.dumps(answer)


def test_nothing_is_told_as_none() -> None:
    answer = classify_record({"id": "a", "title": "Storm closes roads"}, MATCHER)
    assert answer == {
        "id": "a", "alert": None, "event": "none", "supplier": None, "public_body": None, "value": None, "evidence": [], "watches": [],
    }  # fmt: skip


def test_suppliers_nobody_watches_are_recognised() -> None:
    answer = classify_record({"id": "b", "title": "Kent County Council awards waste contracts to Fairlight and Mooncrest"}, Matcher(()))
    assert answer["supplier"] == "Fairlight; Mooncrest"
    assert answer["watches"] == []


def test_pence_survive_as_printed() -> None:
    answer = classify_record({"id": "c", "title": "NHS England awards Serco contract worth £7,094,110.25"}, MATCHER)
    assert answer["value"] == {"amount": 7094110.25, "currency": "GBP"}


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        ({"id": "x"}, "x: has neither 'title', 'summary' nor 'release'"),
        ({"id": "x", "title": 5}, "x: 'title' is not a text"),
        ({"id": "x", "title": "t", "release": "r"}, "x: 'release' is not an object"),
        ({"id": "x", "title": "t", "published": 5}, "x: 'published' is not a text"),
    ],
)
def test_a_wrong_record_is_told_in_one_sentence(record: dict[str, object], complaint: str) -> None:
    with pytest.raises(ParseError) as error:
        classify_record(record, MATCHER)
    assert str(error.value) == complaint
