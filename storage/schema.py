"""Migrations, run from within the program: the scripts are part of the package, so no working directory and no alembic.ini is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


def config() -> Config:
    """Configure Alembic for the scripts of this package."""
    made = Config()
    made.set_main_option("script_location", "storage:migrations")
    made.set_main_option("path_separator", "os")
    return made


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def known_revisions() -> frozenset[str]:
    """List every migration this version knows."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(config()).walk_revisions())


def migrate(connection: Connection) -> None:
    """Bring the schema to the newest revision, inside the connection's transaction: all steps with the version, or none."""
    made = config()
    made.attributes["connection"] = connection
    command.upgrade(made, "head")
