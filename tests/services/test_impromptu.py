"""What a person begins on the spot, with real recorders."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from pyca.event import Event
from pyca.order import Answer, Order, OrderKind
from pyca.recording.journal import Phase
from tests.services.test_capture import Hall, event


def record(here: Hall, minutes: int = 2, uid: str = 'now', kind: OrderKind = OrderKind.RECORD) -> Answer:
    """What capture answers to a person."""
    here.desk.hand_in(Order(f'{kind.value}@{uid}', uid, kind, minutes, 'Visitors'))
    here.service.step()
    ((_, answer),) = here.desk.answers()
    return answer


def test_it_begins_at_once_without_any_calendar(hall: Callable[..., Hall]) -> None:
    here = hall()
    asked = time.time()
    answer = record(here)
    here.until(here.recording('now'))

    journal = here.book.journals['now']
    started = journal.segments[0].started
    assert started is not None
    assert started - asked < 15 + here.stood_still
    assert answer.done
    assert (journal.event.title, journal.event.end - journal.event.start) == ('Visitors', 120)
    assert journal.event.unscheduled
    assert journal.held == ''


def test_a_calendar_that_does_not_know_it_does_not_end_it(hall: Callable[..., Hall]) -> None:
    here = hall()
    record(here)
    here.until(here.recording('now'))
    here.schedule(event('later', 900, 60))
    for _ in range(5):
        here.service.step()
    assert here.phase('now') is Phase.RECORDING


def test_it_goes_on_when_the_agent_comes_back(hall: Callable[..., Hall]) -> None:
    here = hall()
    here.schedule()
    record(here)
    here.until(here.recording('now'))
    here.service.close()
    assert here.phase('now') is Phase.INTERRUPTED
    here.service = here.capture()
    here.until(lambda: len(here.book.journals['now'].segments) == 2)
    here.until(here.recording('now'))


def test_it_ends_when_the_next_event_begins(hall: Callable[..., Hall]) -> None:
    here = hall()
    coming = event('a', 60, 60)
    here.schedule(coming)
    answer = record(here, minutes=10)
    here.until(here.recording('now'))
    assert here.book.journals['now'].event.end == coming.start
    assert time.strftime('%H:%M:%S', time.localtime(coming.start)) in answer.text


def test_an_event_that_is_scheduled_later_waits_for_it(hall: Callable[..., Hall]) -> None:
    """`overlap = first`: whoever has the device keeps it; the other one begins late, and that is said."""
    here = hall()
    here.schedule()
    record(here)
    here.until(here.recording('now'))
    coming = event('a', 1, 60)
    here.schedule(coming)
    here.until(lambda: time.time() > coming.start + 1)
    assert 'a' not in here.book.journals
    assert record(here, kind=OrderKind.END).done
    here.until(here.recording('a'))
    here.until(here.over('now'))
    assert here.phase('now') is Phase.FINISHED
    assert here.book.misses == {}


def test_an_event_that_it_leaves_no_time_for_is_missed_with_the_cause(hall: Callable[..., Hall]) -> None:
    here = hall()
    here.schedule()
    record(here)
    here.until(here.recording('now'))
    here.schedule(event('a', 0, 5))
    here.until(lambda: bool(here.book.misses))
    assert here.book.misses == {'a': 'a recording begun here ("Visitors") had the device'}
    assert here.phase('now') is Phase.RECORDING


def test_an_event_that_is_scheduled_later_takes_the_device(hall: Callable[..., Hall]) -> None:
    """`overlap = last`; what was recorded until then is delivered, with the reason why it is no longer."""
    here = hall(overlap='last')
    here.schedule()
    record(here)
    here.until(here.recording('now'))
    here.schedule(event('a', 2, 60))
    here.until(here.recording('a'))
    here.until(here.over('now'))
    journal = here.book.journals['now']
    assert (journal.phase, journal.held, journal.gaps) == (Phase.FINISHED, '', True)
    assert journal.cause == 'the event a takes the device'


def test_an_event_that_is_scheduled_later_is_recorded_as_well(hall: Callable[..., Hall]) -> None:
    """`overlap = parallel`; not even the next event that is known ends it."""
    here = hall(overlap='parallel')
    coming = event('a', 2, 60)
    here.schedule(coming)
    record(here, minutes=10)
    here.until(here.recording('a'))
    assert here.phase('now') is Phase.RECORDING
    assert here.book.journals['now'].event.end > coming.end


def announced(here: Hall, minutes: int = 2, *, doubtful: bool = False) -> Event:
    """Begin one that the core has scheduled; gives the event as the calendar will have it."""
    start = int(time.time())
    here.desk.hand_in(Order('r', 'now', OrderKind.RECORD, minutes, 'Visitors', start, doubtful))
    here.service.step()
    ((_, answer),) = here.desk.answers()
    assert answer.done
    return Event('now', start, start + 60 * minutes, 'Visitors', {'uid': 'now'})


def test_one_that_the_core_has_scheduled_becomes_that_event(hall: Callable[..., Hall]) -> None:
    here = hall()
    here.schedule()
    coming = announced(here)
    here.until(here.recording('now'))
    begun = here.book.journals['now'].event
    assert (begun.start, begun.unscheduled, begun.impromptu) == (coming.start, False, True)

    here.schedule(coming)
    here.until(lambda: here.book.journals['now'].event == coming)
    here.schedule(Event('now', coming.start, coming.end + 60, 'Guests', {'uid': 'now'}))
    here.until(lambda: here.book.journals['now'].event.title == 'Guests')
    assert len(here.store.names()) == 1
    here.schedule()
    here.until(here.over('now'))
    assert here.book.journals['now'].held == 'cancelled in the core'


def test_one_that_the_core_has_scheduled_for_longer_ends_when_the_next_event_begins(hall: Callable[..., Hall]) -> None:
    here = hall()
    coming = event('a', 60, 60)
    here.schedule(coming)
    own = announced(here, minutes=10)
    here.until(here.recording('now'))
    here.schedule(coming, own)
    here.until(lambda: not here.book.journals['now'].event.impromptu)
    assert here.book.journals['now'].event.end == coming.start


def test_one_that_the_core_has_scheduled_without_saying_so_becomes_that_event(hall: Callable[..., Hall]) -> None:
    """Its answer got lost."""
    here = hall()
    here.schedule()
    record(here)
    here.until(here.recording('now'))
    start = int(time.time()) - 2
    here.schedule(Event('now', start, start + 120, 'Visitors', {'uid': 'now'}))
    here.until(lambda: not here.book.journals['now'].event.unscheduled)
    assert (here.phase('now'), len(here.store.names())) == (Phase.RECORDING, 1)


def test_one_that_was_ended_without_the_core_saying_that_it_had_it_does_not_begin_again(
    hall: Callable[..., Hall],
) -> None:
    """Its answer got lost, so that nobody here knows its times to the second."""
    here = hall()
    here.schedule()
    start = int(time.time())
    record(here)
    here.until(here.recording('now'))
    assert record(here, kind=OrderKind.END).done
    here.until(here.over('now'))
    here.schedule(Event('now', start - 2, start + 118, 'Visitors', {'uid': 'now'}))
    for _ in range(5):
        here.service.step()
    assert (here.phase('now'), len(here.book.journals['now'].segments)) == (Phase.FINISHED, 1)


@pytest.mark.parametrize('doubtful', [False, True], ids=['known', 'perhaps'])
def test_one_that_was_made_longer_before_the_calendar_had_it_stays_so(
    hall: Callable[..., Hall], doubtful: bool
) -> None:
    here = hall()
    here.schedule()
    coming = announced(here, doubtful=doubtful)
    here.until(here.recording('now'))
    assert record(here, minutes=10, kind=OrderKind.EXTEND).done
    here.schedule(coming)
    here.until(lambda: not here.book.journals['now'].event.impromptu)
    assert here.book.journals['now'].event.end == coming.end + 600
    here.schedule(Event('now', coming.start, coming.end + 30, 'Visitors', {'uid': 'now'}))
    here.until(lambda: here.book.journals['now'].event.end == coming.end + 30)


def test_an_order_whose_event_the_calendar_brought_first_is_obeyed_by_that(hall: Callable[..., Hall]) -> None:
    here = hall()
    start = int(time.time())
    here.schedule(Event('now', start, start + 120, 'Visitors', {'uid': 'now'}))
    here.until(here.recording('now'))
    answer = record(here)
    assert answer.done
    assert time.strftime('%H:%M:%S', time.localtime(start + 120)) in answer.text
    assert record(here).text == 'This has been done already.'
    assert len(here.store.names()) == 1


@pytest.mark.parametrize('doubtful', [False, True], ids=['known', 'perhaps'])
def test_one_that_was_ended_before_the_calendar_had_it_does_not_begin_again(
    hall: Callable[..., Hall], doubtful: bool
) -> None:
    here = hall()
    here.schedule()
    coming = announced(here, doubtful=doubtful)
    here.until(here.recording('now'))
    assert record(here, kind=OrderKind.END).done
    here.until(here.over('now'))
    here.schedule(coming)
    for _ in range(5):
        here.service.step()
    assert (here.phase('now'), len(here.book.journals['now'].segments)) == (Phase.FINISHED, 1)


def test_it_can_be_ended_by_a_person(hall: Callable[..., Hall]) -> None:
    here = hall()
    here.schedule()
    record(here)
    here.until(here.recording('now'))
    assert record(here, kind=OrderKind.END).done
    here.until(here.over('now'))
    assert here.phase('now') is Phase.FINISHED


@pytest.mark.parametrize('starts', [-5, 3], ids=['recording', 'about to'])
def test_whoever_has_the_device_keeps_it(hall: Callable[..., Hall], starts: int) -> None:
    here = hall()
    here.schedule(event('a', starts, 600))
    here.until(lambda: 'a' in here.book.journals)
    answer = record(here)
    assert (answer.done, answer.text) == (False, 'Lecture a has the device.')


def test_nothing_is_begun_right_before_the_next_event(hall: Callable[..., Hall]) -> None:
    here = hall()
    here.schedule(event('a', 20, 60))
    here.service.step()
    answer = record(here)
    assert not answer.done
    assert 'next event begins in' in answer.text


def test_a_folder_that_cannot_be_used_is_said(hall: Callable[..., Hall]) -> None:
    here = hall()
    here.store.root.parent.mkdir(exist_ok=True)
    here.store.root.write_text('no folder')
    answer = record(here)
    assert not answer.done
    assert answer.text.startswith('Nothing is recorded: ')


def test_an_order_that_comes_twice_is_obeyed_once(hall: Callable[..., Hall]) -> None:
    here = hall()
    record(here)
    here.until(here.recording('now'))
    again = record(here)
    assert (len(here.store.names()), again.text) == (1, 'This has been done already.')
