"""The place of the database, worked out of its URL."""

from __future__ import annotations

import importlib.util
import logging
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from pyca.errors import StorageError

logger = logging.getLogger(__name__)

_SECRETS = ('password', 'passfile', 'sslpassword')


@dataclass(frozen=True)
class Location:
    """Where the database is. `path` is the file of an SQLite database, `shown` the URL without its password."""

    url: URL
    path: Path | None
    shown: str


def locate(text: str, *, folder: Path | None = None, root: Path = Path('/')) -> Location:
    """The place that a URL means for a program in `folder`, by default the working directory.

    A relative SQLite file that is missing there but exists under `root` is that one (peers C19): the service units
    run in `/`, people do not.
    """
    try:
        url = make_url(text)
        backend = url.get_backend_name()
        url.get_dialect()  # refuses one that SQLAlchemy does not know
    except ArgumentError as error:
        raise StorageError('The database URL cannot be read; it looks like sqlite:///pyca.db.') from error
    if backend == 'postgresql' and url.drivername == backend:
        url = url.set(drivername=_postgresql())
    path = _file(url, folder or Path.cwd(), root) if backend == 'sqlite' else None
    if path is not None:
        url = url.set(database=str(path))
    return Location(url, path, _shown(url))


def beside(database: str, directory: str) -> Path:
    """The file beside which there is a place that does not lie on the recordings' disk, as far as one can know.

    `database` is the URL, `directory` the recordings folder.
    """
    try:
        file = locate(database).path
    except StorageError:
        file = None
    return file or Path(directory).absolute()


def _file(url: URL, folder: Path, root: Path) -> Path | None:
    name = url.database
    if not name or name == ':memory:' or name.startswith('file:'):
        return None
    here = folder / name
    there = root / name
    if not Path(name).is_absolute() and not here.exists() and there.exists():
        logger.info('There is no database %s; using %s', here, there)
        return there
    return here


def _postgresql() -> str:
    """The driver that is installed: which one a bare `postgresql://` means differs between SQLAlchemy 2.0 and 2.1."""
    for driver in ('psycopg2', 'psycopg'):
        if importlib.util.find_spec(driver):
            return f'postgresql+{driver}'
    raise StorageError('PostgreSQL needs a driver: install pyca with the extra "postgres" (psycopg2).')


def _shown(url: URL) -> str:
    bare = url.difference_update_query(_SECRETS)
    return URL.create(
        bare.drivername, bare.username, None, bare.host, bare.port, bare.database, bare.query
    ).render_as_string()
