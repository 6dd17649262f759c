"""Headlines of one story, and headlines that look like one and are another step of it. All are made up."""

from __future__ import annotations

import pytest

from watchers.match import Matcher
from watchers.records import entry_of
from watchers.stories.grouping import group, group_entries, understood
from watchers.stories.judging import judge
from watchers.stories.lexicon import Frequencies
from watchers.stories.told import Told, same_party
from watchers.types import Entry

MATCHER = Matcher(())

OTHER_STEPS = [
    ("Fenham council awards £20m waste contract to Biffa", "Biffa in line for £20m Fenham waste contract"),
    ("Capita named preferred bidder for Leeds IT contract", "Capita wins Leeds IT contract"),
    ("Minister considers scrapping Serco asylum contract", "Minister scraps Serco asylum contract"),
    ("G4S loses Birmingham prison contract", "G4S could lose Birmingham prison contract"),
    ("Tenders close for Harlow bridge works", "Tenders called for Harlow bridge works"),
    ("Wessex Rail in rescue talks with ministers", "Wessex Rail rescue talks collapse"),
    ("Delham ferry deal signed", "Delham ferry deal close, says minister"),
    ("Delham ferry deal approved by cabinet", "Delham ferry deal to go before cabinet"),
    ("Court hears challenge to Fujitsu contract award", "Court throws out challenge to Fujitsu contract award"),
    ("Council to vote on ending Veolia contract", "Council votes to end Veolia contract"),
    ("Union urges council to end Veolia contract", "Council ends Veolia contract"),
    ("Home Office delays Palantir border contract", "Home Office awards Palantir border contract"),
    ("Home Office suspends Palantir border contract", "Home Office resumes Palantir border contract"),
    ("School bus contract extended by Durham board", "School bus contract put out to tender by Durham board"),
    ("Arriva to be stripped of Northgate franchise", "Arriva could be stripped of Northgate franchise"),
    ("Ministers deny plan to scrap ferry contract", "Ministers scrap ferry contract"),
    ("Work begins on £40m Harlow hospital wing", "Contractor chosen for £40m Harlow hospital wing"),
    ("Carlin Construction goes bust", "Carlin Construction on brink of collapse"),
    ("Stadium bid shortlist announced", "Stadium bid winner announced"),
    ("Council backs plan to sell town hall", "Council completes sale of town hall"),
    ("Police drop facial recognition trial", "Police start facial recognition trial"),
    ("City signs Flock camera deal", "City reviews Flock camera deal"),
    ("Army picks two finalists for new rifle contract", "Army picks winner of new rifle contract"),
    ("Rheinmetall erhält Milliardenauftrag der Bundeswehr", "Rheinmetall hofft auf Milliardenauftrag der Bundeswehr"),
    ("Bund kündigt Vertrag mit Toll Collect", "Bund prüft Kündigung des Vertrags mit Toll Collect"),
    ("Hospital says it will appeal ruling on Serco contract", "Hospital loses appeal on Serco contract"),
    ("Ministers to decide on Boeing jet order next week", "Ministers confirm Boeing jet order"),
]

ONE_STORY = [
    ("Fenham council scraps £2m Serco parking contract", "Serco loses £2m parking deal as Fenham council pulls the plug"),
    ("Home Office hands Fujitsu £80m border deal", "Fujitsu wins £80m Home Office contract for border IT"),
    ("City ends contract with Flock Safety over privacy fears", "Flock Safety cameras to go as city terminates deal"),
    ("Army orders 300 Boxer vehicles from KNDS in £1.2bn deal", "KNDS lands £1.2bn British Army order for Boxer vehicles"),
    ("Ministry axes £45m consultancy contract with Deloitte", "Deloitte £45m consultancy deal scrapped by ministry"),
    ("Rail firm stripped of Wessex franchise", "Wessex Rail loses franchise"),
    ("Delham school meals firm quits contract early", "School meals supplier walks away from Delham contract"),
    ("Minister blocks sale of chip plant to Nexen", "Nexen chip plant takeover blocked by minister"),
    ("Bundeswehr bestellt 50 Schützenpanzer bei Rheinmetall", "Rheinmetall erhält Auftrag für 50 Schützenpanzer"),
    (
        "Bundeswehr bestellt 50 Pumas bei Rheinmetall für 1,5 Milliarden Euro",
        "Rheinmetall wins €1.5bn Bundeswehr order for 50 Puma vehicles",
    ),
    ("NHS trust cancels Epic patient records deal", "Epic records system dropped by NHS trust"),
    ("Court rules PPE contracts were unlawful", "PPE contracts unlawful, High Court judge finds"),
    ("Navy picks Austal for patrol ships", "Austal chosen to build navy patrol ships"),
    ("Council approves £12m leisure centre contract for Kier", "Kier gets £12m leisure centre job"),
    ("Telescope project cancelled after costs triple", "Giant telescope scrapped as costs triple"),
    ("Storm Petra kills three in Delham", "Three dead in Delham as Storm Petra hits"),
    ("Norvik cuts 400 jobs at Harlow plant", "400 jobs to go at Norvik factory in Harlow"),
    ("Actor Maud Tregaskis dies at 104", "Maud Tregaskis, star of stage, dead aged 104"),
]


def entry(title: str, hour: int = 9, day: int = 20, url: str | None = None) -> Entry:
    return entry_of({"title": title, "published": f"2026-05-{day}T{hour:02}:00:00Z", "url": url})


def telling(title: str, hour: int = 9) -> Told:
    return understood(entry(title, hour), MATCHER)


def grouped(*titles: str) -> list[int]:
    """The groups of headlines of one day."""
    return group([telling(title, 8 + place) for place, title in enumerate(titles)])


