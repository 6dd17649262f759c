"""The configuration file: what is accepted, and how everything else is refused."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import Config, load_config, parse_config
from bot.config_mistakes import ConfigError
from bot.config_rows import config_channels, config_watches, config_watchlists
from bot.feed_addresses import expand_feeds, slug
from bot.resources import example_config
from bot.toml_places import places
from storage.records import ChannelKind
from watchers.types import EventKind, FeedKind, Organisation, Role, Terms, Watch

FEED = '[[feeds]]\nid = "a"\nkind = "news"\nurl = "https://example.org/feed"\n'


def parsed(text: str, path: str = "/etc/cw/config.toml") -> Config:
    return parse_config(text, Path(path))


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    return [str(mistake) for mistake in caught.value.mistakes]


def mistake(text: str) -> str:
    found = mistakes(text)
    assert len(found) == 1, found
    return found[0]


def watch(name: str, role: Role = Role.EITHER) -> Watch:
    return Watch(id=name, organisation=Organisation(name=name), role=role)


# --- the shipped example --------------------------------------------------------------------------------------------------------------


def test_the_shipped_example_is_valid_and_only_its_contact_is_unwise():
    config = load_config(example_config())
    assert [warning.key for warning in config.warnings] == ["fetch.contact"]
    assert {feed.kind for feed in config.feeds} == {
        FeedKind.NEWS,
        FeedKind.MODERNGOV,
        FeedKind.PARLIAMENT,
        FeedKind.FIND_A_TENDER,
        FeedKind.CONTRACTS_FINDER,
    }
    assert len({feed.address for feed in config.feeds}) == len(config.feeds)
    assert all(feed.name and feed.every for feed in config.feeds)


def test_every_switched_off_feed_of_the_example_is_valid_once_uncommented_and_says_why_it_is_off():
    text = example_config().read_text("utf-8")
    off = re.findall(r"(?m)^# Off.*\n(?:# (?!\[\[).*\n)*((?:# .*\n?)+)", text)
    commented = re.findall(r"(?m)^# \[\[feeds\]\]\n(?:# .*\n?)+", text)
    assert len(off) == len(commented) >= 6
    uncommented = text + "".join(re.sub(r"(?m)^# ", "", block) for block in commented)
    assert len(parsed(uncommented).feeds) == len(parsed(text).feeds) + len(commented)


# --- what a good file means -----------------------------------------------------------------------------------------------------------


def test_an_empty_file_is_a_configuration_with_defaults():
    config = parsed("")
    assert config.store_url == "sqlite:////etc/cw/contractwatch.db"
    assert config.fetch.per_host_interval == timedelta(seconds=1)
    assert config.telegram.on_unknown == "resend"
    assert config.health.listen is None


@pytest.mark.parametrize(
    ("url", "complete"),
    [
        ("sqlite:///cw.db", "sqlite:////etc/cw/cw.db"),
        ("sqlite:///data/cw.db", "sqlite:////etc/cw/data/cw.db"),
        ("sqlite:////var/lib/cw.db", "sqlite:////var/lib/cw.db"),
        ("postgresql+psycopg://cw:pw@db/cw", "postgresql+psycopg://cw:pw@db/cw"),
    ],
)
def test_a_relative_database_lies_beside_the_configuration(url: str, complete: str):
    assert parsed(f'[store]\nurl = "{url}"').store_url == complete


def test_the_token_file_lies_beside_the_configuration():
    assert parsed('[telegram]\ntoken_file = "t"').token_file == Path("/etc/cw/t")


def test_no_repr_shows_the_password_of_the_database():
    config = parsed('[store]\nurl = "postgresql+psycopg://cw:hunter2@db/cw"')
    assert "hunter2" not in repr(config)


@pytest.mark.parametrize(("written", "seconds"), [("1s", 1), ("90s", 90), ("15m", 900), ("6h", 21600), ("2d", 172800), ("1w", 604800)])
def test_durations_are_a_number_and_a_unit(written: str, seconds: int):
    assert parsed(FEED + f'every = "{written}"').feeds[0].every == timedelta(seconds=seconds)


def test_a_file_saved_with_a_byte_order_mark_is_read(tmp_path: Path):
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf" + FEED.encode())
    assert load_config(file).feeds[0].id == "a"


def test_unwise_things_are_warnings_with_their_line():
    config = parsed(FEED + 'every = "1s"\n[[watchlists]]\nid = "w"\nwatches = []\n[[channels]]\nkind = "console"\nwatchlists = []')
    assert [(warning.line, warning.key) for warning in config.warnings] == [
        (5, "feeds[a].every"),
        (6, "watchlists[w]"),
        (8, "watchlists[w].watches"),
        (11, "channels[1].watchlists"),
    ]


# --- what is refused ------------------------------------------------------------------------------------------------------------------


def test_all_mistakes_of_a_file_are_told_at_once_in_the_order_of_their_lines():
    found = mistakes(
        """\
