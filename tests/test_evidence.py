"""Evidence: what an alert rests on is kept as it was read, given back when the page is gone, and says itself when it was altered."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import pytest_asyncio
from nursery import Child, Nursery
from raw_server import answer
from spine import Spine, a_spine, item, notice, rss
from storing import a_finding, a_notice, an_entry, chat, chat_watch, digest, save, set_up, told
from telegramworld import World, a_world

from bot.evidence import as_record, as_text, problems
from bot.texts import answers
from bot.texts import evidence as texts
from storage.exceptions import NotFound
from storage.store import Store, open_store
from watchers.documents import shown_address
from watchers.rules_version import rules_version
from watchers.types import Document, EventKind
from watchers.workers import Workers

ANN, BOB = 7, 8
HEADLINE = "Met Police cancels £50m contract with Palantir"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[Workers]:
    async with Workers(processes=1) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def spine(store: Store, workers: Workers) -> AsyncIterator[Spine]:
    async with a_spine(store, workers) as made:
        yield made


# --- the whole way ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio(loop_scope="module")
async def test_an_alert_keeps_the_text_the_way_to_it_and_the_digest_of_its_document(spine: Spine) -> None:
    document = rss(item(HEADLINE, "a", summary="The force said so on Monday."))
    spine.web.routes["/moved"] = answer(document, Content_Type="text/xml")
    spine.route("/bbc", answer(b"", status="301 Moved Permanently", Location=spine.web.url("/moved")))
    await spine.round()
    (alert,) = spine.alerts()
    spine.web.routes["/moved"] = answer(b"", status="410 Gone")
    await spine.round()

    found = spine.store.evidence(alert.alert_id)

    (text,) = found.texts
    assert (text.title, text.summary) == (HEADLINE, "The force said so on Monday.")
    assert text.document is not None
    assert text.document.addresses == (spine.web.url("/bbc"), spine.web.url("/moved"))
    assert text.document.sha256 == sha256(document).hexdigest()
    assert text.document.fetched_at == text.kept_at
    assert text.sha256 == sha256(json.dumps([text.title, text.summary, None], separators=(",", ":")).encode()).hexdigest()
    assert text.rules == rules_version()
    assert text.findings[0].rule == found.rule == alert.rule
    assert problems(found) == []


@pytest.mark.asyncio(loop_scope="module")
async def test_of_a_notice_the_release_is_kept_and_of_a_rewritten_report_both_texts(spine: Spine) -> None:
    spine.register(notice("uk12_before_signature", 1))
    spine.route("/bbc", answer(rss(item(HEADLINE, "a")), Content_Type="text/xml"))
    await spine.round()
    spine.route("/bbc", answer(rss(item(HEADLINE.replace("50m", "60m"), "a")), Content_Type="text/xml"))
    await spine.round()

    texts_of = [text for alert in spine.alerts() for text in spine.store.evidence(alert.alert_id).texts]

    assert [text.title for text in texts_of if text.release is None] == [HEADLINE, HEADLINE.replace("50m", "60m")]
    assert all(text.release["ocid"].startswith("ocds-h6vhtk-") for text in texts_of if text.release is not None)
    assert all(text.intact for text in texts_of)


@pytest.mark.asyncio(loop_scope="module")
async def test_nothing_is_kept_twice_and_nothing_of_entries_that_tell_nothing(spine: Spine) -> None:
    spine.route("/bbc", answer(rss(item(HEADLINE, "a"), item("Library opens on Sundays", "b")), Content_Type="text/xml"))
    await spine.round()
    await spine.round()

    kept, documents = (rows(spine.store, f"SELECT * FROM {table}") for table in ("evidence", "document"))

    assert (len(kept), len(documents)) == (1, 1)


def rows(store: Store, sql: str) -> list[object]:
    return store._db.read(lambda connection: list(connection.exec_driver_sql(sql)))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x?api-key=secret&q=Palantir#f", "https://a.example/x?api-key=…&q=Palantir"),
        ("https://me:pw@a.example/x", "https://a.example/x"),
        ("https://a.example/x?ACCESS_TOKEN=1;sig=2", "https://a.example/x?ACCESS_TOKEN=…;sig=…"),
    ],
)
def test_addresses_are_kept_without_their_secrets(url: str, shown: str) -> None:
    assert shown_address(url) == shown


# --- the store ----------------------------------------------------------------------------------------------------------------------------


def an_alert(store: Store, now: datetime) -> int:
    set_up(store, now)
    document = Document(addresses=("https://bbc.example/rss",), fetched_at=now, sha256=digest("d") * 2, size=3)
    entry = an_entry("one", "Palantir: cancelled, says \0 the Met", document=document, release={"ocid": "o", "sum": 1.5})
    save(store, "bbc", told(entry, a_finding(notice=a_notice())), now=now, rules_version="1+abc")
    ((number, *_),) = store.newest_alerts(9)
    return number


def test_what_is_altered_in_the_database_says_so(store: Store, now: datetime) -> None:
    number = an_alert(store, now)
    assert problems(store.evidence(number)) == []

    for change in ("title = 'Palantir: awarded'", "summary = 'x'", "sha256 = document_id_bytes", "release = NULL"):
        sql = change.replace("document_id_bytes", "(SELECT sha256 FROM document)")
        before = rows(store, "SELECT title, summary, release, sha256 FROM evidence")[0]
        store._db.write(lambda connection, sql=sql: connection.exec_driver_sql(f"UPDATE evidence SET {sql}"))
        (said, *_) = problems(store.evidence(number))
        assert "is not the one its SHA-256 was made of" in said
        restore(store, before)
        assert problems(store.evidence(number)) == []


def restore(store: Store, row: object) -> None:
    from storage.tables import evidence

    title, summary, release, known = row  # type: ignore[misc]
    from sqlalchemy import text

    values = {"title": title, "summary": summary, "release": release, "known": known}
    sql = text(f"UPDATE {evidence.name} SET title = :title, summary = :summary, release = :release, sha256 = :known")
    store._db.write(lambda connection: connection.execute(sql, values))


def test_a_release_that_cannot_be_unpacked_any_more_is_told_and_breaks_nothing(store: Store, now: datetime) -> None:
    number = an_alert(store, now)
    store._db.write(lambda connection: connection.exec_driver_sql("UPDATE evidence SET release = sha256"))

    assert len(problems(store.evidence(number))) == 1
    assert "WRONG: the text of feed bbc" in as_text(store.evidence(number))


def test_a_story_that_is_joined_later_has_the_evidence_of_all_who_told_it(store: Store, now: datetime) -> None:
    number = an_alert(store, now)
    later = now + timedelta(hours=1)
    save(store, "itv", told(an_entry("two", "Palantir: cancelled too"), a_finding()), now=later)

    assert [text.feed for text in store.evidence(number).texts] == ["bbc", "itv"]


def test_the_text_that_took_it_back_is_evidence_too(store: Store, now: datetime) -> None:
    number = an_alert(store, now)
    changed = an_entry("one", "Palantir: carries on", release={"ocid": "o"})
    save(store, "bbc", told(changed, a_finding(EventKind.NONE)), now=now + timedelta(hours=1))

    assert [text.title for text in store.evidence(number).texts][1:] == ["Palantir: carries on"]


def test_evidence_for_programs_and_for_people_say_the_same(store: Store, now: datetime) -> None:
    found = store.evidence(an_alert(store, now))

    record, text = as_record(found), as_text(found)

    assert record["problems"] == []
    assert record["texts"][0]["document"]["addresses"] == ["https://bbc.example/rss"]
    for said in (
        record["texts"][0]["sha256"],
        record["texts"][0]["document"]["sha256"],
        "1+abc",
        record["words"],
        "https://bbc.example/rss",
    ):
        assert said in text
    assert text.endswith("Every text is, to the letter, what its SHA-256 was made of.\n")
    assert "\0" not in text


def test_a_number_that_is_no_alert_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        store.evidence(1)


def test_a_chat_is_shown_only_what_was_meant_for_it(store: Store, now: datetime) -> None:
    set_up(store, now)
    ann, bob = chat(store, ANN, now, "Palantir"), chat(store, BOB, now, "Serco")
    save(store, "bbc", told(an_entry("one"), a_finding(watches=(chat_watch(store, "Palantir"),))), now=now)
    store.fan_out(now)

    assert store.alerts_shown(ann, alert_id=1) == (1,)
    assert store.alerts_shown(bob, alert_id=1) == ()
    assert store.alerts_shown(ann) == (), "neither a message nor an alert was named"
    assert store.alerts_shown(ann, message_id=5) == ()


# --- the bot ------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def world(sqlite_url: str) -> AsyncIterator[World]:
    async with a_world(sqlite_url) as made, made.running():
        yield made


async def test_who_replies_to_an_alert_with_evidence_gets_it_as_a_file(world: World) -> None:
    world.follow(ANN)
    world.publish(HEADLINE)
    world.deliverer.wake()
    await world.api.until(lambda: world.api.shown(ANN))
    alert = world.api.last(ANN)

    world.api.write(ANN, "/evidence", reply_to_message=alert)
    await world.api.until(lambda: world.api.files)

    (name, body), *_ = world.api.files.items()
    assert name == "evidence-1.txt"
    assert f"“{HEADLINE}”" in body.decode()
    assert "Evidence of alert 1" in world.api.shown(ANN)[-1]
    assert HEADLINE in world.api.shown(ANN)[-1].replace("\u2060", "")


async def test_evidence_by_number_is_given_only_to_whom_the_alert_was_for(world: World) -> None:
    world.follow(ANN)
    world.publish(HEADLINE)
    world.deliverer.wake()
    await world.api.until(lambda: world.api.shown(ANN))

    assert await world.ask(BOB, "/evidence 1") == texts.NOT_HERE
    assert "Evidence of alert 1" in await world.ask(ANN, "/evidence 1")
    for wrong in ("/evidence", "/evidence x", "/evidence -1", "/evidence 99999999999999999999"):
        assert (await world.ask(ANN, wrong)).startswith("Evidence of which alert?"), wrong
    assert await world.ask(ANN, "/evidence 2") == texts.NOT_HERE


async def test_a_reply_to_something_else_is_told_so(world: World) -> None:
    world.follow(ANN)
    await world.ask(ANN, "/help")

    assert await world.ask(ANN, "/evidence", reply_to_message=world.api.last(ANN)) == texts.NOT_ALERT


async def test_a_forged_button_shows_nothing_of_others(world: World) -> None:
    world.follow(ANN)
    world.publish(HEADLINE)
    await world.ask(BOB, "Serco")
    for data in ("e:1", "e:", "e:x", "e:1:2", "e:99999999999999999999"):
        assert await world.press(BOB, BOB, data=data) in (answers.STALE_BUTTON, texts.NOT_HERE)
    assert not world.api.files


def test_the_command_lists_shows_and_verifies(sqlite_url: str, tmp_path: Path, now: datetime, nursery: Nursery) -> None:
    (tmp_path / "config.toml").write_text(f'[store]\nurl = "{sqlite_url}"\n[fetch]\ncontact = "me@example.org"\n')

    def run(*arguments: str) -> tuple[int, str, str]:
        child = Child(nursery, tmp_path, ["evidence", *arguments], environment={**os.environ, "COLUMNS": "200"})
        return child.wait(60), "\n".join(child.out), "\n".join(child.err)

    assert run() == (0, "There is no alert yet.", "")
    with open_store(sqlite_url) as store:
        number = an_alert(store, now)
    assert "cancelled" in run()[1]
    assert json.loads(run("--json")[1])["alert"] == number
    code, shown, _ = run(str(number))
    assert (code, shown.startswith(f"Evidence of alert {number}: cancelled")) == (0, True)
    assert json.loads(run(str(number), "--json")[1])["problems"] == []
    assert run("99") == (1, "", "Error: there is no alert 99; contractwatch evidence lists the newest")
    assert run("x")[0] == 2
    with open_store(sqlite_url) as store:
        store._db.write(lambda connection: connection.exec_driver_sql("UPDATE evidence SET title = 'other'"))
    code, shown, _ = run(str(number))
    assert (code, "DOES NOT FIT" in shown) == (1, True)


def test_an_upgraded_database_has_the_evidence_that_was_still_there(sqlite_url: str, now: datetime) -> None:
    """Rows as the version before kept them; the digests are made of what is stored."""
    with open_store(sqlite_url) as store:
        number = an_alert(store, now)
        store._db.write(lambda connection: connection.exec_driver_sql("DELETE FROM evidence"))
        store._db.write(lambda connection: connection.exec_driver_sql("DELETE FROM document"))

        def again(connection: object) -> None:
            from alembic.migration import MigrationContext
            from alembic.operations import Operations

            from storage.migrations.versions import m0003_evidence

            with Operations.context(MigrationContext.configure(connection)):  # type: ignore[arg-type]
                m0003_evidence._fill()

        store._db.write(again)
        found = store.evidence(number)

    assert problems(found) == []
    assert found.texts[0].document is None
    assert found.texts[0].findings[0].rule == "verb"
    assert replace(found.texts[0], title="x").intact is False
