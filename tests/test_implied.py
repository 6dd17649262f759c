"""What the grammar alone reads where no contract is named: each kind of telling beside its twin that tells nothing."""

from __future__ import annotations

import pytest

from watchers.text import events, tokens
from watchers.text.rules import rules


def told(title: str, summary: str = "") -> str:
    english = rules("en")
    found = events.tell(tokens.read("title", title, english), tokens.read("summary", summary, english) if summary else [], english)
    return found.event.value if found and found.event.alert else "nothing"


@pytest.mark.parametrize(
    ("event", "telling", "twin"),
    [
        ("awarded", "town gets new bus operator", "town gets new bus timetable"),
        ("awarded", "Trains for Cork line to be built by Alstom", "Trains to be delayed by snow, warns Alstom"),
        ("awarded", "Qatar in $400m deal with Aselsan for naval guns", "Qatar in talks with Aselsan over naval guns"),
        ("awarded", "Board approves $4m bus cameras from Gatso", "Board approves $4m bus cameras budget"),
        ("awarded", "Ministry spends $90m on 40 ambulances", "Ministry spends $90m on advertising"),
        ("awarded", "Army orders 40 drones from Skydio", "Army orders troops to leave"),
        ("awarded", "Serco to run Fenwick detention centre", "Serco to run Fenwick detention centre until 2030"),
        ("awarded", "Boeing wins Chilean helicopter order", "Boeing wins airline order"),
        ("terminated", "BART, Cubic go separate ways", "Actor, agent go separate ways"),
        ("terminated", "hospital to take cleaning back in house", "hospital to take photos of cleaning"),
        ("terminated", "Canada takes submarine upkeep away from Babcock", "Canada takes delivery of submarine from yard"),
        ("terminated", "Council gives bin contractor the boot", "Council gives bin contractor the tools"),
        ("terminated", "Council tells recycler contract is over", "Council holds talks over contract"),
        ("cancelled", "Court declares tram tender void", "Court declares holiday"),
        ("cancelled", "Airport scraps bids for car park", "Airport bids for car park"),
    ],
)
def test_a_contract_nobody_names_is_told_by_the_words_around_the_verb(event: str, telling: str, twin: str) -> None:
    assert told(telling) == event
    assert told(twin) == "nothing"


def test_a_summary_with_the_year_or_another_time_looks_back() -> None:
    title = "Ferry firm posts record profit"
    assert told(title, "The firm's contract with Northmere Council was cancelled in 2019.") == "nothing"
    assert told(title, "Northmere Council awarded the firm its contract last year.") == "nothing"
    assert told("Northmere ferries change hands", "Northmere Council has cancelled its contract with the firm.") == "cancelled"
