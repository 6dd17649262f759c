"""What /settings says: a line for each setting on its button, a question above its choices."""

from __future__ import annotations

from bot.speech import text
from storage.alert_changes import Sound

SETTINGS = text("<b>Settings</b>\nPress what you want to change.")
SETTINGS_OF = text("<b>Settings of {chat}</b>\nPress what you want to change.")
BACK = text("‹ Back")
SET_TOAST = text("Done.")

# The buttons of /settings: a setting and what it is set to.
LANGUAGE = text("🌐 Language: {language}")
SOUND = {
    Sound.ALL: text("🔔 Sound: every alert"),
    Sound.CANCELLED: text("🔔 Sound: cancellations only"),
    Sound.NONE: text("🔕 Sound: never"),
}
WHICH_SOUND = text("<b>Sound</b>\nWhich alerts shall come with a sound? The others come all the same, without one.")
SOUND_CHOICES = {
    Sound.ALL: text("Every alert"),
    Sound.CANCELLED: text("Cancellations only"),
    Sound.NONE: text("None"),
}
