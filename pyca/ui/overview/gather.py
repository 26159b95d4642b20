"""Gathers the overview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pyca import __version__
from pyca.recording.journal import ON_TIME
from pyca.states import SILENT, EventStatus
from pyca.storage.contacts import Seen
from pyca.storage.listing import Entry, Filter, Listing, Planned
from pyca.storage.services import ServiceRow
from pyca.ui.exposure import exposure
from pyca.ui.overview.due import is_over
from pyca.ui.overview.model import Contact, Disk, Machine, Next, Overview, Preview, Recordings, Running, Service
from pyca.ui.overview.problems import exposed, problems
from pyca.ui.overview.running import is_running, previews, running
from pyca.ui.overview.sources import Sources
from pyca.ui.overview.uploads import STATES, upload
from pyca.ui.overview.verdict import verdict

PAGE = 25
"""Recorded events on one page."""
COMING = 50
"""Events to come that are shown."""
HELD = 50
"""Waiting or held uploads that are shown at most."""
URGENCY = ('uploading', 'held', 'waiting', 'queued')
"""The states of uploads, first what people look for."""
LIVELY, CALM = 5.0, 60.0
"""Seconds for which an overview is worth showing, while something grows or nothing happens."""


@dataclass(frozen=True)
class Asked:
    """What part of the recordings is to be shown."""

    filter: Filter = field(default_factory=Filter)
    limit: int = PAGE
    offset: int = 0


def gather(sources: Sources, asked: Asked | None = None) -> Overview:
    """Ask for everything and judge it. Raises StorageError."""
    with sources.database.snapshot():
        return _gathered(sources, asked or Asked())


def _gathered(sources: Sources, asked: Asked) -> Overview:
    now = sources.clock.now()
    seen = sources.contacts.seen()
    listing = sources.listing
    present = listing.recorded(Filter(statuses=(EventStatus.RECORDING, *STATES)), limit=10 * HELD)
    upcoming = listing.upcoming(now, limit=COMING)
    under_way = [running(e, sources.store.find(e.name), upcoming, now) for e in present if is_running(e, now)]
    begun = {(one.uid, one.start) for one in under_way}
    coming = [each for each in upcoming if (each.uid, each.start) not in begun and not is_over(sources, each, now)]
    recorded = listing.recorded(asked.filter, asked.limit, asked.offset)
    pictures = previews(sources.settings.capture)
    synced = sources.upcoming.synced()
    uploads = [one for entry in present if (one := upload(entry, seen.sending)) is not None]
    machine = _machine(sources, seen, synced, _growth(under_way) or _earlier(listing, asked, recorded))
    backup = sources.settings.agent.backup_mode  # what it records is held, and that is as it should be
    found = problems(sources.faults.all(), machine, [] if backup else uploads, coming, _stale(sources, synced, now))
    return Overview(
        agent=sources.settings.agent.name,
        backup=backup,
        now=now,
        holds_until=_holds(now, coming, machine) if not _lively(present, pictures, now) else now + LIVELY,
        verdict=verdict(under_way, found, coming, now),
        running=tuple(under_way),
        previews=pictures,
        next=_next(coming, under_way),
        problems=(*found, *exposed(exposure(sources.settings.ui))),
        uploads=tuple(sorted(uploads, key=lambda one: URGENCY.index(one.state))[:HELD]),
        recordings=_recordings(listing, asked, recorded, upcoming, now),
        machine=machine,
    )


def _recordings(
    listing: Listing, asked: Asked, recorded: Sequence[Entry], upcoming: Sequence[Planned], now: float
) -> Recordings:
    """An event that is being recorded is among both, as long as it is in the calendar."""
    text = asked.filter.text
    coming = listing.upcoming(now, text, COMING) if text else upcoming
    whole = len(recorded) < asked.limit and (recorded or not asked.offset)
    return Recordings(
        upcoming=tuple(coming),
        upcoming_total=listing.count_upcoming(now, text) if len(coming) >= COMING else len(coming),
        recorded=tuple(recorded),
        total=asked.offset + len(recorded) if whole else listing.count(asked.filter),
        offset=asked.offset,
        limit=asked.limit,
    )


def _machine(sources: Sources, seen: Seen, synced: float | None, growth: float | None) -> Machine:
    space, hardware = sources.store.space(), sources.hardware
    return Machine(
        disk=Disk(*space, hours=round(space.free / growth / 3600, 1) if growth else None) if space else None,
        load=hardware.load(),
        memory=hardware.memory(),
        temperature=hardware.temperature(),
        offset=seen.offset,
        contact=Contact(synced, seen.state, seen.upload),
        services=tuple(map(_service, sources.services.all().values())),
        version=__version__,
        python=hardware.python(),
        system=hardware.system(),
        fingerprint=sources.fingerprint,
    )


def _service(row: ServiceRow) -> Service:
    return Service(row.service.label, row.status.label, row.text, row.beat)


def _growth(under_way: Sequence[Running]) -> float:
    """Bytes per second of what is being recorded now."""
    return sum(one.growth for one in under_way if one.growth and one.phase != 'failing')


def _earlier(listing: Listing, asked: Asked, recorded: Sequence[Entry]) -> float | None:
    """Bytes per second of what was delivered last."""
    recent = recorded if asked == Asked() else listing.recorded(Filter(), PAGE)
    measured = [entry for entry in recent if entry.total > 0 and entry.end > entry.start]
    seconds = sum(entry.end - entry.start for entry in measured)
    return sum(entry.total for entry in measured) / seconds if seconds else None


def _stale(sources: Sources, synced: float | None, now: float) -> float | None:
    """When the calendar became too old; 0 if there never was one, None while it is fresh."""
    if synced is None:
        return 0.0
    limit = 5 * max(sources.settings.agent.update_frequency, 60)
    return synced + limit if now - synced > limit else None


def _next(coming: Sequence[Planned], under_way: Sequence[Running]) -> Next | None:
    if not coming:
        return None
    first = coming[0]
    rivals = [Planned(one.uid, one.start, one.end, one.title) for one in under_way if one.end > first.start]
    rivals += [other for other in coming[1:] if other.start < first.end]
    return Next(first, rivals[0] if rivals else None)


def _lively(present: Sequence[Entry], pictures: Sequence[Preview], now: float) -> bool:
    """Whether sizes grow from second to second, or pictures come: some program may write them at any time."""
    if any(picture.written > now - CALM for picture in pictures):
        return True
    return any(entry.status in (EventStatus.RECORDING, EventStatus.UPLOADING) and entry.ours for entry in present)


def _holds(now: float, coming: Sequence[Planned], machine: Machine) -> float:
    """The next moment at which time alone changes something: an event begins, or should have begun; a service has been
    silent for too long."""
    moments = [now + CALM, *(event.start + late for event in coming[:1] for late in (0, ON_TIME))]
    moments += [service.beat + SILENT for service in machine.services if service.runs and service.beat is not None]
    return max(now + 1.0, min(moment for moment in moments if moment > now))
