"""What went wrong in a database, as a sentence for a person."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

_KNOWN = (
    ('database is locked', 'another program has kept it locked for too long'),
    ('lock timeout', 'another program has kept it locked for too long'),
    ('database or disk is full', 'there is no room left to write; free some space on its disk'),
    ('no space left', 'there is no room left to write; free some space on its disk'),
    ('readonly database', 'it can be read but not written; check the owner of the file, its folder, its disk'),
    ('read-only transaction', 'it can be read but not written; this server is a standby'),
    ('unable to open database file', 'the file cannot be opened; check the owner of the file, its folder'),
    ('connection refused', 'nobody answers there; is the database server running?'),
    ('password authentication failed', 'the server refuses this user or password'),
)
_DAMAGED = ('disk image is malformed', 'file is not a database')


def sentence(shown: str, error: BaseException) -> str:
    """One sentence: which database, what happened."""
    text = _words(error)
    what = next((known for sign, known in _KNOWN if sign in text.lower()), text)
    return f'The database {shown}: {what}.'


def means_damage(error: BaseException) -> bool:
    """Whether SQLite says that the file's content is broken."""
    return any(sign in _words(error) for sign in _DAMAGED)


def means_missing_table(error: BaseException) -> bool:
    """Whether a table or column is not there, so that the tables have to be looked at again."""
    words = _words(error)
    return 'no such table' in words or ('relation "' in words and 'does not exist' in words)


def means_read_only(error: BaseException) -> bool:
    """Whether a connection cannot write; one that was made at such a time never can."""
    return 'readonly database' in _words(error)


def _words(error: BaseException) -> str:
    """The driver's own words; SQLAlchemy adds the statement with its values, which do not belong into a log."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[0].rstrip('.') if lines else type(cause).__name__