@pytest.mark.parametrize(("first", "second"), OTHER_STEPS, ids=[first for first, _ in OTHER_STEPS])
def test_two_steps_of_one_matter_are_two_stories_though_told_in_the_same_words_on_the_same_day(first: str, second: str):
    assert len(set(grouped(first, second))) == 2


@pytest.mark.parametrize(("first", "second"), ONE_STORY, ids=[first for first, _ in ONE_STORY])
def test_one_event_in_two_newsrooms_words_is_one_story(first: str, second: str):
    assert len(set(grouped(first, second))) == 1


def test_a_decision_says_what_agreed_or_what_parts():
    one, other = (
        telling("Fenham council scraps £2m Serco parking contract"),
        telling("Serco loses £2m parking contract as Fenham council pulls the plug"),
    )
    award = telling("Fenham council awards £2m parking contract to Serco")

    assert judge(one, other, Frequencies()).reason.startswith("supplier agrees, public body agrees, value agrees")
    assert judge(one, award, Frequencies()).reason == "another kind of event"


def test_two_bodies_of_one_kind_are_two_buyers_and_two_faces_of_one_decision_are_not():
    assert len(set(grouped("Fenham council awards £30m contract to Serco", "Delham county council awards £30m contract to Serco"))) == 2
    assert len(set(grouped("London mayor cancels £50m Met Police contract with Palantir", "Met Police lose £50m Palantir contract"))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("New2 Council", "New3 Council"),
        ("Ward 3", "Ward 5"),
        ("Region 1", "Region 2"),
        ("Region One Council", "Region Two Council"),
        ("NHS Region 1", "NHS Region 2"),
        ("Zone 2 Authority", "Zone 3 Authority"),
        ("Area A Council", "Area B Council"),
        ("Ward III", "Ward IV"),
        ("Prison 4", "Prison 7"),
    ],
)
def test_two_bodies_whose_names_differ_in_a_number_are_two_buyers(one: str, other: str):
    for title in ("{} cancels £5m contract with Palantir", "{} scraps data contract", "Palantir wins £3m contract from {}"):
        assert len(set(grouped(title.format(one), title.format(other)))) == 2
        assert len(set(grouped(title.format(one), title.format(one)))) == 1


def test_a_number_that_is_a_sum_a_year_or_both_parts_nothing():
    for one, other in [
        ("Delham council 300 jobs contract goes to Serco in £2m deal", "Serco wins £2m Delham council contract, 250 jobs"),
        ("Wards 3 and 5 lose £2m Serco cleaning contract", "Ward 5 loses £2m Serco cleaning contract"),
    ]:
        assert len(set(grouped(one, other))) == 1


def test_two_stories_are_not_joined_through_a_third_headline_that_is_like_both():
    titles = (
        "Serco loses £2m Fenham parking contract",
        "Serco contract scrapped",
        "Serco loses £9m Delham leisure contract",
    )

    groups = grouped(*titles)

    assert groups[0] != groups[2]


def test_the_same_title_is_one_story_within_days_and_another_after_months():
    months_later = entry_of({"title": "Rail fares to rise in January", "published": "2026-12-01T09:00:00Z"})

    groups = group_entries([entry("Rail fares to rise in January"), entry("Rail fares to rise in January", day=21), months_later])

    assert groups[0] == groups[1]
    assert groups[0] != groups[2]


def test_sums_and_figures_are_compared_by_amount_not_by_how_they_are_written():
    assert len(set(grouped("Norvik fined £2.1m over river spill", "Norvik to pay 2,100,000 pounds after river spill"))) == 1
    assert len(set(grouped("Norvik fined £2.1m over river spill", "Norvik fined £7m over river spill"))) == 2


def test_an_acronym_is_the_words_it_stands_for():
    assert len(set(grouped("FHA bans gambling adverts at bus stops", "Fenham Highways Authority bans gambling adverts at bus stops"))) == 1


def test_two_parts_of_one_body_are_two_bodies_and_a_part_may_stand_for_the_whole():
    army, navy, whole = frozenset({"army"}), frozenset({"navy"}), frozenset({"pentagon"})

    assert same_party(army, navy) is False
    assert same_party(army, whole) is True
    assert same_party(army, frozenset({"us government"})) is None


def test_the_headline_that_an_address_keeps_joins_pages_whose_titles_are_rewritten():
    kept = "https://sentinel.example/2026/may/20/circle-hinton-hospital-franchise-contract-withdrawal"
    first = entry("Private operator walks away from hospital, blaming casualty pressure", url=kept)
    second = entry("Withdrawal of Circle from Hinton hospital franchise contract", hour=12)

    assert len(set(group_entries([first, second]))) == 1


def test_groups_do_not_depend_on_the_order_of_the_entries():
    titles = [title for pair in ONE_STORY + OTHER_STEPS for title in pair]
    entries = [entry(title, 8 + place % 12) for place, title in enumerate(titles)]

    forth, back = group_entries(entries), group_entries(entries[::-1])[::-1]

    assert [[x == y for y in forth] for x in forth] == [[x == y for y in back] for x in back]


def test_headlines_of_one_mould_about_different_places_are_different_stories():
    """Registers and councils word their news alike; only the place and the supplier tell them apart."""
    letters = "bcdfghjklmnprstvwz"
    places = [f"{a}o{b}a{c}ham".capitalize() for a in letters[:8] for b in letters[:8] for c in letters[:8]]
    titles = [f"{place} council awards road repair contract" for place in places]

    assert len(set(group([telling(title) for title in titles]))) == len(titles)
