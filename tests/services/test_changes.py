"""What becomes of recordings when the core, or a person, changes their events; with real recorders."""

from __future__ import annotations

import logging
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from pyca.capture import LEAD
from pyca.clock import SystemClock
from pyca.event import Event
from pyca.order import Answer, Order, OrderKind
from pyca.recording import resuming
from pyca.recording.atomic import write_json
from pyca.recording.journal import ON_TIME, Journal, Phase, load
from pyca.recording.schedule import ScheduleFile
from tests.services.test_capture import Hall, by_now, event, late

COUNTED = ' '.join(
    [
        sys.executable,
        '-I -S -c',
        shlex.quote(
            'import sys,time; f=open(sys.argv[1],"ab",0); stop=time.time()+int(sys.argv[2])\n'
            'while time.time()<stop: f.write(b"now it is %.3f\\n" % time.time()); time.sleep(0.05)'
        ),
        '{{dir}}/{{name}}.dat {{time}}',
    ]
)
"""A recorder that takes `{{time}}` and ends by itself, or by TERM like any other."""


def until_segment(here: Hall, uid: str, number: int) -> None:
    """Until the recorder of the n-th segment has written."""

    def so() -> bool:
        journal = load(here.book.journals[uid].folder)
        if journal is None or len([segment for segment in journal.segments if segment.started]) < number:
            return False
        return any(path.stat().st_size for path in journal.folder.glob('*.dat'))

    here.until(so)


def recorded(here: Hall) -> Event:
    """An event whose recording has ended, as it was then."""
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))
    happening = by_now(happening)
    here.end(happening)
    return happening


def order(here: Hall, uid: str, kind: OrderKind, minutes: int = 0, key: str = '1@1') -> Answer:
    """What capture answers to a person."""
    here.desk.hand_in(Order(key, uid, kind, minutes))
    here.service.step()
    ((_, answer),) = here.desk.answers()
    return answer


def test_an_event_made_longer_after_its_recording_ended_goes_on(hall: Callable[..., Hall]) -> None:
    here = hall(command=COUNTED)
    happening = recorded(here)
    assert here.phase('a') is Phase.FINISHED

    here.schedule(replace(happening, end=happening.end + 60))
    here.until(here.recording('a', 2))
    longer = replace(happening, end=max(happening.end, int(time.time())) + 1)
    here.schedule(longer)
    here.until(here.over('a'))

    journal = here.book.journals['a']
    assert (journal.phase, journal.event, journal.resumed, journal.held) == (Phase.FINISHED, longer, 1, '')
    assert len(journal.pieces) == 2
    assert len(here.store.names()) == 1
    assert here.book.phases['a'][-4:] == [Phase.FINISHED, Phase.WAITING, Phase.RECORDING, Phase.FINISHED]


