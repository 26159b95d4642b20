"""The queue of what the core has to be told."""

from __future__ import annotations

from pyca.states import RecordingState
from pyca.storage.database import Database
from pyca.storage.reports import Report, Reports

BEGUN, DONE, SENDING = RecordingState.CAPTURING, RecordingState.CAPTURE_FINISHED, RecordingState.UPLOADING


def told(reports: list[Report]) -> list[tuple[str, RecordingState]]:
    return [(report.uid, report.state) for report in reports]


def filled(database: Database) -> Reports:
    reports = Reports(database)
    for uid, state, at in [('a', BEGUN, 1.0), ('b', BEGUN, 2.0), ('a', DONE, 3.0), ('a', SENDING, 4.0)]:
        reports.add(uid, state, at)
    return reports


def test_all_wait_in_their_order(database: Database) -> None:
    reports = filled(database)
    assert told(reports.pending()) == [('a', BEGUN), ('b', BEGUN), ('a', DONE), ('a', SENDING)]
    assert [report.created for report in reports.pending()] == [1.0, 2.0, 3.0, 4.0]


def test_only_the_oldest_of_each_event_may_be_sent_and_the_event_that_changed_last_is_first(
    database: Database,
) -> None:
    reports = filled(database)
    assert told(reports.next()) == [('a', BEGUN), ('b', BEGUN)]
    reports.sent(reports.next()[0].id)
    assert told(reports.next()) == [('a', DONE), ('b', BEGUN)]
    reports.add('b', DONE, 5.0)
    assert told(reports.next()) == [('b', BEGUN), ('a', DONE)]


def test_all_of_an_unknown_event_are_dropped(database: Database) -> None:
    reports = filled(database)
    reports.drop('a')
    assert told(reports.pending()) == [('b', BEGUN)]


def test_a_state_is_not_queued_twice_in_a_row(database: Database) -> None:
    reports = filled(database)
    reports.add('a', SENDING, 5.0)
    reports.add('a', DONE, 6.0)
    assert [state for uid, state in told(reports.pending()) if uid == 'a'] == [BEGUN, DONE, SENDING, DONE]


def test_a_number_is_never_given_twice(database: Database) -> None:
    reports = Reports(database)
    reports.add('a', BEGUN, 1.0)
    (first,) = reports.pending()
    reports.sent(first.id)
    reports.add('a', DONE, 2.0)
    reports.sent(first.id)
    assert told(reports.pending()) == [('a', DONE)]
