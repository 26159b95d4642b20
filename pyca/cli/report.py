"""The report of what became of each event: gathered for `pyca report`, as a table or as JSON."""

from __future__ import annotations

import json
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

from pyca.cli.retry import command_for
from pyca.event import Event, Outcome
from pyca.recording.atomic import read_json
from pyca.recording.plan import read_plan
from pyca.recording.store import Store
from pyca.storage.database import Database
from pyca.storage.outcomes import Line, Outcomes, Report
from pyca.storage.rows import LAST_SECOND
from pyca.storage.visiting import NothingYet

DAY = 86_400.0
WIDTH = 80
RECENT, DATED = '%a %d %b %H:%M', '%Y-%m-%d %H:%M'
"""How a start is written; as wide as each other."""
ON_THE_WAY = 'on its way'
VERSION = 1
"""Of the JSON document; grows when a key changes its meaning or goes, not when one is added."""

_ABSENT = {
    'recording': 'being recorded',
    'failing': 'recorder fails, is started again',
    'interrupted': 'interrupted, goes on',
    'queued': 'recorded, to be uploaded',
    'uploading': 'being uploaded',
    'waiting': 'waits for the next try',
    'due': 'due',
    'unknown': 'not known yet',
}
"""What is said of an event that has no outcome yet, by its state."""


def gather(database: Database, store: Store, days: float | None) -> Report:
    """What became of the events that ended in the last `days`; None: of all. Raises StorageError."""
    since = None if days is None else database.clock.now() - days * DAY
    try:
        return Outcomes(database).report(since, _scheduled(store))
    except NothingYet as nothing:
        return Report(since, database.clock.now(), nothing=str(nothing))


def _scheduled(store: Store) -> list[Event]:
    """What the schedule beside the recordings knows; a damaged one is for the agent to deal with."""
    content = read_json(store.schedule_path)
    plan = read_plan(store.schedule_path) if isinstance(content, dict) and 'events' in content else None
    return [*plan.events, *plan.over] if plan is not None else []


def sums(lines: Iterable[Line]) -> dict[str, int]:
    """How many events have each outcome, or none yet; every one of them is counted once."""
    counted = Counter(line.outcome.value if line.outcome else ON_THE_WAY for line in lines)
    return {name: counted[name] for name in (*(outcome.value for outcome in Outcome), ON_THE_WAY)}


def as_json(report: Report, agent: str) -> str:
    """The document that `docs/operation.md` describes."""
    content = {
        'version': VERSION,
        'agent': agent,
        'since': _utc(report.since),
        'until': _utc(report.until),
        'first_start': _utc(report.first_start),
        'running': report.runs,
        'total': len(report.lines),
        'sums': sums(report.lines),
        'events': [_entry(line) for line in report.lines],
        'open_before': [_entry(line) for line in report.before],
        'deleted': report.deleted,
        'left_by_older_program': [_entry(line) for line in report.left],
    }
    return json.dumps(content, indent=2)


def _entry(line: Line) -> dict[str, Any]:
    return {
        'uid': line.uid,
        'recording': line.name,
        'title': line.title,
        'start': _utc(line.start),
        'end': _utc(line.end),
        'outcome': line.outcome.value if line.outcome else None,
        'state': line.state,
        'cause': line.cause,
        'open': line.outcome is Outcome.HELD,
        'next_try': _utc(line.next_try),
        'bytes_sent': line.sent,
        'bytes_total': line.total,
    }


