"""The buttons under an alert. Their data names the alert and nothing else, so they work as long as the alert is stored."""

from __future__ import annotations

from bot.speech import Speech
from bot.texts import pressed as texts

WHY, MUTE, WRONG, ALL = "y", "m", "k", "i"  # first letters of button data: "y:<alert>"


def alert_buttons(alert_id: int, speech: Speech) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The row under the message of an alert."""
    buttons = ((WHY, texts.WHY_BUTTON), (MUTE, texts.MUTE_BUTTON), (WRONG, texts.WRONG_BUTTON), (ALL, texts.MORE_BUTTON))
    return (tuple((speech.label(label), f"{letter}:{alert_id}") for letter, label in buttons),)
