"""The matcher at its size: 100,000 watches built and searched, beside a loop of regular expressions and understanding without watches.

    python benchmarks/match.py [--watches 100000] [--entries 2000]

Names and texts are made up here from syllables, so that nothing has to be downloaded. The regular expressions are timed on a few entries
only and scaled, because they need seconds each.
"""

from __future__ import annotations

import argparse
import random
import re
import time

from watchers.match import Matcher
from watchers.types import Entry, Organisation, Watch
from watchers.understand import understand

SYLLABLES = "ba co du fen gar hol in jor kel lum mar nor os pra quin rav sol tar ul ven wex yor zan".split()  # noqa: SIM905
WORDS = "the council said that its new service would open next spring after a long delay over costs and local people were told of the plan".split()  # noqa: SIM905
FORMS = ("Ltd", "plc", "Group", "Services Ltd", "Systems", "LLP", "Council")


def name(source: random.Random) -> str:
    """A name nobody bears."""
    word = "".join(source.choice(SYLLABLES) for _ in range(source.randint(2, 4))).capitalize()
    return f"{word} {source.choice(FORMS)}"


def text(source: random.Random, watched: list[str]) -> Entry:
    """An entry of ordinary length; every tenth names a watched organisation."""
    filler = " ".join(source.choice(WORDS) for _ in range(45))
    who = source.choice(watched) if source.random() < 0.1 else "Quibblewick plc"
    return Entry(keys=(), fingerprint=b"", title=f"Council hands {who} £{source.randint(1, 90)}m contract", summary=filler)


def main() -> None:
    """Build, search, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--watches", type=int, default=100_000)
    parser.add_argument("--entries", type=int, default=2_000)
    arguments = parser.parse_args()
    source = random.Random(1)
    names = [name(source) for _ in range(arguments.watches)]
    watches = [Watch(id=str(number), organisation=Organisation(name=one)) for number, one in enumerate(names)]
    entries = [text(source, names) for _ in range(arguments.entries)]
    started = time.process_time()
    matcher = Matcher(watches)
    print(f"built for {len(watches)} watches in {time.process_time() - started:.2f} s")
    started = time.process_time()
    hits = sum(bool(matcher.mentions(entry.title) or matcher.mentions(entry.summary)) for entry in entries)
    print(f"searched: {1e6 * (time.process_time() - started) / len(entries):.0f} µs an entry, {hits} of {len(entries)} name a watch")
    for label, one in (("without watches", Matcher(())), ("with them", matcher)):
        understand(entries[0], one)
        started = time.process_time()
        for entry in entries:
            understand(entry, one)
        print(f"understood {label}: {1e6 * (time.process_time() - started) / len(entries):.0f} µs an entry")
    patterns = [re.compile(rf"\b{re.escape(one)}\b", re.IGNORECASE) for one in names[:2_000]]
    started = time.process_time()
    for entry in entries[:20]:
        for pattern in patterns:
            pattern.search(entry.title)
            pattern.search(entry.summary)
    scaled = 1e6 * (time.process_time() - started) / 20 * len(names) / len(patterns)
    print(f"a loop of regular expressions: {scaled:.0f} µs an entry (scaled)")


if __name__ == "__main__":
    main()
