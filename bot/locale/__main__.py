"""Bring the catalogues up to date with the sentences in ``bot/texts``, and list what is still to be translated: ``make texts``."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

from bot.locale import FOLDER, LANGUAGES, SOURCE, path_of, read_catalogue

_KEYWORDS = {"text": None, "counted": (1, 2)}
_BOT = FOLDER.parent
_WIDTH = 120


def sentences() -> Catalog:
    """Every marked sentence, with the comment above it for whoever translates."""
    found = Catalog(project="Contractwatch", charset="utf-8")
    for path in (_BOT / "speech.py", *sorted((_BOT / "texts").glob("*.py"))):
        for _, sentence, comments, context in extract_from_file("python", path, keywords=_KEYWORDS, comment_tags=("",)):
            place = (path.relative_to(_BOT.parent).as_posix(), None)
            found.add(sentence, locations=[place], auto_comments=comments, context=context)  # type: ignore[list-item]
    return found


def updated(language: str) -> Catalog:
    """The catalogue of a language with every sentence there is now; those that are new or changed are empty."""
    new = sentences()
    catalogue = read_catalogue(language) if path_of(language).exists() else Catalog(locale=language, project=new.project)
    new.creation_date = catalogue.creation_date
    catalogue.update(new, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def missing(catalogue: Catalog) -> list[str]:
    """The sentences that have no translation in a catalogue, or not in all the forms that the language counts by."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue
        if message.id and (message.fuzzy or not all([message.string] if isinstance(message.string, str) else message.string or [""]))
    ]


def write(catalogue: Catalog, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=_WIDTH, sort_output=True, include_lineno=False)


def main() -> None:
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        catalogue = updated(language)
        write(catalogue, path_of(language))
        todo = missing(catalogue)
        print(f"{path_of(language).relative_to(_BOT.parent)}: {len(catalogue) - len(todo)} of {len(catalogue)} sentences")  # noqa: T201
        for sentence in todo:
            print(f"  {sentence!r}")  # noqa: T201


if __name__ == "__main__":
    main()