def test_an_agent_that_comes_later_records_what_was_added(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = recorded(here)

    here.schedule(replace(happening, end=happening.end + 60))
    here.service = here.capture()
    until_segment(here, 'a', 2)

    assert len(here.store.names()) == 1


@pytest.mark.parametrize('remains', ['a final call', 'a damaged journal', 'nothing but the story'])
def test_what_is_added_once_the_core_may_have_the_recording_is_kept_apart(
    hall: Callable[..., Hall], remains: str
) -> None:
    here = hall()
    happening = recorded(here)
    folder = here.store.folder(happening)
    before = (folder / 'recording.json').read_bytes()
    if remains == 'a final call':
        write_json(folder / 'upload.json', {'version': 1, 'final_sent': time.time()})
    elif remains == 'a damaged journal':
        (folder / 'upload.json').write_text('{')
    else:
        story = here.store.delivered(happening.name)
        story.parent.mkdir()
        story.write_bytes(b'{"recording": %s, "upload": {}}' % before)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()

    for length in (60, 120, 1):  # made longer once more, while the rest is recorded
        longer = replace(happening, end=int(time.time()) + length)
        here.schedule(longer)
        here.service.step()
        here.until(lambda: here.recording('a-rest')() or here.over('a-rest')())
    here.until(here.over('a-rest'))

    journal = here.book.journals['a-rest']
    assert (journal.phase, journal.event.end, journal.uid) == (Phase.FINISHED, longer.end, 'a')
    assert 'its upload had begun' in journal.held
    assert len(journal.pieces) == 1
    assert remains == 'nothing but the story' or (folder / 'recording.json').read_bytes() == before
    assert here.book.misses == {}


def test_an_upload_that_is_not_past_its_final_call_is_no_hindrance(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = recorded(here)
    write_json(here.store.folder(happening) / 'upload.json', {'version': 1, 'package': '<x/>', 'final_sent': None})

    here.schedule(replace(happening, end=happening.end + 60))

    until_segment(here, 'a', 2)


def test_a_final_call_in_the_very_moment_of_going_on_is_noticed(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = recorded(here)
    journal = load(here.store.folder(happening))
    assert journal is not None

    class Raced(Journal):
        def save(self) -> None:
            super().save()
            write_json(self.folder / 'upload.json', {'version': 1, 'final_sent': 1.0})

    raced = Raced(journal.folder, journal.event, journal.flavors, journal.phase, journal.segments)
    assert not resuming.take_up(raced, replace(happening, end=happening.end + 60))

    stored = load(journal.folder)
    assert stored is not None
    assert (stored.phase, stored.event.end, stored.resumed) == (Phase.FINISHED, happening.end, 0)


def test_an_event_that_was_cancelled_goes_on_when_it_is_back(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))

    here.schedule()
    here.until(here.over('a'))
    assert here.book.journals['a'].held == 'cancelled in the core'
    here.schedule(happening)
    here.until(here.recording('a', 2))
    here.end(happening)

    journal = here.book.journals['a']
    assert (journal.phase, journal.held, len(journal.pieces)) == (Phase.FINISHED, '', 2)


def test_an_event_that_is_back_after_a_restart_goes_on(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))
    here.schedule()
    here.until(here.over('a'))

    here.service = here.capture()
    here.schedule(happening)

    until_segment(here, 'a', 2)


def test_an_event_given_to_another_agent_says_so(hall: Callable[..., Hall]) -> None:
    here = hall()
    here.schedule(event('a', 0, 60))
    here.until(here.recording('a'))

    given = 'given to the agent hall-2 in the core'
    ScheduleFile(here.store, SystemClock()).write_schedule([], time.time(), {'a': given})
    here.until(here.over('a'))

    assert (here.book.journals['a'].held, here.book.journals['a'].cause) == (given, given)


def test_a_command_that_took_its_time_is_ended_at_once_when_the_event_is_made_shorter(
    hall: Callable[..., Hall],
) -> None:
    here = hall(command=COUNTED, sigterm_time=-1, sigkill_time=120)
    happening = event('a', LEAD, 600)
    here.schedule(happening)
    here.until(here.recording('a'))

    here.schedule(by_now(happening))
    asked = time.time()
    here.until(here.over('a'))

    assert time.time() - asked < 30, 'neither when KILL is due nor when the command would end by itself'
    journal = here.book.journals['a']
    assert (journal.phase, journal.held, journal.flaws) == (Phase.FINISHED, '', '')


def test_five_changes_in_a_row_are_all_obeyed(hall: Callable[..., Hall]) -> None:
    here = hall(command=COUNTED, sigterm_time=-1)
    happening = event('a', 0, 12)
    here.schedule(happening)
    here.until(here.recording('a'))

    longer = replace(happening, end=happening.end + 60)
    here.schedule(longer)  # 1: longer
    until_segment(here, 'a', 2)
    here.schedule(replace(longer, end=int(time.time())))  # 2: shorter
    here.until(here.over('a'))
    here.schedule(longer)  # 3: longer again
    until_segment(here, 'a', 3)
    here.schedule(replace(longer, start=longer.start + 3600, end=longer.end + 3600))  # 4: at another time
    here.until(here.over('a'))
    assert here.book.journals['a'].held == 'moved to another time in the core'
    moved = replace(longer, start=longer.start - 1, end=longer.end + 60)
    here.schedule(moved)  # 5: back again, nearly
    here.until(here.recording('a', 4))
    here.end(moved)

    journal = here.book.journals['a']
    assert (journal.phase, journal.held, len(journal.pieces)) == (Phase.FINISHED, '', 4)
    assert Phase.FAILING not in here.book.phases['a']
    assert len(here.store.names()) == 1
    assert here.book.misses == {}


def test_an_event_made_longer_while_its_recorder_is_being_ended_goes_on_without_an_error(
    hall: Callable[..., Hall],
) -> None:
    slow = (
        'import signal,sys,time; signal.pthread_sigmask(0,[15]); f=open(sys.argv[1],"ab",0); f.write(b"x"); '
        'signal.sigwait([15]); time.sleep(1.5)'
    )
    here = hall(command=' '.join([sys.executable, '-c', shlex.quote(slow), '{{dir}}/{{name}}.dat']))
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))

    here.schedule(replace(happening, end=int(time.time())))
    here.until(lambda: bool(here.book.journals['a'].segments[0].signals))
    here.schedule(happening)
    until_segment(here, 'a', 2)

    assert Phase.FAILING not in here.book.phases['a']


