"""Parliament's written questions, as its API answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchers.exceptions import ParseError
from watchers.parsers import parse_feed
from watchers.types import Feed, FeedKind, ParsedFeed, Response

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)
FEED = Feed(
    id="written-questions",
    kind=FeedKind.PARLIAMENT,
    url="https://questions.example/api/writtenquestions/questions?searchTerm=norvane",
    name="Written questions",
    every=timedelta(hours=1),
)


def question(**changes: Any) -> dict[str, Any]:
    value = {
        "id": 1800001,
        "dateTabled": "2026-09-10T00:00:00",
        "uin": "27614",
        "questionText": "To ask the Secretary of State for the Home Department, what contracts her Department holds with Norvane.",
        "answeringBodyName": "Home Office",
        "isWithdrawn": False,
        "answerIsHolding": None,
        "dateAnswered": None,
        "answerText": None,
        "heading": "Police: Data Protection",
    }
    return {"value": value | changes, "links": []}


def parse(document: object) -> ParsedFeed:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    response = Response(url=FEED.url, status=200, headers={"content-type": "application/json"}, body=body, fetched_at=NOW)
    return parse_feed(FEED, response, NOW)


def test_a_question() -> None:
    (entry,) = parse({"totalResults": 1, "results": [question()]}).entries

    assert entry.title == "Home Office: Police: Data Protection"
    assert entry.summary.endswith("what contracts her Department holds with Norvane.")
    assert entry.url == "https://questions-statements.parliament.uk/written-questions/detail/2026-09-10/27614"
    assert entry.published == datetime(2026, 9, 10, tzinfo=UTC)


def test_its_answer_is_an_edit_of_the_same_entry() -> None:
    answered = question(dateAnswered="2026-09-15T00:00:00", answerText="<p>The contract was terminated in&nbsp;August.</p>")

    (before,) = parse({"results": [question()]}).entries
    (after,) = parse({"results": [answered]}).entries

    assert before.keys == after.keys
    assert before.fingerprint != after.fingerprint
    assert after.summary.endswith("Norvane. The contract was terminated in August.")
    assert after.published == datetime(2026, 9, 15, tzinfo=UTC)


def test_the_same_number_of_another_session_is_another_question() -> None:
    entries = parse({"results": [question(), question(dateTabled="2025-09-10T00:00:00")]}).entries

    assert len({entry.keys for entry in entries}) == 2


def test_no_result_is_an_answer() -> None:
    assert parse({"totalResults": 0, "results": []}).entries == ()


def test_questions_that_cannot_be_read_are_counted() -> None:
    parsed = parse(
        {"results": [question(), question(uin=None), question(dateTabled="soon"), question(questionText=""), {"value": None}, 7]}
    )

    assert len(parsed.entries) == 1
    assert parsed.problems == ("5 of 6 written questions could not be read",)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (b"", "empty document"),
        (b"<!doctype html><title>Just a moment...</title>", "bot wall"),
        (b'{"results": [', "begins like JSON and is not"),
        ({"message": "bad request"}, "not Parliament's list"),
        ({"results": {"value": 1}}, "not Parliament's list"),
        ([question()], "not Parliament's list"),
        ({"results": [question(uin="")]}, "none of the 1 written questions"),
    ],
)
def test_what_is_not_the_apis_answer_is_called_what_it_is(document: object, says: str) -> None:
    with pytest.raises(ParseError, match=f"^written-questions: .*{says}"):
        parse(document)
