"""Bring the catalogues up to date with the sentences in ``bot/texts``, and list what is still to be translated: ``make texts``."""

from __future__ import annotations

from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

from bot.locale import FOLDER, LANGUAGES, SOURCE, path_of, read_catalogue

_KEYWORDS = {"text": None, "counted": (1, 2)}
_BOT = FOLDER.parent
_WIDTH = 120
_HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals={count}; plural={rule};\\n"

"""


def sentences() -> Catalog:
    """Every marked sentence, with the comment above it for whoever translates."""
    found = Catalog(charset="utf-8")
    for path in (_BOT / "speech.py", *sorted((_BOT / "texts").glob("*.py"))):
        for _, sentence, comments, context in extract_from_file("python", path, keywords=_KEYWORDS, comment_tags=("",)):
            place = (path.relative_to(_BOT.parent).as_posix(), None)
            found.add(sentence, locations=[place], auto_comments=comments, context=context)  # type: ignore[list-item]
    return found


def updated(language: str) -> Catalog:
    """The catalogue of a language with every sentence there is now; those that are new or changed are empty."""
    kept = {message.id: message for message in read_catalogue(language)} if path_of(language).exists() else {}
    catalogue = Catalog(locale=language, charset="utf-8")
    for message in sentences():
        known = kept.get(message.id)
        string = known.string if known is not None and not known.fuzzy else None
        catalogue.add(message.id, string, locations=message.locations, auto_comments=message.auto_comments)
    return catalogue


def missing(catalogue: Catalog) -> list[str]:
    """The sentences that have no translation in a catalogue, or not in all the forms that the language counts by."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue
        if message.id and (message.fuzzy or not all([message.string] if isinstance(message.string, str) else message.string or [""]))
    ]


def as_file(catalogue: Catalog) -> bytes:
    """The catalogue as it is stored: the same sentences are the same bytes, so there is no date of the last run in it."""
    body = BytesIO()
    write_po(body, catalogue, width=_WIDTH, sort_output=True, include_lineno=False, omit_header=True)
    return _HEADER.format(language=catalogue.locale, count=catalogue.num_plurals, rule=catalogue.plural_expr).encode() + body.getvalue()


def main() -> None:
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        catalogue = updated(language)
        path_of(language).parent.mkdir(parents=True, exist_ok=True)
        path_of(language).write_bytes(as_file(catalogue))
        todo = missing(catalogue)
        print(f"{path_of(language).relative_to(_BOT.parent)}: {len(catalogue) - len(todo)} of {len(catalogue)} sentences")  # noqa: T201
        for sentence in todo:
            print(f"  {sentence!r}")  # noqa: T201


if __name__ == "__main__":
    main()
