"""What is not as it should be, with what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pyca.states import Fault, ServiceType
from pyca.storage.faults import FaultRow
from pyca.storage.listing import Planned
from pyca.ui.exposure import LOGIN_KNOWN, PAGE_OPEN
from pyca.ui.overview.model import ATTENTION, PROBLEM, Machine, Problem, Service, Upload, Value


class Nature(NamedTuple):
    """How bad a problem is; codes for what follows from it, and for what to do."""

    kind: str
    consequence: str
    remedy: str


NATURES = {
    'program_missing': Nature(PROBLEM, 'nothing_recorded', 'install_program'),
    'folder_not_usable': Nature(PROBLEM, 'nothing_recorded', 'mend_folder'),
    'disk_full': Nature(PROBLEM, 'recordings_break_off', 'make_room'),
    'disk_short': Nature(ATTENTION, 'recordings_may_break_off', 'make_room'),
    'login_refused': Nature(PROBLEM, 'core_out_of_reach', 'correct_login'),
    'core_unreachable': Nature(ATTENTION, 'schedule_as_known', 'check_network'),
    'calendar': Nature(ATTENTION, 'events_may_be_missing', 'check_calendar'),
    'calendar_never': Nature(ATTENTION, 'nothing_known', 'check_network'),
    'calendar_old': Nature(ATTENTION, 'schedule_as_known', 'check_network'),
    'recorder': Nature(PROBLEM, 'nothing_recorded', 'check_recorder'),
    'upload': Nature(ATTENTION, 'uploads_wait', 'check_core'),
    'clock': Nature(ATTENTION, 'times_wrong', 'set_clock'),
    'clock_offset': Nature(ATTENTION, 'times_wrong', 'set_clock'),
    'configuration': Nature(PROBLEM, 'nothing_recorded', 'correct_configuration'),
    'inputs': Nature(ATTENTION, 'not_as_selected', 'check_inputs'),
    'capabilities': Nature(ATTENTION, 'inputs_not_offered', 'check_capabilities'),
    'capture_stopped': Nature(PROBLEM, 'none_begins', 'start_service'),
    'schedule_stopped': Nature(ATTENTION, 'schedule_as_known', 'start_service'),
    'ingest_stopped': Nature(ATTENTION, 'uploads_wait', 'start_service'),
    'agentstate_stopped': Nature(ATTENTION, 'core_not_told', 'start_service'),
    'held': Nature(ATTENTION, 'not_uploaded', 'decide'),
    PAGE_OPEN: Nature(ATTENTION, 'open_to_all', 'set_password'),
    LOGIN_KNOWN: Nature(ATTENTION, 'login_known_to_all', 'change_password'),
}
OFFSET = 10.0
"""Seconds that the clocks of core and agent may differ."""
SHORT = 2.0
"""Hours of recording that should fit on the disk."""


def code(fault: Fault) -> str:
    return fault.value.replace(' ', '_')


def problems(
    faults: Iterable[FaultRow],
    machine: Machine,
    uploads: Sequence[Upload],
    upcoming: Sequence[Planned],
    stale_since: float | None,
) -> tuple[Problem, ...]:
    """The worst first. `stale_since`: when the calendar became too old to rely on; 0 if there never was one."""
    found = [_fault(row) for row in faults]
    found += [_stopped(service) for service in machine.services if not service.runs]
    known = {problem.code for problem in found}
    if stale_since is not None and not known & {'core_unreachable', 'login_refused', 'calendar', 'configuration'}:
        found.append(_problem('calendar_old', stale_since) if stale_since else _problem('calendar_never'))
    found += _measured(machine, known)
    held = [upload for upload in uploads if upload.needs_decision]
    if held:
        found.append(_problem('held', None, count=len(held)))
    event = upcoming[0] if upcoming else None
    found.sort(key=lambda problem: problem.kind != PROBLEM)
    return tuple(_concerning(problem, event) for problem in found)


def exposed(code: str) -> tuple[Problem, ...]:
    """That everybody may do everything, by the code for why it is so, if any. No verdict is about it: it keeps no
    recording from being made."""
    return (_problem(code),) if code else ()


def _measured(machine: Machine, known: set[str]) -> Iterable[Problem]:
    if machine.offset is not None and abs(machine.offset) > OFFSET:
        yield _problem('clock_offset', None, seconds=machine.offset)
    disk = machine.disk
    if disk is not None and disk.hours is not None and disk.hours < SHORT and 'disk_full' not in known:
        yield _problem('disk_short', None, hours=disk.hours)


def _fault(row: FaultRow) -> Problem:
    return _problem(code(row.fault), row.since, row.text, service=row.service.label)


def _stopped(service: Service) -> Problem:
    """Since the last sign of life; unknown if there never was one."""
    name = service.name if service.name in {kind.label for kind in ServiceType} else 'capture'
    return _problem(f'{name}_stopped', service.beat, service=service.name)


def _problem(kind: str, since: float | None = None, text: str = '', **values: Value) -> Problem:
    nature = NATURES[kind]
    return Problem(kind, nature.kind, since, text, nature.consequence, nature.remedy, values)


def _concerning(problem: Problem, event: Planned | None) -> Problem:
    """With the next event that it endangers; an upload endangers none."""
    if problem.consequence in ('uploads_wait', 'not_uploaded', 'core_not_told'):
        return problem
    return Problem(**{**vars(problem), 'event': event})
