"""Alembic, asked for one thing: the newest shape of the tables."""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection


class UnknownRevision(Exception):
    """The database is of a revision that this program does not have."""


def upgrade(connection: Connection, revision: str) -> None:
    """Bring the tables to `revision`, within the transaction that `connection` is in."""
    logging.getLogger('alembic').setLevel(logging.WARNING)  # at INFO it speaks of itself
    config = Config()
    # the folder is given as an option, where a percent sign has a meaning
    config.set_main_option('script_location', str(Path(__file__).parent).replace('%', '%%'))
    config.attributes['connection'] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise UnknownRevision(str(error)) from error