[telegram]
admin = [1]
[fetch]
per_host_interval = 1
[[feeds]]
id = "a"
kind = "rss"
url = "ftp://example.org/"
[[feeds]]
id = "a"
kind = "news"
url = "https://example.org/"
every = "soon"
[[watchlists]]
id = "w"
watches = [
  { name = "Palantir", rôle = "supplier" },
]
""".replace("rôle", "rolle")
    )
    assert [line.split(": ")[0] + " " + line.split(": ")[1] for line in found] == [
        "config.toml:2 telegram.admin",
        "config.toml:4 fetch.per_host_interval",
        "config.toml:7 feeds[a].kind",
        "config.toml:8 feeds[a].url",
        "config.toml:10 feeds[a].id",
        "config.toml:13 feeds[a].every",
        "config.toml:17 watchlists[w].watches[Palantir].rolle",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[telegramm]", 'telegramm: unknown key; did you mean "telegram"?'),
        ("[store]\nurll = 'x'", 'store.urll: unknown key; did you mean "url"?'),
        (FEED + "evry = '15m'", 'feeds[a].evry: unknown key; did you mean "every"?'),
        (FEED + "every = 15", 'must be a duration in quotes, such as "15m", not the number 15'),
        (FEED + "every = '0s'", 'must be at least "1s"'),
        (FEED + "every = '15 minutes'", "is not a duration"),
        (FEED + "first_poll = 'both'", "'seed' or 'alert'"),
        (FEED + "enabled = 'no'", 'must be true or false, not "no"'),
        (FEED.replace('"a"', "7"), "feeds[1].id: must be a text in quotes, not the number 7"),
        (FEED.replace('"a"', '"A b"'), "cannot be an id"),
        (FEED.replace("news", "bbc"), '"bbc" is not known'),
        (FEED.replace("news", "rss"), 'did you mean "news"?'),
        (FEED.replace("news", "parliament_json"), 'did you mean "parliament"?'),
        ('[[feeds]]\nid = "a"\nkind = "news"', "feeds[a].url: is missing"),
        (FEED.replace("https://example.org/feed", "example.org"), "is not a complete address"),
        (FEED.replace("https://example.org/feed", "http://127.0.0.1/f"), "loopback"),
        (FEED.replace("example.org/feed", "me:pw@example.org/feed"), "holds a user name or a password"),
        (FEED.replace("/feed", "/?q={suplier}"), "{suplier} is not a placeholder"),
        (FEED.replace("/feed", "/?q={supplier"), "lone brace"),
        (FEED.replace("/feed", "/?q={supplier}&b={public_body}"), "two placeholders"),
        (FEED.replace("example.org", "{supplier}.org"), "in the server's name"),
        ('[[feeds]]\nid = "a"\nkind = "ted"\nurl = "https://example.org/{supplier}"', "takes no placeholder"),
        ('[fetch]\nallow_networks = ["127.0.0.1/8"]', 'write "127.0.0.0/8"'),
        ('[fetch]\nallow_networks = ["home"]', "is not a network"),
        ('[fetch]\ncontact = "me"', "neither a web address nor an e-mail address"),
        ('[fetch]\ncontact = "mé@example.org"', "part of a header"),
        ('[health]\nlisten = "0.0.0.0:80"', "not a loopback address"),
        ('[health]\nlisten = "localhost"', "is not a place to listen"),
        ('[store]\nurl = "postgres://a/b"', 'begin it with "postgresql+psycopg://"'),
        ('[store]\nurl = "postgresql+psycopg://ann:p@ss@host/db"', "more than one @"),
        ('[store]\nurl = "postgresql+psycopg://ann:pass@host:port/db"', "is not the address of a database"),
        ('[store]\nurl = "mysql://a/b"', "is not the address of a database"),
        ('[store]\nurl = "sqlite:///:memory:"', "names no file"),
        ('[telegram]\nadmins = ["1"]', 'telegram.admins[1]: must be a whole number, not "1"'),
        ("[telegram]\nadmins = [true]", "must be a whole number, not true"),
        ('[telegram]\non_unknown = "resent"', "'resend' or 'hold'"),
        ('[telegram.webhook]\nlisten = "127.0.0.1:1"', "telegram.webhook.url: is missing"),
        ('[telegram.webhook]\nurl = "bot.example.org"', "is not a complete address"),
        ('[telegram.webhook]\nurl = "http://bot.example.org/x"', "takes https on port 443, 80, 88 or 8443"),
        ('[telegram.webhook]\nurl = "https://bot.example.org:8080/x"', "takes https on port 443, 80, 88 or 8443"),
        ('[telegram.webhook]\nurl = "https://bot.example.org/x"\nlisten = "8088"', "is not a place to listen"),
        ('[telegram.webhook]\nurl = "https://bot.example.org/x"\nsecret = "s"', "telegram.webhook.secret: unknown key"),
        ("feeds = 3", "feeds: must be a list in [square brackets], not the number 3"),
        ('[[watchlists]]\nid = "w"', "watchlists[w].watches: is missing"),
        ('[[watchlists]]\nid = "w"\nwatches = [{ name = " " }]', "must not be empty"),
        ('[[watchlists]]\nid = "w"\nwatches = [{ name = "x" }]', "too short"),
        ('[[watchlists]]\nid = "w"\nwatches = [{ name = "Palantir", role = "buyer" }]', "known here: either, public_body, supplier"),
        ('[[watchlists]]\nid = "w"\nwatches = [{ name = "Palantir", identifiers = ["07042994"] }]', "is not an identifier"),
        ('[[watchlists]]\nid = "w"\nwatches = [{ name = "Palantir" }, { name = "palantir" }]', "twice"),
        ('[[watchlists]]\nid = "w"\nwatches = []\n[[watchlists]]\nid = "w"\nwatches = []', '"w" is already the id of number 1'),
        ('[[channels]]\nkind = "console"\nwatchlists = ["w"]', 'there is no watchlist "w"'),
        ('[[channels]]\nkind = "email"\nwatchlists = []', '"email" is not known'),
        ('[[channels]]\nkind = "telegram"\nwatchlists = []', "chat_id: is missing"),
        ('[[channels]]\nkind = "console"\nchat_id = 1\nwatchlists = []', "a console channel has none"),
        ('[[channels]]\nkind = "console"\nwatchlists = []\n[[channels]]\nkind = "console"\nwatchlists = []', "needs a name of its own"),
        ('[[channels]]\nkind = "telegram"\nchat_id = -1\nwatchlists = []\n' * 2, "chat -1 is told twice"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_key_and_the_mend(text: str, said: str):
    assert said in mistake(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[store\nurl = 1", "config.toml:1: is not valid TOML here"),
        ('a = 1\nb = "x\n', "config.toml:2: is not valid TOML here"),
        ("[store]\n[store]", "config.toml:2: is not valid TOML here"),
        ("a = ", "config.toml:1: is not valid TOML here"),
        ("x = [1,\n2,\n", "config.toml:3: is not valid TOML here"),
    ],
)
def test_broken_toml_is_told_with_its_line(text: str, said: str):
    assert mistake(text).startswith(said)


def test_a_missing_file_is_told_with_what_would_make_it(tmp_path: Path):
    with pytest.raises(ConfigError, match="make run"):
        load_config(tmp_path / "config.toml")


def test_a_file_in_another_encoding_is_told_with_its_line(tmp_path: Path):
    file = tmp_path / "config.toml"
    file.write_bytes("# hello\n# café".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"config\.toml:2: is not UTF-8"):
        load_config(file)


def test_a_token_written_into_the_file_is_not_repeated():
    assert "12345678:AAsecretsecretsecretsecretsecretse" not in mistake('[telegram]\ntoken = "12345678:AAsecretsecretsecretsecretsecretse"')


def test_a_wrong_database_address_is_told_without_its_password():
    assert "hunter2" not in mistake('[store]\nurl = "mysql://cw:hunter2@db/cw"')


# --- places ---------------------------------------------------------------------------------------------------------------------------


def test_every_key_of_a_file_has_its_line_whatever_it_is_written_like():
    text = '''\
title = """
[not.a.header] = "x"
""" # comment with [brackets] = 1
"quoted.key" = 'it''s'
[a.b]
c = { d = 1, e = [ { f = "}" }, { f = 2 } ] }
[[list]]
x.y = 1
  [list.inner]
  z = [ # comment, with ]
    "a", "b\\"",
    "c",
  ]
[[list]]
x.y = 2
[[list.deep]]
q = 1979-05-27T07:32:00Z
'''.replace("'it''s'", "'its'")
    found = places(text)
    assert {
        path: found[path]
        for path in [
            ("title",),
            ("quoted.key",),
            ("a", "b", "c", "d"),
            ("a", "b", "c", "e", 1, "f"),
            ("list", 0, "x", "y"),
            ("list", 0, "inner", "z", 2),
            ("list", 1, "x", "y"),
            ("list", 1, "deep", 0, "q"),
        ]
    } == {
        ("title",): 1,
        ("quoted.key",): 4,
        ("a", "b", "c", "d"): 6,
        ("a", "b", "c", "e", 1, "f"): 6,
        ("list", 0, "x", "y"): 8,
        ("list", 0, "inner", "z", 2): 12,
        ("list", 1, "x", "y"): 15,
        ("list", 1, "deep", 0, "q"): 17,
    }


def test_places_knows_exactly_the_keys_that_the_parser_knows():
    text = example_config().read_text("utf-8")

    def keys(value: object, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        return {path}.union(*(keys(inner, (*path, key)) for key, inner in items))

    assert set(places(text)) == keys(tomllib.loads(text))


# --- feeds and watches ----------------------------------------------------------------------------------------------------------------


def test_a_template_is_polled_once_for_each_name_that_may_play_the_role():
    config = parsed(FEED.replace("/feed", "/s?q={supplier}"))
    watches = [watch("Palantir", Role.SUPPLIER), watch("palantir"), watch("Marks & Spencer"), watch("Met Police", Role.PUBLIC_BODY)]
    feeds = expand_feeds(config.feeds, watches)
    assert [(feed.id, feed.url) for feed in feeds] == [
        (f"a:{slug('Marks & Spencer')}", "https://example.org/s?q=Marks%20%26%20Spencer"),
        ("a:palantir", "https://example.org/s?q=Palantir"),
    ]
    assert all(feed.may_be_empty for feed in feeds)


def test_a_feed_without_a_placeholder_is_polled_once_and_must_bring_something():
    (feed,) = expand_feeds(parsed(FEED + 'first_poll = "alert"').feeds, [watch("Palantir"), watch("Serco")])
    assert (feed.id, feed.name, feed.every, feed.seeds, feed.may_be_empty) == ("a", "a", timedelta(minutes=15), False, False)


def test_a_register_needs_no_address_and_a_feed_switched_off_is_not_polled():
    config = parsed('[[feeds]]\nid = "f"\nkind = "find-a-tender"\n' + FEED + "enabled = false")
    (feed,) = expand_feeds(config.feeds, [])
    assert feed.url.startswith("https://www.find-tender.service.gov.uk/")


@pytest.mark.parametrize(("one", "other"), [("Foo Ltd", "foo  LTD")])
def test_names_that_differ_only_in_capitals_and_spaces_have_one_slug(one: str, other: str):
    assert slug(one) == slug(other)


@pytest.mark.parametrize(("one", "other"), [("foo-bar", "foo bar"), ("Café", "Cafe"), ("شركة", "وزارة"), ("a" * 60, "a" * 61)])
def test_different_names_never_share_a_slug(one: str, other: str):
    assert slug(one) != slug(other)
    assert re.fullmatch(r"[a-z0-9-]+", slug(one))


def test_watches_are_named_after_their_watchlist_and_channels_after_their_place():
    config = parsed(
        '[[watchlists]]\nid = "w"\nwatches = [{ name = "Palantir", role = "supplier" }]\n'
        '[[channels]]\nkind = "telegram"\nchat_id = -100\nthread_id = 7\nwatchlists = ["w"]\n'
    )
    assert [watch.id for watch in config_watches(config)] == ["w/palantir"]
    assert config_watchlists(config)[0].name == "w"
    assert config_channels(config, telegram=True)[0].key == "telegram:-100:7"


@pytest.mark.parametrize(("telegram", "channels"), [(False, ["console:console"]), (True, [])])
def test_where_there_is_neither_a_channel_nor_a_bot_the_console_is_told_everything(telegram: bool, channels: list[str]):
    config = parsed('[[watchlists]]\nid = "w"\nwatches = [{ name = "Palantir" }]')
    found = config_channels(config, telegram=telegram)
    assert [channel.key for channel in found] == channels
    assert all(channel.kind is ChannelKind.CONSOLE and channel.watchlists == ("w",) for channel in found)


def test_a_watch_may_ask_for_more_than_a_name(tmp_path):
    text = """
    [[watchlists]]
    id = "mine"
    watches = [
      { name = "Palantir", partner = "Met Police", without = ["football"], events = ["cancelled"], minimum = 5, currency = "EUR" },
      { area = "greater london", direct = true },
      { name = "Palantir" },
    ]
    """
    (found,) = config_watchlists(parse_config(text, tmp_path / "config.toml"))

    assert [one.id for one in found.watches] == ["mine/palantir-and-met-police", "mine/greater-london", "mine/palantir"]
    assert (found.watches[0].name, found.watches[0].without) == ("Palantir AND Met Police", ("football",))
    assert (found.watches[1].organisation, found.watches[1].area, found.watches[1].direct) == (None, "London", True)
    assert found.terms[0] == Terms(kinds=frozenset({EventKind.CANCELLED}), minimum=5, currency="EUR")
    assert [one.without_sum for one in found.terms] == [True, False, True]
