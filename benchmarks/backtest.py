"""Looking back before a watch is saved: 90 days over 100,000 stored entries, beside reading and understanding all of them again.

    python benchmarks/backtest.py [--entries 100000] [--postgresql URL]

The entries are notices and reports made up here, every one of them news of a contract: more than any real store holds, in which most entries
tell nothing. ``--postgresql`` names a new, empty database.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

from bot.backtest import back_test
from bot.commands.wishes import Wish, read_wish
from bot.facade import StoreCalls
from storage.store import Store, open_store
from storage.tables import entry, feed, story, story_entry
from watchers.match import Matcher
from watchers.types import Entry
from watchers.understand import understand

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SYLLABLES = "ba co du fen gar hol in jor kel lum mar nor os pra quin rav sol tar ul ven wex yor zan".split()  # noqa: SIM905
BODIES = (
    "Hackney Council",
    "Leeds City Council",
    "NHS England",
    "Transport for London",
    "Home Office",
    "Kent County Council",
    "Metropolitan Police",
)
EVENTS = ("awarded",) * 7 + ("cancelled", "extended", "terminated")
ASKED = (
    "Palantir",
    "Palantir AND Metropolitan Police",
    "Palantir over £1m without football, cancellations only",
    "Metropolitan Police as public body",
    "cancellations by London bodies",
    "direct awards over £1m",
    "all cancellations",
    "everything without football",
)
BATCH = 10_000


def rows(first: int, count: int, of: int) -> tuple[list[dict[str, object]], list[dict[str, object]], list[dict[str, object]]]:
    """Entries, their stories and what joins them, spread evenly over 90 days."""
    source = random.Random(first)
    entries, stories, links = [], [], []
    for number in range(first, first + count):
        supplier = "Palantir" if number % 500 == 0 else f"{''.join(source.choices(SYLLABLES, k=3)).capitalize()} Ltd"
        body, event = source.choice(BODIES), source.choice(EVENTS)
        title = f"{body} awards {source.randint(1, 90)}m contract to {supplier}"
        at = NOW - timedelta(days=90) * ((of - number) / of)
        amount = str(source.randint(10_000, 50_000_000))
        value = {"amount": amount, "basis": "", "currency": "GBP", "printed": f"£{amount}"}
        notice = {"number": str(number), "direct_award": number % 20 == 1, "title": title} if number % 2 else None
        digest = blake2b(str(number).encode(), digest_size=16).digest()
        entries.append(
            {"id": number, "feed_id": 1, "fingerprints": digest, "title": title, "summary": "The contract runs for three years. " * 6}
            | {"told": True, "old": False, "first_seen_at": at}
        )
        stories.append(
            {"id": number, "event": event, "silent": False, "status": "official" if notice else "reported", "suppliers": [supplier]}
            | {
                "public_bodies": [body],
                "value": value,
                "sentence": title,
                "spans": [["title", 0, 8]],
                "rule": "verb",
                "evidence_entry_id": number,
            }
            | {"notice": notice, "titles": [title], "revision": 1, "first_at": at, "last_at": at}
        )
        links.append(
            {"story_id": number, "entry_id": number, "title": title, "summary": "The contract runs for three years. " * 6}
            | {"official": notice is not None, "reason": "", "at": at}
        )
    return entries, stories, links


def fill(store: Store, count: int) -> None:
    """Put the rows in, many at a time: what is measured is reading them."""
    database = store._db  # noqa: SLF001 - no method of the store writes what nobody polled
    values = {
        "key": "one",
        "kind": "news",
        "url": "https://feed.example/rss",
        "name": "One",
        "every": timedelta(minutes=15),
        "created_at": NOW,
    }
    database.write(lambda connection: connection.execute(feed.insert().values(id=1, **values)))
    for first in range(1, count + 1, BATCH):
        made = rows(first, min(BATCH, count + 1 - first), count)
        for table, some in zip((entry, story, story_entry), made, strict=True):
            database.write(lambda connection, table=table, some=some: connection.execute(table.insert(), some))


async def measure(store: Store, count: int) -> None:
    """Ask for each watch three times and print the median; then the baseline, on a part and scaled."""
    call = StoreCalls(1)
    for line in ASKED:
        wish = read_wish(line)
        assert isinstance(wish, Wish), line
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            found = await back_test(store, call, wish.watch, wish.terms, NOW)
            seconds.append(time.perf_counter() - started)
        print(f"{statistics.median(seconds):6.2f} s  {found.count:>7,} alerts, {found.weekly:>7.1f} a week  {line}")
    call.close()
    wish = read_wish(ASKED[0])
    assert isinstance(wish, Wish)
    matcher, part = Matcher([wish.watch]), 1_000
    started = time.perf_counter()
    for one in rows(1, part, count)[0]:
        understand(Entry(keys=(), fingerprint=b"", title=str(one["title"]), summary=str(one["summary"])), matcher)
    print(f"{(time.perf_counter() - started) * count / part:6.0f} s  reading and understanding all entries again (scaled from {part:,})")


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--postgresql", metavar="URL", help="measure on this new, empty database instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.postgresql or f"sqlite:///{Path(folder) / 'backtest.db'}"
        with open_store(url) as store:
            fill(store, options.entries)
            print(f"{store.engine}: {options.entries:,} entries")
            asyncio.run(measure(store, options.entries))


if __name__ == "__main__":
    main()
