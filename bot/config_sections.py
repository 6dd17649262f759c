"""The tables of the configuration file as models: which keys there are, what they may hold, what they hold when left out.

Every check here looks at one value; what concerns several is in ``config_checks``. A check's ``ValueError`` is the sentence that the person
reads after the line and the key.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from bot.config_mistakes import described, did_you_mean
from bot.feed_addresses import FEED_ADDRESSES, address_mistake, template_mistake
from storage.records import EVENTS, ChannelKind
from watchers.types import EventKind, FeedKind, Role

PROJECT_PAGE = "https://github.com/contractwatch/contractwatch"
TELEGRAM = "https://api.telegram.org"

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_DURATION = re.compile(r"(\d+)\s*([smhdw])")
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST_AND_PORT = re.compile(r"(?:\[[^\]]*\]|[^:\[\]]*)(?::[0-9]+)?")
_LONGEST_NAME = 200
_LAST_PORT = 65535
_IDENTIFIER = re.compile(r"[A-Za-z]{2,}(-[A-Za-z0-9.]+)+")
# Words people write for a kind because other programs or our own source lists call it so.
_KINDS_BY_HABIT = {"rss": "news", "atom": "news", "feed": "news", "json": "news", "ocds": "contracts-finder", "fts": "find-a-tender"}

Choice = TypeVar("Choice", bound=StrEnum)


def duration(value: Any) -> timedelta:
    """Read "15m" as a time span; ValueError says what is wrong with anything else."""
    if not isinstance(value, str):
        raise ValueError(f'must be a duration in quotes, such as "15m", not {described(value)}')  # noqa: TRY004 -- pydantic collects ValueError only
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        raise ValueError(f'"{value}" is not a duration: write a whole number and s, m, h, d or w, such as "90s", "15m" or "30d"')
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds > 3660 * 86400:
        raise ValueError(f'"{value}" is more than ten years')
    return timedelta(seconds=seconds)


def _at_least(least: timedelta, said: str) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if value < least:
            raise ValueError(f'must be at least "{said}"')
        return value

    return AfterValidator(check)


def _one_of(kind: type[Choice], habits: dict[str, str] | None = None, *, among: Sequence[Choice] = ()) -> BeforeValidator:
    known = {member.value: member for member in among or kind}

    def check(value: Any) -> Choice:
        if not isinstance(value, str):
            raise ValueError(f"must be a text in quotes, not {described(value)}")  # noqa: TRY004 -- pydantic collects ValueError only
        if value not in known:
            meant = (habits or {}).get(value.lower().split("_")[0])
            hint = f'; did you mean "{meant}"?' if meant else did_you_mean(value, list(known))
            raise ValueError(f'"{value}" is not known{hint}')
        return known[value]

    return BeforeValidator(check)


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    if _CONTROL.search(value):
        raise ValueError("must be one line without control characters")
    return value.strip()


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError(
            f'"{value}" cannot be an id: use small letters, digits, "-", "_" and ".", at most 64, beginning with a letter or digit'
        )
    return value


def _organisation_name(value: str) -> str:
    value = _filled(value)
    if sum(letter.isalnum() for letter in value) <= 1:
        raise ValueError(f'"{value}" is too short to be found in a text: it needs two letters or digits')
    if len(value) > _LONGEST_NAME:
        raise ValueError(f"is longer than {_LONGEST_NAME} characters")
    return value


def _identifier(value: str) -> str:
    if not _IDENTIFIER.fullmatch(value.strip()):
        raise ValueError(f'"{value}" is not an identifier: write the register and the number, such as "GB-COH-07042994"')
    return value.strip()


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError as error:
        try:
            hint = f': write "{ipaddress.ip_network(value, strict=False)}"'
        except ValueError:
            hint = ': write an address and its length, such as "127.0.0.0/8"'
        raise ValueError(f'"{value}" is not a network{hint}') from error


def _web_address(value: str) -> str:
    mistake = address_mistake(value)
    if mistake:
        raise ValueError(mistake)
    return value.rstrip("/")


def _webhook_address(value: str) -> str:
    _web_address(value)
    return value  # to the letter: it is compared with what Telegram says it was told, and its path with what is asked for


def _contact(value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise ValueError("may hold plain letters, digits and signs only: it is part of a header of every request")
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        return value
    if address_mistake(value):
        raise ValueError(
            f'"{value}" is neither a web address nor an e-mail address: those whose servers are asked must be able to reach you'
        )
    return value


def _feed_address(value: str) -> str:
    mistake = template_mistake(value)
    if mistake:
        raise ValueError(mistake)
    return value


def _place(value: str) -> str:
    host, _, port = value.rpartition(":")
    try:
        if host != "localhost":
            ipaddress.ip_address(host.strip("[]"))
        known = port.isdecimal() and int(port) <= _LAST_PORT
    except ValueError:
        known = False
    if not known:
        raise ValueError(f'"{value}" is not a place to listen: write an address and a port, such as "127.0.0.1:9464"')
    return value


def on_loopback(place: str) -> bool:
    """Whether only this machine can reach a place to listen at."""
    host = place.rpartition(":")[0]
    return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback


def _listen(value: str) -> str:
    host, _, port = _place(value).rpartition(":")
    if not on_loopback(value):
        raise ValueError(
            f'"{host}" is not a loopback address: the numbers are for this machine; write "127.0.0.1:{port}" and put a proxy before it'
        )
    return value


def _store_url(value: str) -> str:
    if value.startswith("sqlite:///"):
        if value.removeprefix("sqlite:///") in {"", ":memory:"}:
            raise ValueError('names no file: write "sqlite:///contractwatch.db"')
        return value
    scheme = value.partition("://")[0]
    if scheme in {"postgres", "postgresql"}:
        raise ValueError(f'begin it with "postgresql+psycopg://" instead of "{scheme}://"')
    if value.count("@") > 1:
        raise ValueError("holds more than one @: write those of the password as %40, or keep it in ~/.pgpass")
    place, _, name = value.removeprefix("postgresql+psycopg://").rpartition("@")[2].partition("/")
    if scheme != "postgresql+psycopg" or not name.strip("/") or not _HOST_AND_PORT.fullmatch(place):
        raise ValueError('is not the address of a database: write "sqlite:///contractwatch.db" or "postgresql+psycopg://user@host/name"')
    return value


Name = Annotated[str, AfterValidator(_filled)]
Id = Annotated[str, AfterValidator(_id)]
Duration = Annotated[timedelta, BeforeValidator(duration)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class StoreSection(_Section):
    url: Annotated[str, AfterValidator(_store_url), Field(repr=False)] = "sqlite:///contractwatch.db"  # may hold a password


class WebhookSection(_Section):
    url: Annotated[str, AfterValidator(_webhook_address)]
    listen: Annotated[str, AfterValidator(_place)] = "127.0.0.1:8088"
    secret_file: Name | None = None


class TelegramSection(_Section):
    token_file: Name | None = None
    api_base_url: Annotated[str, AfterValidator(_web_address)] = TELEGRAM
    admins: list[Annotated[int, Field(gt=0)]] = []
    on_unknown: Literal["resend", "hold"] = (
        "resend"  # a message that may or may not have arrived is sent again, marked; or left to the admin
    )
    webhook: WebhookSection | None = None  # none: updates are asked for


class FetchSection(_Section):
    contact: Annotated[str, AfterValidator(_contact)] = PROJECT_PAGE
    allow_networks: list[Annotated[str, AfterValidator(_network)]] = []
    per_host_interval: Duration = timedelta(seconds=1)


class LogSection(_Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["keyvalue", "json"] = "keyvalue"


class HealthSection(_Section):
    listen: Annotated[str, AfterValidator(_listen)] | None = None
    ping: Annotated[str, AfterValidator(_web_address)] | None = None


class FeedSection(_Section):
    id: Id
    kind: Annotated[FeedKind, _one_of(FeedKind, _KINDS_BY_HABIT)]
    url: Annotated[str, AfterValidator(_feed_address)] | None = None
    name: Name | None = None  # what people are shown; else the id
    every: Annotated[Duration, _at_least(timedelta(seconds=1), "1s")] | None = None
    first_poll: Literal["seed", "alert"] = "seed"
    max_age: Annotated[Duration, _at_least(timedelta(hours=1), "1h")] = timedelta(days=30)
    enabled: bool = True

    @property
    def address(self) -> str:
        """The address as configured, else the official one of its kind; may hold a placeholder."""
        return self.url or FEED_ADDRESSES[self.kind]


class WatchSection(_Section):
    name: Annotated[str, AfterValidator(_organisation_name)] | None = None  # none: whoever it is
    role: Annotated[Role, _one_of(Role)] = Role.EITHER
    aliases: list[Annotated[str, AfterValidator(_organisation_name)]] = []
    identifiers: list[Annotated[str, AfterValidator(_identifier)]] = []
    partner: Annotated[str, AfterValidator(_organisation_name)] | None = None  # must play a part in the same contract
    partner_role: Annotated[Role, _one_of(Role)] = Role.EITHER
    area: Name | None = None
    direct: bool = False
    without: list[Name] = []
    events: list[Annotated[EventKind, _one_of(EventKind, among=EVENTS)]] | None = None
    minimum: Annotated[int, Field(gt=0)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "GBP"
    without_sum: bool | None = None  # none: told of a watch with a name, and not of one without
    paused: bool = False


class WatchlistSection(_Section):
    id: Id
    name: Name | None = None
    watches: list[WatchSection]


class ChannelSection(_Section):
    kind: Annotated[ChannelKind, _one_of(ChannelKind)]
    name: Name | None = None
    chat_id: int | None = None
    thread_id: int | None = None
    watchlists: list[str]
    events: list[Annotated[EventKind, _one_of(EventKind, among=EVENTS)]] | None = None


class ConfigFile(_Section):
    """The file as written."""

    store: StoreSection = StoreSection()
    telegram: TelegramSection = TelegramSection()
    fetch: FetchSection = FetchSection()
    log: LogSection = LogSection()
    health: HealthSection = HealthSection()
    feeds: list[FeedSection] = []
    watchlists: list[WatchlistSection] = []
    channels: list[ChannelSection] = []
