"""What to do when nobody knows whether the core has accepted a recording.

The final call starts a workflow on the core. A second one may gut the event or make a new one of it (contract 7.8),
so it is the one call that is never repeated blindly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pyca.errors import CoreError, LoginFailed, Overloaded, Refused, Unreachable

REPEAT_AFTER = 60.0
"""Seconds from one final call to the next, so that a slow core can finish the first."""
BLIND_WITHIN = 900.0
"""Seconds in which a final call may be repeated without asking: a workflow that was started is still active then,
and an active one makes the core refuse the second."""
CONFIRM_FOR = 300.0
"""Seconds for which a bad answer must last: a core that is starting answers 404 and 500 to everything."""
GIVE_UP_AFTER = 86400.0
"""Seconds; after a day of questions a person decides."""

_LOST = 'The answer to the final call got lost;'


class Answer(Enum):
    """What the core said to one question."""

    YES = 'yes'
    NO = 'no'
    MUTE = 'cannot be asked'


class Next(Enum):
    """What happens next."""

    ACCEPTED = 'accepted'
    REPEAT = 'repeat the final call'
    ASK = 'ask again later'
    HOLD = 'a person decides'


@dataclass(frozen=True)
class Situation:
    """All that is known about a final call without an answer.

    `own_id`: the media package has the event's id. `owns`: the scheduler still owns the event, it has not been
    archived. `technical`: the core still knows the event. `age`: seconds since the first final call; `quiet`: since
    the last one; `asking`: since the core first answered a question about it. `repeats`: final calls after the first.
    """

    own_id: bool
    owns: Answer
    technical: Answer
    age: float
    quiet: float
    asking: float = 0.0
    repeats: int = 0


@dataclass(frozen=True)
class Decision:
    """What happens next, with a sentence for the page."""

    what: Next
    sentence: str


def decide(situation: Situation) -> Decision:
    """Choose what happens next; in doubt it is never the final call."""
    if situation.owns is Answer.YES:
        return _still_scheduled(situation)
    if situation.owns is Answer.NO and situation.technical is Answer.YES:
        return Decision(Next.ACCEPTED, 'The core has archived the event, so it accepted the recording.')
    if situation.technical is Answer.NO:
        return _hold(situation, 'the core no longer has this event: was it deleted?')
    if situation.owns is Answer.NO:
        return _hold(situation, 'the core has archived the event or deleted it, but does not say which.')
    return _cannot_be_asked(situation)


def _still_scheduled(situation: Situation) -> Decision:
    if situation.asking >= GIVE_UP_AFTER:
        return Decision(Next.HOLD, f'{_LOST} for a day the core has not archived the event.')
    if not situation.own_id:
        return Decision(Next.ASK, f'{_LOST} the core is asked until it has archived the event.')
    if situation.quiet < REPEAT_AFTER:
        return Decision(Next.ASK, f'{_LOST} the core is asked what became of it.')
    return Decision(Next.REPEAT, f'{_LOST} the event is not archived yet, so it is repeated.')


def _cannot_be_asked(situation: Situation) -> Decision:
    if not situation.own_id or situation.repeats > 0 or situation.age > BLIND_WITHIN:
        return _hold(situation, 'this core cannot be asked whether it accepted the recording.')
    if situation.quiet < REPEAT_AFTER:
        return Decision(Next.ASK, f'{_LOST} it is repeated once after a minute.')
    return Decision(Next.REPEAT, f'{_LOST} the core cannot be asked, so it is repeated once.')


def _hold(situation: Situation, reason: str) -> Decision:
    what = Next.HOLD if situation.asking >= CONFIRM_FOR else Next.ASK
    return Decision(what, f'{_LOST} {reason}')


def undecided(error: CoreError) -> bool:
    """Whether the final call may have been accepted although it ended with this error.

    500 is the answer for conflicts, too (contract 7.7); after 4xx nothing was started.
    """
    if isinstance(error, (Unreachable, Overloaded)):
        return error.sent
    if isinstance(error, Refused):
        return error.status >= 500
    # A refused login means that no service saw the request. What was not understood may have been a yes.
    return not isinstance(error, LoginFailed)
