"""What becomes of a recording under way when the calendar, or a person, changes its event."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pyca.event import Event
from pyca.order import Answer, Order, OrderKind
from pyca.recording.impromptu import Impromptu, recorded_until
from pyca.recording.journal import Journal, Phase
from pyca.recording.localend import LocalEnd
from pyca.recording.recording import Recording
from pyca.recording.schedule import Schedule

CANCELLED = 'cancelled in the core'
MOVED = 'moved to another time in the core'
GUESSED = 60
"""Seconds by which the core's end of a recording begun here may be another one, should the core have scheduled it."""


def follow(recording: Recording, schedule: Schedule, now: float) -> Event | None:
    """Do with a recording what its event has become; gives the entry of the schedule that it records now."""
    journal = recording.journal
    event = schedule.find(journal.uid, journal.event.start)
    if event is None and journal.event.impromptu:
        return None
    if event is None:
        end = journal.local.core if journal.local else journal.event.end
        if now < end:  # later the calendar leaves out what is over
            _call_off(recording, schedule.gone.get(journal.uid, CANCELLED))
        return None
    if event.start > now and event.start != journal.event.start:
        _call_off(recording, MOVED)
        return None
    journal.local = journal.local and journal.local.over(event)
    recording.follow(wanted(journal, event, schedule))
    return event


def wanted(journal: Journal, event: Event, schedule: Schedule) -> Event:
    """What is to be recorded: the entry of the schedule, unless a person here has given it another end."""
    if journal.origin:
        event = replace(event, uid=journal.event.uid, title=journal.event.title)
    if journal.local is None or not journal.local.holds(event):
        return event
    return journal.local.of(event, schedule.next_start(journal.uid, event.end))


def is_ending(recording: Recording | None, folder: Path) -> bool:
    """Whether it is of an earlier time of the event that is to be recorded here, called off and about to end."""
    if recording is None or recording.settled:
        return False
    return bool(recording.ending) and recording.journal.folder != folder


def _call_off(recording: Recording, reason: str) -> None:
    if not recording.settled and not recording.ending:
        recording.journal.called_off = True
        recording.end(reason, held=reason)


def obey(order: Order, recordings: Iterable[Recording], schedule: Schedule, now: float, impromptu: Impromptu) -> Answer:
    """Do what a person wants, once; it is in the journal before it is answered."""
    found = [recording for recording in recordings if recording.event.uid == order.uid]
    if any(order.key in recording.journal.orders for recording in found):
        return Answer(True, 'This has been done already.')
    running = [recording for recording in found if not recording.settled]
    if order.kind is OrderKind.RECORD and running and not running[0].ending:
        running[0].obeyed(order.key)  # the calendar was quicker
        return recorded_until(running[0].event.end)
    if order.kind is OrderKind.RECORD:
        return impromptu.begin(order, schedule, now)
    if not running:
        return Answer(False, 'It is not being recorded.')
    recording = running[0]
    if recording.ending:
        return Answer(False, f'Its recording is being ended already: {recording.ending}.')
    if recording.journal.phase is Phase.WAITING:
        return Answer(False, 'Its recording has not begun yet.')
    return _change_end(recording, order, schedule, now)


def _change_end(recording: Recording, order: Order, schedule: Schedule, now: float) -> Answer:
    journal = recording.journal
    event = schedule.find(journal.uid, journal.event.start) or journal.event
    core = journal.local.core if journal.local else event.end
    if order.kind is OrderKind.END:
        end, limit = int(now), float('inf')
    else:
        limit = schedule.next_start(journal.uid, journal.event.end)
        end = journal.event.end + 60 * order.minutes
        if order.minutes < 1 or limit <= journal.event.end:
            return Answer(False, 'The next event begins then.' if order.minutes > 0 else 'No minute was added.')
    journal.orders.append(order.key)
    journal.local = LocalEnd(int(min(end, limit)), core, GUESSED if journal.event.unscheduled else 0)
    recording.follow(replace(journal.event, end=journal.local.end))
    at = time.strftime('%H:%M:%S', time.localtime(journal.local.end))
    if order.kind is OrderKind.END:
        return Answer(True, f'Its recording was ended at {at}.')
    rest = ', when the next event begins' if end > limit else ''
    return Answer(True, f'It is recorded until {at}{rest}.')
