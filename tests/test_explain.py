"""``contractwatch classify --explain``: how each record was decided, for people and as JSON, and nothing else changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from register_server import release

from bot.cli import cli
from watchers.classify import classify_record
from watchers.explain import explain
from watchers.match import Matcher
from watchers.records import entry_of
from watchers.types import Organisation, Watch

CASES = Path(__file__).parent / "data" / "cases"
CONFIG = """
[store]
url = "sqlite:///x.db"
[[watchlists]]
id = "mine"
watches = [
    { name = "Palantir", role = "supplier" }, { name = "Home Office", role = "public_body" }, { name = "Serco", role = "public_body" },
    { name = "Oracle", role = "supplier" }, { name = "Veolia" }, { name = "Orrinmere" },
]
[[channels]]
kind = "console"
watchlists = ["mine"]
"""


def run(tmp_path: Path, records: Sequence[dict[str, Any]], *options: str) -> str:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG, encoding="utf-8")
    lines = "\n".join(json.dumps(record) for record in records)
    ended = CliRunner().invoke(cli, ["classify", "--config", str(config), *options, "-"], input=lines.encode())
    assert ended.exit_code == 0, ended.output
    return ended.output


def explained(tmp_path: Path, **record: Any) -> str:
    return run(tmp_path, [{"id": 1, **record}], "--explain")


def cases(*, every: int) -> list[dict[str, Any]]:
    """Titles and summaries of the project's own cases, in all languages."""
    rows = [
        [part.strip() for part in line.split("|")]
        for path in sorted(CASES.glob("*.psv"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    chosen = rows[::every]
    return [{"id": number, "title": row[4], "summary": row[5] if len(row) > 5 else None} for number, row in enumerate(chosen)]


def test_without_explain_the_answers_are_the_same_byte_for_byte_with_and_without_json(tmp_path: Path) -> None:
    records = cases(every=100)
    plain = run(tmp_path, records)
    assert run(tmp_path, records, "--json") == plain
    assert all("explain" not in json.loads(line) for line in plain.splitlines())


def test_with_json_the_path_is_one_more_key_and_the_answer_is_as_without(tmp_path: Path) -> None:
    records = [*cases(every=100), {"id": "n", "title": "Notice", "release": release("uk12_procurement")}]
    plain = [json.loads(line) for line in run(tmp_path, records).splitlines()]
    found = [json.loads(line) for line in run(tmp_path, records, "--explain", "--json").splitlines()]
    assert all(one.pop("explain") for one in found)
    assert found == plain


def test_the_path_ends_where_the_answer_is_in_every_language() -> None:
    matcher = Matcher(())
    for record in cases(every=7):
        answer, path = classify_record(record, matcher), explain(entry_of(record), matcher)
        assert path["event"] == answer["event"], record
        names = {part["name"] for part in path["parts"] if part["part"] == "supplier"}
        assert names == set(filter(None, (answer["supplier"] or "").split("; "))), record
        weights = path.get("weights")
        if weights is not None:
            assert weights["enough"] == (answer["alert"] is not None), record
            assert weights["enough"] == (weights["has"] >= weights["needs"]), record


def test_a_headline_shows_its_language_its_clause_the_weights_and_the_parts(tmp_path: Path) -> None:
    text = explained(tmp_path, title="Home Office awards Serco £45m asylum contract")
    assert text.splitlines()[0] == "1: alert: awarded; event: awarded; rule: give: told as done"
    assert "language: read as en: the only language with words for contracts" in text
    assert "sentence 1 (title): Home Office awards Serco £45m asylum contract" in text
    assert "clause: “awards” (title) about “contract”: give, happened: told as done" in text
    assert "grammar: awarded by give: told as done" in text
    assert "because the grammar tells it: enough" in text
    assert "loudest for it: " in text
    assert "public body: Home Office, in the title, named by the grammar" in text
    assert "watch mine/home-office: matches: “Home Office” is the public body" in text


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("Palantir rival wins £5m NHS contract", "watch mine/palantir: does not match: “Palantir” is named, but not as the supplier"),
        (
            "Home Office awards Serco £45m asylum contract",
            "watch mine/serco: does not match: “Serco” is the supplier, and watched as the public body",
        ),
        ("Veolia opens new office in Leeds", "watch mine/veolia: does not match: “Veolia” is named, but the entry tells nothing of a contract"),
        (
            "Like an oracle, council awards Serco £3m contract",
            "watch mine/oracle: does not match: “oracle” stands there as an ordinary word",
        ),
    ],
)  # fmt: skip
def test_a_watch_that_is_named_and_does_not_match_is_told_why(tmp_path: Path, title: str, line: str) -> None:
    assert line in explained(tmp_path, title=title)


def test_a_watch_nobody_named_is_not_spoken_of(tmp_path: Path) -> None:
    assert "watch " not in explained(tmp_path, title="Leeds City Council awards Mitie £3m contract")


@pytest.mark.parametrize(
    ("title", "language", "clause"),
    [
        ("La ville de Lyon attribue le marché des déchets à Veolia", "fr", "clause: “attribue” (title) about “marché”: give, happened"),
        ("Land Hessen kündigt Vertrag mit Atos", "de", "clause: “kündigt” (title) about “Vertrag”: terminate, happened"),
        ("El Ayuntamiento de Sevilla adjudica a Indra el contrato de limpieza", "es", "clause: “adjudica” (title) about “contrato”: give"),
        ("وزارة الصحة تلغي العقد مع شركة أوراكل", "ar", "clause: “تلغي” (title) about “العقد”"),
    ],
)
def test_the_clauses_of_other_languages_are_shown_as_well(tmp_path: Path, title: str, language: str, clause: str) -> None:
    text = explained(tmp_path, title=title)
    assert f"language: read as {language}: " in text
    assert clause in text
    assert "weights: " in text


def test_what_only_might_happen_says_by_which_pattern(tmp_path: Path) -> None:
    text = explained(tmp_path, title="La ville de Lyon pourrait attribuer le marché des déchets à Veolia")
    assert text.startswith("1: no alert; event: proposed_award")
    assert ", proposed: " in text


def test_a_clause_that_is_refused_says_what_it_lacks_or_what_other_matter_it_is_of(tmp_path: Path) -> None:
    text = explained(tmp_path, title="Firm wins contract")
    assert "refused: too little for a public contract (no buyer named, no supplier named)" in text
    text = explained(tmp_path, title="Arsenal striker signs new contract")
    assert "refused: a word beside it is of another matter: sport" in text


def test_a_text_no_word_lets_be_read_says_so(tmp_path: Path) -> None:
    text = explained(tmp_path, title="Zzz yyy xxx")
    assert "language: not read: no word that tells of a contract in any language there are rules for" in text
    assert "sentence 1" not in text


def test_the_language_the_feed_states_is_told_where_it_decides() -> None:
    path = explain(entry_of({"id": 1, "title": "Atos contract", "language": "en-GB"}), Matcher(()))
    assert (path["language"]["read_as"], path["language"]["stated"]) == ("en", "en-GB")


def test_a_notice_shows_the_rule_of_the_table_and_why_names_in_it_did_not_match(tmp_path: Path) -> None:
    text = run(tmp_path, [{"id": 1, "release": release("uk12_procurement")}], "--explain")
    assert text.startswith("1: alert: cancelled; event: cancelled; rule: notice UK12")
    assert "official notice UK12 of process " in text
    assert "rule of the table: notice UK12" in text
    assert "named by the notice" in text
    assert "language:" not in text


def test_a_watch_that_is_only_a_part_of_a_party_s_name_in_a_notice_is_told_so() -> None:
    notice = release("uk7_signed")
    supplier = next(party for party in notice["parties"] if "supplier" in party["roles"])
    first = supplier["name"].split()[0]
    watches = [Watch(id="part", organisation=Organisation(name=first)), Watch(id="whole", organisation=Organisation(name=supplier["name"]))]
    path = explain(entry_of({"id": 1, "release": notice}), Matcher(watches))
    answers = {one["watch"]: one for one in path["watches"]}
    assert answers["whole"]["matched"]
    assert not answers["part"]["matched"]
    assert supplier["name"] in answers["part"]["why"]


def test_control_characters_in_a_text_do_not_reach_the_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in explained(tmp_path, title="Home Office awards \x1b[31mSerco £45m contract")