@pytest.mark.parametrize('overlap', ['first', 'parallel'])
def test_an_event_that_moves_by_a_few_seconds_is_recorded_then(hall: Callable[..., Hall], overlap: str) -> None:
    here = hall(overlap=overlap)
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))

    moved = event('a', 3 + LEAD, 60)
    here.schedule(moved)
    here.until(lambda: here.book.journals['a'].event == moved and here.recording('a')())
    here.end(moved)

    assert here.phase('a') is Phase.FINISHED
    assert 0 <= late(here, moved) < 1.5
    assert here.book.misses == {}


def test_a_person_ends_a_recording_until_the_core_names_another_end(hall: Callable[..., Hall]) -> None:
    here = hall(sigterm_time=-1)
    happening = event('a', LEAD, 60)
    here.schedule(happening)
    here.until(here.recording('a'))

    answer = order(here, 'a', OrderKind.END)
    here.until(here.over('a'))
    assert answer.done
    assert answer.text.startswith('Its recording was ended at ')
    journal = here.book.journals['a']
    assert (journal.phase, journal.held, journal.gaps) == (Phase.FINISHED, '', False)

    here.schedule(replace(happening, title='Another title'))
    here.service = here.capture()
    deadline = time.monotonic() + 1.5
    here.until(lambda: time.monotonic() > deadline)
    assert here.phase('a') is Phase.FINISHED, 'the core has said nothing about its end'

    here.schedule(replace(happening, end=happening.end + 60))
    until_segment(here, 'a', 2)


def test_a_person_extends_a_recording_and_that_survives_a_restart(hall: Callable[..., Hall]) -> None:
    here = hall(command=COUNTED)
    happening = event('a', 0, 12)
    here.schedule(happening)
    here.until(here.recording('a'))

    answer = order(here, 'a', OrderKind.EXTEND, 1)
    assert answer.done
    assert answer.text.startswith('It is recorded until ')
    here.service = here.capture()  # nobody closed the old one: it was killed
    here.until(lambda: here.book.journals['a'].event.end == happening.end + 60)
    here.schedule(replace(happening, title='Another title'))
    until_segment(here, 'a', 2)
    assert time.time() > happening.end - 1

    here.schedule()  # the calendar leaves out what is over
    for _ in range(3):
        here.service.step()
    assert here.phase('a') is Phase.RECORDING
    shorter = replace(happening, end=int(time.time()) + 1)
    here.schedule(shorter)
    here.until(here.over('a'))

    assert here.book.journals['a'].event.end == shorter.end


