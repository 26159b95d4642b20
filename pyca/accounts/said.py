"""What a recording's folder says of it, in the terms of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyca.clock import Clock
from pyca.event import Outcome, together
from pyca.recording.atomic import read_json
from pyca.recording.delivery import offer
from pyca.recording.journal import UPLOAD, Journal, Phase
from pyca.recording.schedule import newest
from pyca.recording.store import Store
from pyca.states import ARCHIVED, BACKUP, EventStatus, Moment, RecordingState
from pyca.storage.memory import Memory
from pyca.storage.recorded import Recordings, Said

REPORTS = {
    Phase.RECORDING: Moment.RECORDING.told,
    Phase.FAILING: Moment.FAILING.told,
    Phase.INTERRUPTED: Moment.INTERRUPTED.told,
    Phase.FINISHED: Moment.FINISHED.told,
    Phase.FAILED: Moment.FAILED.told,
}
"""What the core is told when a recording enters a phase."""

STATUS = {
    Phase.RECORDING: EventStatus.RECORDING,
    Phase.FAILING: EventStatus.RECORDING,
    Phase.INTERRUPTED: EventStatus.PARTIAL_RECORDING,
    Phase.FINISHED: EventStatus.FINISHED_RECORDING,
    Phase.FAILED: EventStatus.FAILED_RECORDING,
}

NEWS = 86_400.0
"""Seconds after an event's end in which the core is told again how it ended, if nobody knows that it was told."""


@dataclass(frozen=True)
class Word:
    """What the database is to say, what the core is to be told: None for nothing new."""

    said: Said
    report: RecordingState | None


class Words:
    """Puts journals into words."""

    def __init__(self, store: Store, recordings: Recordings, memory: Memory, clock: Clock, backup_mode: bool) -> None:
        self._store = store
        self._recordings = recordings
        self._memory = memory
        self._clock = clock
        self._backup_mode = backup_mode

    def of(self, journal: Journal) -> Word | None:
        """None for a recording that was called off."""
        status, phase = STATUS.get(journal.phase), journal.phase.value
        if status is None:
            return None
        upload = self.upload(journal.folder.name) if journal.phase.over else {}
        gone_wrong = str(upload.get('error') or 'a person decides') if upload.get('held') else ''
        left_out = str(upload.get('left_out') or '')
        flaws, gaps = together(journal.flaws, left_out), journal.gaps or bool(left_out)
        outcome, cause = None, journal.cause
        if upload.get('accepted'):
            status, phase, cause = EventStatus.FINISHED_UPLOADING, 'delivered', flaws
            outcome = Outcome.DELIVERED_WITH_GAPS if gaps else Outcome.DELIVERED
        elif held := gone_wrong or self._held(journal, upload):
            status, phase, outcome, cause = EventStatus.PAUSED_AFTER_RECORDING, 'held', Outcome.HELD, held
        elif journal.phase is Phase.FAILED:
            outcome = Outcome.FAILED
        begun = max((segment.planned for segment in journal.segments), default=0.0)
        said = Said(status, phase, tuple(offer(journal)), outcome, cause, flaws, gaps, bool(journal.resumed), begun)
        return Word(said, self._report(journal, upload))

    def upload(self, name: str) -> Mapping[str, Any]:
        """The remembered steps of its upload, also when its folder has been deleted since; empty if there are none."""
        folder = self._store.find(name)
        upload = read_json(folder / UPLOAD)
        if upload is None:
            remains = read_json(self._store.delivered(name))
            upload = remains.get('upload') if isinstance(remains, dict) else None
        if upload is None and (folder / 'upload.damaged.json').exists():
            return {
                'held': True,
                'error': 'the steps of its upload are damaged, so nobody knows whether the core has it',
            }
        return upload if isinstance(upload, dict) else {}

    def _held(self, journal: Journal, upload: Mapping[str, Any]) -> str:
        """Why nobody may upload it unasked; empty for the usual case."""
        doubtful = journal.phase is Phase.FAILED and journal.held and journal.pieces
        if journal.phase is not Phase.FINISHED and not doubtful:
            return ''
        if journal.held or self._backup_mode:
            return journal.held or BACKUP
        if upload.get('final_sent') or not self._archived(journal.event.uid):
            return ''  # after a final call of ours, it may be ours that the core has
        row = self._recordings.of(journal.event)
        undecided = row is None or row.status in (EventStatus.RECORDING, EventStatus.PARTIAL_RECORDING)
        return ARCHIVED if undecided else ''

    def _archived(self, uid: str) -> bool:
        """The database may have been lost since, the file beside the recordings may not have been writable."""
        noted = self._memory.get('archived')
        if isinstance(noted, dict) and uid in noted:
            return True
        plan = newest(self._store)
        return plan is not None and uid in plan.archived

    def _report(self, journal: Journal, upload: Mapping[str, Any]) -> RecordingState | None:
        """What the core has to be told of it.

        None when it knows (two phases may mean the same to it), or when that is no news any more.
        """
        old = journal.phase.over and journal.event.end < self._clock.now() - NEWS
        if self._backup_mode or journal.event.unscheduled or old:
            return None
        report = REPORTS[journal.phase]
        before = self._recordings.of(journal.event)
        if before is None and upload.get('accepted'):
            return Moment.DELIVERED.told
        if before is None and upload.get('held'):
            return Moment.STUCK.told
        told = {phase.value: state for phase, state in REPORTS.items()}.get(before.phase) if before else None
        return None if told is report else report
