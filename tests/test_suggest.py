"""Other names and numbers of an organisation, from what stored notices say: offered with counts and reasons, never added by themselves."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from storing import a_finding, a_notice, an_entry, save, set_up, told
from telegramworld import World, a_world

from bot.texts import watching as texts
from bot.texts import wishes
from storage.store import Store, open_store
from watchers.suggest import Why, piece_of, registered, suggest
from watchers.types import AwardParty, Organisation, Party, Role

NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
ANN, BOB = 7, 8
GROUP = -1001001


@dataclass(frozen=True)
class Stored:
    name: str
    identifiers: tuple[str, ...] = ()
    notices: int = 1


def said(name: str, *known: Stored, **more: tuple[str, ...]) -> list[tuple[tuple[str, ...], tuple[str, ...], int, Why]]:
    return [(one.names, one.identifiers, one.notices, one.why) for one in suggest(Organisation(name=name, **more), known, 3)]


def test_a_registered_company_of_the_same_name_is_offered_with_its_number() -> None:
    assert said("Orrinmere", Stored("Orrinmere Ltd", ("GB-COH-1",), 3), Stored("ORRINMERE LIMITED", ("GB-COH-1",))) == [
        (("Orrinmere Ltd",), ("GB-COH-1",), 4, Why.NAME)
    ]


def test_a_suggestion_says_what_the_two_have_in_common() -> None:
    known = [Stored("Orrinmere Ltd", ("GB-COH-1", "GB-PPON-9"))]
    assert [one.by for one in suggest(Organisation(name="Palewick", identifiers=("GB-PPON-9",)), known, 3)] == ["GB-PPON-9"]
    assert [one.by for one in suggest(Organisation(name="Orrinmere"), known, 3)] == ["Orrinmere"]


def test_two_companies_of_one_name_are_two_choices() -> None:
    found = said("Orrinmere", Stored("Orrinmere Ltd", ("GB-COH-1",), 2), Stored("Orrinmere plc", ("GB-COH-2",), 5))
    assert [(identifiers, notices) for _, identifiers, notices, _ in found] == [(("GB-COH-2",), 5), (("GB-COH-1",), 2)]


def test_names_registered_under_one_number_are_one_suggestion_that_says_so() -> None:
    known = [Stored("Orrinmere Ltd", ("GB-COH-1",), 2), Stored("Quillhaven Ltd", ("GB-COH-1", "GB-PPON-9"), 1)]
    assert said("Orrinmere", *known) == [(("Quillhaven Ltd",), ("GB-COH-1", "GB-PPON-9"), 3, Why.NAME)]
    assert said("Palewick", *known, identifiers=("GB-PPON-9",)) == [(("Orrinmere Ltd", "Quillhaven Ltd"), ("GB-COH-1",), 3, Why.NUMBER)]


def test_a_name_that_begins_with_the_brand_comes_after_the_name_itself_and_a_longer_word_never() -> None:
    known = [
        Stored("Orrinmere Roads Ltd", ("GB-COH-2",), 90),
        Stored("Orrinmere Ltd", ("GB-COH-1",)),
        Stored("Orrinmeresby Ltd", ("GB-COH-3",)),
    ]
    assert [why for *_, why in said("Orrinmere", *known)] == [Why.NAME, Why.BEGINNING]


def test_a_name_without_a_number_joins_the_only_company_that_bears_it_and_none_of_two() -> None:
    one, bare = Stored("Orrinmere Roads Ltd", ("GB-COH-1",)), Stored("Orrinmere Roads", (), 7)
    assert [notices for _, _, notices, _ in said("Orrinmere", one, bare)] == [8]
    assert sorted(notices for _, _, notices, _ in said("Orrinmere", one, bare, Stored("Orrinmere Roads plc", ("GB-COH-2",)))) == [1, 1, 7]


def test_what_the_watch_has_already_is_not_offered() -> None:
    assert said("Orrinmere", Stored("ORRINMERE Limited"), Stored("Orrinmere Ltd", ("GB-COH-1",)), identifiers=("GB-COH-1",)) == []


def test_at_most_as_many_as_asked_and_others_names_never() -> None:
    known = [Stored(f"Orrinmere {word}", (f"GB-COH-{word}",)) for word in ("Air", "Bus", "Cab", "Dig")] + [
        Stored("Quillhaven", ("GB-COH-Q",))
    ]
    assert [names for names, *_ in said("Orrinmere", *known)] == [("Orrinmere Air",), ("Orrinmere Bus",), ("Orrinmere Cab",)]


def test_adding_a_suggestion_keeps_the_name_and_what_was_there() -> None:
    organisation = Organisation(name="Orrinmere", aliases=("OM",), identifiers=("GB-COH-0",))
    (one,) = suggest(organisation, [Stored("Orrinmere Roads Ltd", ("GB-COH-1",))], 3)
    assert one.added_to(organisation) == Organisation(
        name="Orrinmere", aliases=("OM", "Orrinmere Roads Ltd"), identifiers=("GB-COH-0", "GB-COH-1")
    )


@pytest.mark.parametrize(
    ("name", "piece"),
    [("The Orrinmere Group Ltd", "Orrinmere"), ("Électricité de France", "lectricit"), ("شركة أوراكل", "شركة"), ("X", None), ("!!", None)],
)
def test_the_piece_that_is_looked_for_is_plain_letters_of_the_first_word(name: str, piece: str | None) -> None:
    assert piece_of(name) == piece


def test_numbers_of_the_very_name_are_looked_up_those_of_most_notices_first() -> None:
    known = [Stored("Orrinmere", ("B",), 1), Stored("Orrinmere Ltd", ("A",), 5), Stored("Orrinmere Roads", ("C",), 50)]
    assert registered(Organisation(name="Orrinmere", identifiers=("I",)), known) == ("I", "A", "B")


# --- the store


def award(name: str, number: str, *identifiers: str) -> AwardParty:
    return AwardParty(ocid=f"ocds-{number}", award_id="1", supplier=Party(name=name, identifiers=identifiers), notice_number=number)


def keep(store: Store) -> None:
    """Three notices with suppliers, one with a body, and an article that names one."""
    set_up(store, NOW)
    awards = (
        award("Orrinmere Ltd", "1", "GB-COH-1"),
        award("ORRINMERE LTD", "2", "GB-COH-1"),
        award("Quillhaven 100% Ltd", "3", "GB-COH-1"),
    )
    body = Party(name="Orrinmere “County” Council", identifiers=("GB-LAC-7",))
    official = a_finding(public_bodies=(body,), notice=a_notice())
    reported = a_finding(public_bodies=(Party(name="Orrinmere town"),))
    save(store, "bbc", told(an_entry("a"), official, awards=awards), told(an_entry("b"), reported), now=NOW)


def test_stored_parties_are_found_by_a_piece_of_their_name_in_any_case(store_url: str) -> None:
    with open_store(store_url) as store:
        keep(store)
        found = {(party.name, party.identifiers, party.role, party.notices) for party in store.parties_named("orrin")}
        assert found == {
            ("Orrinmere Ltd", ("GB-COH-1",), Role.SUPPLIER, 1),
            ("ORRINMERE LTD", ("GB-COH-1",), Role.SUPPLIER, 1),
            ("Orrinmere “County” Council", ("GB-LAC-7",), Role.PUBLIC_BODY, 1),
        }
        assert {party.role for party in store.parties_named("orrin", Role.SUPPLIER)} == {Role.SUPPLIER}
        assert [party.name for party in store.parties_named("100%")] == ["Quillhaven 100% Ltd"]
        assert store.parties_named("%") == store.parties_named("100%")
        assert [party.name for party in store.parties_named("“County”")] == ["Orrinmere “County” Council"]


def test_stored_parties_are_found_by_the_whole_of_a_number(store_url: str) -> None:
    with open_store(store_url) as store:
        keep(store)
        assert {party.name for party in store.parties_registered("GB-COH-1")} == {"Orrinmere Ltd", "ORRINMERE LTD", "Quillhaven 100% Ltd"}
        assert [party.name for party in store.parties_registered("GB-LAC-7")] == ["Orrinmere “County” Council"]
        assert store.parties_registered("GB-COH") == []


def test_many_stored_parties_are_searched_while_somebody_waits(store_url: str) -> None:
    with open_store(store_url) as store:
        set_up(store, NOW)
        awards = tuple(award(f"Firm {number} Services Ltd", str(number), f"GB-COH-{number}") for number in range(20_000))
        save(store, "bbc", told(an_entry("a"), awards=awards), now=NOW)
        started = time.process_time()
        assert store.parties_named("Firm 19999")
        assert store.parties_registered("GB-COH-500")
        assert time.process_time() - started < 1, "whatever else the machine does"


# --- the bot


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made, made.running():
        made.api.add_chat(GROUP, type="supergroup", title="Desk", members={ANN: "administrator", BOB: "member"})
        keep(made.store)
        yield made


def organisation(world: World, chat_id: int) -> Organisation:
    channel = world.store.channel(chat_id)
    assert channel is not None
    (record,) = world.store.channel_watches(channel.id)
    return record.watch.organisation


async def answer_yes(world: World, chat_id: int = ANN) -> Organisation:
    await world.press(ANN, chat_id, label=wishes.SAVE)
    await world.api.until(lambda: "Watching" in world.api.shown(chat_id)[-1])
    return organisation(world, chat_id)


async def test_what_notices_know_is_offered_in_the_question_and_nothing_is_added(world: World) -> None:
    answer = await world.ask(ANN, "/watch Orrinmere as supplier")
    assert "• Orrinmere (supplier)" in answer
    assert "1. Quillhaven 100% Ltd · GB-COH-1 (3 notices; the same name)" in answer
    assert await answer_yes(world) == Organisation(name="Orrinmere")


async def test_pressed_suggestions_are_followed_too(world: World) -> None:
    answer = await world.ask(ANN, "/watch Orrinmere")
    assert "2. Orrinmere “County” Council · GB-LAC-7 (1 notice; begins with “Orrinmere”)" in answer
    await world.press(ANN, ANN, label="2. Orrinmere “County” Council")
    await world.press(ANN, ANN, label="1. Quillhaven 100% Ltd")
    found = await answer_yes(world)
    assert set(found.identifiers) == {"GB-LAC-7", "GB-COH-1"}
    assert "Quillhaven 100% Ltd" in found.aliases


async def test_a_name_no_notice_knows_is_asked_about_alone(world: World) -> None:
    assert "Official notices" not in await world.ask(ANN, "/watch Palantir")


async def test_what_notices_call_several_names_is_taken_with_one_press(world: World) -> None:
    answer = await world.ask(ANN, "/watch Orrinmere as supplier\nPalantir")
    assert "Official notices write some of them differently: Quillhaven 100% Ltd." in answer
    await world.press(ANN, ANN, label=texts.TAKE_NAMES)
    await world.api.until(lambda: texts.TAKE_NAMES not in str(world.api.last(ANN)))
    await world.press(ANN, ANN, label=wishes.SAVE)
    await world.api.until(lambda: "2 watches saved" in world.api.shown(ANN)[-1])

    channel = world.store.channel(ANN)
    assert channel is not None
    saved = {record.watch.name: record.watch.organisation for record in world.store.channel_watches(channel.id)}
    assert saved["Palantir"] == Organisation(name="Palantir")
    assert saved["Orrinmere"] == Organisation(name="Orrinmere", aliases=("Quillhaven 100% Ltd",), identifiers=("GB-COH-1",))


async def test_in_a_group_only_admins_may_press(world: World) -> None:
    await world.ask(ANN, "/watch Orrinmere as supplier", chat_id=GROUP)
    await world.press(BOB, GROUP, label="1. Quillhaven 100% Ltd")
    assert await answer_yes(world, GROUP) == Organisation(name="Orrinmere")


@pytest.mark.parametrize("data", ["d", "d:n", "d:n:{}", "d:n:{}:00000000", "d:n:1:00000000", "d:z:{}:1", "d:n:{}:{}:{}"])
async def test_made_up_buttons_add_nothing(world: World, data: str) -> None:
    await world.ask(ANN, "/watch Orrinmere as supplier")
    draft = world.api.last(ANN)["reply_markup"]["inline_keyboard"][0][0]["callback_data"].split(":")[2]
    world.api.press(ANN, dict(world.api.last(ANN)), data=data.replace("{}", draft))
    await world.api.until(lambda: world.api.answers)
    assert await answer_yes(world) == Organisation(name="Orrinmere") if "reply_markup" in world.api.last(ANN) else True
