"""``python -m bot`` is ``contractwatch``, for interpreters whose scripts folder is not on the path."""

from bot.cli import main

main()
