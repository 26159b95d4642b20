"""The patience with a transfer, by a clock moved by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyca.opencast.watch import Verdict, Watch


@dataclass
class Clock:
    time: float = 100.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


@dataclass
class Outside:
    """What a watch looks at, and a way to let time pass."""

    clock: Clock = field(default_factory=Clock)
    stopping: bool = False
    beats: int = 0
    heard: list[tuple[int, int]] = field(default_factory=list)

    def watch(self, **limits: float) -> Watch:
        def beat() -> None:
            self.beats += 1

        def report(sent: int, total: int) -> None:
            self.heard.append((sent, total))

        return Watch(self.clock, lambda: self.stopping, beat, limits.get('stall'), limits.get('answer'), report)

    def wait(self, watch: Watch, seconds: float, sent: int, total: int) -> bool:
        """Call the watch once a second, as a transfer that does not move does."""
        ended = False
        for _ in range(int(seconds)):
            self.clock.time += 1
            ended = watch(0, 0, total, sent)
        return ended


def test_a_body_that_does_not_move_is_stalled_after_the_limit() -> None:
    outside = Outside()
    watch = outside.watch(stall=120, answer=600)
    watch(0, 0, 1000, 10)

    assert not outside.wait(watch, 119, 10, 1000)
    assert outside.wait(watch, 2, 10, 1000)
    assert watch.verdict is Verdict.STALLED


def test_a_body_that_moves_a_little_is_not_stalled() -> None:
    """Trap 33: uploads that are broken off put the core's ingest service out of order for everybody."""
    outside = Outside()
    watch = outside.watch(stall=120, answer=600)

    assert not any(outside.wait(watch, 100, sent, 1000) for sent in range(1, 20))


def test_the_time_before_the_connection_is_no_stall() -> None:
    outside = Outside()
    watch = outside.watch(stall=120, answer=600)

    assert not outside.wait(watch, 500, 0, 0)


def test_after_the_last_byte_the_core_may_work_for_long() -> None:
    outside = Outside()
    watch = outside.watch(stall=120, answer=600)
    watch(0, 0, 1000, 999)

    assert not outside.wait(watch, 600, 1000, 1000)
    assert outside.wait(watch, 3, 1000, 1000)
    assert watch.verdict is Verdict.UNANSWERED


def test_a_stop_is_heard_in_every_phase() -> None:
    for sent, total in ((0, 0), (1, 10), (10, 10)):
        outside = Outside(stopping=True)
        watch = outside.watch()

        assert watch(0, 0, total, sent)
        assert watch.verdict is Verdict.INTERRUPTED


def test_the_outside_is_not_asked_for_every_block() -> None:
    outside = Outside()
    watch = outside.watch()

    for sent in range(1000):
        outside.clock.time += 0.01
        watch(0, 0, 1000, sent)

    assert 10 <= outside.beats <= 25
    assert 10 <= len(outside.heard) <= 25
