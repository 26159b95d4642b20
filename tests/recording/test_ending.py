from __future__ import annotations

from pathlib import Path
from signal import SIGINT, SIGKILL, SIGSEGV, SIGTERM

import pytest

from pyca.recording.ending import due
from pyca.recording.verdict import End, judge, signal_name, sizes
from pyca.settings import Capture

END = 1000.0
OFF = -1


def story(*, custom: int, term: int, kill: int, early: bool = False) -> list[tuple[int, int]]:
    """All signals to a recorder that never ends, each with its second after the end."""
    capture = Capture(sigcustom_time=custom, sigterm_time=term, sigkill_time=kill)
    sent: list[tuple[int, float]] = []
    for second in range(-5, 900):
        while (number := due(capture, END, early, sent, END + second)) is not None:
            sent.append((number, END + second))
    return [(number, int(moment - END)) for number, moment in sent]


@pytest.mark.parametrize(
    ('custom', 'term', 'kill', 'expected'),
    [
        # the defaults; nothing at all; the GStreamer recipe
        (OFF, OFF, 120, [(SIGKILL, 120)]),
        (OFF, OFF, OFF, []),
        (OFF, 0, 120, [(SIGTERM, 0), (SIGKILL, 120)]),
        # each order
        (0, 30, 120, [(SIGINT, 0), (SIGTERM, 30), (SIGKILL, 120)]),
        (30, 0, 120, [(SIGTERM, 0), (SIGINT, 30), (SIGKILL, 120)]),
        (0, 0, 5, [(SIGINT, 0), (SIGTERM, 0), (SIGKILL, 5)]),
        (0, OFF, OFF, [(SIGINT, 0)]),
        (OFF, 10, OFF, [(SIGTERM, 10)]),
        (OFF, OFF, 0, [(SIGKILL, 0)]),
        (0, OFF, 60, [(SIGINT, 0), (SIGKILL, 60)]),
        # KILL configured before TERM waits for it, with time for an answer
        (OFF, 30, 10, [(SIGTERM, 30), (SIGKILL, 40)]),
        (OFF, 30, 30, [(SIGTERM, 30), (SIGKILL, 40)]),
        (OFF, 30, 0, [(SIGTERM, 30), (SIGKILL, 40)]),
        (OFF, 30, 31, [(SIGTERM, 30), (SIGKILL, 31)]),
        # KILL does not wait for a custom signal
        (200, OFF, 120, [(SIGKILL, 120), (SIGINT, 200)]),
    ],
)
def test_signals_at_the_end(custom: int, term: int, kill: int, expected: list[tuple[int, int]]) -> None:
    """H12: KILL came before TERM when its time was the lower one."""
    assert story(custom=custom, term=term, kill=kill) == expected


@pytest.mark.parametrize(
    ('custom', 'term', 'kill', 'expected'),
    [
        (OFF, OFF, 120, [(SIGTERM, 0), (SIGKILL, 120)]),
        (OFF, OFF, OFF, [(SIGTERM, 0), (SIGKILL, 280)]),
        (OFF, 0, 120, [(SIGTERM, 0), (SIGKILL, 120)]),
        (OFF, 60, 120, [(SIGTERM, 0), (SIGKILL, 120)]),
        (OFF, 60, OFF, [(SIGTERM, 0), (SIGKILL, 280)]),
        (OFF, 0, 3000, [(SIGTERM, 0), (SIGKILL, 280)]),
        (OFF, OFF, 0, [(SIGTERM, 0), (SIGKILL, 10)]),
        (0, OFF, 120, [(SIGINT, 0), (SIGKILL, 120)]),
        (0, OFF, OFF, [(SIGINT, 0), (SIGKILL, 280)]),
        (0, 30, 120, [(SIGINT, 0), (SIGTERM, 30), (SIGKILL, 120)]),
        (5, 30, 120, [(SIGINT, 0), (SIGTERM, 25), (SIGKILL, 120)]),
        (30, 0, 120, [(SIGINT, 0), (SIGTERM, 30), (SIGKILL, 120)]),
        (0, 900, 120, [(SIGINT, 0), (SIGTERM, 270), (SIGKILL, 280)]),
        (0, 30, 10, [(SIGINT, 0), (SIGTERM, 30), (SIGKILL, 40)]),
    ],
)
def test_signals_when_it_ends_early(custom: int, term: int, kill: int, expected: list[tuple[int, int]]) -> None:
    assert story(custom=custom, term=term, kill=kill, early=True) == expected


@pytest.mark.parametrize('custom', [OFF, 0, 7, 300, 1000])
@pytest.mark.parametrize('term', [OFF, 0, 7, 300, 1000])
@pytest.mark.parametrize('kill', [OFF, 0, 7, 300, 1000])
def test_ending_early_is_over_within_280_seconds_with_kill_last(custom: int, term: int, kill: int) -> None:
    steps = story(custom=custom, term=term, kill=kill, early=True)

    assert steps[0][1] == 0
    assert steps[0][0] != SIGKILL
    assert steps[-1][0] == SIGKILL
    assert 0 < steps[-1][1] <= 280


