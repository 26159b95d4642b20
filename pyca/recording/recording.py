"""One event's recording, from the keepers' start to the last segment's end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from pyca.clock import Clock
from pyca.event import Event, together
from pyca.recording.conclusion import conclusion, doubt
from pyca.recording.journal import ON_TIME, Journal, Phase
from pyca.recording.leg import Leg
from pyca.recording.saving import Saving
from pyca.settings import Capture
from pyca.settings_inputs import Leg as Plan
from pyca.settings_inputs import legs

logger = logging.getLogger(__name__)

NOT_CONFIGURED = 'its command is not in the configuration any more'


class Recording:
    """Has every leg of an event recorded, and keeps the journal.

    `tick()` is called often and never waits. `changes` counts what others may want to know.
    """

    def __init__(
        self, journal: Journal, settings: Capture, clock: Clock, contended: Callable[[], bool] = lambda: False
    ) -> None:
        """`contended` tells whether another event's recorder may still hold the device."""
        self.journal = journal
        self._changes = 0
        self._settings = settings
        self._clock = clock
        self._contended = contended
        self._legs = [Leg(journal, plan, clock, contended) for plan in legs(settings, journal.inputs)]
        self._wanted = tuple(self._legs)
        self._ending = ''
        self._to_go_on = False
        self._resumed = False
        self._saving = Saving(journal)

    @property
    def event(self) -> Event:
        return self.journal.event

    @property
    def changes(self) -> int:
        return self._changes + sum(leg.changes for leg in self._legs)

    @property
    def fault(self) -> str:
        """Why a program could not be started; empty if all could."""
        return together(*(leg.fault for leg in self._legs))

    @property
    def settled(self) -> bool:
        """Whether nothing of it runs any more (an interrupted one goes on when the agent is back)."""
        resting = self.journal.phase is Phase.INTERRUPTED and not self._resumed
        return not self.running and (self.journal.phase.over or resting)

    @property
    def saved(self) -> bool:
        """Whether the disk has all that there is to say."""
        return not self._saving.owed

    @property
    def running(self) -> bool:
        """Whether a recorder or its keeper is there."""
        return any(leg.running for leg in self._legs)

    @property
    def ending(self) -> str:
        """Why it is being ended before its event is over; empty if it is not."""
        return self._ending

    def begin(self) -> None:
        """Leave it to keepers to start the recorders at the event's second, or now if that has passed; OSError."""
        self.journal.folder.mkdir(parents=True, exist_ok=True)
        self._name_legs()
        for leg in self._legs:
            leg.launch()

    def take_over(self) -> None:
        """Go on with what an earlier agent began: find its keepers, or note that they are gone."""
        for leg in self._legs:
            leg.heal()
        if not self.journal.phase.over:
            self._name_legs()
            self._add_strangers()
            for leg in self._legs:
                leg.find()
                if leg not in self._wanted:
                    leg.end(NOT_CONFIGURED)
            self._resumed = True

    def _add_strangers(self) -> None:
        """Care for the recorders, too, whose command the configuration has no longer: nobody else looks at them."""
        known = {leg.name for leg in self._legs}
        for name in sorted({each.leg for each in self.journal.segments if each.end is None} - known):
            self._legs.append(Leg(self.journal, Plan(name, self._settings), self._clock, self._contended))

    def _name_legs(self) -> None:
        self.journal.legs = tuple(leg.name for leg in self._wanted)

    def obeyed(self, order: str) -> None:
        """Note that what a person wanted has been done."""
        self.journal.orders.append(order)
        self._changes += 1

    def follow(self, event: Event) -> None:
        """Take over the end and the data that the calendar has now."""
        if event == replace(self.event, start=event.start) and event.data == self.event.data:
            return
        moved = event.end - self.event.end
        self.journal.event = replace(event, start=self.event.start)
        self._changes += 1
        if moved:
            logger.info('%s: the end moved by %+d s', event.uid, moved)
            for leg in self._legs:
                if moved > 0 and not self._ending:
                    leg.go_on()  # it may be over already, while another one finishes its files
                if self.journal.phase is Phase.WAITING:
                    leg.ask('its end moved before it began')

    def end(self, reason: str, *, held: str = '', to_go_on: bool = False) -> None:
        """End it before the event's end.

        `held` says why nobody shall upload it unasked; with `to_go_on` it goes on when the agent is back in time.
        """
        if self.settled or self._ending:
            return
        if self._clock.now() >= self.event.start:
            logger.info('%s: ending the recording: %s', self.event.uid, reason)
        self._ending, self._to_go_on = reason, to_go_on
        self.journal.held = held or self.journal.held
        self._changes += 1
        for leg in self._legs:
            leg.end(reason)

    def force(self) -> None:
        """End it without any patience."""
        for leg in self._legs:
            leg.force()

    def tick(self) -> float:
        """Look at the recorders and do what is due; returns the seconds after which to look again."""
        for leg in self._legs:
            leg.clear()
        wait = 60.0
        if not self.settled:
            wait = min(leg.tick() for leg in self._legs)
            self._note_progress()
            if all(leg.over for leg in self._legs):
                self._finish()
        self._saving.save(self.changes, sum(leg.seen for leg in self._legs))
        return wait

    def _note_progress(self) -> None:
        """It is being recorded as long as one of its legs is; what is wrong with the others is the cause."""
        causes = [f'{leg.name}: {leg.cause}' if leg.name else leg.cause for leg in self._wanted if leg.cause]
        if any(leg.recording for leg in self._wanted):
            self._enter(Phase.RECORDING, together(*causes))
        elif causes:
            self._enter(Phase.FAILING, together(*causes))

    def _finish(self) -> None:
        journal = self.journal
        self._resumed = False
        phase, cause = conclusion(journal, self._ending)
        if phase is not Phase.CANCELLED and self._to_go_on and self._clock.now() < self.event.end - ON_TIME:
            phase, cause = Phase.INTERRUPTED, self._ending
        self._enter(phase, cause)
        if phase is Phase.FAILED:
            journal.held = journal.held or doubt(journal)
        log = logger.error if phase is Phase.FAILED else logger.info
        if phase is not Phase.CANCELLED or not self._to_go_on:  # by a stop of the agent nothing is called off
            log('%s: recording %s%s', self.event.uid, phase.value, f': {journal.held or cause}' if cause else '')

    def _enter(self, phase: Phase, cause: str) -> None:
        if (phase, cause) != (self.journal.phase, self.journal.cause):
            self.journal.phase, self.journal.cause = phase, cause
            self._changes += 1
