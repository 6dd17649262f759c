"""What people write behind /watch, as a watch and its terms."""

from __future__ import annotations

import pytest

from bot.commands.names import Unusable
from bot.commands.wishes import AWARDS, CANCELLATIONS, DIRECT, Wish, read_wish, read_wishes
from bot.speech import ENGLISH
from bot.watch_words import describe
from watchers.types import EventKind, Organisation, Role, Terms, Watch

PALANTIR, MET = Organisation(name="Palantir"), Organisation(name="Metropolitan Police")
EXTENSIONS = frozenset({EventKind.EXTENDED})


@pytest.mark.parametrize(
    ("line", "watch", "terms"),
    [
        ("Palantir", Watch(organisation=PALANTIR), Terms()),
        ("Palantir as supplier", Watch(organisation=PALANTIR, role=Role.SUPPLIER), Terms()),
        ("Palantir AND Metropolitan Police", Watch(organisation=PALANTIR, partner=MET), Terms()),
        (
            "Palantir as supplier AND Metropolitan Police as public body",
            Watch(organisation=PALANTIR, role=Role.SUPPLIER, partner=MET, partner_role=Role.PUBLIC_BODY),
            Terms(),
        ),
        ("Marks and Spencer", Watch(organisation=Organisation(name="Marks and Spencer")), Terms()),
        ("Palantir over £1m", Watch(organisation=PALANTIR), Terms(minimum=1_000_000)),
        ("Palantir worth more than 2.5 million euros", Watch(organisation=PALANTIR), Terms(minimum=2_500_000, currency="EUR")),
        ("Palantir at least USD 1,250,000", Watch(organisation=PALANTIR), Terms(minimum=1_250_000, currency="USD")),
        ("Palantir, cancellations only", Watch(organisation=PALANTIR), Terms(kinds=CANCELLATIONS)),
        ("Palantir only awards and extensions", Watch(organisation=PALANTIR), Terms(kinds=AWARDS | EXTENSIONS)),
        ("Palantir: cancellations", Watch(organisation=PALANTIR), Terms(kinds=CANCELLATIONS)),
        ("Capital Awards", Watch(organisation=Organisation(name="Capital Awards")), Terms()),
        (
            "Palantir without football, rugby or the Old Trafford",
            Watch(organisation=PALANTIR, without=("football", "rugby", "the Old Trafford")),
            Terms(),
        ),
        (
            "Palantir as supplier without football over £1m, cancellations only",
            Watch(organisation=PALANTIR, role=Role.SUPPLIER, without=("football",)),
            Terms(minimum=1_000_000, kinds=CANCELLATIONS),
        ),
        ("cancellations by London bodies", Watch(area="London"), Terms(kinds=CANCELLATIONS, without_sum=False)),
        ("every cancellation by bodies in Greater London", Watch(area="London"), Terms(kinds=CANCELLATIONS, without_sum=False)),
        ("direct awards over £1m", Watch(direct=True), Terms(kinds=DIRECT, minimum=1_000_000, without_sum=False)),
        ("all cancellations", Watch(), Terms(kinds=CANCELLATIONS, without_sum=False)),
        ("everything over £10bn", Watch(), Terms(minimum=10**10, without_sum=False)),
        ("Serco by Welsh councils", Watch(organisation=Organisation(name="Serco"), area="Wales"), Terms()),
    ],
)
def test_plain_words_are_a_watch_and_its_terms(line, watch, terms):
    assert read_wish(line) == Wish(watch, terms)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("A AND B AND C", "letters"),
        ("Serco AND Capita AND G4S", "pair"),
        ("Palantir over £0", "sum"),
        ("Palantir over £1.2.3m", "sum"),
        ("Palantir without " + ", ".join(f"w{n}" for n in range(11)), "words"),
        ("/start", "command"),
        ("x" * 81, "long"),
    ],
)
def test_what_cannot_be_watched_says_why(line, reason):
    found = read_wish(line)
    assert isinstance(found, Unusable)
    assert found.reason == reason


def test_lines_keep_their_numbers_and_stand_for_one_watch_each():
    found = read_wishes("Serco\n\n  Capita \nSerco\n?")

    assert [(number, type(one)) for number, one in found] == [(1, Wish), (3, Wish), (5, Unusable)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Palantir as supplier AND Metropolitan Police", "Palantir (supplier) together with Metropolitan Police"),
        ("Palantir over £1m without football", "Palantir · from £1,000,000, also when no sum is stated · without: football"),
        ("cancellations by London bodies", "Every contract · public bodies of London · only: cancellations, early ends"),
        ("all tenders by bodies in Leeds, only tenders", "Every contract · public bodies of Leeds · only: new tenders"),
        ("direct awards", "Every contract · only awards without competition · only: awards, direct awards to come"),
    ],
)
def test_a_watch_is_said_in_full(line, said):
    wish = read_wish(line)
    assert isinstance(wish, Wish)
    assert describe(wish.watch, ENGLISH, wish.terms).plain == said
