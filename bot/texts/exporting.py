"""What /export says."""

from __future__ import annotations

from bot.speech import counted, text

EVERYTHING = text("All that I keep, as a file for programs (JSON).")
WATCHES_TOML = text("What is watched, as it stands in a configuration (TOML).")
WATCHES = text("What is watched, as a table (CSV), one a line.")
IN_PRIVATE = text("Here everybody would read it. Write to me in private: <code>/export {chat}</code>")
SEND_FILE = text(
    "Send me a file that /export made (JSON, CSV or TOML), or a table of your own whose first line names its columns, "
    "for one “name”. What is in it is added to what is here."
)
NO_EXPORT = text("I found nothing to watch in this file. Send me one that /export made, or a table whose first line is “name”.")
NOT_TAKEN = counted("❌ {n} problem in the file, left out:", "❌ {n} problems in the file, left out:")
RESTORED = text("The settings here, and what is muted, are those of the file.")
IMPORTED = counted("✅ {n} watch is here now that was in the file.", "✅ {n} watches are here now that were in the file.")
