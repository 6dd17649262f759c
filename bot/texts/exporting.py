"""What /export says."""

from __future__ import annotations

from bot.speech import counted, text

EVERYTHING = text("All that I keep, as a file for programs (JSON).")
WATCHES = text("What is watched, as a table (CSV), one a line.")
IN_PRIVATE = text("Here everybody would read it. Write to me in private: <code>/export {chat}</code>")
SEND_FILE = text(
    "Send me the file that /export made (contractwatch-export.json), in our private chat. What is in it is added to what is here."
)
NO_EXPORT = text("I cannot read this file. Send me one that /export made, as it is: contractwatch-export.json.")
IMPORTED = counted("✅ {n} watch is here now that was in the file.", "✅ {n} watches are here now that were in the file.")
