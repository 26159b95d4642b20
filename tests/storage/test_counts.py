"""The counters: sums over rows that only rise."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine

from pyca.event import Event, Outcome, Track
from pyca.states import EventStatus
from pyca.storage import schema
from pyca.storage.counts import BUCKETS, Count, Counts, Totals
from pyca.storage.database import Database
from pyca.storage.edits import Edit, Edits
from pyca.storage.migrations.upgrade import upgrade
from pyca.storage.recorded import Recordings, Said
from pyca.storage.retrying import Retry
from tests.storage.clocks import HandClock

EVENT = Event('a', 1000, 2000, 'Lecture')
RUNS = Said(EventStatus.RECORDING, 'recording')
OVER = Said(EventStatus.FINISHED_RECORDING, 'finished', outcome=None)


@pytest.fixture
def counts(database: Database) -> Counts:
    return Counts(database)


def totals(counts: Counts) -> Totals:
    """The totals, everything being counted."""
    counts.complete()
    found = counts.totals()
    assert found is not None
    return found


def figures(counts: Counts) -> tuple[int, int, int]:
    found = totals(counts)
    return found.recorded, found.uploaded, found.restarts


def outcomes(counts: Counts) -> dict[str, int]:
    return {outcome.value: number for outcome, number in totals(counts).outcomes.items() if number}


def test_there_is_no_counter_before_everything_is_counted(counts: Counts) -> None:
    counts.note([('a', Count(recorded=1))])
    assert counts.totals() is None
    assert totals(counts).recorded == 1


def test_nothing_is_nought(counts: Counts) -> None:
    assert figures(counts) == (0, 0, 0)
    assert totals(counts).lateness == (0, 0, (0,) * len(BUCKETS))


def test_the_same_told_again_counts_once(counts: Counts) -> None:
    for _ in range(3):
        counts.note([('a', Count(100, 50, 1)), ('b', Count(10, 5, 0))])
    assert figures(counts) == (110, 55, 1)


def test_what_is_known_of_a_recording_only_rises(counts: Counts) -> None:
    for count in (Count(100, 50, 2), Count(90, 60), Count(None, 20, 3)):
        counts.note([('a', count)])
    assert figures(counts) == (100, 60, 3)


def test_more_than_one_batch_is_noted(counts: Counts) -> None:
    counts.note((f'r{number}', Count(1, 2, 3)) for number in range(450))
    assert figures(counts) == (450, 900, 1350)
    assert len(counts.known()) == 450


def test_the_first_lateness_stays(counts: Counts) -> None:
    for late in (0.05, 7.0):
        counts.note([('a', Count(late=late))])
    counts.note([('b', Count(late=0.8)), ('c', Count(late=1000.0)), ('d', Count())])
    number, seconds, within = totals(counts).lateness
    assert number == 3
    assert seconds == pytest.approx(1000.85)
    assert dict(zip(BUCKETS, within, strict=True)) == {
        **dict.fromkeys((0.05, 0.1, 0.25, 0.5), 1),
        **dict.fromkeys((1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0), 2),
    }


def test_what_a_journal_says_is_counted_with_its_row(database: Database, counts: Counts) -> None:
    recordings = Recordings(database)
    assert recordings.mirror(EVENT, RUNS, count=Count(0, restarts=0, late=0.2))
    assert not recordings.mirror(EVENT, RUNS, count=Count(0, restarts=0, late=0.2))
    assert recordings.mirror(EVENT, RUNS, count=Count(0, restarts=1, late=0.2))
    recordings.mirror(EVENT, OVER, count=Count(5000, restarts=1, late=0.2))
    assert figures(counts) == (5000, 0, 1)
    assert totals(counts).lateness.number == 1


def test_counting_alone_moves_no_row(database: Database) -> None:
    """Somebody else has moved it since the journal said so."""
    recordings = Recordings(database)
    recordings.mirror(EVENT, OVER)
    assert recordings.claim(0) is not None
    recordings.mirror(EVENT, OVER, count=Count(restarts=1))
    row = recordings.get('a')
    assert row is not None
    assert row.status is EventStatus.UPLOADING


def test_bytes_are_counted_as_far_as_they_ever_reached_the_core(database: Database, counts: Counts) -> None:
    recordings = Recordings(database)
    recordings.mirror(EVENT, OVER)
    for sent in (0, 300, 800, 500, 700, 1000):  # one element had to be sent again
        recordings.progress('a', 1000, sent, 1000)
        assert figures(counts)[1] == max(sent, figures(counts)[1])
    recordings.uploaded('a', 1000, 5000.0)
    assert figures(counts) == (0, 1000, 0)


def test_an_event_counts_once_in_each_outcome_that_it_comes_to(database: Database, counts: Counts) -> None:
    recordings = Recordings(database)
    held = Said(
        EventStatus.PAUSED_AFTER_RECORDING, 'held', (Track('a/b', Path('/r/a.webm')),), Outcome.HELD, 'cancelled'
    )
    recordings.mirror(EVENT, held)
    Retry(database).decide('a')
    assert outcomes(counts) == {'held': 1}
    recordings.hold('a', 1000, 'refused')
    recordings.uploaded('a', 1000, 5000.0)
    recordings.uploaded('a', 1000, 5001.0)
    assert outcomes(counts) == {'held': 1, 'delivered': 1}
    missed = Said(EventStatus.FAILED_RECORDING, 'missed', outcome=Outcome.MISSED)
    recordings.mirror(Event('b', 1000, 2000), missed)
    assert outcomes(counts) == {'held': 1, 'delivered': 1, 'missed': 1}


def test_what_a_person_deletes_stays_counted(database: Database, counts: Counts) -> None:
    recordings = Recordings(database)
    recordings.mirror(EVENT, OVER, count=Count(100, restarts=1, late=0.5))
    recordings.uploaded('a', 1000, 5000.0)
    before = totals(counts)
    Edits(database).delete('a')
    assert recordings.get('a') is None
    assert totals(counts) == before


def test_an_event_that_a_person_moved_is_not_counted_anew(database: Database, counts: Counts) -> None:
    recordings = Recordings(database)
    recordings.mirror(EVENT, OVER, count=Count(100))
    Edits(database).change('a', Edit(start=900))
    recordings.progress('a', 900, 40, 40)
    recordings.mirror(EVENT, OVER, count=Count(100, restarts=1))
    assert counts.known() == {EVENT.name}
    assert figures(counts) == (100, 40, 1)


def test_a_database_of_before_has_its_events_counted(new_url: str, clock: HandClock) -> None:
    engine = create_engine(new_url.replace('postgresql:', 'postgresql+psycopg2:'))
    with engine.begin() as connection:
        upgrade(connection, '0001')
        for number, (outcome, sent) in enumerate([("'delivered'", 700), ("'held'", 0), ('NULL', 20), ("'missed'", 0)]):
            connection.exec_driver_sql(
                'INSERT INTO pyca_recording (uid, start, name, phase, outcome, cause, attempts, sent, total, updated)'
                f" VALUES ('u{number}', 1000, 'recording-1000-u{number}', 'x', {outcome}, '', 0, {sent}, {sent}, 0)"
            )
    engine.dispose()
    database = Database(new_url, clock)
    counts = Counts(database)
    assert counts.totals() is None
    assert counts.known() == set()  # their journals have not been read
    assert figures(counts) == (0, 720, 0)
    assert outcomes(counts) == {'delivered': 1, 'held': 1, 'missed': 1}
    with database.read() as connection:
        assert schema.is_current(connection)
    database.close()
