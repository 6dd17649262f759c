"""Whom a finding concerns: pairs, places, direct awards, excluded words, and watches that name nobody."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import pytest

from watchers.areas import area_named, in_area
from watchers.explain import explain
from watchers.match import Matcher
from watchers.types import Entry, Organisation, Role, Watch
from watchers.understand import understand

PALANTIR, MET = Organisation(name="Palantir"), Organisation(name="Metropolitan Police", aliases=("Met Police",))
PAIR = Watch(id="pair", organisation=PALANTIR, partner=MET)
MET_BUYS = Entry(keys=(), fingerprint=b"", title="Metropolitan Police awards £50m data contract to Palantir")
NHS_BUYS = Entry(keys=(), fingerprint=b"", title="NHS England awards £50m data contract to Palantir after Metropolitan Police trial")
CALLED_OFF = Entry(
    keys=(), fingerprint=b"", title="Leeds City Council cancels £9m contract with Capita", summary="The football stadium goes on."
)
DIRECT = {
    "ocid": "ocds-h6vhtk-1",
    "id": "000001-2026",
    "date": "2026-03-02T09:30:00Z",
    "tag": ["award", "contract"],
    "language": "en",
    "parties": [
        {"id": "GB-1", "name": "Hackney Council", "roles": ["buyer"]},
        {"id": "GB-2", "name": "Palantir", "roles": ["supplier"]},
    ],
    "buyer": {"id": "GB-1", "name": "Hackney Council"},
    "tender": {
        "title": "Data platform",
        "procurementMethod": "direct",
        "documents": [{"id": "000001-2026", "noticeType": "UK6", "documentType": "awardNotice"}],
    },
    "awards": [
        {"id": "1", "status": "active", "value": {"amount": 2000000, "currency": "GBP"}, "suppliers": [{"id": "GB-2", "name": "Palantir"}]}
    ],
}
NOTICE = Entry(keys=(), fingerprint=b"", title="Data platform", release=DIRECT)


def matched(entry: Entry, *watches: Watch) -> list[tuple[str, Role, str]]:
    found = chain.from_iterable(one.matches for one in understand(entry, Matcher(watches)))
    return [(one.watch, one.role, one.proof) for one in found]


@pytest.mark.parametrize(
    ("entry", "watch", "fits"),
    [
        (MET_BUYS, PAIR, True),
        (NHS_BUYS, PAIR, False),  # the police is named, and plays no part
        (MET_BUYS, replace(PAIR, role=Role.PUBLIC_BODY), False),
        (MET_BUYS, replace(PAIR, partner_role=Role.SUPPLIER), False),
        (MET_BUYS, replace(PAIR, without=("data",)), False),
        (MET_BUYS, replace(PAIR, without=("dat", "police force")), True),
        (MET_BUYS, Watch(id="x", organisation=PALANTIR, area="London"), True),
        (NHS_BUYS, Watch(id="x", organisation=PALANTIR, area="London"), False),
        (CALLED_OFF, Watch(id="x"), True),
        (CALLED_OFF, Watch(id="x", area="Leeds"), True),
        (CALLED_OFF, Watch(id="x", area="London"), False),
        (CALLED_OFF, Watch(id="x", area="Leeds", without=("Football",)), False),
        (CALLED_OFF, Watch(id="x", direct=True), False),
        (NOTICE, Watch(id="x", direct=True), True),
        (NOTICE, Watch(id="x", direct=True, area="London"), True),
        (NOTICE, Watch(id="x", organisation=PALANTIR, direct=True, partner=Organisation(name="Hackney Council")), True),
        (Entry(keys=(), fingerprint=b"", title="Nothing happened in Leeds today"), Watch(id="x"), False),
        (Entry(keys=(), fingerprint=b"", title="MPs call on Leeds City Council to cancel Capita contract"), Watch(id="x"), False),
    ],
)
def test_a_watch_matches_what_shows_all_that_it_asks_for(entry, watch, fits):
    assert bool(matched(entry, watch)) is fits


def test_a_match_says_what_proves_it():
    assert matched(MET_BUYS, PAIR) == [("pair", Role.SUPPLIER, "Palantir, Metropolitan Police")]
    assert matched(CALLED_OFF, Watch(id="leeds", area="Leeds"), Watch(id="all")) == [
        ("leeds", Role.PUBLIC_BODY, "Leeds City Council"),
        ("all", Role.EITHER, ""),
    ]


def test_plain_watches_beside_a_pair_match_as_they_do_alone():
    plain = (Watch(id="p", organisation=PALANTIR, role=Role.SUPPLIER), Watch(id="m", organisation=MET))

    assert matched(MET_BUYS, *plain, PAIR)[:2] == matched(MET_BUYS, *plain)


@pytest.mark.parametrize(
    ("entry", "watch", "why"),
    [
        (NHS_BUYS, PAIR, "is the supplier, but not both of Palantir AND Metropolitan Police play a part"),
        (MET_BUYS, replace(PAIR, without=("data",)), "is the supplier, but the report holds the excluded “data”"),
    ],
)
def test_it_is_explained_why_a_watch_of_more_than_a_name_did_not_match(entry, watch, why):
    assert {"watch": "pair", "named": "Palantir", "matched": False, "why": why} in explain(entry, Matcher([watch]))["watches"]


@pytest.mark.parametrize(
    ("area", "body", "inside"),
    [
        ("London", "London Borough of Sutton", True),
        ("greater london", "Metropolitan Police", True),
        ("London", "Hackney Council", True),
        ("London", "Londonderry Port", False),
        ("Scotland", "Scottish Water", True),
        ("Scotland", "Scotland Yard", True),
        ("Leeds", "Leeds Teaching Hospitals NHS Trust", True),
        ("Leeds", "Bradford Council", False),
    ],
)
def test_a_body_is_of_a_place_by_its_name(area, body, inside):
    assert in_area(area, body) is inside


def test_places_are_known_by_the_names_people_write_for_them():
    assert [area_named(one) for one in ("greater London", "welsh", "  Leeds ")] == ["London", "Wales", "Leeds"]
