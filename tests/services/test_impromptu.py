"""What a person begins on the spot, with real recorders."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from pyca.order import Answer, Order, OrderKind
from pyca.recording.journal import Phase
from tests.services.test_capture import Hall, event, hall

__all__ = ['hall']


def record(here: Hall, minutes: int = 2, uid: str = 'now', kind: OrderKind = OrderKind.RECORD) -> Answer:
    """What capture answers to a person."""
    here.service.desk.hand_in(Order(f'{kind.value}@{uid}', uid, kind, minutes, 'Visitors'))
    here.service.step()
    ((_, answer),) = here.service.desk.answers()
    return answer


def test_it_begins_at_once_without_any_calendar(hall: Callable[..., Hall]) -> None:
    here = hall()
    asked = time.time()
    answer = record(here)
    here.until(here.recording('now'))

    journal = here.book.journals['now']
    started = journal.segments[0].started
    assert started is not None
    assert started - asked < 5
    assert answer.done
    assert (journal.event.title, journal.event.end - journal.event.start) == ('Visitors', 120)
    assert 'not scheduled' in journal.held


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


def test_it_gives_way_to_an_event_that_is_scheduled_later(hall: Callable[..., Hall]) -> None:
    here = hall()
    here.schedule()
    record(here)
    here.until(here.recording('now'))
    here.schedule(event('a', 4, 60))
    here.until(here.recording('a'))
    here.until(here.over('now'))
    assert here.phase('now') is Phase.FINISHED
    assert abs(here.book.journals['now'].event.end - here.book.journals['a'].event.start) <= 1


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
