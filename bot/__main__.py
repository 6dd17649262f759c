"""``python -m bot`` is ``contractwatch``, for interpreters whose scripts folder is not on the path."""

import sys

from bot.cli import main

sys.exit(main())
