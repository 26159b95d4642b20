"""The agent as metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric, UntypedMetricFamily

from pyca.states import EventStatus, ServiceStatus
from pyca.ui.metrics.counters import counters
from pyca.ui.metrics.queue import queue
from pyca.ui.metrics.unrecorded import unrecorded
from pyca.ui.overview.gather import gather
from pyca.ui.overview.model import Machine, Problem
from pyca.ui.overview.problems import NATURES
from pyca.ui.overview.sources import Sources

Families = Iterator[Metric]


class Agent:
    """Collects what the page shows. What is not known has no value: nought would be one."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """Everything, as it was at one moment, or with a StorageError nothing."""
        with self._sources.database.snapshot():
            return self._collected()

    def _collected(self) -> list[Metric]:
        seen = gather(self._sources)
        return [
            *_services(seen.machine),
            *self._events(),
            *self._queue(seen.now),
            _number('pyca_recordings_running', 'Recordings that are under way.', len(seen.running)),
            _number(
                'pyca_events_not_recorded',
                'Events whose time it is by the calendar while nothing of them is being recorded.',
                unrecorded(self._sources, seen),
            ),
            *counters(self._sources.counts.totals()),
            _problems(seen.problems),
            *_contacts(seen.machine),
            *_machine(seen.machine),
            self._devices(),
        ]

    def _events(self) -> Families:
        counts = self._sources.recordings.counts()
        counts[EventStatus.UPCOMING] = self._sources.upcoming.count()
        # existing installations know the name; only without a type may one that is no histogram end so
        events = UntypedMetricFamily('pyca_events_count', 'Events in each status.', labels=['type'])
        for status, count in counts.items():
            events.add_metric([status.label], count)
        yield events
        outcomes = GaugeMetricFamily('pyca_event_outcomes', 'Events that ended in each way.', labels=['outcome'])
        for outcome, number in self._sources.listing.outcomes().items():
            outcomes.add_metric([outcome.value], number)
        yield outcomes

    def _queue(self, now: float) -> Families:
        waiting = queue(self._sources)
        age = max(0.0, now - waiting.since) if waiting.since is not None else 0.0
        yield _number('pyca_upload_queue_length', 'Recordings that are to be uploaded.', waiting.length)
        yield _number('pyca_upload_queue_bytes', 'Bytes that are still to be uploaded.', waiting.size)
        yield _number(
            'pyca_upload_queue_oldest_age_seconds', 'Time since the end of the oldest event to be uploaded.', age
        )

    def _devices(self) -> GaugeMetricFamily:
        devices = GaugeMetricFamily('video_devices', 'Video devices of the machine.', labels=['device'])
        for device in self._sources.hardware.video_devices():
            devices.add_metric([device], 1)
        return devices


def _services(machine: Machine) -> Families:
    states = GaugeMetricFamily(
        'pyca_service_state_info', 'The state of each service is the one with 1.', labels=['service', 'state']
    )
    for service in machine.services:
        for status in ServiceStatus:
            states.add_metric([service.name, status.label], service.state == status.label)
    yield states
    beats = GaugeMetricFamily(
        'pyca_service_heartbeat_timestamp_seconds', 'When each service last gave a sign of life.', labels=['service']
    )
    for service in machine.services:
        if service.beat is not None:
            beats.add_metric([service.name], service.beat)
    yield beats


def _problems(found: Iterable[Problem]) -> GaugeMetricFamily:
    """Each kind is there always, so that an alert sees it come."""
    counts = dict.fromkeys(NATURES, 0)
    for problem in found:
        counts[problem.code] += 1
    problems = GaugeMetricFamily(
        'pyca_problems', 'Problems that the page shows, by code and by how bad they are.', labels=['code', 'kind']
    )
    for code, count in counts.items():
        problems.add_metric([code, NATURES[code].kind], count)
    return problems


def _contacts(machine: Machine) -> Families:
    contact = machine.contact
    yield _number(
        'pyca_last_calendar_sync_timestamp_seconds', 'When the core last gave its calendar.', contact.calendar
    )
    yield _number('pyca_last_state_post_timestamp_seconds', "When the core last took the agent's state.", contact.state)
    yield _number('pyca_last_upload_timestamp_seconds', 'When the core last took a recording.', contact.upload)
    yield _number('pyca_clock_offset_seconds', 'How far the clock of the core is ahead.', machine.offset)


def _machine(machine: Machine) -> Families:
    disk = machine.disk
    hours = disk.hours if disk else None
    yield _number('pyca_disk_free_bytes', 'Free space for recordings.', disk.free if disk else None)
    yield _number(
        'pyca_disk_recording_time_left_seconds',
        'Time of recording for which the free space lasts.',
        None if hours is None else hours * 3600,
    )
    build = GaugeMetricFamily('pyca_build_info', 'The version of pyCA.', labels=['version'])
    build.add_metric([machine.version], 1)
    yield build


def _number(name: str, text: str, value: float | None) -> GaugeMetricFamily:
    """One number, or none if it is not known."""
    return GaugeMetricFamily(name, text, value=value)
