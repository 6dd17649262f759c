"""The languages the bot speaks, and their catalogues: English sentences in ``bot/texts``, translations in ``<language>/LC_MESSAGES``.

A catalogue is compiled in memory when its language is first spoken, so there is no compiled file that could be older than its source.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "ar": "العربية", "de": "Deutsch", "es": "Español", "fr": "Français"}  # each by its own name
SOURCE = "en"  # what the texts are written in
FOLDER = Path(__file__).parent


def path_of(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "contractwatch.po"


def read_catalogue(language: str) -> Catalog:
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@cache
def translations(language: str) -> NullTranslations:
    """What turns English sentences into those of a language; English stays as it is."""
    if language == SOURCE:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def nearest(code: str | None) -> str:
    """The language spoken to somebody whose client says ``code`` ("de", "pt-br"); English to whom we cannot speak otherwise."""
    base = (code or "").replace("_", "-").partition("-")[0].lower()
    return base if base in LANGUAGES else SOURCE
