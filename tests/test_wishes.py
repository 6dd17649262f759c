"""What people write behind /watch, as a watch and its terms."""

from __future__ import annotations

import re

import pytest

from bot.commands.names import Unusable
from bot.commands.wishes import AWARDS, CANCELLATIONS, DIRECT, Wish, read_wish, read_wishes
from bot.locale import LANGUAGES
from bot.speech import ENGLISH, Speech
from bot.texts import watching
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


SERCO, PAIRED = Organisation(name="Serco"), frozenset({EventKind.CANCELLED, EventKind.TERMINATED, EventKind.EXTENDED})


@pytest.mark.parametrize(
    ("line", "watch", "terms"),
    [
        (
            "Serco als Auftragnehmer über 1,5 Mio. € ohne Fußball und Rugby",
            Watch(organisation=SERCO, role=Role.SUPPLIER, without=("Fußball", "Rugby")),
            Terms(minimum=1_500_000, currency="EUR"),
        ),
        ("Serco ab 250.000 Euro", Watch(organisation=SERCO), Terms(minimum=250_000, currency="EUR")),
        ("Serco 2 Milliarden Pfund oder mehr", Watch(organisation=SERCO), Terms(minimum=2 * 10**9)),
        ("Serco, nur Absagen und Verlängerungen", Watch(organisation=SERCO), Terms(kinds=PAIRED)),
        ("alle Absagen von Behörden in London", Watch(area="London"), Terms(kinds=CANCELLATIONS, without_sum=False)),
        ("Direktvergaben über 1 Mio €", Watch(direct=True), Terms(kinds=DIRECT, minimum=10**6, currency="EUR", without_sum=False)),
        ("Ärzte ohne Grenzen", Watch(organisation=Organisation(name="Ärzte ohne Grenzen")), Terms()),
        (
            "Serco comme fournisseur de plus de 1 million d’euros sans football",
            Watch(organisation=SERCO, role=Role.SUPPLIER, without=("football",)),
            Terms(minimum=10**6, currency="EUR"),
        ),
        ("Serco à partir de 250 000 €", Watch(organisation=SERCO), Terms(minimum=250_000, currency="EUR")),
        ("Serco : annulations et prolongations seulement", Watch(organisation=SERCO), Terms(kinds=PAIRED)),
        ("toutes les annulations par des organismes de Londres", Watch(area="London"), Terms(kinds=CANCELLATIONS, without_sum=False)),
        ("attributions directes", Watch(direct=True), Terms(kinds=DIRECT, without_sum=False)),
        ("Médecins sans Frontières", Watch(organisation=Organisation(name="Médecins sans Frontières")), Terms()),
        (
            "Serco como proveedor por más de 2 millones de euros sin fútbol",
            Watch(organisation=SERCO, role=Role.SUPPLIER, without=("fútbol",)),
            Terms(minimum=2 * 10**6, currency="EUR"),
        ),
        ("Serco desde 1.250.000,50 €", Watch(organisation=SERCO), Terms(minimum=1_250_000, currency="EUR")),
        ("Serco por valor de 3 mil millones de libras o más", Watch(organisation=SERCO), Terms(minimum=3 * 10**9)),
        ("Serco, solo cancelaciones y prórrogas", Watch(organisation=SERCO), Terms(kinds=PAIRED)),
        ("todas las cancelaciones de organismos de Londres", Watch(area="London"), Terms(kinds=CANCELLATIONS, without_sum=False)),
        ("adjudicaciones directas", Watch(direct=True), Terms(kinds=DIRECT, without_sum=False)),
        ("Médicos sin Fronteras", Watch(organisation=Organisation(name="Médicos sin Fronteras")), Terms()),
        (
            "Serco كمورّد أكثر من مليون جنيه بدون كرة القدم",
            Watch(organisation=Organisation(name="Serco"), role=Role.SUPPLIER, without=("كرة القدم",)),
            Terms(minimum=10**6),
        ),
        ("Serco أكثر من ١٬٥٠٠٬٠٠٠ يورو", Watch(organisation=SERCO), Terms(minimum=1_500_000, currency="EUR")),
        ("Serco، حالات الإلغاء والتمديد فقط", Watch(organisation=SERCO), Terms(kinds=PAIRED)),
        ("كل حالات الإلغاء لدى جهات عامة في لندن", Watch(area="London"), Terms(kinds=CANCELLATIONS, without_sum=False)),
        ("أطباء بلا حدود", Watch(organisation=Organisation(name="أطباء بلا حدود")), Terms()),
        ("Serco over 250.000", Watch(organisation=SERCO), Terms(minimum=250)),  # a point parts decimals in English
        ("Serco y Capita", Watch(organisation=Organisation(name="Serco y Capita")), Terms()),
    ],
)
def test_they_are_understood_in_every_language_the_bot_speaks(line, watch, terms):
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_examples_that_are_shown_are_understood(language):
    shown = re.findall(r"<code>/watch (.*?)</code>", Speech(language).say(watching.WHICH).html)

    assert [(bool(one.watch.without), one.terms.minimum, one.watch.area) for one in map(read_wish, shown)] == [
        (False, None, ""), (True, 10**6, ""), (False, None, ""), (False, None, "London")
    ]  # fmt: skip


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
