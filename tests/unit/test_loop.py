"""The loop: one place where the errors of a service end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from pyca.errors import Interrupted, StorageError, Unreachable
from pyca.loop import LONGEST_WAIT, Loop, Pulse
from pyca.stop import Bell, Stop
from tests.recording.waiting import wait_for
from tests.storage.clocks import HandClock


class Listening(Bell):
    """A bell that notes how long it was waited for, and waits for nothing."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._then = then

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self._then()
        return False


class Answering(Bell):
    """A bell that notes whether each wait was ended by a ring."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[bool] = []

    def wait(self, seconds: float) -> bool:
        self.answers.append(super().wait(seconds))
        return self.answers[-1]


class Worker:
    """A service whose turns are told beforehand: seconds to wait, or an error."""

    name = 'worker'
    busy = False

    def __init__(self, *turns: float | Exception) -> None:
        self._turns: Iterator[float | Exception] = iter(turns)
        self.closed = 0
        self.steps = 0

    def step(self) -> float:
        self.steps += 1
        turn = next(self._turns, 60.0)
        if isinstance(turn, Exception):
            raise turn
        return turn

    def close(self) -> None:
        self.closed += 1


def loop_of(worker: Worker, *, patience: float = 60.0, bell: Bell | None = None, stop: Stop | None = None) -> Loop:
    return Loop(worker, stop=stop or Stop(), bell=bell or Bell(), pulse=Pulse(HandClock()), patience=patience)


@pytest.mark.parametrize(
    ('patience', 'pauses'),
    [(60.0, [1, 2, 4, 8, 16, 32, 60, 60]), (1.0, [1, 1, 1])],
    ids=['a service', 'a recorder that must not be kept waiting'],
)
def test_a_step_that_raises_is_tried_again_after_growing_pauses(patience: float, pauses: list[float]) -> None:
    loop = loop_of(Worker(*(ValueError('broken') for _ in pauses)), patience=patience)

    assert [loop.turn() for _ in pauses] == pauses


def test_the_pauses_begin_anew_after_a_success() -> None:
    loop = loop_of(Worker(ValueError('one'), ValueError('two'), 5.0, ValueError('three')))

    assert [loop.turn() for _ in range(4)] == [1, 2, 5.0, 1]


def test_the_same_complaint_is_logged_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    loop = loop_of(Worker(*(Unreachable('no core') for _ in range(5)), 1.0, 1.0))
    caplog.set_level(logging.INFO)

    for _ in range(7):
        loop.turn()

    assert [record.getMessage() for record in caplog.records] == ['worker: no core', 'worker: works again']


def test_another_complaint_is_logged_beside_the_first(caplog: pytest.LogCaptureFixture) -> None:
    loop = loop_of(Worker(Unreachable('no core'), StorageError('no database'), StorageError('no database')))

    for _ in range(3):
        loop.turn()

    assert [record.getMessage() for record in caplog.records] == ['worker: no core', 'worker: no database']


def test_a_complaint_that_comes_back_after_a_success_is_logged_again(caplog: pytest.LogCaptureFixture) -> None:
    loop = loop_of(Worker(Unreachable('no core'), 1.0, Unreachable('no core')))

    for _ in range(3):
        loop.turn()

    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        'worker: no core',
        'worker: no core',
    ]


@pytest.mark.parametrize(
    ('error', 'traced'),
    [(KeyError('surprise'), True), (Unreachable('no core'), False)],
    ids=['a defect of ours', 'trouble with the world'],
)
def test_only_a_defect_is_logged_with_its_trace(
    caplog: pytest.LogCaptureFixture, error: Exception, traced: bool
) -> None:
    loop_of(Worker(error)).turn()

    assert [bool(record.exc_info) for record in caplog.records] == [traced]


def test_a_step_that_was_interrupted_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    loop = loop_of(Worker(Interrupted('stop'), ValueError('broken')))

    assert loop.turn() == 0
    assert caplog.records == []
    assert loop.turn() == 1


def test_no_wait_is_longer_than_a_clock_step_may_cost() -> None:
    stop = Stop()
    bell = Listening(stop.request)
    worker = Worker(3600.0)

    loop_of(worker, bell=bell, stop=stop).run()

    assert bell.waits == [LONGEST_WAIT]


def test_a_loop_goes_on_after_errors_until_it_is_told_to_stop() -> None:
    stop = Stop()
    worker = Worker(ValueError('broken'), 1.0, 1.0)
    bell = Listening(lambda: stop.request() if worker.steps == 3 else None)

    loop_of(worker, bell=bell, stop=stop).run()

    assert (worker.steps, worker.closed) == (3, 0)


def test_a_service_that_is_told_to_stop_before_it_began_does_nothing() -> None:
    stop, worker = Stop(), Worker()
    stop.request()

    loop_of(worker, stop=stop).run()

    assert worker.steps == 0


def test_a_stop_ends_a_wait_at_once() -> None:
    stop, bell, worker = Stop(), Answering(), Worker(10.0)
    stop.add(bell)
    thread = threading.Thread(target=loop_of(worker, bell=bell, stop=stop).run)
    thread.start()

    wait_for(lambda: worker.steps)
    stop.request()
    thread.join()

    assert bell.answers == [True]


def test_each_turn_is_a_sign_of_life() -> None:
    stop, clock, worker = Stop(), HandClock(), Worker(1.0, 1.0)
    pulse = Pulse(clock)
    ages: list[float] = []

    def look() -> None:
        ages.append(pulse.age)
        clock.time += 500.0
        if len(ages) == 2:
            stop.request()

    Loop(worker, stop=stop, bell=Listening(look), pulse=pulse).run()

    assert ages == [0.0, 0.0]
    assert pulse.age == 500.0


def test_long_work_that_asks_whether_it_must_end_gives_a_sign_of_life() -> None:
    clock, stop = HandClock(), Stop()
    pulse = Pulse(clock)
    interrupted = pulse.beating(lambda: stop.requested)
    clock.time += 500.0

    assert not interrupted()
    assert pulse.age == 0

    stop.request()
    assert interrupted()