def _utc(moment: float | None) -> str | None:
    if moment is None:
        return None
    return _local(moment).astimezone(timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def as_text(report: Report, agent: str, *, everything: bool) -> str:
    """For a person, in 80 columns; `everything`: with what an older program left behind."""
    if report.nothing:
        return report.nothing
    return '\n'.join([*_head(report, agent), *_body(report), *_notes(report, everything)])


def _head(report: Report, agent: str) -> Iterator[str]:
    zone = _local(report.until).tzname()
    since = 'the beginning' if report.since is None else _moment(report.since)
    yield f'Events of {_shown(agent)}, {since} to {_moment(report.until)} ({zone})'
    yield ''


def _body(report: Report) -> Iterator[str]:
    if not report.lines:
        yield 'Nothing yet.' if report.since is None else 'Nothing in this time; --week and --all look further back.'
    for line in report.lines:
        yield from _lines(line, DATED if report.since is None else RECENT)
    if report.lines:
        yield ''
        yield f'{len(report.lines):>5} {"event" if len(report.lines) == 1 else "events"}'
        yield from (f'{count:>5} {name}' for name, count in sums(report.lines).items() if count)


def _lines(line: Line, form: str) -> Iterator[str]:
    """One event: when, what, how it ended; below that why."""
    start = _local(line.start)
    state = _ABSENT.get(line.state, line.state)
    title = _shown(line.title) or _shown(line.uid)
    room = WIDTH - 18 - 2 - len(state)
    yield f'{start:{form}}  {_fitted(title, room)}  {state}'
    if cause := '; '.join(text for text in (_progress(line), _shown(line.cause)) if text):
        yield from textwrap.wrap(cause, WIDTH, initial_indent=' ' * 18, subsequent_indent=' ' * 18)


def _progress(line: Line) -> str:
    if line.state == 'uploading' and line.total:
        return f'{100 * line.sent // line.total} % sent'
    if line.next_try and line.state == 'waiting':
        return f'next try {_moment(line.next_try)}'
    return ''


def _notes(report: Report, left: bool) -> Iterator[str]:
    held = [line for line in (*report.before, *report.lines) if line.outcome is Outcome.HELD]
    yield from _decisions(held)
    yield from _listed('On their way since before', [line for line in report.before if not line.outcome])
    if report.deleted:
        yield ''
        yield f'Not counted: {_recordings(report.deleted)} that somebody deleted.'
    if report.left and left:
        yield from _listed('Left by an older program, neither counted nor uploaded by itself', report.left)
    elif report.left:
        yield ''
        yield f'Not counted: {_recordings(len(report.left))} left by an older program; --all lists what there is.'
    if not report.runs:
        yield ''
        yield 'The agent is not running: this is how things were when it was heard last.'


def _recordings(number: int) -> str:
    return f'{number} recording{"" if number == 1 else "s"}'


def _decisions(held: Sequence[Line]) -> Iterator[str]:
    """What a person can type for each recording that waits for one."""
    if not held:
        return
    yield ''
    yield 'Held. Whoever wants one of them uploaded calls'
    for line in held:
        start = _local(line.start)
        yield f'  {start:%a %d %b %Y %H:%M}  {_fitted(_shown(line.title) or _shown(line.uid), WIDTH - 24).rstrip()}'
        yield f'    {command_for(line, held)}'


def _listed(heading: str, lines: Sequence[Line]) -> Iterator[str]:
    if lines:
        yield ''
        yield f'{heading}:'
    for line in lines:
        yield from _lines(line, DATED)


def _moment(moment: float) -> str:
    return f'{_local(moment):%a %d %b %Y %H:%M}'


def _local(moment: float) -> datetime:
    """Old installations have times in their databases that no calendar has (H58): the nearest one stands in."""
    return datetime.fromtimestamp(min(max(moment, 0), LAST_SECOND)).astimezone()


def _shown(text: str) -> str:
    """Nothing that moves the cursor, rings, or goes on in another line."""
    return ''.join(letter if letter.isprintable() else ' ' for letter in text).strip()


def _fitted(text: str, room: int) -> str:
    """Cut or filled to so many columns; letters of East Asia take two, marks on other letters none."""
    if _columns(text) > room:
        while _columns(text) > room - 3:
            text = text[:-1]
        text = f'{text.rstrip()}...'
    return text + ' ' * (room - _columns(text))


def _columns(text: str) -> int:
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in 'WF' else 1
        for letter in text
    )
