"""What a row of /settings is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.commands.asked import Place
from bot.speech import Speech, Text
from storage.records import Change, Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing that can be chosen for a place.

    ``label`` is its button on the screen, with what it is set to now. ``choices`` are (value, label, whether it is set): values are short,
    of letters, digits, ``-`` and ``_``, and stand in buttons, which can be forged: ``choose`` answers None for one that is none of them,
    else the change and the channel as it is then. ``matters``: whether the screen shows it, as the rest is set.
    """

    label: Callable[[Channel, Speech], str]
    question: Text
    choices: Callable[[Channel, Speech], Sequence[tuple[str, str, bool]]]
    choose: Callable[[Channel, str], tuple[Change, Channel] | None]
    columns: int = 1
    matters: Callable[[Channel], bool] = lambda _: True


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A button of /settings that leads to a screen of another module, with the data of its buttons."""

    label: Callable[[Channel, Speech], str]
    data: Callable[[Place], str]