def test_what_a_person_adds_ends_where_the_next_event_begins(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening, after = event('a', 0, 60), event('b', 90, 60)
    here.schedule(happening, after)
    here.until(here.recording('a'))

    answer = order(here, 'a', OrderKind.EXTEND, 10)
    assert answer.done
    assert 'when the next event begins' in answer.text
    assert here.book.journals['a'].event.end == after.start
    again = order(here, 'a', OrderKind.EXTEND, 10, '2@2')
    assert (again.done, again.text) == (False, 'The next event begins then.')

    sooner = replace(after, start=happening.end + 10)
    here.schedule(happening, sooner)
    here.until(lambda: here.book.journals['a'].event.end == sooner.start)


def test_an_order_is_obeyed_once(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))

    order(here, 'a', OrderKind.EXTEND, 5)
    here.service = here.capture()  # whose predecessor died before it could answer
    here.until(lambda: here.service.busy)
    answer = order(here, 'a', OrderKind.EXTEND, 5)

    assert answer.done
    assert here.book.journals['a'].event.end == happening.end + 300


@pytest.mark.parametrize(
    ('kind', 'minutes', 'said'),
    [(OrderKind.END, 0, 'has not begun yet'), (OrderKind.EXTEND, 5, 'has not begun yet')],
)
def test_what_has_not_begun_is_neither_ended_nor_extended(
    hall: Callable[..., Hall], kind: OrderKind, minutes: int, said: str
) -> None:
    here = hall()
    happening = event('a', LEAD, 60)
    here.schedule(happening, event('later', 600, 60))
    here.until(lambda: here.store.folder(happening).exists())

    answer = order(here, 'a', kind, minutes)
    assert (answer.done, said in answer.text) == (False, True)
    assert order(here, 'later', kind, minutes, '2@2') == Answer(False, 'It is not being recorded.')
    assert order(here, 'nobody', kind, minutes, '3@3') == Answer(False, 'It is not being recorded.')


def test_a_stop_calls_nothing_off(hall: Callable[..., Hall], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    here = hall()
    happening = event('a', LEAD, 60)
    here.schedule(happening)
    here.until(lambda: here.store.folder(happening).exists())

    here.service.close()

    assert 'cancelled' not in caplog.text
    assert 'ending' not in caplog.text


def test_who_only_might_have_to_wait_is_not_said_to_wait(
    hall: Callable[..., Hall], caplog: pytest.LogCaptureFixture
) -> None:
    here = hall(overlap='last')
    first = event('a', 0, 60)
    here.schedule(first)
    here.until(here.recording('a'))
    second = event('b', 3, 60)
    here.schedule(first, second)

    here.until(here.recording('b'))
    here.end(first, second)

    assert 'waits for the device' not in caplog.text


def test_of_two_events_with_one_start_the_device_goes_to_one_of_them(hall: Callable[..., Hall]) -> None:
    here = hall(overlap='last')
    first = event('a', 2, 60)
    second = replace(first, uid='b')
    here.schedule(first, second)
    here.until(here.recording('b'))
    here.schedule(by_now(first), by_now(second))

    here.until(lambda: here.over('b')() and ('a' in here.book.misses or here.over('a')()))

    assert here.phase('b') is Phase.FINISHED
    assert 0 <= late(here, second) < ON_TIME
    assert len(here.book.journals['b'].segments) == 1
    assert here.book.journals['b'].gaps is False or here.stood_still > 1


def test_large_data_of_an_event_are_written_when_they_change_only(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = replace(event('a', 0, 60), data={'summary': 'x' * 100_000})
    here.schedule(happening)
    here.until(here.recording('a'))
    folder = here.store.folder(happening)
    first = (folder / 'event.json').stat().st_mtime_ns

    here.schedule(replace(happening, end=happening.end + 60))
    here.until(lambda: here.book.journals['a'].event.end == happening.end + 60)
    journal = load(folder)
    assert journal is not None
    assert journal.event.data == happening.data
    assert (folder / 'event.json').stat().st_mtime_ns == first
    assert (folder / 'recording.json').stat().st_size < 10_000

    here.schedule(replace(happening, data={'summary': 'y'}))
    here.until(lambda: (folder / 'event.json').stat().st_mtime_ns != first)
    journal = load(folder)
    assert journal is not None
    assert journal.event.data == {'summary': 'y'}
