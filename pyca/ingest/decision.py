"""What to do when nobody knows whether the core has accepted a recording.

The final call starts a workflow on the core. A second one may gut the event or make a new one of it (contract 7.8),
so it is the one call that is never repeated blindly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pyca.errors import CoreError, LoginFailed, Overloaded, Refused, Unreachable
from pyca.states import ARCHIVED

REPEAT_AFTER = 60.0
"""Seconds from one final call to the next, so that a slow core can finish the first."""
REPEAT_ALL_AFTER = 600.0
"""The same where the final call carries all the files: the core is asked meanwhile, which costs nothing."""
BLIND_WITHIN = 900.0
"""Seconds in which a final call may be repeated without asking: a workflow that was started is still active then,
and an active one makes the core refuse the second."""
CONFIRM_FOR = 300.0
"""Seconds for which a bad answer must last: a core that is starting answers 404 and 500 to everything."""
GIVE_UP_AFTER = 86400.0
"""Seconds; after a day of questions a person decides."""


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

    `own_id`: the media package has the event's id, and the core has not said that it works on it (then nothing is to be
    repeated either). `owns`: the scheduler still owns the event, it has not been
    archived. `technical`: the core still knows the event. `age`: seconds since the first final call; `quiet`: since
    the last one; `asking`: since the core first answered a question about it. `repeats`: final calls after the first.
    `repeat_after`: how long it must have been quiet before one more to a core that still waits for the recording.
    `refused`: each was answered, and none with a yes, so that what the core archives then may be somebody else's; most
    likely it is, where the first one was `late`.
    """

    own_id: bool
    owns: Answer
    technical: Answer
    age: float
    quiet: float
    asking: float = 0.0
    repeats: int = 0
    repeat_after: float = REPEAT_AFTER
    refused: bool = False
    late: bool = False


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
        return _archived(situation)
    if situation.technical is Answer.NO:
        return _hold(situation, 'the core no longer has this event: was it deleted?')
    if situation.owns is Answer.NO:
        return _hold(situation, 'the core has archived the event or deleted it, but does not say which.')
    return _cannot_be_asked(situation)


def _archived(situation: Situation) -> Decision:
    if not situation.refused:
        return Decision(Next.ACCEPTED, 'The core has archived the event, so it accepted the recording.')
    said = opening(situation.refused)
    if situation.late:
        return Decision(Next.HOLD, f'{said}; {ARCHIVED}.')
    return Decision(Next.ACCEPTED, f'{said}; the event is archived all the same, the files here are kept.')


def opening(refused: bool) -> str:
    """What is the matter with the final call; the rest of the sentence follows."""
    return 'The core answered the final call with an error' if refused else 'The answer to the final call got lost'


def _still_scheduled(situation: Situation) -> Decision:
    said = opening(situation.refused)
    if situation.asking >= GIVE_UP_AFTER:
        return Decision(Next.HOLD, f'{said}; for a day the core has not archived the event.')
    if not situation.own_id:
        return Decision(Next.ASK, f'{said}; the core is asked until it has archived the event.')
    if situation.quiet < situation.repeat_after:
        return Decision(Next.ASK, f'{said}; the core is asked what became of it.')
    return Decision(Next.REPEAT, f'{said}; the event is not archived yet, so it is repeated.')


def _cannot_be_asked(situation: Situation) -> Decision:
    said = opening(situation.refused)
    if not situation.own_id or situation.repeats > 0 or situation.age > BLIND_WITHIN:
        return _hold(situation, 'this core cannot be asked whether it accepted the recording.')
    if situation.quiet < REPEAT_AFTER:
        return Decision(Next.ASK, f'{said}; it is repeated once after a minute.')
    return Decision(Next.REPEAT, f'{said}; the core cannot be asked, so it is repeated once.')


def _hold(situation: Situation, reason: str) -> Decision:
    what = Next.HOLD if situation.asking >= CONFIRM_FOR else Next.ASK
    return Decision(what, f'{opening(situation.refused)}; {reason}')


def undecided(error: CoreError) -> bool:
    """Whether the final call may have been accepted although it ended with this error.

    500 is the answer for conflicts, too (contract 7.7); after 4xx nothing was started. 409 says that something was
    started before (contract 7.9), perhaps by a call whose answer got lost.
    """
    if isinstance(error, (Unreachable, Overloaded)):
        return error.sent
    if isinstance(error, Refused):
        return error.status >= 500 or conflict(error)
    # A refused login means that no service saw the request. What was not understood may have been a yes.
    return not isinstance(error, LoginFailed)


def conflict(error: CoreError) -> bool:
    """Whether the core says that a workflow is at work on this event already."""
    return isinstance(error, Refused) and error.status == 409
