"""The calendar in the database."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest

from pyca.event import Event
from pyca.storage.database import Database
from pyca.storage.upcoming import Upcoming

ATTACH = {'summary': 'A', 'attach': [{'fmttype': 'text/plain', 'data': 'x=Grüße', 'x-apple-filename': 'a.properties'}]}


def test_events_come_back_as_they_went_in_by_start(database: Database) -> None:
    later, sooner = Event('a', 200, 300, 'Lecture', ATTACH), Event('b', 100, 200)
    assert Upcoming(database).replace([later, sooner], 'core', 50.0)
    assert Upcoming(database).all() == [sooner, later]
    assert Upcoming(database).count() == 2


def test_the_whole_set_is_replaced(database: Database) -> None:
    upcoming = Upcoming(database)
    kept = Event('kept', 100, 200)
    upcoming.replace([kept, Event('gone', 100, 200), Event('moved', 100, 200)], 'core', 1.0)
    upcoming.replace([kept, Event('moved', 300, 400), Event('new', 1, 2)], 'core', 2.0)
    assert [(event.uid, event.start) for event in upcoming.all()] == [('new', 1), ('kept', 100), ('moved', 300)]


@pytest.mark.parametrize(
    'changed',
    [
        Event('a', 1, 3, 'Title', {'x': 1}),
        Event('a', 1, 2, 'Other', {'x': 1}),
        Event('a', 1, 2, 'Title', {'x': 2}),
        Event('b', 1, 2, 'Title', {'x': 1}),
    ],
)
def test_it_tells_whether_anything_changed(database: Database, changed: Event) -> None:
    upcoming = Upcoming(database)
    event = Event('a', 1, 2, 'Title', {'x': 1, 'y': 2})
    same = Event('a', 1, 2, 'Title', {'y': 2, 'x': 1})
    assert upcoming.replace([event], 'core', 1.0)
    assert not upcoming.replace([same], 'core', 2.0)
    assert upcoming.replace([changed], 'core', 3.0)
    assert upcoming.all() == [changed]


def test_of_two_entries_with_one_uid_at_one_start_the_last_counts(database: Database) -> None:
    """H36: it ended the service."""
    Upcoming(database).replace([Event('a', 1, 2, 'first'), Event('a', 1, 3, 'last')], 'core', 1.0)
    assert Upcoming(database).all() == [Event('a', 1, 3, 'last')]


@pytest.mark.parametrize(
    'event',
    [Event('', 1, 2), Event('a\0b', 1, 2), Event('\ud800', 1, 2), Event('x' * 5000, 1, 2), Event('a', 1, 2**40)],
)
def test_an_entry_that_no_row_can_hold_does_not_keep_out_the_others(
    database: Database, event: Event, caplog: pytest.LogCaptureFixture
) -> None:
    good = Event('good', 1, 2)
    Upcoming(database).replace([event, good], 'core', 1.0)
    assert Upcoming(database).all() == [good]
    assert [record.levelno for record in caplog.records if 'left out' in record.message] == [logging.WARNING]


def test_a_title_that_no_row_can_hold_is_mended(database: Database) -> None:
    event = Event('a', 1, 2, 'nul \0 half \ud83d', {'x': '\ud83d'})
    assert Upcoming(database).replace([event], 'core', 1.0)
    assert [stored.title for stored in Upcoming(database).all()] == ['nul � half ?']
    assert not Upcoming(database).replace([event], 'core', 2.0)


def test_the_time_of_the_last_good_answer_is_kept(database: Database) -> None:
    upcoming = Upcoming(database)
    assert upcoming.synced() is None
    upcoming.replace([], 'core', 1_700_000_000.5)
    assert upcoming.synced() == 1_700_000_000.5
    upcoming.confirm('core', 1_700_000_060.0)
    assert upcoming.synced() == 1_700_000_060.0
    upcoming.replace([], 'other core', 1_600_000_000.0)
    assert upcoming.synced() == 1_700_000_060.0


def test_the_time_is_written_as_old_code_reads_it(sqlite: Database, file: Path) -> None:
    Upcoming(sqlite).replace([], 'core', 1_700_000_000.0)
    connection = sqlite3.connect(file)
    assert connection.execute('SELECT * FROM upstream_state').fetchall() == [('core', '2023-11-14 22:13:20.000000')]
    connection.execute("UPDATE upstream_state SET last_synced = 'never'")
    connection.commit()
    connection.close()
    assert Upcoming(sqlite).synced() is None


def test_one_event_can_be_asked_for(database: Database) -> None:
    Upcoming(database).replace([Event('a', 300, 400), Event('a', 100, 200), Event('b', 1, 2)], 'core', 1.0)
    assert Upcoming(database).get('a') == Event('a', 100, 200)
    assert Upcoming(database).get('c') is None
