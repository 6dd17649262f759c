"""What /export says."""

from __future__ import annotations

from bot.speech import text

EVERYTHING = text("All that I keep, as a file for programs (JSON).")
WATCHES = text("What is watched, as a table (CSV), one a line.")
IN_PRIVATE = text("Here everybody would read it. Write to me in private: <code>/export {chat}</code>")
