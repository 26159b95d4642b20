"""The capture service, told which inputs an event selects."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pyca.event import Event
from pyca.recording.resuming import rest
from pyca.settings import Input
from pyca.states import Fault
from tests.services.test_capture import Hall, event

WRITER = (
    'import signal,sys; signal.pthread_sigmask(0,[15]); '
    '[open(sys.argv[1].replace("ONE", each), "w").write(each) for each in sys.argv[2].split(",")]; signal.sigwait([15])'
)
FILE = '{{dir}}/{{name}}-%s.dat'
Start = Callable[[Sequence[str]], Hall]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A capture service with two inputs of one command, for events that want these."""
    made: list[Hall] = []

    def begin(wanted: Sequence[str]) -> Hall:
        words = [sys.executable, '-c', shlex.quote(WRITER), FILE % 'ONE', '{{inputs}}']
        inputs = tuple(Input(name, (f'{name}/source',), (FILE % name,)) for name in ('camera', 'slides'))
        hall = Hall(tmp_path / 'recordings', command=' '.join(words), inputs=inputs)
        hall.wanted = wanted
        made.append(hall)
        return hall

    yield begin
    for hall in made:
        hall.service.close()


def record(hall: Hall, happening: Event) -> list[str]:
    """Record for a moment; the names of the files that are delivered."""
    hall.schedule(happening)
    hall.until(lambda: bool(files(hall, happening)))
    hall.schedule(Event(happening.uid, happening.start, happening.start + 1, happening.title))
    hall.until(hall.over(happening.uid))
    journal = hall.book.journals[happening.uid]
    return sorted(track.flavor for piece in journal.pieces for track in journal.tracks(piece))


def files(hall: Hall, happening: Event) -> list[Path]:
    return list((hall.store.root / happening.name).glob('*.dat'))


@pytest.mark.parametrize(
    ('wanted', 'flavors'),
    [
        ([], ['camera/source', 'slides/source']),
        (['slides'], ['slides/source']),
        (['slides', 'camera'], ['camera/source', 'slides/source']),
    ],
)
def test_just_the_selected_inputs_are_recorded(start: Start, wanted: list[str], flavors: list[str]) -> None:
    hall = start(wanted)
    assert record(hall, event('a', 0, 60)) == flavors
    assert hall.book.faults.get(Fault.INPUTS, '') == ''


def test_an_unknown_name_is_a_fault_and_a_cause_and_the_rest_is_recorded(start: Start) -> None:
    hall = start(['organ', 'camera'])
    assert record(hall, event('a', 0, 60)) == ['camera/source']
    assert hall.book.faults[Fault.INPUTS] == 'a: the event selects inputs that are not there: organ'
    assert 'the event selects inputs that are not there: organ' in hall.book.journals['a'].flaws


def test_if_nothing_of_the_selection_is_there_everything_is_recorded(start: Start) -> None:
    hall = start(['organ'])
    assert record(hall, event('a', 0, 60)) == ['camera/source', 'slides/source']
    assert hall.book.faults[Fault.INPUTS].endswith('not there: organ; all inputs are recorded')


def test_the_fault_is_over_with_the_next_event_that_selects_what_is_there(start: Start) -> None:
    hall = start(['organ'])
    record(hall, event('a', 0, 60))
    hall.wanted = ()
    record(hall, event('b', 0, 60))
    assert hall.book.faults[Fault.INPUTS] == ''


def test_the_rest_of_an_event_is_of_the_same_inputs(start: Start) -> None:
    hall = start(['slides'])
    record(hall, event('a', 0, 60))
    journal = hall.book.journals['a']
    assert rest(journal, journal.event, hall.options, 1.0).inputs == ('slides',)
