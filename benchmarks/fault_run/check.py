"""Judges what can be seen from outside by what was done."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator

from benchmarks.fault_run.chronicle import Chronicle
from benchmarks.fault_run.evidence import Evidence, Row
from benchmarks.fault_run.expect import AFTER, Expectation, uncovered
from benchmarks.fault_run.ledger import Run, lines
from benchmarks.fault_run.spans import Span, length, meets, without

DELIVERED = ('delivered', 'delivered with gaps')
OUTCOMES = (*DELIVERED, 'held', 'failed', 'missed')
TAKEN_AWAY = ('cancelled', 'moved', 'given away')
LEFT_OUT = 'not uploaded, since no player would open it'
BLURRED = 0.3
"""Seconds; no moment is known better than so."""
UNDISTURBED = 1.0
"""Seconds without harm after an event's second, for its start to be one in whose way nothing stood."""
EARLY = 0.1
"""Seconds before its event at which a line may have been written."""


class Check:
    """`findings` has a sentence for each thing that is not as it should be; `outcomes` counts."""

    def __init__(self, chronicle: Chronicle, evidence: Evidence) -> None:
        self._chronicle = chronicle
        self._evidence = evidence
        self.outcomes: Counter[str] = Counter()
        self.late: dict[str, float] = {}
        """Seconds from the event's second to the first line, where nothing stood in the way."""
        self.required = self.scheduled = 0.0
        """Seconds that had to be recorded, of those that were scheduled: how much the harm has excused."""
        self.findings = [finding for uid in chronicle.versions for finding in self._event(uid)]
        self.findings += self._everything()

    def _event(self, uid: str) -> Iterator[str]:
        expected = Expectation(self._chronicle, uid, self._evidence.runs)
        outcome = self._outcome(uid, expected)
        self.outcomes[outcome or 'none'] += 1
        for judge in (self._accounted, self._delivered, self._whole, self._recorded, self._caused):
            yield from (f'{uid}: {finding}' for finding in judge(uid, expected, outcome))

    def _outcome(self, uid: str, expected: Expectation) -> str:
        """The one that the agent states; of several rows that of the event as the core has it now."""
        unseen = not self._evidence.runs[uid] and uid not in self._evidence.rows
        if unseen and not expected.versions[-1].here:
            return 'called off'
        return self._row(uid, expected).outcome

    def _row(self, uid: str, expected: Expectation) -> Row:
        rows = self._evidence.rows.get(uid, [])
        now = [row for row in rows if row.start == int(expected.versions[-1].start)]
        return next(iter([*now, *reversed(rows)]), Row(0, 0, '', ''))

    # -- each event -----------------------------------------------------------------------------------------------

    def _accounted(self, uid: str, expected: Expectation, outcome: str) -> Iterator[str]:
        rows = self._evidence.rows.get(uid, [])
        if outcome not in (*OUTCOMES, 'called off'):
            yield f'it has no outcome, its rows are {rows}'
        yield from (f'its row is still {row.status}' for row in rows if row.under_way)
        others = [row for row in rows if row is not self._row(uid, expected) and row.outcome in DELIVERED]
        if others and len(expected.versions) == 1:
            yield f'it has several rows: {rows}'
        if outcome in OUTCOMES and outcome != 'delivered' and not self._row(uid, expected).cause:
            yield f'it is {outcome}, and nobody says why'

    def _delivered(self, uid: str, expected: Expectation, outcome: str) -> Iterator[str]:
        arrived = self._evidence.arrived.get(uid, [])
        if len(arrived) > 1:
            yield f'it was delivered {len(arrived)} times'
        if (outcome in DELIVERED) != bool(arrived) and len(self._evidence.rows.get(uid, [])) <= 1:
            yield f'the agent says "{outcome}", but {len(arrived)} deliveries arrived'
        taken = any(not version.here for version in expected.versions)
        if any(not one.matched for one in arrived) and not taken:
            yield 'it was delivered as another event'
        good = any(self._good(run) for run in self._evidence.runs[uid])
        away = taken or len({version.start for version in expected.versions}) > 1
        if not arrived and good and not away and not self._longer_too_late(uid, expected):
            yield f'it was recorded and not delivered; the agent says "{outcome}": {self._row(uid, expected).cause}'
        told = self._evidence.states[uid]
        forgot = meets((min((one.at for one in arrived), default=0) - 30, 9e12), self._chronicle.spans('database'))
        if arrived and not taken and 'upload_finished' not in told and not forgot:
            yield f'the core was not told that it was uploaded, only {told}'

    def _longer_too_late(self, uid: str, expected: Expectation) -> bool:
        """It was made longer when its upload may have begun: then a person may have to decide."""
        versions = expected.versions
        longer = any(b.end > a.end and b.at > a.end - 10 for a, b in itertools.pairwise(versions))
        return longer and self._row(uid, expected).outcome == 'held'

    def _whole(self, uid: str, expected: Expectation, outcome: str) -> Iterator[str]:
        """Every line that a recorder wrote is in the core, or at least on the disk."""
        runs, arrived = self._evidence.runs[uid], self._evidence.arrived.get(uid, [])
        found = [stamp for one in arrived for _, track in one.tracks for stamp in track]
        twice = [key for key, count in Counter((stamp.pid, stamp.number) for stamp in found).items() if count > 1]
        if len(arrived) == 1 and twice:
            yield f'{len(twice)} lines arrived twice'
        strangers = {stamp.uid for stamp in found} - {uid}
        if strangers:
            yield f'it has lines of {", ".join(sorted(strangers))}'
        away = len({version.start for version in expected.versions}) > 1 or self._gone(uid)
        stated = LEFT_OUT in self._row(uid, expected).cause
        apart = away or stated or not arrived  # what was called off is held
        places = [*found, *(self._evidence.kept[uid] if apart else ())]
        kept = {(stamp.pid, stamp.number) for stamp in places}
        lost = sorted(lines(runs) - kept)
        if lost:
            where = 'in the core' if arrived else 'on the disk'
            yield f'{len(lost)} of {len(lines(runs))} recorded lines are not {where}, the first is {lost[0]}'
        cut = sum(run.how in ('', 'disk') for run in runs)
        if sum(one.broken for one in arrived) > cut:
            yield 'lines are broken that nobody broke'

    def _recorded(self, uid: str, expected: Expectation, outcome: str) -> Iterator[str]:
        """A recorder ran when it should, and only then."""
        runs = self._evidence.runs[uid]
        yield from self._at_once(runs)
        self.scheduled += expected.ends - expected.begins
        if expected.shaken:
            return
        required = expected.required()
        self.required += length(required)
        holes = uncovered(required, runs)
        if length(holes) > BLURRED:
            yield f'it was not recorded at {self._told(holes, expected)}'
        starts = {version.start for version in expected.versions}
        for run in runs:
            if run.begun < min(starts) - EARLY:
                yield f'a recorder began {min(starts) - run.begun:.2f} s before the event'
        covered = [span for run in runs for span in run.covers()]
        over = without(covered, without([(0.0, 9e12)], expected.forbidden()))
        if length(over) > 1:
            yield f'it was recorded although the core did not want it at {self._told(over, expected)}'
        first = min((run.stamps[0].at for run in runs if run.stamps), default=None)
        second = expected.begins
        hindered = without([(second, second + UNDISTURBED)], required)
        if first is not None and len(starts) == 1 and not hindered:
            self.late[uid] = first - second

    def _at_once(self, runs: list[Run]) -> Iterator[str]:
        ordered = sorted((run for run in runs if run.stamps), key=lambda run: run.begun)
        for one, other in itertools.pairwise(ordered):
            if other.stamps[0].at < one.last - 0.2:
                yield f'two recorders ran at once, {one.pid} and {other.pid}'

    def _caused(self, uid: str, expected: Expectation, outcome: str) -> Iterator[str]:
        row = self._row(uid, expected)
        cause = row.cause
        runs = [run for run in self._evidence.runs[uid] if run.last > row.start - EARLY]  # else it is of before a move
        if outcome == 'missed' and any(run.stamps for run in runs):
            yield f'it is "missed" ({cause}), but a recorder wrote'
        if outcome == 'missed' and not expected.shaken and length(expected.required()) > AFTER:
            yield f'it is "missed" ({cause}), but nothing stood in the way'
        if outcome == 'failed' and any(self._good(run) for run in runs):
            yield f'it is "failed" ({cause}), but a recorder ended as it should'
        excused = expected.shaken or self._disk_was_full(expected) or length(expected.required()) <= AFTER
        if outcome == 'failed' and not runs and not excused:
            yield f'it is "failed" ({cause}), but no recorder ever ran'
        taken = [word for word in TAKEN_AWAY if word in cause]
        if taken and len(expected.versions) == 1:
            yield f'the agent says "{cause}", but nobody touched it'
        if outcome == 'delivered' and sum(bool(run.stamps) for run in runs) > 1:
            yield 'it is "delivered" without a gap, but more than one recorder wrote'

    def _good(self, run: Run) -> bool:
        """Whether it ended well, and was not killed on its way out."""
        fatal = ('recorder killed', 'power cut', 'database')
        killed = [(entry.since, entry.since + 0.1) for entry in self._chronicle.done if entry.kind.startswith(fatal)]
        return not run.failed and not meets((run.last - 0.1, run.last + 1), killed)

    def _disk_was_full(self, expected: Expectation) -> bool:
        return meets((expected.begins - 5, expected.ends), self._chronicle.spans('disk full'))

    def _told(self, spans: list[Span], expected: Expectation) -> str:
        """Times as seconds of the event, with the harm around them."""
        begin = expected.begins
        said = ', '.join(f'{since - begin:.1f} to {until - begin:.1f} s' for since, until in spans)
        reach = (min(span[0] for span in spans) - 10, max(span[1] for span in spans) + 2)
        near = [
            f'{entry.kind} {entry.on} {entry.since - begin:+.1f}'
            for entry in self._chronicle.done
            if meets(reach, [(entry.since, max(entry.until, entry.since + 0.01))])
        ]
        return f'{said} of {expected.ends - begin:.0f} s (near: {"; ".join(near) or "nothing"})'

    # -- all of it ------------------------------------------------------------------------------------------------

    def _everything(self) -> Iterator[str]:
        strangers = set(self._evidence.rows) - set(self._chronicle.versions)
        if strangers:
            yield f'the agent has rows of unknown events: {sorted(strangers)}'
        yield from self._reported()
        damaged = bool(self._chronicle.spans('database damaged'))
        yield from (left for left in self._evidence.left if not (damaged and 'pyca.db' in left))
        if self._evidence.untold:
            yield f'{self._evidence.untold} states were never told to the core'
        yield from (f'the core says: {said}' for said in self._evidence.violations if not self._explained(said))
        yield from (entry.kind for entry in self._chronicle.done if entry.kind.startswith('exit code'))

    def _reported(self) -> Iterator[str]:
        """Whether `pyca report` adds up, and says what the database says."""
        report = self._evidence.report
        if report is None:
            return
        if not sum(report['sums'].values()) == report['total'] == len(report['events']):
            yield f'the report does not add up: {report["sums"]}, {report["total"]}, {len(report["events"])} events'
        said = {(entry['uid'], entry['outcome'] or '') for entry in report['events']}
        rows = {(uid, row.outcome) for uid, found in self._evidence.rows.items() for row in found}
        if said != rows:
            yield f'the report says {sorted(said - rows)} and lacks {sorted(rows - said)}'

    def _explained(self, violation: str) -> bool:
        """What a careful agent does when its memory was taken from it, or the event."""
        forgot = bool(self._chronicle.spans('database', 'power', 'agent'))
        reasons: tuple[tuple[str, Callable[[str], bool]], ...] = (
            ('A state for the recording', lambda uid: self._gone(uid) and forgot),
            ('was posted for', self._changed),
            ('is not the last one returned', lambda uid: forgot),  # killed between an answer and the note of it
            ('without asking the registry', lambda uid: bool(self._chronicle.spans('core'))),
        )
        named = re.search(r'event-\d+', violation)
        return any(words in violation and why(named[0] if named else '') for words, why in reasons)

    def _gone(self, uid: str) -> bool:
        return any(not version.here for version in self._chronicle.versions.get(uid, []))

    def _changed(self, uid: str) -> bool:
        return len(self._chronicle.versions.get(uid, [])) > 1
