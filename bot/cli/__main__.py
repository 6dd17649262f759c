"""``python -m bot.cli`` is ``contractwatch``."""

from bot.cli import main

main()
