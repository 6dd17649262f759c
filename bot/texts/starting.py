"""What stands under the first screen, and what is answered to a link."""

from __future__ import annotations

from bot.speech import text

# Buttons of the first screen.
WATCH = text("🔎 Watch something")
EXAMPLE = text("✨ Try an example")
TO_GROUP = text("➕ Add to a group")
TO_CHANNEL = text("➕ Add to a channel")
SEND_NAME = text(
    "Send me the name of a company or public body, or a link to an article or an official notice: I take the names from it. "
    "You can also forward me what you read."
)
EXAMPLE_NAME = "Palantir"

WHICH_OF_PAGE = text("I know this page. Whom shall I watch?")
PAGE_NAMES_NOBODY = text(
    "I know this page, but it names no supplier and no public body of a contract. Send me the name that I should watch."
)
PAGE_UNKNOWN = text(
    "I have not read this page, so I do not know whom it is about. Send me the name of the company or public body that I should watch."
)
