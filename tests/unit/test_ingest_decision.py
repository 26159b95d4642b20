"""What follows from a final call without an answer."""

from __future__ import annotations

from itertools import product

import pytest

from pyca.errors import CoreError, LoginFailed, NotUnderstood, Overloaded, Refused, Unreachable
from pyca.ingest.decision import Answer, Next, Situation, decide, undecided

YES, NO, MUTE = Answer.YES, Answer.NO, Answer.MUTE
MINUTE, DAY = 60.0, 86400.0

TABLE = {
    # (owns, technical, own id): what happens after (10 s, 2 min, 10 min, 2 days) of asking
    (YES, YES, True): (Next.ASK, Next.REPEAT, Next.REPEAT, Next.HOLD),
    (YES, NO, True): (Next.ASK, Next.REPEAT, Next.REPEAT, Next.HOLD),
    (YES, MUTE, True): (Next.ASK, Next.REPEAT, Next.REPEAT, Next.HOLD),
    (YES, YES, False): (Next.ASK, Next.ASK, Next.ASK, Next.HOLD),
    (YES, NO, False): (Next.ASK, Next.ASK, Next.ASK, Next.HOLD),
    (YES, MUTE, False): (Next.ASK, Next.ASK, Next.ASK, Next.HOLD),
    (NO, YES, True): (Next.ACCEPTED,) * 4,
    (NO, YES, False): (Next.ACCEPTED,) * 4,
    (NO, NO, True): (Next.ASK, Next.ASK, Next.HOLD, Next.HOLD),
    (NO, NO, False): (Next.ASK, Next.ASK, Next.HOLD, Next.HOLD),
    (NO, MUTE, True): (Next.ASK, Next.ASK, Next.HOLD, Next.HOLD),
    (NO, MUTE, False): (Next.ASK, Next.ASK, Next.HOLD, Next.HOLD),
    (MUTE, NO, True): (Next.ASK, Next.ASK, Next.HOLD, Next.HOLD),
    (MUTE, NO, False): (Next.ASK, Next.ASK, Next.HOLD, Next.HOLD),
    (MUTE, YES, True): (Next.ASK, Next.REPEAT, Next.REPEAT, Next.HOLD),
    (MUTE, YES, False): (Next.ASK, Next.ASK, Next.HOLD, Next.HOLD),
    (MUTE, MUTE, True): (Next.ASK, Next.REPEAT, Next.REPEAT, Next.HOLD),
    (MUTE, MUTE, False): (Next.ASK, Next.ASK, Next.HOLD, Next.HOLD),
}


def test_the_table_is_complete() -> None:
    assert set(TABLE) == set(product(Answer, Answer, (True, False)))


@pytest.mark.parametrize(('answers', 'expected'), TABLE.items())
def test_the_decision_follows_from_the_answers_and_the_time(
    answers: tuple[Answer, Answer, bool], expected: tuple[Next, ...]
) -> None:
    owns, technical, own_id = answers
    ages = (10.0, 2 * MINUTE, 10 * MINUTE, 2 * DAY)
    decided = [decide(Situation(own_id, owns, technical, age=age, quiet=age, asking=age)) for age in ages]
    assert tuple(one.what for one in decided) == expected
    assert all(one.sentence for one in decided)


@pytest.mark.parametrize('technical', [YES, MUTE])
def test_a_core_that_cannot_be_asked_gets_the_final_call_once_more_only(technical: Answer) -> None:
    situation = Situation(True, MUTE, technical, age=400, quiet=300, asking=301, repeats=1)
    assert decide(situation).what is Next.HOLD


def test_a_core_that_cannot_be_asked_gets_no_final_call_after_the_first_may_have_finished() -> None:
    situation = Situation(True, MUTE, MUTE, age=1000, quiet=1000, asking=0)
    assert decide(situation).what is Next.ASK
    assert decide(Situation(True, MUTE, MUTE, age=1300, quiet=1300, asking=300)).what is Next.HOLD


def test_an_event_that_is_still_scheduled_may_get_its_final_call_again_and_again() -> None:
    assert decide(Situation(True, YES, YES, age=9000, quiet=600, asking=9000, repeats=7)).what is Next.REPEAT


@pytest.mark.parametrize(
    ('error', 'expected'),
    [
        (Unreachable('cut', sent=True), True),
        (Unreachable('refused', sent=False), False),
        (Overloaded('504', sent=True), True),
        (Overloaded('503', sent=False), False),
        (Refused('500', status=500), True),
        (Refused('400', status=400), False),
        (Refused('403', status=403), False),
        (LoginFailed('401'), False),
        (NotUnderstood('HTML'), True),
    ],
)
def test_only_an_error_after_which_something_may_have_begun_leaves_doubt(error: CoreError, expected: bool) -> None:
    assert undecided(error) is expected
