"""What stands under "Ready-made lists"."""

from __future__ import annotations

from bot.speech import text

READY = text("📦 Ready-made lists")
WHICH = text("<b>Ready-made lists</b>\nFollow one in one tap. For your own council, just send me its name.")
ONE = text("<b>{name}</b>: {watches}\nWhy these: {reason}.")
FOLLOW = text("➕ Follow")
FOLLOWED = text("You follow {name}. /lists ends it.")
# The names of the lists in packs.toml, and why each exists.
NAMES = {
    "outsourcers": text("UK outsourcers"),
    "surveillance": text("Surveillance suppliers"),
    "consultancies": text("Consultancies"),
}
REASONS = {
    "outsourcers": text("firms that run public services in Britain for central government, councils, prisons and the NHS"),
    "surveillance": text(
        "firms that sell face recognition, phone extraction, data fusion, cameras and drones to police, borders and armed forces"
    ),
    "consultancies": text("advisers whom departments, councils and the NHS pay by the day"),
}
