"""Lists of events, in pages."""

from __future__ import annotations

import pytest

from pyca.event import Event, Outcome
from pyca.states import EventStatus
from pyca.storage.database import Database
from pyca.storage.listing import Filter, Listing
from pyca.storage.recorded import Recordings, Said
from pyca.storage.upcoming import Upcoming

DELIVERED = Said(EventStatus.FINISHED_UPLOADING, 'delivered', outcome=Outcome.DELIVERED)
MISSED = Said(EventStatus.FAILED_RECORDING, 'missed', outcome=Outcome.MISSED, cause='off')


@pytest.fixture
def listing(database: Database) -> Listing:
    recordings = Recordings(database)
    for number in range(6):
        said = MISSED if number % 2 else DELIVERED
        recordings.mirror(Event(f'u{number}', 100 * number, 100 * number + 50, f'Talk {number} 50%_'), said)
    Upcoming(database).replace([Event('c2', 900, 950, 'Later'), Event('c1', 700, 850, 'Soon')], 'x', 0.0)
    return Listing(database)


def uids(listing: Listing, wanted: Filter, limit: int | None = None, offset: int = 0) -> list[str]:
    short = [entry.uid for entry in listing.recorded(wanted, limit, offset)]
    assert short == [row.event.uid for row in listing.whole(wanted, limit, offset)]
    return short


def test_a_page_is_a_part_of_the_list_newest_first(listing: Listing) -> None:
    assert uids(listing, Filter()) == ['u5', 'u4', 'u3', 'u2', 'u1', 'u0']
    assert uids(listing, Filter(), 2, 3) == ['u2', 'u1']
    assert uids(listing, Filter(), 2, 9) == []
    assert listing.count(Filter()) == 6


def test_a_title_of_any_kind_can_be_searched(listing: Listing, database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE recorded_event SET title = NULL WHERE uid = 'u1'")
        if connection.dialect.name == 'sqlite':
            connection.exec_driver_sql("UPDATE recorded_event SET title = x'ff41' WHERE uid = 'u2'")
            connection.exec_driver_sql("UPDATE recorded_event SET title = 77 WHERE uid = 'u3'")
    assert listing.count(Filter('TALK 4')) == 1
    assert listing.count(Filter('U1')) == 1


@pytest.mark.parametrize(
    ('wanted', 'expected'),
    [
        (Filter('talk 3'), ['u3']),
        (Filter('U4'), ['u4']),
        (Filter('50%_'), ['u5', 'u4', 'u3', 'u2', 'u1', 'u0']),
        (Filter('5%'), []),
        (Filter(statuses=(EventStatus.FAILED_RECORDING,)), ['u5', 'u3', 'u1']),
        (Filter(outcomes=(Outcome.DELIVERED,)), ['u4', 'u2', 'u0']),
        (Filter('1', (EventStatus.FAILED_RECORDING,), (Outcome.DELIVERED,)), ['u1']),
        (
            Filter(statuses=(EventStatus.FAILED_RECORDING,), outcomes=(Outcome.DELIVERED,)),
            [f'u{n}' for n in range(5, -1, -1)],
        ),
        (Filter(outcomes=(Outcome.HELD,)), []),
    ],
)
def test_a_filter_lets_through_what_it_names(listing: Listing, wanted: Filter, expected: list[str]) -> None:
    assert (uids(listing, wanted), listing.count(wanted)) == (expected, len(expected))


def test_an_entry_says_what_became_of_it(listing: Listing) -> None:
    entry = listing.recorded(Filter(), 1)[0]
    assert (entry.status, entry.outcome, entry.cause, entry.ours, entry.end) == (
        EventStatus.FAILED_RECORDING,
        Outcome.MISSED,
        'off',
        True,
        550,
    )


def test_what_is_over_is_not_to_come(listing: Listing) -> None:
    assert [event.uid for event in listing.upcoming(0)] == ['c1', 'c2']
    assert [event.uid for event in listing.upcoming(850)] == ['c2']
    assert [event.uid for event in listing.upcoming(0, limit=1)] == ['c1']
    assert [event.uid for event in listing.upcoming(0, 'LATER')] == ['c2']
    assert (listing.count_upcoming(0), listing.count_upcoming(0, 'later')) == (2, 1)