def test_an_agent_that_was_away_gives_the_recorder_its_time() -> None:
    capture = Capture(sigterm_time=0, sigkill_time=120)
    late = END + 500

    # TERM first, at once, though KILL is over-due as well
    assert due(capture, END, False, [], late) == SIGTERM
    sent = [(int(SIGTERM), late)]
    assert due(capture, END, False, sent, late) is None
    assert due(capture, END, False, sent, late + 119.9) is None
    assert due(capture, END, False, sent, late + 120) == SIGKILL


def test_a_custom_signal_that_is_term_is_sent_as_often_as_configured() -> None:
    capture = Capture(sigcustom=SIGTERM, sigcustom_time=0, sigterm_time=20, sigkill_time=OFF)

    assert due(capture, END, False, [(SIGTERM, END)], END + 19) is None
    assert due(capture, END, False, [(SIGTERM, END)], END + 20) == SIGTERM
    assert due(capture, END, False, [(SIGTERM, END), (SIGTERM, END + 20)], END + 9999) is None


def test_a_stop_after_the_end_does_not_repeat_what_was_sent() -> None:
    capture = Capture(sigcustom_time=0, sigterm_time=OFF, sigkill_time=OFF)

    assert due(capture, END, True, [(SIGINT, END)], END + 10) is None
    assert due(capture, END, True, [(SIGINT, END)], END + 280) == SIGKILL


def test_a_signal_is_not_due_before_its_time() -> None:
    capture = Capture(sigterm_time=3, sigkill_time=120)

    assert due(capture, END, False, [], END + 2.9) is None
    assert due(capture, END, False, [], END + 3) == SIGTERM
    assert due(capture, END, True, [], END) == SIGTERM


FILES = {Path('/r/a.mp4'): 5}


@pytest.mark.parametrize(
    ('status', 'sent', 'end', 'says'),
    [
        (0, [], End.GOOD, ''),
        (3, [], End.GOOD, ''),  # exit_code
        (1, [], End.FAILED, 'exit code 1'),
        (255, [], End.FAILED, 'exit code 255'),
        # asked to end: ffmpeg says 255 after TERM
        (255, [SIGTERM], End.GOOD, ''),
        (-SIGTERM, [SIGTERM], End.GOOD, ''),
        (-SIGINT, [SIGINT, SIGTERM], End.GOOD, ''),
        # by a signal of somebody else
        (-SIGSEGV, [], End.FAILED, 'SIGSEGV'),
        (-SIGTERM, [], End.FAILED, 'SIGTERM'),
        (-SIGKILL, [], End.FAILED, 'memory'),
        (-SIGSEGV, [SIGTERM], End.FAILED, 'SIGSEGV'),
        (-SIGKILL, [SIGTERM], End.FAILED, 'SIGKILL'),
        # by our force
        (-SIGKILL, [SIGTERM, SIGKILL], End.FORCED, 'by force'),
        (-SIGKILL, [SIGKILL], End.FORCED, 'by force'),
        (137, [SIGKILL], End.FORCED, 'by force'),
        (0, [SIGTERM, SIGKILL], End.GOOD, ''),
        # nobody knows
        (None, [], End.UNKNOWN, 'keeper'),
        (None, [SIGTERM], End.UNKNOWN, 'keeper'),
    ],
)
def test_judging_an_end(status: int | None, sent: list[int], end: End, says: str) -> None:
    verdict = judge(status, 3, sent, FILES)

    assert verdict.end == end
    assert says in verdict.cause
    assert bool(verdict.cause) == (end != End.GOOD)


@pytest.mark.parametrize('status', [0, None, -SIGKILL, -SIGTERM])
@pytest.mark.parametrize(('size', 'word'), [(None, 'missing'), (0, 'empty')])
def test_without_its_files_no_recording_is_good(status: int | None, size: int | None, word: str) -> None:
    """H14: a command that had written nothing was finished."""
    verdict = judge(status, 0, [SIGTERM, SIGKILL], {**FILES, Path('/r/b.mp4'): size})

    assert verdict.end == End.FAILED
    assert f'/r/b.mp4 is {word}' in verdict.cause
    assert 'a.mp4' not in verdict.cause


def test_sizes_of_files(tmp_path: Path) -> None:
    (tmp_path / 'a').write_text('abc')

    assert sizes([tmp_path / 'a', tmp_path / 'b']) == {tmp_path / 'a': 3, tmp_path / 'b': None}


def test_signals_have_names() -> None:
    assert (signal_name(15), signal_name(99)) == ('SIGTERM', 'signal 99')
